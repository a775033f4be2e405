package gormstore

import (
	"context"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// list returns up to limit records with an ID greater than after, in ID order. A cursor that no database could hold
// has nothing after it.
func list[Row, Record any](ctx context.Context, s *Store, after string, limit int, record func(Row) Record) ([]Record, error) {
	if !storable(after) {
		return nil, nil
	}
	var rows []Row
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("id > ?", after).Order("id").Limit(limit).Find(&rows).Error
	})
	return records(rows, record), err
}

func records[Row, Record any](rows []Row, record func(Row) Record) []Record {
	list := make([]Record, len(rows))
	for i, row := range rows {
		list[i] = record(row)
	}
	return list
}

// one returns the record whose primary key, in the column named so, is key.
func one[Row, Record any](ctx context.Context, s *Store, key string, record func(Row) Record) (Record, error) {
	var row Row
	if !storable(key) {
		return record(row), storage.ErrNotFound
	}
	err := s.read(ctx, func(db *gorm.DB) error { return db.Where("id = ?", key).Take(&row).Error })
	return record(row), err
}

// mustMeet says ErrNotFound when a change met no row.
func mustMeet(change *gorm.DB) error {
	if change.Error == nil && change.RowsAffected == 0 {
		return storage.ErrNotFound
	}
	return change.Error
}

// conflictIfExists tells why a conditional change of the row with this ID met nothing.
func conflictIfExists(tx *gorm.DB, row any, id string) error {
	var n int64
	if err := tx.Model(row).Where("id = ?", id).Count(&n).Error; err != nil {
		return err
	}
	if n == 0 {
		return storage.ErrNotFound
	}
	return storage.ErrConflict
}

// mapped converts each element; nil stays nil.
func mapped[A, B any](list []A, convert func(A) B) []B {
	if list == nil {
		return nil
	}
	return records(list, convert)
}
