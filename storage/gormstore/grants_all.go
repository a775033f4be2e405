package gormstore

import (
	"context"

	"gatehouse/storage"
)

// What whoever runs the server asks, of all clients at once. The CASTs are explained at selectToken.
const (
	selectAllGrants = selectGrants + ` AND g.id IN (
    SELECT id FROM grants WHERE state = 1 AND id > CAST($1 AS TEXT) ORDER BY id LIMIT CAST($2 AS BIGINT))
ORDER BY g.id, d.scope`

	selectPublicGrant = selectGrants + `
  AND (g.id = CAST($1 AS TEXT) AND g.succeeds = '' OR g.succeeds = CAST($2 AS TEXT) AND g.succeeds <> '')
ORDER BY d.scope`
)

// AllGrants implements storage.Grants.
func (s *Store) AllGrants(ctx context.Context, after string, limit int) ([]storage.Grant, error) {
	if !storable(after) {
		return nil, nil
	}
	return s.grants(ctx, selectAllGrants, after, int64(limit))
}

// PublicGrant implements storage.Grants.
func (s *Store) PublicGrant(ctx context.Context, publicID string) (storage.Grant, error) {
	if !storable(publicID) {
		return storage.Grant{}, storage.ErrNotFound
	}
	return s.oneGrant(ctx, selectPublicGrant, publicID, publicID)
}
