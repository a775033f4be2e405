package gormstore

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type answerRow struct {
	ID          string `gorm:"primaryKey"`
	Fingerprint string // base64
	BeganAt     micros
	ExpiresAt   micros
	Done        bool
	Sealed      []byte
}

// TableName implements gorm's schema.Tabler.
func (answerRow) TableName() string { return "remembered_answers" }

func (r answerRow) answer() storage.RememberedAnswer {
	a := storage.RememberedAnswer{
		ID: r.ID, Fingerprint: hashBytes(r.Fingerprint), BeganAt: r.BeganAt.time(), ExpiresAt: r.ExpiresAt.time(), Done: r.Done, Sealed: r.Sealed,
	}
	if len(a.Sealed) == 0 {
		a.Sealed = nil
	}
	return a
}

// lapsedAnswer deletes one that a new attempt may take the place of.
const lapsedAnswer = `
DELETE FROM remembered_answers WHERE id = ? AND (expires_at <= ? OR NOT done AND began_at < ?)`

// BeginAnswer implements storage.Answers. The primary key decides between two attempts at once.
func (s *Store) BeginAnswer(ctx context.Context, a storage.RememberedAnswer, lapsed time.Time) (storage.RememberedAnswer, error) {
	row := answerRow{ID: a.ID, Fingerprint: hashText(a.Fingerprint), BeganAt: at(a.BeganAt), ExpiresAt: at(a.ExpiresAt), Sealed: []byte{}}
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec(lapsedAnswer, a.ID, at(a.BeganAt), at(lapsed)).Error; err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if !errors.Is(err, storage.ErrExists) {
		return a, err
	}
	there, err := one(ctx, s, a.ID, answerRow.answer)
	if errors.Is(err, storage.ErrNotFound) { // forgotten in this moment
		return a, storage.ErrConflict
	}
	if err == nil {
		err = storage.ErrExists
	}
	return there, err
}

// KeepAnswer implements storage.Answers.
func (s *Store) KeepAnswer(ctx context.Context, a storage.RememberedAnswer, sealed []byte) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return mustMeet(tx.Model(&answerRow{}).Where("id = ? AND began_at = ?", a.ID, at(a.BeganAt)).
			Updates(map[string]any{"sealed": sealed, "done": true}))
	})
}

// ForgetAnswer implements storage.Answers.
func (s *Store) ForgetAnswer(ctx context.Context, a storage.RememberedAnswer) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Where("id = ? AND began_at = ? AND NOT done", a.ID, at(a.BeganAt)).Delete(&answerRow{}).Error
	})
}

const markDone = `UPDATE remembered_answers SET done = TRUE WHERE id = $1 AND began_at = $2`

// answering marks, with a transaction, that something was done for the call that ctx belongs to.
func answering(ctx context.Context, do func(tx *gorm.DB) error) func(tx *gorm.DB) error {
	a, ok := storage.AnsweringOf(ctx)
	if !ok {
		return do
	}
	return func(tx *gorm.DB) error {
		if err := do(tx); err != nil {
			return err
		}
		mark := tx.Model(&answerRow{}).Where("id = ? AND began_at = ?", a.ID, at(a.BeganAt)).Update("done", true)
		if mark.Error == nil && mark.RowsAffected == 0 {
			return storage.ErrConflict
		}
		return mark.Error
	}
}

// answeringSteps does the same for a unit of work.
func answeringSteps(ctx context.Context) []step {
	a, ok := storage.AnsweringOf(ctx)
	if !ok {
		return nil
	}
	return []step{{sql: markDone, args: []any{a.ID, int64(at(a.BeganAt))}, must: true}}
}

const collectAnswers = `
DELETE FROM remembered_answers WHERE id IN (
    SELECT id FROM remembered_answers WHERE expires_at <= ? ORDER BY expires_at LIMIT ?`
