package storage

import (
	"context"
	"time"
)

// Key is a signing key. Its private half is sealed before it gets here.
type Key struct {
	ID         string // kid (RFC 7517 §4.5)
	Generation int    // 1, 2, …; one key per algorithm and generation
	Algorithm  string // ES256 or RS256
	Sealed     []byte // the private key, encrypted under the root secret
	Public     []byte // the public JWK
	CreatedAt  time.Time
	ActiveFrom time.Time // published from CreatedAt, signs from here on
	RetiredAt  time.Time // zero while it is the newest; removed from the JWKS some time after
}

// Keys keeps signing keys and the few values that are drawn once and kept sealed for ever.
type Keys interface {
	// Keys returns all keys, oldest generation first.
	Keys(ctx context.Context) ([]Key, error)
	// InsertKeys stores the keys of one new generation and stamps retiredAt on every older key that has none, in one
	// transaction. ErrExists when that generation is there already: another process was first.
	InsertKeys(ctx context.Context, keys []Key, retiredAt time.Time) error
	// DeleteKeys removes keys by ID.
	DeleteKeys(ctx context.Context, ids []string) error
	// ReplaceSealed stores keys' and constants' Sealed bytes anew, after the root secret was swapped.
	ReplaceSealed(ctx context.Context, keys map[string][]byte, constants map[string][]byte) error
	// Constant returns the sealed value stored under name; the first caller's value is stored and wins for ever.
	Constant(ctx context.Context, name string, value []byte) ([]byte, error)
	// Constants returns every constant by name.
	Constants(ctx context.Context) (map[string][]byte, error)
}
