package gormstore

import (
	"context"
	"strconv"
	"strings"

	"gatehouse/storage"
)

// selectToken finds a token by its primary key together with what its life hangs on.
//
// The parameters stand in CASTs, which hide them from SQLite's planner. It would plan the join anew at every execution: one with
// a parameter beside an equals sign is planned for the value that is bound, and the driver unbinds all values before each use.
// That costs six times as much as the lookups.
const selectToken = `
SELECT t.hash, t.client_id, t.grant_id, t.user_id, t.company_id, t.scope, t.session, t.issued_at,
       t.expires_at, t.state, t.spent_at, t.secret_id, t.keep_until, t.given_by, t.tokens_from,
       own.family_id IS NOT NULL OR giver.family_id IS NOT NULL, COALESCE(g.state, 0),
       COALESCE((SELECT string_agg(scope || ' ' || until, ' ') FROM decisions WHERE grant_id = t.grant_id AND until > 0 AND allowed), ''),
       COALESCE(u.disabled, TRUE), COALESCE(u.email, ''), COALESCE(u.test_publisher, '')
FROM tokens t
LEFT JOIN family_revocations own ON own.family_id = t.family_id
LEFT JOIN family_revocations giver ON giver.family_id = t.given_by
LEFT JOIN grants g ON g.id = t.grant_id
LEFT JOIN users u ON u.id = t.user_id
WHERE t.family_id = CAST($1 AS BLOB) AND t.kind = CAST($2 AS BIGINT) AND t.generation = CAST($3 AS BIGINT)`

// tokenRow is what selectToken finds.
type tokenRow struct {
	storage.StoredToken
	givenBy                            []byte
	issued, expires, spent, keep, from micros
	state, grantState                  int64
	ends                               string
	userDead                           bool
}

func (r *tokenRow) targets() []any {
	return []any{
		&r.Hash, &r.ClientID, &r.GrantID, &r.UserID, &r.CompanyID, &r.Scope, &r.Session, &r.issued,
		&r.expires, &r.state, &r.spent, &r.SecretID, &r.keep, &r.givenBy, &r.from,
		&r.FamilyRevoked, &r.grantState, &r.ends, &r.userDead, &r.UserEmail, &r.UserTester,
	}
}

func (r *tokenRow) token() storage.StoredToken {
	t := r.StoredToken
	t.State, t.IssuedAt, t.ExpiresAt, t.SpentAt, t.TokensFrom = storage.TokenState(r.state), r.issued.time(), r.expires.time(), r.spent.time(), r.from.time()
	copy(t.GivenBy[:], r.givenBy)
	if r.keep != r.expires {
		t.KeepUntil = r.keep.time()
	}
	t.ScopeEnds = scopeEnds(r.ends)
	if len(t.Session) == 0 {
		t.Session = nil
	}
	t.GrantEnded = t.GrantID != "" && storage.GrantState(r.grantState) != storage.GrantActive
	t.UserDisabled = t.UserID != "" && r.userDead
	return t
}

// Token implements storage.Tokens.
func (s *Store) Token(ctx context.Context, key storage.TokenKey) (storage.StoredToken, error) {
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return storage.StoredToken{}, err
	}
	defer leave()
	row := tokenRow{StoredToken: storage.StoredToken{Token: storage.Token{TokenKey: key}}}
	found := s.pool.QueryRowContext(bounded, s.dialect.token, key.Family[:], int64(key.Kind), int64(key.Generation))
	if err := found.Scan(row.targets()...); err != nil {
		return storage.StoredToken{}, translate(ctx, s.dialect, err)
	}
	return row.token(), nil
}

// scopeEnds reads "email 1770000000000000 phone 1780000000000000": scopes and when the decisions about them end.
func scopeEnds(list string) (ends []storage.ScopeEnd) {
	words := strings.Fields(list)
	for i := 0; i+1 < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i+1], 10, 64)
		if err != nil {
			n = 1 // what cannot be read has ended
		}
		ends = append(ends, storage.ScopeEnd{Scope: words[i], At: micros(n).time()})
	}
	return ends
}

// The column keep_until has the effective time, so that one small index finds what can be collected.
func keepUntil(t storage.Token) micros {
	if t.KeepUntil.IsZero() {
		return at(t.ExpiresAt)
	}
	return at(t.KeepUntil)
}

func insertToken(t storage.Token) step {
	return step{must: true, fresh: true, sql: `
INSERT INTO tokens (family_id, kind, generation, hash, client_id, grant_id, user_id, company_id, scope, session,
                    issued_at, expires_at, state, spent_at, secret_id, keep_until, given_by, tokens_from)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT DO NOTHING`, args: []any{
		t.Family[:], int64(t.Kind), int64(t.Generation), notNull(t.Hash), t.ClientID, t.GrantID, t.UserID, t.CompanyID,
		t.Scope, notNull(t.Session), int64(at(t.IssuedAt)), int64(at(t.ExpiresAt)), int64(t.State),
		int64(at(t.SpentAt)), t.SecretID, int64(keepUntil(t)), givenBy(t), int64(at(t.TokensFrom)),
	}}
}

const (
	spend = `
UPDATE tokens SET state = 2, spent_at = $1, secret_id = $2 WHERE family_id = $3 AND kind = $4 AND generation = $5 AND state = 1`
	spendAndKeep = `
UPDATE tokens SET state = 2, spent_at = $1, secret_id = $2, keep_until = $3 WHERE family_id = $4 AND kind = $5 AND generation = $6 AND state = 1`
)

// spendToken is the single use: of any number of simultaneous calls, one meets the row in its active state. A column that is
// set is written to its index, whatever it was: so keep_until is named only where it changes.
func spendToken(op storage.SpendToken) step {
	when, family, kind, generation := int64(at(op.At)), op.Key.Family[:], int64(op.Key.Kind), int64(op.Key.Generation)
	if op.KeepUntil.IsZero() {
		return step{must: true, sql: spend, args: []any{when, op.SecretID, family, kind, generation}}
	}
	return step{must: true, sql: spendAndKeep, args: []any{when, op.SecretID, int64(at(op.KeepUntil)), family, kind, generation}}
}

// revokeFamily marks the family, which is enough for selectToken, also for what is inserted at this moment. The families
// that were given by it are marked too, so that their end outlives the mark of the one that gave them.
func revokeFamily(op storage.RevokeFamily) []step {
	family, when := op.Family[:], int64(at(op.At))
	return []step{
		{sql: `INSERT INTO family_revocations (family_id, revoked_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, args: []any{family, when}},
		// To SQLite $1 is the parameter that it meets first, whatever the number.
		{sql: `
INSERT INTO family_revocations (family_id, revoked_at) SELECT DISTINCT family_id, CAST($1 AS BIGINT) FROM tokens WHERE given_by = $2
ON CONFLICT DO NOTHING`, args: []any{when, family}},
	}
}

// givenBy is NULL for a token that nobody gave, so that the index of the others stays small.
func givenBy(t storage.Token) any {
	if t.GivenBy == (storage.FamilyID{}) {
		return nil
	}
	return t.GivenBy[:]
}

// notNull makes an empty value of a missing one.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
