package gormstore

import (
	"context"
	"reflect"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"gatehouse/storage"
)

type publisherRow struct {
	ID         string `gorm:"primaryKey"`
	Name       string
	Verified   bool
	VerifiedAt micros
	Developers document[[]string]
}

// TableName implements gorm's schema.Tabler.
func (publisherRow) TableName() string { return "publishers" }

func toPublisherRow(p storage.Publisher) publisherRow {
	return publisherRow{ID: p.ID, Name: p.Name, Verified: p.Verified, VerifiedAt: at(p.VerifiedAt), Developers: doc(p.Developers)}
}

func (r publisherRow) publisher() storage.Publisher {
	return storage.Publisher{
		ID: r.ID, Name: r.Name, Verified: r.Verified, VerifiedAt: r.VerifiedAt.time(), Developers: r.Developers.V,
	}
}

type scopeRow struct {
	Name        string `gorm:"primaryKey"`
	Title       document[map[string]string]
	Description document[map[string]string]
	Claims      document[[]string]
	Sensitive   bool
	Client      bool
}

// TableName implements gorm's schema.Tabler.
func (scopeRow) TableName() string { return "scopes" }

func toScopeRow(scope storage.Scope) scopeRow {
	return scopeRow{
		Name: scope.Name, Title: doc(scope.Title), Description: doc(scope.Description), Claims: doc(scope.Claims),
		Sensitive: scope.Sensitive, Client: scope.Client,
	}
}

func (r scopeRow) scope() storage.Scope {
	return storage.Scope{
		Name: r.Name, Title: r.Title.V, Description: r.Description.V, Claims: r.Claims.V, Sensitive: r.Sensitive,
		Client: r.Client,
	}
}

// Publisher implements storage.Registry.
func (s *Store) Publisher(ctx context.Context, id string) (storage.Publisher, error) {
	return one(ctx, s, id, publisherRow.publisher)
}

// Publishers implements storage.Registry.
func (s *Store) Publishers(ctx context.Context, after string, limit int) ([]storage.Publisher, error) {
	return list(ctx, s, after, limit, publisherRow.publisher)
}

// SavePublisher implements storage.Registry.
func (s *Store) SavePublisher(ctx context.Context, p storage.Publisher) error {
	row := toPublisherRow(p)
	return s.save(ctx, &row)
}

// ReplacePublisher implements storage.Registry.
func (s *Store) ReplacePublisher(ctx context.Context, p storage.Publisher, was *storage.Publisher) error {
	row := toPublisherRow(p)
	return s.writeRevised(ctx, func(tx *gorm.DB) error { return replace(tx, s.dialect, "id", p.ID, &row, was, publisherRow.publisher) })
}

// DeletePublisher implements storage.Registry.
func (s *Store) DeletePublisher(ctx context.Context, was storage.Publisher) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		if err := stillThere(tx, s.dialect, "id", was.ID, was, publisherRow.publisher); err != nil {
			return err
		}
		if err := s.deleteTestUsers(tx, was.ID, time.Now()); err != nil {
			return err
		}
		return unlessUsed(tx.Where("id = ?", was.ID).
			Where("NOT EXISTS (SELECT 1 FROM clients WHERE publisher_id = ?)", was.ID).
			Where("NOT EXISTS (SELECT 1 FROM client_versions WHERE publisher_id = ? AND "+openVersions+")", was.ID).
			Delete(&publisherRow{}))
	})
}

// unlessUsed is the error of a removal that did not happen where the record that is there is used.
func unlessUsed(removal *gorm.DB) error {
	if removal.Error == nil && removal.RowsAffected == 0 {
		return storage.ErrConflict
	}
	return removal.Error
}

// Scopes implements storage.Registry.
func (s *Store) Scopes(ctx context.Context) ([]storage.Scope, error) {
	var rows []scopeRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Order("name").Find(&rows).Error })
	return records(rows, scopeRow.scope), err
}

// SaveScope implements storage.Registry.
func (s *Store) SaveScope(ctx context.Context, scope storage.Scope) error {
	row := toScopeRow(scope)
	return s.save(ctx, &row)
}

// ReplaceScope implements storage.Registry.
func (s *Store) ReplaceScope(ctx context.Context, scope storage.Scope, was *storage.Scope) error {
	row := toScopeRow(scope)
	return s.writeRevised(ctx, func(tx *gorm.DB) error { return replace(tx, s.dialect, "name", scope.Name, &row, was, scopeRow.scope) })
}

// DeleteScope implements storage.Registry.
func (s *Store) DeleteScope(ctx context.Context, was storage.Scope) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		if err := stillThere(tx, s.dialect, "name", was.Name, was, scopeRow.scope); err != nil {
			return err
		}
		return tx.Where("name = ?", was.Name).Delete(&scopeRow{}).Error
	})
}

// save creates or replaces a row of the registry.
func (s *Store) save(ctx context.Context, row any) error {
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(row).Error
	})
}

// replace stores row, whose key is in this column, in place of the record was; nil: of none.
func replace[Row, Record any](tx *gorm.DB, d dialect, column, key string, row *Row, was *Record, record func(Row) Record) error {
	if was == nil {
		return tx.Create(row).Error
	}
	if err := stillThere(tx, d, column, key, *was, record); err != nil {
		return err
	}
	return tx.Save(row).Error
}

// stillThere holds the row with this key until the transaction ends, and says ErrConflict when it is not was any more.
func stillThere[Row, Record any](tx *gorm.DB, d dialect, column, key string, was Record, record func(Row) Record) error {
	if !storable(key) {
		return storage.ErrNotFound
	}
	var rows []Row
	held := tx.Model(new(Row)).Where(column+" = ?", key)
	if d.forUpdate != "" {
		held = held.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	}
	if err := held.Find(&rows).Error; err != nil {
		return err
	}
	switch {
	case len(rows) == 0:
		return storage.ErrNotFound
	case !reflect.DeepEqual(record(rows[0]), was):
		return storage.ErrConflict
	}
	return nil
}
