package gormstore

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// stampBatch is how many grants one statement stamps, so that no other write waits long behind it.
const stampBatch = 500

// publicID is storage.Grant.PublicID of a grant g.
const publicID = `CASE WHEN g.succeeds = '' THEN g.id ELSE g.succeeds END`

// stampReads takes times by grant ID as a JSON object, and the least step between two stamps. What need not move is not
// touched. Two processes that stamp the same grants do so in the same order.
func (d dialect) stampReads() string {
	return `
INSERT INTO grant_reads (grant_id, read_at)
SELECT n.id, n.read_at
FROM (SELECT ` + publicID + ` AS id, MAX(CAST(e.value AS BIGINT)) AS read_at
      FROM ` + d.jsonEach + ` AS e JOIN grants g ON g.id = e.key GROUP BY 1) AS n
LEFT JOIN grant_reads r ON r.grant_id = n.id
WHERE r.read_at IS NULL OR r.read_at + ? <= n.read_at
ORDER BY n.id
ON CONFLICT (grant_id) DO UPDATE SET read_at = excluded.read_at WHERE grant_reads.read_at < excluded.read_at`
}

// The CASTs are explained at selectToken.
const selectReads = `
SELECT g.id, COALESCE(r.read_at, 0)
FROM grants g LEFT JOIN grant_reads r ON r.grant_id = ` + publicID + `
WHERE g.state = 1 AND g.user_id = CAST($1 AS TEXT) AND g.company_id = CAST($2 AS TEXT)`

// StampReads implements storage.Reads.
func (s *Store) StampReads(ctx context.Context, read map[string]time.Time) error {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(read)), stampBatch) {
		batch := make(map[string]micros, len(ids))
		for _, id := range ids {
			batch[id] = at(read[id])
		}
		object, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		err = s.write(ctx, func(tx *gorm.DB) error {
			return tx.Exec(s.dialect.stampReads(), string(object), storage.ReadStampEvery.Microseconds()).Error
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// LastReads implements storage.Reads.
func (s *Store) LastReads(ctx context.Context, owner storage.Owner) (map[string]time.Time, error) {
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	rows, err := s.pool.QueryContext(bounded, selectReads, owner.UserID, owner.CompanyID)
	if err != nil {
		return nil, translate(ctx, s.dialect, err)
	}
	defer rows.Close()
	last := map[string]time.Time{}
	for rows.Next() {
		var id string
		var read micros
		if err := rows.Scan(&id, &read); err != nil {
			return nil, translate(ctx, s.dialect, err)
		}
		last[id] = read.time()
	}
	return last, translate(ctx, s.dialect, rows.Err())
}
