package gormstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// failureSlots is the fixed size of the table. A slot is 16 bits of the key's salted hash; the salt is the database's
// own, so that nobody outside can find two keys that meet and use one to forget the other's count.

type failureRow struct {
	Slot     int `gorm:"primaryKey;autoIncrement:false"`
	KeyHash  []byte
	Failures int
	BeganAt  micros
}

// TableName implements gorm's schema.Tabler.
func (failureRow) TableName() string { return "failures" }

type saltRow struct {
	ID   int `gorm:"primaryKey;autoIncrement:false"`
	Salt []byte
}

// TableName implements gorm's schema.Tabler.
func (saltRow) TableName() string { return "failure_salt" }

const countFailure = `
INSERT INTO failures (slot, key_hash, failures, began_at) VALUES (?, ?, 1, ?)
ON CONFLICT (slot) DO UPDATE SET
    failures = CASE WHEN failures.key_hash = excluded.key_hash AND failures.began_at >= ? THEN failures.failures + 1 ELSE 1 END,
    began_at = CASE WHEN failures.key_hash = excluded.key_hash AND failures.began_at >= ? THEN failures.began_at ELSE excluded.began_at END,
    key_hash = excluded.key_hash`

// Failures implements storage.Failures.
func (s *Store) Failures(ctx context.Context, keys []string, since time.Time) ([]int, error) {
	slots := s.failureSlots(keys)
	numbers := make([]int, len(slots))
	for i, slot := range slots {
		numbers[i] = slot.Slot
	}
	var rows []failureRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("slot IN ? AND began_at >= ?", numbers, at(since)).Find(&rows).Error
	})
	counts := make([]int, len(keys))
	for i, slot := range slots {
		for _, row := range rows {
			if row.Slot == slot.Slot && bytes.Equal(row.KeyHash, slot.KeyHash) {
				counts[i] = row.Failures
			}
		}
	}
	return counts, err
}

// CountFailure implements storage.Failures.
func (s *Store) CountFailure(ctx context.Context, keys []string, when, since time.Time) error {
	slots := inLockOrder(s.failureSlots(keys))
	return s.write(ctx, func(tx *gorm.DB) error {
		for _, slot := range slots {
			err := tx.Exec(countFailure, slot.Slot, slot.KeyHash, at(when), at(since), at(since)).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetFailures implements storage.Failures.
func (s *Store) ForgetFailures(ctx context.Context, keys []string) error {
	slots := inLockOrder(s.failureSlots(keys))
	return s.write(ctx, func(tx *gorm.DB) error {
		for _, slot := range slots {
			if err := tx.Where("slot = ? AND key_hash = ?", slot.Slot, slot.KeyHash).Delete(&failureRow{}).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) failureSlots(keys []string) []failureRow {
	slots := make([]failureRow, len(keys))
	for i, key := range keys {
		hash := sha256.Sum256(append(bytes.Clone(s.salt), key...))
		slots[i] = failureRow{Slot: int(binary.BigEndian.Uint16(hash[16:])), KeyHash: hash[:16]}
	}
	return slots
}

// inLockOrder keeps two transactions that count the same keys from waiting for each other.
func inLockOrder(slots []failureRow) []failureRow {
	slices.SortFunc(slots, func(a, b failureRow) int { return a.Slot - b.Slot })
	return slots
}

// failureSalt returns the database's salt, which the first to ask draws.
func (s *Store) failureSalt(ctx context.Context) ([]byte, error) {
	var row saltRow
	find := func(db *gorm.DB) error { return db.Limit(1).Find(&row).Error }
	if err := s.read(ctx, find); err != nil || row.ID == 1 {
		return row.Salt, err
	}
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	err := s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&saltRow{ID: 1, Salt: salt}).Error
		if err != nil {
			return err
		}
		return find(tx)
	})
	return row.Salt, err
}
