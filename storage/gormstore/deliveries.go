package gormstore

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"gatehouse/storage"
)

type deliveryRow struct {
	ID        string `gorm:"primaryKey"`
	ClientID  string
	UserID    string
	CompanyID string
	Event     storage.DeliveryEvent
	Scope     string
	State     storage.DeliveryState
	Attempts  int
	DueAt     micros
	Created   micros `gorm:"column:created_at"`
	SettledAt micros
	Failure   string
}

// TableName implements gorm's schema.Tabler.
func (deliveryRow) TableName() string { return "deliveries" }

func (r deliveryRow) delivery() storage.Delivery {
	return storage.Delivery{
		ID: r.ID, ClientID: r.ClientID, Owner: storage.Owner{UserID: r.UserID, CompanyID: r.CompanyID}, Event: r.Event,
		Scope: r.Scope, State: r.State, Attempts: r.Attempts, DueAt: r.DueAt.time(), CreatedAt: r.Created.time(),
		SettledAt: r.SettledAt.time(), Failure: r.Failure,
	}
}

// insertOfGrant writes a delivery about an active grant that allows something, for a client that wants to be told. What
// it must allow is cut down by tellOfGrant. The CASTs are explained at selectToken.
const insertOfGrant = `
INSERT INTO deliveries (id, client_id, user_id, company_id, event, scope, state, attempts, due_at, created_at, settled_at,
                        failure)
SELECT CAST($1 AS TEXT), g.client_id, g.user_id, g.company_id, CAST($2 AS TEXT), CAST($3 AS TEXT), 1, 0,
       CAST($4 AS BIGINT), CAST($4 AS BIGINT), 0, ''
FROM grants g JOIN clients c ON c.id = g.client_id
WHERE g.id = CAST($5 AS TEXT) AND g.state = 1 AND c.webhook_uri <> ''
  AND EXISTS (SELECT 1 FROM decisions d WHERE d.grant_id = g.id AND d.allowed`

// tellOfGrant writes a delivery if the active grant with this ID allows, as it is stored, a scope that is not in kept.
func tellOfGrant(id string, kept []string, when time.Time) step {
	event := storage.EventGrantEnded
	if len(kept) > 0 {
		event = storage.EventGrantNarrowed
	}
	kept = slices.Sorted(slices.Values(kept))
	tell := step{
		sql:  insertOfGrant,
		args: []any{newID(), string(event), strings.Join(kept, " "), int64(at(when)), id},
	}
	if len(kept) > 0 {
		tell.sql += ` AND d.scope NOT IN (`
		for i, scope := range kept {
			if i > 0 {
				tell.sql += `, `
			}
			tell.args = append(tell.args, scope)
			tell.sql += `$` + strconv.Itoa(len(tell.args))
		}
		tell.sql += `)`
	}
	tell.sql += `)`
	return tell
}

const selectConnected = `
SELECT g.client_id FROM grants g JOIN clients c ON c.id = g.client_id
WHERE g.user_id = CAST(? AS TEXT) AND g.company_id = '' AND g.state = 1 AND c.webhook_uri <> ''
  AND EXISTS (SELECT 1 FROM decisions d WHERE d.grant_id = g.id AND d.allowed AND (d.until = 0 OR d.until > ?))`

// tellOfPerson writes a delivery for every client that may, at when, read something of a person who was disabled or
// enabled then.
func tellOfPerson(tx *gorm.DB, userID string, disabled bool, when time.Time) error {
	var clients []string
	if err := tx.Raw(selectConnected, userID, at(when)).Scan(&clients).Error; err != nil || len(clients) == 0 {
		return err
	}
	event := storage.EventUserEnabled
	if disabled {
		event = storage.EventUserDisabled
	}
	var rows []deliveryRow
	for _, client := range clients {
		rows = append(rows, deliveryRow{
			ID: newID(), ClientID: client, UserID: userID, Event: event, State: storage.DeliveryPending, DueAt: at(when), Created: at(when),
		})
	}
	return tx.Create(&rows).Error
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// isFirst is whether a pending delivery d is the oldest one about its owner. It is a scalar and not NOT EXISTS, of which
// PostgreSQL would make a join of all that waits.
const isFirst = `
      d.id = (SELECT MIN(o.id) FROM deliveries o
              WHERE o.state = 1 AND o.client_id = d.client_id AND o.user_id = d.user_id AND o.company_id = d.company_id)`

// selectDueClients goes from client to client on the index, past however many deliveries each has waiting.
const selectDueClients = `
WITH RECURSIVE waiting (client_id) AS (
    SELECT MIN(client_id) FROM deliveries WHERE state = 1
    UNION ALL
    SELECT (SELECT MIN(d.client_id) FROM deliveries d WHERE d.state = 1 AND d.client_id > w.client_id)
    FROM waiting w WHERE w.client_id IS NOT NULL
)
SELECT w.client_id FROM waiting w
WHERE w.client_id IS NOT NULL
  AND (SELECT 1 FROM deliveries d WHERE d.state = 1 AND d.client_id = w.client_id AND d.due_at <= ? AND ` + isFirst + `
       LIMIT 1) IS NOT NULL
ORDER BY w.client_id`

// DueClients implements storage.Deliveries.
func (s *Store) DueClients(ctx context.Context, now time.Time) (clients []string, err error) {
	err = s.read(ctx, func(db *gorm.DB) error { return db.Raw(selectDueClients, at(now)).Scan(&clients).Error })
	return clients, err
}

const (
	// That attempts are not negative lets SQLite go along deliveries_turn, where it would sort all that is due otherwise.
	leaseDelivery = `
UPDATE deliveries SET due_at = ? WHERE id = (
    SELECT d.id FROM deliveries d
    WHERE d.state = 1 AND d.client_id = ? AND d.attempts >= 0 AND d.due_at <= ? AND ` + isFirst + `
    ORDER BY d.attempts, d.due_at, d.id LIMIT 1`

	leasedDelivery = `)
RETURNING id, client_id, user_id, company_id, event, scope, state, attempts, due_at, created_at, settled_at, failure`
)

// LeaseDelivery implements storage.Deliveries.
func (s *Store) LeaseDelivery(ctx context.Context, clientID string, now, until time.Time) (storage.Delivery, error) {
	var row deliveryRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		row = deliveryRow{}
		return mustMeet(tx.Raw(leaseDelivery+s.dialect.skipLocked+leasedDelivery, at(until), clientID, at(now)).Scan(&row))
	})
	return row.delivery(), err
}

// SettleDelivery implements storage.Deliveries. A lease is known by the time at which it ends.
func (s *Store) SettleDelivery(ctx context.Context, leased, settled storage.Delivery) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		change := tx.Model(&deliveryRow{}).Where("id = ? AND state = 1 AND due_at = ?", leased.ID, at(leased.DueAt)).
			Updates(map[string]any{
				"state": settled.State, "attempts": settled.Attempts, "due_at": at(settled.DueAt),
				"settled_at": at(settled.SettledAt), "failure": clean(settled.Failure),
			})
		if change.Error == nil && change.RowsAffected == 0 {
			return storage.ErrConflict
		}
		return change.Error
	})
}

const holdDeliveries = `
UPDATE deliveries
SET due_at = ?, failure = ?, state = CASE WHEN created_at < ? THEN 3 ELSE 1 END,
    settled_at = CASE WHEN created_at < ? THEN CAST(? AS BIGINT) ELSE 0 END
WHERE state = 1 AND client_id = ? AND due_at <= ?`

// HoldDeliveries implements storage.Deliveries.
func (s *Store) HoldDeliveries(ctx context.Context, clientID string, hold storage.Hold) error {
	now, oldest := at(hold.Now), at(hold.Oldest)
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec(holdDeliveries, at(hold.Until), clean(hold.Reason), oldest, oldest, now, clientID, now).Error
	})
}

// ofThisClient is true of a delivery that is not for a deleted client whose ID another one has now. It was written at the
// moment of the deletion, or it would be gone too.
const ofThisClient = `NOT EXISTS (SELECT 1 FROM clients c WHERE c.id = deliveries.client_id AND c.created_at > deliveries.created_at)`

// Delivery implements storage.Deliveries.
func (s *Store) Delivery(ctx context.Context, id string) (storage.Delivery, error) {
	var row deliveryRow
	if !storable(id) {
		return storage.Delivery{}, storage.ErrNotFound
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return mustMeet(db.Where("id = ? AND "+ofThisClient, id).Limit(1).Find(&row))
	})
	return row.delivery(), err
}

// Deliveries implements storage.Deliveries.
func (s *Store) Deliveries(ctx context.Context, state storage.DeliveryState, after string, limit int) ([]storage.Delivery, error) {
	return s.FindDeliveries(ctx, storage.DeliveryQuery{State: state}, after, limit)
}

// FindDeliveries implements storage.Deliveries.
func (s *Store) FindDeliveries(ctx context.Context, q storage.DeliveryQuery, after string, limit int) ([]storage.Delivery, error) {
	if !storable(append([]string{after, q.ClientID}, q.Publishers...)...) {
		return nil, nil
	}
	var rows []deliveryRow
	err := s.read(ctx, func(db *gorm.DB) error {
		if q.State != 0 {
			db = db.Where("state = " + strconv.Itoa(int(q.State))) // not a parameter: the index of the dead has it in its condition
		}
		if q.ClientID != "" {
			db = db.Where("client_id = ?", q.ClientID)
		}
		if len(q.Publishers) > 0 {
			db = db.Where("client_id IN (SELECT id FROM clients WHERE publisher_id IN ?)", q.Publishers)
		}
		return db.Where("id > ? AND "+ofThisClient, after).Order("id").Limit(limit).Find(&rows).Error
	})
	return records(rows, deliveryRow.delivery), err
}

// SupersedingDelivery implements storage.Deliveries.
func (s *Store) SupersedingDelivery(ctx context.Context, old storage.Delivery) (storage.Delivery, error) {
	var row deliveryRow
	err := s.read(ctx, func(db *gorm.DB) (err error) {
		row, err = superseding(db.Where("state = 1"), old)
		return err
	})
	return row.delivery(), err
}

// superseding finds the newest delivery after which an old one says nothing any more.
func superseding(db *gorm.DB, old storage.Delivery) (row deliveryRow, err error) {
	err = mustMeet(db.Where("client_id = ? AND user_id = ? AND company_id = ?", old.ClientID, old.Owner.UserID, old.Owner.CompanyID).
		Where("id > ? AND event IN ?", old.ID, old.Event.SupersededBy()).Order("id DESC").Limit(1).Find(&row))
	return row, err
}

// RetryDelivery implements storage.Deliveries.
func (s *Store) RetryDelivery(ctx context.Context, id string, when time.Time) error {
	if !storable(id) {
		return storage.ErrNotFound
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		var row deliveryRow
		if err := mustMeet(tx.Where("id = ? AND "+ofThisClient, id).Limit(1).Find(&row)); err != nil {
			return err
		}
		if row.State != storage.DeliveryDead {
			return storage.ErrConflict
		}
		newer, err := superseding(tx, row.delivery())
		if err == nil {
			return &storage.SupersededError{By: newer.ID}
		}
		if err != storage.ErrNotFound {
			return err
		}
		err = mustMeet(tx.Model(&deliveryRow{}).Where("id = ? AND state = 3", id).
			Updates(map[string]any{"state": storage.DeliveryPending, "attempts": 0, "due_at": at(when), "settled_at": 0}))
		if err == storage.ErrNotFound {
			return storage.ErrConflict // it was retried at the same time
		}
		return err
	})
}
