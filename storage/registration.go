package storage

import (
	"context"
	"time"
)

// Whether what is approved at once has to say why it wants what people are asked to share.
const (
	PurposesRequired = "required"
	PurposesOptional = "optional"
)

// InitialAccessToken lets programs register mini apps (RFC 7591 §1.2), and says what comes of it. Its value is never stored.
type InitialAccessToken struct {
	ID          string // a random name, which the token's value begins with
	Hash        []byte // SHA-256 of the value
	Name        string // what it is for, in the words of who made it
	PublisherID string // of what is registered with it; empty: none
	Status      string // of what is registered with it: StatusSubmitted or StatusApproved
	Purposes    string // of its scopes, where it is approved at once: PurposesRequired (also where this is empty) or PurposesOptional
	// Scopes are what can be registered with it, and what a registration gets that names none; empty: any, and openid.
	Scopes    []string
	MaxUses   int // 0: any number
	Uses      int // how many mini apps were registered with it
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Registration says that a client was registered by a program, which may read, change and end it (RFC 7592).
type Registration struct {
	ClientID string
	Hash     []byte // SHA-256 of the registration access token
	TokenID  string // of the InitialAccessToken that it was made with; empty: it was registered without one
}

// Registrations keeps what programs register, and what lets them.
type Registrations interface {
	// RegisterClient stores a new client with its registration and counts one use of its InitialAccessToken, where it was made
	// with one: all of it or nothing. ErrConflict when the token is gone, used up or expired at now; ErrExists when the
	// client's ID is taken.
	RegisterClient(ctx context.Context, c Client, r Registration, now time.Time) error
	// Registration returns how a client was registered; ErrNotFound when it is not there or no program registered it.
	// It ends where the client's publisher changes, or it becomes the operator's own (FirstParty): whoever has its token was
	// trusted with what it was.
	Registration(ctx context.Context, clientID string) (Registration, error)
	// EndRegistration makes a registration access token good for nothing; the client stays. ErrNotFound as Registration.
	EndRegistration(ctx context.Context, clientID string) error

	// InitialAccessToken returns the token with this ID, or ErrNotFound.
	InitialAccessToken(ctx context.Context, id string) (InitialAccessToken, error)
	// InitialAccessTokens returns up to limit tokens with an ID greater than after, in ID order.
	InitialAccessTokens(ctx context.Context, after string, limit int) ([]InitialAccessToken, error)
	// CreateInitialAccessToken stores a new token.
	CreateInitialAccessToken(ctx context.Context, t InitialAccessToken) error
	// DeleteInitialAccessToken removes a token; what was registered with it stays. ErrNotFound when there is none.
	DeleteInitialAccessToken(ctx context.Context, id string) error
}
