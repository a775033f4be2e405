package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

type initialAccessTokenRow struct {
	ID          string `gorm:"primaryKey"`
	Hash        string // base64
	Name        string
	PublisherID string
	Status      string
	Purposes    string
	Scopes      document[[]string]
	MaxUses     int
	Uses        int
	Created     micros `gorm:"column:created_at"`
	ExpiresAt   micros
}

// TableName implements gorm's schema.Tabler.
func (initialAccessTokenRow) TableName() string { return "initial_access_tokens" }

func (r initialAccessTokenRow) token() storage.InitialAccessToken {
	return storage.InitialAccessToken{
		ID: r.ID, Hash: hashBytes(r.Hash), Name: r.Name, PublisherID: r.PublisherID, Status: r.Status, Purposes: r.Purposes, Scopes: r.Scopes.V, MaxUses: r.MaxUses, Uses: r.Uses,
		CreatedAt: r.Created.time(), ExpiresAt: r.ExpiresAt.time(),
	}
}

type registrationRow struct {
	ID      string `gorm:"primaryKey"` // of the client
	Hash    string // base64
	TokenID string
}

// TableName implements gorm's schema.Tabler.
func (registrationRow) TableName() string { return "registrations" }

func (r registrationRow) registration() storage.Registration {
	return storage.Registration{ClientID: r.ID, Hash: hashBytes(r.Hash), TokenID: r.TokenID}
}

const useInitialAccessToken = `
UPDATE initial_access_tokens SET uses = uses + 1
WHERE id = ? AND (max_uses = 0 OR uses < max_uses) AND (expires_at = 0 OR expires_at > ?)`

// RegisterClient implements storage.Registrations. The condition and the count are one statement, so that two cannot share the
// last use.
func (s *Store) RegisterClient(ctx context.Context, c storage.Client, r storage.Registration, now time.Time) error {
	if !storable(r.TokenID) {
		return storage.ErrConflict
	}
	return s.writeRevised(ctx, func(tx *gorm.DB) error {
		if r.TokenID != "" {
			used := tx.Exec(useInitialAccessToken, r.TokenID, at(now))
			if used.Error != nil {
				return used.Error
			}
			if used.RowsAffected == 0 {
				return storage.ErrConflict
			}
		}
		registration := registrationRow{ID: c.ID, Hash: hashText(r.Hash), TokenID: r.TokenID}
		if err := createClient(tx, c); err != nil {
			return err
		}
		return tx.Create(&registration).Error
	})
}

// Registration implements storage.Registrations.
func (s *Store) Registration(ctx context.Context, clientID string) (storage.Registration, error) {
	return one(ctx, s, clientID, registrationRow.registration)
}

// EndRegistration implements storage.Registrations.
func (s *Store) EndRegistration(ctx context.Context, clientID string) error {
	if !storable(clientID) {
		return storage.ErrNotFound
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		return mustMeet(tx.Where("id = ?", clientID).Delete(&registrationRow{}))
	})
}

// endMovedRegistration runs before a client is replaced, in the same transaction.
const endMovedRegistration = `
DELETE FROM registrations WHERE id = ? AND EXISTS (
    SELECT 1 FROM clients c WHERE c.id = registrations.id AND (c.publisher_id <> ? OR (NOT c.first_party AND CAST(? AS BOOLEAN))))`

// InitialAccessToken implements storage.Registrations.
func (s *Store) InitialAccessToken(ctx context.Context, id string) (storage.InitialAccessToken, error) {
	return one(ctx, s, id, initialAccessTokenRow.token)
}

// InitialAccessTokens implements storage.Registrations.
func (s *Store) InitialAccessTokens(ctx context.Context, after string, limit int) ([]storage.InitialAccessToken, error) {
	return list(ctx, s, after, limit, initialAccessTokenRow.token)
}

// CreateInitialAccessToken implements storage.Registrations.
func (s *Store) CreateInitialAccessToken(ctx context.Context, t storage.InitialAccessToken) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		row := initialAccessTokenRow{
			ID: t.ID, Hash: hashText(t.Hash), Name: t.Name, PublisherID: t.PublisherID, Status: t.Status, Purposes: t.Purposes, Scopes: doc(t.Scopes), MaxUses: t.MaxUses, Uses: t.Uses,
			Created: at(t.CreatedAt), ExpiresAt: at(t.ExpiresAt),
		}
		return tx.Create(&row).Error
	})
}

// DeleteInitialAccessToken implements storage.Registrations.
func (s *Store) DeleteInitialAccessToken(ctx context.Context, id string) error {
	if !storable(id) {
		return storage.ErrNotFound
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		return mustMeet(tx.Where("id = ?", id).Delete(&initialAccessTokenRow{}))
	})
}
