package storage

import (
	"context"
	"time"
)

// APIKey lets a program use the admin API. Its value is never stored.
type APIKey struct {
	ID        string // a random name, which the key's value begins with
	Hash      []byte // SHA-256 of the value
	Name      string // what it is for, in the words of who made it
	UserID    string // who made it: it can do no more than they
	Rights    []string
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	SeenAt    time.Time // when it was last used, flushed at most once a minute
}

// APIKeys keeps the keys of programs.
type APIKeys interface {
	// APIKey returns the key with this ID and whose it is, in one statement; ErrNotFound when there is none, or the person
	// is gone or disabled.
	APIKey(ctx context.Context, id string) (APIKey, User, error)
	// APIKeys returns up to limit keys with an ID greater than after, in ID order: of this user, or of all where userID is empty.
	APIKeys(ctx context.Context, userID, after string, limit int) ([]APIKey, error)
	// LiveAPIKeys counts the keys of a user that have not expired at now.
	LiveAPIKeys(ctx context.Context, userID string, now time.Time) (int, error)
	// CreateAPIKey stores a new key.
	CreateAPIKey(ctx context.Context, k APIKey) error
	// DeleteAPIKey removes a key; ErrNotFound when there is none.
	DeleteAPIKey(ctx context.Context, id string) error
	// TouchAPIKey says that a key was used.
	TouchAPIKey(ctx context.Context, id string, at time.Time) error
}
