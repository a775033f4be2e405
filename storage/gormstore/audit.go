package gormstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type auditRow struct {
	ID         string `gorm:"primaryKey"`
	At         micros
	ActorKind  storage.ActorKind
	ActorID    string
	Address    string
	Action     string
	TargetKind string
	TargetID   string
	Detail     document[map[string]string]
	Sequence   int64
	Hash       string // base64
}

// TableName implements gorm's schema.Tabler.
func (auditRow) TableName() string { return "audit_events" }

func (r auditRow) event() storage.AuditEvent {
	return storage.AuditEvent{
		ID: r.ID, At: r.At.time(), Actor: storage.Actor{Kind: r.ActorKind, ID: r.ActorID, Address: r.Address}, Action: r.Action,
		Target: storage.Target{Kind: r.TargetKind, ID: r.TargetID}, Detail: r.Detail.V, Sequence: r.Sequence, Hash: hashBytes(r.Hash),
	}
}

type chainRow struct {
	ID       int `gorm:"primaryKey;autoIncrement:false"`
	Sequence int64
	Hash     string
	Mark     string
}

func (r chainRow) end() storage.ChainEnd {
	return storage.ChainEnd{Sequence: r.Sequence, Hash: hashBytes(r.Hash), Mark: r.Mark}
}

// TableName implements gorm's schema.Tabler.
func (chainRow) TableName() string { return "audit_chain" }

func hashText(hash []byte) string { return base64.RawURLEncoding.EncodeToString(hash) }

// hashBytes gives nothing for what is no hash: it fits no event then.
func hashBytes(text string) []byte {
	hash, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(hash) == 0 {
		return nil
	}
	return hash
}

// auditRows are the events that a write under ctx stores with what it writes.
func auditRows(ctx context.Context) []auditRow {
	var rows []auditRow
	for _, e := range storage.AuditOf(ctx) {
		row := auditRow{
			ID: e.ID, At: at(e.At), ActorKind: e.Actor.Kind, ActorID: clean(e.Actor.ID), Address: clean(e.Actor.Address), Action: e.Action,
			TargetKind: e.Target.Kind, TargetID: clean(e.Target.ID), Detail: doc(cleanDetail(e.Detail)),
		}
		if e.Actor.Person != "" { // whose API key it is is told after the key is gone too
			row.Detail.V["person"] = clean(e.Actor.Person)
		}
		if row.ID == "" {
			row.ID = newID()
		}
		if row.At == 0 {
			row.At = at(time.Now())
		}
		rows = append(rows, row)
	}
	return rows
}

func cleanDetail(detail map[string]string) map[string]string {
	kept := make(map[string]string, len(detail))
	for name, text := range detail {
		kept[clean(name)] = clean(text)
	}
	return kept
}

// audited adds the events of ctx to a transaction.
func audited(ctx context.Context, do func(tx *gorm.DB) error) func(tx *gorm.DB) error {
	rows := auditRows(ctx)
	if len(rows) == 0 {
		return do
	}
	return func(tx *gorm.DB) error {
		if err := do(tx); err != nil {
			return err
		}
		return tx.Create(&rows).Error
	}
}

const insertAudit = `
INSERT INTO audit_events (id, at, actor_kind, actor_id, address, action, target_kind, target_id, detail, sequence, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')`

// auditSteps does the same for a unit of work.
func auditSteps(ctx context.Context) ([]step, error) {
	var steps []step
	for _, r := range auditRows(ctx) {
		detail, err := r.Detail.Value()
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{sql: insertAudit, args: []any{
			r.ID, int64(r.At), string(r.ActorKind), r.ActorID, r.Address, r.Action, r.TargetKind, r.TargetID, detail,
		}})
	}
	return steps, nil
}

// Record implements storage.Audit.
func (s *Store) Record(ctx context.Context) error {
	return s.write(ctx, func(*gorm.DB) error { return nil })
}

// AuditEvents implements storage.Audit.
func (s *Store) AuditEvents(ctx context.Context, f storage.AuditFilter, before string, limit int) ([]storage.AuditEvent, error) {
	if !storable(before, f.Actor.ID, f.Action, f.Target.Kind, f.Target.ID) {
		return nil, nil
	}
	var rows []auditRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return auditWhere(db, f, before).Order("at DESC, id DESC").Limit(limit).Find(&rows).Error
	})
	return records(rows, auditRow.event), err
}

func auditWhere(db *gorm.DB, f storage.AuditFilter, before string) *gorm.DB {
	if before != "" {
		db = db.Where("(at, id) < ((SELECT at FROM audit_events WHERE id = ?), ?)", before, before)
	}
	if f.Actor.Kind != "" {
		db = db.Where("actor_kind = ? AND actor_id = ?", f.Actor.Kind, f.Actor.ID)
	}
	switch group, many := strings.CutSuffix(f.Action, "."); {
	case many: // '/' follows '.'
		db = db.Where("action > ? AND action < ?", group+".", group+"/")
	case group != "":
		db = db.Where("action = ?", group)
	}
	if f.Target.Kind != "" {
		db = db.Where("target_kind = ?", f.Target.Kind)
	}
	if f.Target.ID != "" {
		db = db.Where("target_id = ?", f.Target.ID)
	}
	if !f.Since.IsZero() {
		db = db.Where("at >= ?", at(f.Since))
	}
	if !f.Until.IsZero() {
		db = db.Where("at < ?", at(f.Until))
	}
	return db
}

// SealAudit implements storage.Audit.
func (s *Store) SealAudit(ctx context.Context, limit int, hash func(before []byte, e storage.AuditEvent) []byte, mark func(before, end storage.ChainEnd) string) (sealed int, err error) {
	err = s.write(ctx, func(tx *gorm.DB) error {
		sealed = 0
		var end chainRow
		if err := tx.Raw("SELECT id, sequence, hash, mark FROM audit_chain WHERE id = 1" + s.dialect.forUpdate).Scan(&end).Error; err != nil {
			return err
		}
		var rows []auditRow
		if err := tx.Where("sequence = 0").Order("id").Limit(limit).Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		was, before := end.end(), hashBytes(end.Hash)
		var places []any
		for _, row := range rows {
			end.Sequence++
			row.Sequence = end.Sequence
			before = hash(before, row.event())
			places = append(places, row.ID, strconv.FormatInt(row.Sequence, 10), hashText(before))
		}
		// One statement, however far the database is: a batch has to fit into the time of a write.
		given := tx.Exec(`UPDATE audit_events SET sequence = CAST(v.column2 AS BIGINT), hash = v.column3
			FROM (VALUES (?, ?, ?)`+strings.Repeat(", (?, ?, ?)", len(rows)-1)+`) AS v WHERE audit_events.id = v.column1 AND sequence = 0`, places...)
		if given.Error != nil {
			return given.Error
		}
		if given.RowsAffected != int64(len(rows)) {
			return fmt.Errorf("%d of %d events were not there to be sealed", int64(len(rows))-given.RowsAffected, len(rows))
		}
		end.Hash = hashText(before)
		end.Mark = mark(was, end.end())
		sealed = len(rows)
		return tx.Save(&end).Error
	})
	return sealed, err
}

// SealedEvents implements storage.Audit.
func (s *Store) SealedEvents(ctx context.Context, after int64, limit int) ([]storage.AuditEvent, error) {
	var rows []auditRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("sequence > ?", max(after, 0)).Order("sequence").Limit(limit).Find(&rows).Error
	})
	return records(rows, auditRow.event), err
}

const selectChainEnd = `
SELECT c.sequence, c.hash, c.mark, (SELECT COUNT(*) FROM audit_events e WHERE e.sequence = 0) AS waiting FROM audit_chain c WHERE c.id = 1`

// ChainEnd implements storage.Audit.
func (s *Store) ChainEnd(ctx context.Context) (storage.ChainEnd, int, error) {
	var row struct {
		Sequence int64
		Hash     string
		Mark     string
		Waiting  int
	}
	err := s.read(ctx, func(db *gorm.DB) error { return db.Raw(selectChainEnd).Scan(&row).Error })
	return storage.ChainEnd{Sequence: row.Sequence, Hash: hashBytes(row.Hash), Mark: row.Mark}, row.Waiting, err
}

// MarkChain implements storage.Audit.
func (s *Store) MarkChain(ctx context.Context, end storage.ChainEnd, mark string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&chainRow{}).Where("id = 1 AND sequence = ? AND hash = ? AND mark = ?", end.Sequence, hashText(end.Hash), end.Mark).
			Update("mark", mark).Error
	})
}

const countStrays = `
SELECT (SELECT COUNT(*) FROM audit_events e WHERE e.sequence < 0 OR e.sequence > c.sequence) FROM audit_chain c WHERE c.id = 1`

// StrayEvents implements storage.Audit.
func (s *Store) StrayEvents(ctx context.Context) (strays int, err error) {
	err = s.read(ctx, func(db *gorm.DB) error { return db.Raw(countStrays).Scan(&strays).Error })
	return strays, err
}
