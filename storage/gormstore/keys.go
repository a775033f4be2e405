package gormstore

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse/storage"
)

type keyRow struct {
	ID         string `gorm:"primaryKey"`
	Generation int
	Algorithm  string
	Sealed     []byte
	Public     []byte
	Created    micros `gorm:"column:created_at"`
	ActiveFrom micros
	RetiredAt  micros
}

// TableName implements gorm's schema.Tabler.
func (keyRow) TableName() string { return "signing_keys" }

func toKeyRow(k storage.Key) keyRow {
	return keyRow{
		ID: k.ID, Generation: k.Generation, Algorithm: k.Algorithm, Sealed: k.Sealed, Public: k.Public,
		Created: at(k.CreatedAt), ActiveFrom: at(k.ActiveFrom), RetiredAt: at(k.RetiredAt),
	}
}

func (r keyRow) key() storage.Key {
	return storage.Key{
		ID: r.ID, Generation: r.Generation, Algorithm: r.Algorithm, Sealed: r.Sealed, Public: r.Public,
		CreatedAt: r.Created.time(), ActiveFrom: r.ActiveFrom.time(), RetiredAt: r.RetiredAt.time(),
	}
}

type constantRow struct {
	Name   string `gorm:"primaryKey"`
	Sealed []byte
}

// TableName implements gorm's schema.Tabler.
func (constantRow) TableName() string { return "constants" }

// Keys implements storage.Keys.
func (s *Store) Keys(ctx context.Context) ([]storage.Key, error) {
	var rows []keyRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Order("generation, algorithm").Find(&rows).Error })
	return records(rows, keyRow.key), err
}

// InsertKeys implements storage.Keys. The unique (generation, algorithm) decides between two processes.
func (s *Store) InsertKeys(ctx context.Context, keys []storage.Key, retiredAt time.Time) error {
	if len(keys) == 0 {
		return errors.New("there are no keys to insert")
	}
	rows := records(keys, toKeyRow)
	generation := rows[0].Generation
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		var n int64
		if err := tx.Model(&keyRow{}).Where("generation = ?", generation).Count(&n).Error; err != nil {
			return err
		}
		if n > 0 {
			return storage.ErrExists
		}
		if err := tx.Create(&rows).Error; err != nil {
			return err
		}
		return tx.Model(&keyRow{}).Where("generation < ? AND retired_at = 0", generation).
			Update("retired_at", at(retiredAt)).Error
	})
}

// DeleteKeys implements storage.Keys.
func (s *Store) DeleteKeys(ctx context.Context, ids []string) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error { return tx.Where("id IN ?", ids).Delete(&keyRow{}).Error })
}

// ReplaceSealed implements storage.Keys.
func (s *Store) ReplaceSealed(ctx context.Context, keys, constants map[string][]byte) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		for id, sealed := range keys {
			if err := tx.Model(&keyRow{}).Where("id = ?", id).Update("sealed", sealed).Error; err != nil {
				return err
			}
		}
		for name, sealed := range constants {
			if err := tx.Model(&constantRow{}).Where("name = ?", name).Update("sealed", sealed).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

// Constant implements storage.Keys.
func (s *Store) Constant(ctx context.Context, name string, value []byte) ([]byte, error) {
	var row constantRow
	find := func(db *gorm.DB) error { return db.Where("name = ?", name).Take(&row).Error }
	err := s.read(ctx, find)
	if !errors.Is(err, storage.ErrNotFound) {
		return row.Sealed, err
	}
	err = s.write(ctx, func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&constantRow{Name: name, Sealed: value}).Error
		if err != nil {
			return err
		}
		return find(tx)
	})
	return row.Sealed, err
}

// Constants implements storage.Keys.
func (s *Store) Constants(ctx context.Context) (map[string][]byte, error) {
	var rows []constantRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Find(&rows).Error })
	constants := make(map[string][]byte, len(rows))
	for _, row := range rows {
		constants[row.Name] = row.Sealed
	}
	return constants, err
}
