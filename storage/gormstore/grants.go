package gormstore

import (
	"context"
	"database/sql"

	"gatehouse/storage"
)

// The CASTs are explained at selectToken.
const selectGrants = `
SELECT g.id, g.user_id, g.company_id, g.client_id, g.state, g.version, g.allowed_by, g.denials, g.denied_at,
       g.created_at, g.updated_at, g.succeeds,
       d.scope IS NOT NULL, COALESCE(d.scope, ''), d.scope IS NOT NULL AND d.allowed, COALESCE(d.decided_at, 0),
       COALESCE(d.until, 0), COALESCE(d.purpose, '')
FROM grants g LEFT JOIN decisions d ON d.grant_id = g.id
WHERE g.state = 1`

const (
	selectOwned      = selectGrants + ` AND g.user_id = CAST($1 AS TEXT) AND g.company_id = CAST($2 AS TEXT)`
	selectGrant      = selectOwned + ` AND g.client_id = CAST($3 AS TEXT) ORDER BY d.scope`
	selectGrantsList = selectOwned + ` ORDER BY g.updated_at DESC, g.id DESC, d.scope`

	// In the order of the index grants_active.
	selectOwnedPage = selectGrants + ` AND g.id IN (
    SELECT id FROM grants WHERE state = 1 AND user_id = CAST($1 AS TEXT) AND company_id = CAST($2 AS TEXT) AND client_id > CAST($3 AS TEXT)
    ORDER BY client_id LIMIT CAST($4 AS BIGINT))
ORDER BY g.client_id, d.scope`

	selectPublicGrant = selectGrants + `
  AND (g.id = CAST($1 AS TEXT) AND g.succeeds = '' OR g.succeeds = CAST($2 AS TEXT) AND g.succeeds <> '')
ORDER BY d.scope`

	selectClientGrants = selectGrants + ` AND g.id IN (
    SELECT id FROM grants WHERE state = 1 AND client_id = CAST($1 AS TEXT) AND id > CAST($2 AS TEXT) ORDER BY id LIMIT CAST($3 AS BIGINT))
ORDER BY g.id, d.scope`

	selectAllGrants = selectGrants + ` AND g.id IN (
    SELECT id FROM grants WHERE state = 1 AND id > CAST($1 AS TEXT) ORDER BY id LIMIT CAST($2 AS BIGINT))
ORDER BY g.id, d.scope`
)

// Grant implements storage.Grants.
func (s *Store) Grant(ctx context.Context, owner storage.Owner, clientID string) (storage.Grant, error) {
	if !storable(clientID) {
		return storage.Grant{}, storage.ErrNotFound
	}
	return s.oneGrant(ctx, selectGrant, owner.UserID, owner.CompanyID, clientID)
}

// Grants implements storage.Grants.
func (s *Store) Grants(ctx context.Context, owner storage.Owner) ([]storage.Grant, error) {
	return s.grants(ctx, selectGrantsList, owner.UserID, owner.CompanyID)
}

// OwnedGrants implements storage.Grants.
func (s *Store) OwnedGrants(ctx context.Context, owner storage.Owner, after string, limit int) ([]storage.Grant, error) {
	if !storable(owner.UserID, owner.CompanyID, after) {
		return nil, nil
	}
	return s.grants(ctx, selectOwnedPage, owner.UserID, owner.CompanyID, after, int64(limit))
}

// ClientGrants implements storage.Grants.
func (s *Store) ClientGrants(ctx context.Context, clientID, after string, limit int) ([]storage.Grant, error) {
	if !storable(clientID, after) {
		return nil, nil
	}
	return s.grants(ctx, selectClientGrants, clientID, after, int64(limit))
}

// AllGrants implements storage.Grants.
func (s *Store) AllGrants(ctx context.Context, after string, limit int) ([]storage.Grant, error) {
	if !storable(after) {
		return nil, nil
	}
	return s.grants(ctx, selectAllGrants, after, int64(limit))
}

// GrantByPublicID implements storage.Grants.
func (s *Store) GrantByPublicID(ctx context.Context, publicID string) (storage.Grant, error) {
	if !storable(publicID) {
		return storage.Grant{}, storage.ErrNotFound
	}
	return s.oneGrant(ctx, selectPublicGrant, publicID, publicID)
}

func (s *Store) oneGrant(ctx context.Context, query string, args ...any) (storage.Grant, error) {
	grants, err := s.grants(ctx, query, args...)
	if err != nil {
		return storage.Grant{}, err
	}
	if len(grants) == 0 {
		return storage.Grant{}, storage.ErrNotFound
	}
	return grants[0], nil
}

func (s *Store) grants(ctx context.Context, query string, args ...any) ([]storage.Grant, error) {
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows, err := s.pool.QueryContext(bounded, query, args...)
	if err != nil {
		return nil, translate(ctx, s.dialect, err)
	}
	defer rows.Close()
	var grants []storage.Grant
	for rows.Next() {
		if grants, err = scanGrant(rows, grants); err != nil {
			return nil, translate(ctx, s.dialect, err)
		}
	}
	return grants, translate(ctx, s.dialect, rows.Err())
}

// scanGrant reads one row: the next decision of the last grant, or the first one of another.
func scanGrant(rows *sql.Rows, grants []storage.Grant) ([]storage.Grant, error) {
	var g storage.Grant
	var d storage.Decision
	var denied, created, updated, decided, decisionUntil micros
	var decision bool
	err := rows.Scan(&g.ID, &g.Owner.UserID, &g.Owner.CompanyID, &g.ClientID, &g.State, &g.Version, &g.AllowedBy,
		&g.Denials, &denied, &created, &updated, &g.Succeeds,
		&decision, &d.Scope, &d.Allowed, &decided, &decisionUntil, &d.Purpose)
	if err != nil {
		return nil, err
	}
	if n := len(grants); n == 0 || grants[n-1].ID != g.ID {
		g.DeniedAt, g.CreatedAt, g.UpdatedAt = denied.time(), created.time(), updated.time()
		grants = append(grants, g)
	}
	if decision {
		d.DecidedAt, d.Until = decided.time(), decisionUntil.time()
		last := &grants[len(grants)-1]
		last.Decisions = append(last.Decisions, d)
	}
	return grants, nil
}

func holdGrant(op storage.HoldGrant, forShare string) step {
	return step{must: true, query: true,
		sql:  `SELECT 1 FROM grants WHERE id = $1 AND state = 1` + forShare,
		args: []any{op.ID},
	}
}

// endGrant tells the client's server before the grant ends, while it is known whether it is this unit that ends it.
// PostgreSQL needs the row locked for that, by a statement of its own: only a later statement sees what the unit wrote
// that the lock waited for.
func endGrant(op storage.EndGrant, forUpdate string) []step {
	end := step{
		sql:  `UPDATE grants SET state = 2, version = version + 1, updated_at = $1 WHERE id = $2 AND state = 1`,
		args: []any{int64(at(op.At)), op.ID},
	}
	tell := tellOfGrant(op.ID, op.Kept, op.At)
	if forUpdate == "" {
		return []step{tell, end}
	}
	lock := step{query: true, sql: `SELECT 1 FROM grants WHERE id = $1 AND state = 1` + forUpdate, args: []any{op.ID}}
	return []step{lock, tell, end}
}

func saveGrant(op storage.SaveGrant) []step {
	g := op.Grant
	steps := []step{updateGrant(g, op.IfVersion)}
	if op.IfVersion == 0 {
		steps[0] = insertGrant(g)
	} else {
		steps = append(steps, tellOfGrant(g.ID, g.AllowedScopes(), g.UpdatedAt),
			step{sql: `DELETE FROM decisions WHERE grant_id = $1`, args: []any{g.ID}})
	}
	for _, d := range g.Decisions {
		steps = append(steps, insertDecision(g.ID, d))
	}
	return steps
}

// insertGrant does nothing, which is a conflict, when there is another active grant of the same owner and client. The
// column until is for programs of before, which read it: decisions have ends, grants have none.
func insertGrant(g storage.Grant) step {
	return step{must: true, sql: `
INSERT INTO grants (id, user_id, company_id, client_id, state, version, allowed_by, denials, denied_at, until, created_at,
                    updated_at, succeeds)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12)
ON CONFLICT DO NOTHING`, args: []any{
		g.ID, g.Owner.UserID, g.Owner.CompanyID, g.ClientID, int64(g.State), g.Version, g.AllowedBy, int64(g.Denials),
		int64(at(g.DeniedAt)), int64(at(g.CreatedAt)), int64(at(g.UpdatedAt)), g.Succeeds,
	}}
}

func updateGrant(g storage.Grant, ifVersion int64) step {
	return step{must: true, sql: `
UPDATE grants SET state = $1, version = $2, allowed_by = $3, denials = $4, denied_at = $5, updated_at = $6
WHERE id = $7 AND version = $8 AND state = 1`, args: []any{
		int64(g.State), g.Version, g.AllowedBy, int64(g.Denials), int64(at(g.DeniedAt)),
		int64(at(g.UpdatedAt)), g.ID, ifVersion,
	}}
}

func insertDecision(grantID string, d storage.Decision) step {
	return step{
		sql:  `INSERT INTO decisions (grant_id, scope, allowed, decided_at, until, purpose) VALUES ($1, $2, $3, $4, $5, $6)`,
		args: []any{grantID, d.Scope, d.Allowed, int64(at(d.DecidedAt)), int64(at(d.Until)), d.Purpose},
	}
}
