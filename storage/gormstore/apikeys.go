package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type apiKeyRow struct {
	ID        string `gorm:"primaryKey"`
	Hash      string // base64
	Name      string
	UserID    string
	Rights    document[[]string]
	Created   micros `gorm:"column:created_at"`
	ExpiresAt micros
	SeenAt    micros
}

// TableName implements gorm's schema.Tabler.
func (apiKeyRow) TableName() string { return "api_keys" }

func (r apiKeyRow) key() storage.APIKey {
	return storage.APIKey{
		ID: r.ID, Hash: hashBytes(r.Hash), Name: r.Name, UserID: r.UserID, Rights: r.Rights.V, CreatedAt: r.Created.time(),
		ExpiresAt: r.ExpiresAt.time(), SeenAt: r.SeenAt.time(),
	}
}

const selectAPIKey = `
SELECT k.id, k.hash, k.name, k.user_id, k.rights, k.created_at, k.expires_at, k.seen_at, ` + userColumns + `
FROM api_keys k JOIN users u ON u.id = k.user_id
WHERE k.id = $1 AND NOT u.disabled`

// APIKey implements storage.APIKeys.
func (s *Store) APIKey(ctx context.Context, id string) (storage.APIKey, storage.User, error) {
	if !storable(id) {
		return storage.APIKey{}, storage.User{}, storage.ErrNotFound
	}
	bounded, leave, err := s.turn(ctx)
	if err != nil {
		return storage.APIKey{}, storage.User{}, err
	}
	defer leave()
	k, u := apiKeyRow{}, userRow{}
	targets := append([]any{&k.ID, &k.Hash, &k.Name, &k.UserID, &k.Rights, &k.Created, &k.ExpiresAt, &k.SeenAt}, u.targets()...)
	if err := s.pool.QueryRowContext(bounded, selectAPIKey, id).Scan(targets...); err != nil {
		return storage.APIKey{}, storage.User{}, translate(ctx, s.dialect, err)
	}
	return k.key(), u.user(), nil
}

// APIKeys implements storage.APIKeys.
func (s *Store) APIKeys(ctx context.Context, userID, after string, limit int) ([]storage.APIKey, error) {
	if userID == "" {
		return list(ctx, s, after, limit, apiKeyRow.key)
	}
	if !storable(userID, after) {
		return nil, nil
	}
	var rows []apiKeyRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("user_id = ? AND id > ?", userID, after).Order("id").Limit(limit).Find(&rows).Error
	})
	return records(rows, apiKeyRow.key), err
}

// LiveAPIKeys implements storage.APIKeys.
func (s *Store) LiveAPIKeys(ctx context.Context, userID string, now time.Time) (int, error) {
	if !storable(userID) {
		return 0, nil
	}
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&apiKeyRow{}).Where("user_id = ? AND (expires_at = 0 OR expires_at > ?)", userID, at(now)).Count(&n).Error
	})
	return int(n), err
}

// CreateAPIKey implements storage.APIKeys.
func (s *Store) CreateAPIKey(ctx context.Context, k storage.APIKey) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		row := apiKeyRow{
			ID: k.ID, Hash: hashText(k.Hash), Name: k.Name, UserID: k.UserID, Rights: doc(k.Rights), Created: at(k.CreatedAt),
			ExpiresAt: at(k.ExpiresAt), SeenAt: at(k.SeenAt),
		}
		return tx.Create(&row).Error
	})
}

// DeleteAPIKey implements storage.APIKeys.
func (s *Store) DeleteAPIKey(ctx context.Context, id string) error {
	if !storable(id) {
		return storage.ErrNotFound
	}
	return s.write(ctx, func(tx *gorm.DB) error { return mustMeet(tx.Where("id = ?", id).Delete(&apiKeyRow{})) })
}

// TouchAPIKey implements storage.APIKeys.
func (s *Store) TouchAPIKey(ctx context.Context, id string, seen time.Time) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&apiKeyRow{}).Where("id = ?", id).Update("seen_at", at(seen)).Error
	})
}
