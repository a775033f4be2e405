package gormstore

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse/storage"
)

type requestRow struct {
	ClientID  string `gorm:"primaryKey"`
	ID        string `gorm:"primaryKey"`
	At        micros
	Endpoint  string
	Format    string
	Outcome   string
	Reason    string
	Proven    bool
	RequestID string
}

// TableName implements gorm's schema.Tabler.
func (requestRow) TableName() string { return "client_requests" }

func (r requestRow) request() storage.ClientRequest {
	return storage.ClientRequest{
		ID: r.ID, ClientID: r.ClientID, At: r.At.time(), Endpoint: r.Endpoint, Format: r.Format, Outcome: r.Outcome, Reason: r.Reason,
		Proven: r.Proven, RequestID: r.RequestID,
	}
}

func toRequestRow(r storage.ClientRequest) requestRow {
	if r.ID == "" {
		r.ID = newID()
	}
	return requestRow{
		ID: r.ID, ClientID: clean(r.ClientID), At: at(r.At), Endpoint: r.Endpoint, Format: r.Format, Outcome: r.Outcome,
		Reason: clean(r.Reason), Proven: r.Proven, RequestID: clean(r.RequestID),
	}
}

// requestBatch is how many requests one transaction stores, so that no other write waits long behind it.
const requestBatch = 500

// trimRequests takes clients, how many of their requests that are not proven to keep, thrice, and how many of all.
const trimRequests = `
DELETE FROM client_requests WHERE (client_id, id) IN (
    SELECT client_id, id FROM (
        SELECT client_id, id, proven,
               SUM(CASE WHEN proven THEN 1 ELSE 0 END) OVER (PARTITION BY client_id ORDER BY id DESC) AS own,
               SUM(CASE WHEN proven THEN 0 ELSE 1 END) OVER (PARTITION BY client_id ORDER BY id DESC) AS claimed
        FROM client_requests WHERE client_id IN ?) AS r
    WHERE (NOT proven AND claimed > ?) OR own + CASE WHEN claimed > ? THEN ? ELSE claimed END > ?)`

// sinceCreated is true of a request that is not a deleted client's whose ID another one has now. They are written in the
// background, so some come after the deletion.
const sinceCreated = `at >= COALESCE((SELECT c.created_at FROM clients c WHERE c.id = client_requests.client_id), 0)`

// AddRequests implements storage.Activity. What is stored twice, because it was not known whether it was, is there once.
func (s *Store) AddRequests(ctx context.Context, requests []storage.ClientRequest) error {
	requests = slices.Clone(requests)
	slices.SortStableFunc(requests, func(a, b storage.ClientRequest) int { // processes meet in the same order
		return cmp.Or(strings.Compare(a.ClientID, b.ClientID), strings.Compare(a.ID, b.ID))
	})
	for batch := range slices.Chunk(requests, requestBatch) {
		rows := mapped(batch, toRequestRow)
		clients := mapped(rows, func(r requestRow) string { return r.ClientID })
		err := s.write(ctx, func(tx *gorm.DB) error {
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
				return err
			}
			clients := slices.Compact(clients)
			if err := tx.Exec("DELETE FROM client_requests WHERE client_id IN ? AND NOT "+sinceCreated, clients).Error; err != nil {
				return err
			}
			return tx.Exec(trimRequests, clients, storage.KeptUnproven, storage.KeptUnproven, storage.KeptUnproven, storage.KeptRequests).Error
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// LastRequests implements storage.Activity.
func (s *Store) LastRequests(ctx context.Context, clientID string) ([]storage.ClientRequest, error) {
	if !storable(clientID) {
		return nil, nil
	}
	var rows []requestRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("client_id = ? AND "+sinceCreated, clientID).Order("id DESC").Limit(storage.KeptRequests).Find(&rows).Error
	})
	return records(rows, requestRow.request), err
}

type countRow struct {
	Hour    micros          `gorm:"primaryKey;autoIncrement:false"`
	Counter storage.Counter `gorm:"primaryKey"`
	N       int64
}

// TableName implements gorm's schema.Tabler.
func (countRow) TableName() string { return "hourly_counts" }

func (r countRow) count() storage.HourCount {
	return storage.HourCount{Hour: r.Hour.time(), Counter: r.Counter, N: r.N}
}

// AddCounts implements storage.Activity. Two processes that add do so in the same order.
func (s *Store) AddCounts(ctx context.Context, counts []storage.HourCount) error {
	counts = slices.Clone(counts)
	slices.SortFunc(counts, func(a, b storage.HourCount) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Counter, b.Counter))
	})
	return s.write(ctx, func(tx *gorm.DB) error {
		for _, c := range counts {
			err := tx.Exec(`INSERT INTO hourly_counts (hour, counter, n) VALUES (?, ?, ?)
ON CONFLICT (hour, counter) DO UPDATE SET n = hourly_counts.n + excluded.n`, at(c.Hour), string(c.Counter), c.N).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Counts implements storage.Activity.
func (s *Store) Counts(ctx context.Context, since time.Time) ([]storage.HourCount, error) {
	var rows []countRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("hour >= ?", at(since)).Order("hour, counter").Find(&rows).Error
	})
	return records(rows, countRow.count), err
}
