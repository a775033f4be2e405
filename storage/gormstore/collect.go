package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

const (
	// collectBatch is how many rows one transaction deletes, so that no other write waits long behind it.
	collectBatch = 100
	// tombstoneAge is how long the revocation of a family outlives every transaction that may still insert into it.
	tombstoneAge = time.Hour
	// How long deliveries are kept for the operator to look at: those that arrived, and those that were given up.
	deliveredAge, deadAge = 7 * 24 * time.Hour, 90 * 24 * time.Hour
)

// A collection deletes one kind of row. Its statement takes a time and the most rows to delete.
type collection struct {
	sql    string
	before time.Time
}

// errElsewhere says that another process collects.
var errElsewhere = fmt.Errorf("another process collects: %w", storage.ErrConflict)

// Collect implements storage.Collector. While another process collects there is nothing to do.
func (s *Store) Collect(ctx context.Context, now time.Time, limit int) (int, error) {
	total, err := s.collectAll(ctx, now, limit)
	if errors.Is(err, errElsewhere) {
		return total, nil
	}
	return total, err
}

// collecting is write, unless another process is collecting at this moment: then it is errElsewhere. The lock ends with
// the transaction, so a process that dies keeps nobody from collecting, and a proxy that gives every transaction to
// another connection does no harm.
func (s *Store) collecting(ctx context.Context, do func(tx *gorm.DB) error) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		if s.dialect.collecting != "" {
			var alone bool
			if err := tx.Raw(s.dialect.collecting).Scan(&alone).Error; err != nil {
				return err
			}
			if !alone {
				return errElsewhere
			}
		}
		return do(tx)
	})
}

// collectAll deletes of each kind. A token that expires goes by its own time, even when its grant has gone: a token whose
// grant is gone is as dead as one whose grant has ended. Tokens that never expire go with their family or their grant.
func (s *Store) collectAll(ctx context.Context, now time.Time, limit int) (int, error) {
	lock, settled := s.dialect.skipLocked, now.Add(-tombstoneAge)
	total := 0
	for _, c := range []collection{
		{collectTokens + lock + ")", now},
		{collectRevoked + lock + ")", settled},
		{collectGiven + lock + ")", settled},
		{collectTombstones + lock + ")", settled},
		{collectLasting + lock + ")", settled},
		{collectReads + lock + ")", settled},
		{collectGrants + lock + ")", settled},
		{collectSessions + lock + ")", now},
		{collectDelivered + lock + ")", now.Add(-deliveredAge)},
		{collectDead + lock + ")", now.Add(-deadAge)},
		{collectAnswers + lock + ")", now},
		{collectRequests + lock + ")", now.Add(-storage.RequestsKeptFor)},
		{collectCounts + lock + ")", now.Add(-storage.CountsKeptFor)},
	} {
		n, err := s.collect(ctx, c, limit)
		total += n
		if err != nil {
			return total, err
		}
	}
	logos, err := s.collectLogos(ctx, now, limit)
	return total + logos, err
}

func (s *Store) collect(ctx context.Context, c collection, limit int) (total int, err error) {
	for total < limit {
		batch := min(collectBatch, limit-total)
		deleted := 0
		err := s.collecting(ctx, func(tx *gorm.DB) error {
			done := tx.Exec(c.sql, at(c.before), batch)
			deleted = int(done.RowsAffected)
			return done.Error
		})
		if err != nil {
			return total, err
		}
		total += deleted
		if deleted < batch {
			break
		}
	}
	return total, nil
}

const (
	collectTokens = `
DELETE FROM tokens WHERE (family_id, kind, generation) IN (
    SELECT family_id, kind, generation FROM tokens
    WHERE keep_until > 0 AND keep_until <= ? ORDER BY keep_until LIMIT ?`

	collectRevoked = `
DELETE FROM tokens WHERE (family_id, kind, generation) IN (
    SELECT t.family_id, t.kind, t.generation FROM family_revocations r JOIN tokens t ON t.family_id = r.family_id
    WHERE r.revoked_at <= ? ORDER BY r.revoked_at LIMIT ?`

	// Those of a family that was inserted at the moment when the one that gave it was revoked have no mark of their own.
	collectGiven = `
DELETE FROM tokens WHERE (family_id, kind, generation) IN (
    SELECT t.family_id, t.kind, t.generation FROM family_revocations r JOIN tokens t ON t.given_by = r.family_id
    WHERE r.revoked_at <= ? ORDER BY r.revoked_at LIMIT ?`

	collectTombstones = `
DELETE FROM family_revocations WHERE family_id IN (
    SELECT r.family_id FROM family_revocations r
    WHERE r.revoked_at <= ? AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.family_id = r.family_id)
      AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.given_by = r.family_id)
    ORDER BY r.revoked_at LIMIT ?`

	collectLasting = `
DELETE FROM tokens WHERE (family_id, kind, generation) IN (
    SELECT t.family_id, t.kind, t.generation FROM grants g JOIN tokens t ON t.grant_id = g.id AND t.keep_until = 0
    WHERE g.state = 2 AND g.updated_at <= ? ORDER BY g.updated_at LIMIT ?`

	// orphaned says that no active grant has the public ID that a stamp r is of.
	orphaned = `NOT EXISTS (SELECT 1 FROM grants a WHERE a.state = 1 AND a.id = r.grant_id)
      AND NOT EXISTS (SELECT 1 FROM grants a WHERE a.state = 1 AND a.succeeds <> '' AND a.succeeds = r.grant_id)`

	collectReads = `
DELETE FROM grant_reads WHERE grant_id IN (
    SELECT r.grant_id FROM grants g JOIN grant_reads r ON r.grant_id = ` + publicID + `
    WHERE g.state = 2 AND g.updated_at <= ? AND ` + orphaned + `
    ORDER BY g.updated_at LIMIT ?`

	collectGrants = `
DELETE FROM grants WHERE id IN (
    SELECT g.id FROM grants g
    WHERE g.state = 2 AND g.updated_at <= ?
      AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = g.id AND t.keep_until = 0)
      AND NOT EXISTS (SELECT 1 FROM grant_reads r WHERE r.grant_id = ` + publicID + ` AND ` + orphaned + `)
    ORDER BY g.updated_at LIMIT ?`

	collectSessions = `
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE expires_at > 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?`

	collectDelivered = `
DELETE FROM deliveries WHERE id IN (
    SELECT id FROM deliveries WHERE state = 2 AND settled_at > 0 AND settled_at <= ? ORDER BY settled_at LIMIT ?`

	collectRequests = `
DELETE FROM client_requests WHERE (client_id, id) IN (
    SELECT client_id, id FROM client_requests WHERE at <= ? ORDER BY at LIMIT ?`

	collectCounts = `
DELETE FROM hourly_counts WHERE (hour, counter) IN (
    SELECT hour, counter FROM hourly_counts WHERE hour <= ? ORDER BY hour LIMIT ?`

	collectDead = `
DELETE FROM deliveries WHERE id IN (
    SELECT id FROM deliveries WHERE state = 3 AND settled_at > 0 AND settled_at <= ? ORDER BY settled_at LIMIT ?`
)
