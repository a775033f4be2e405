package storage

import (
	"context"
	"slices"
	"strings"
	"time"
)

// FamilyID names a token family: everything that descends from one authorization code, or one client_credentials
// token. It is a UUIDv7, so rows in key order are rows in time order, and inserts append.
type FamilyID [16]byte

// TokenKind is what a token can be used for. Kinds are never interchangeable.
type TokenKind uint8

const (
	KindCode    TokenKind = 1 // authorization code
	KindAccess  TokenKind = 2
	KindRefresh TokenKind = 3
	// KindTicket is a single-use sign-in ticket: a client with a company's grant, or the super app's own, vouches for UserID.
	KindTicket TokenKind = 4
	// KindAssertion is no token but a mark that an assertion was used (RFC 7523 §3, jti), kept as long as it would be good.
	KindAssertion TokenKind = 5
)

// TokenKey is the primary key of a token. The token carries it inside its authenticated value.
type TokenKey struct {
	Family     FamilyID
	Kind       TokenKind
	Generation uint32 // 0 for the code, then 1 and one more with each refresh; of a ticket any
}

// TokenState is whether a single-use token has been used.
type TokenState int

const (
	TokenActive TokenState = 1
	TokenSpent  TokenState = 2 // a code that was exchanged, a refresh token that was rotated
)

// Token is one code, access token, refresh token or ticket. The value itself is never stored.
type Token struct {
	TokenKey
	Hash      []byte // SHA-256 of the value, compared after the read
	ClientID  string
	GrantID   string // empty for client_credentials
	UserID    string // whose it is, or whom a ticket signs in; empty for a company's and a client's
	CompanyID string // whose it is; of a ticket: the company whose grant GrantID is
	Scope     string // granted, separated by single spaces
	Session   []byte // what authz wants back with it; opaque here
	IssuedAt  time.Time
	// TokensFrom is that of the client as it was known where the token was issued. The token is dead once it is not the client's.
	TokensFrom time.Time
	ExpiresAt  time.Time // zero: never
	State      TokenState
	SpentAt    time.Time
	SecretID   string    // of a spent refresh token: which root secret derived its children
	KeepUntil  time.Time // when the row may be collected; zero: at ExpiresAt
	// GivenBy is the family of the host app's access token that the authorization was had with, without a browser; zero for
	// all others. The token dies with that family.
	GivenBy FamilyID
}

// StoredToken is a token with the state of everything that its life hangs on.
type StoredToken struct {
	Token
	FamilyRevoked bool // or the family that it was given by
	GrantEnded    bool // true also when the grant is gone
	ScopeEnds     []ScopeEnd
	UserDisabled  bool   // true also when the person is gone
	UserEmail     string // of UserID, for introspection's username
	UserTester    string // of UserID, see User.TestPublisher
}

// ScopeEnd is when a scope that the grant allows runs out by itself.
type ScopeEnd struct {
	Scope string
	At    time.Time
}

// ScopeAt returns the scopes of the token whose decisions have not run out at now, in their order.
func (t StoredToken) ScopeAt(now time.Time) []string {
	return slices.DeleteFunc(strings.Fields(t.Scope), func(name string) bool {
		return slices.ContainsFunc(t.ScopeEnds, func(e ScopeEnd) bool { return e.Scope == name && !now.Before(e.At) })
	})
}

// Alive reports whether the token may be used at now: it, its family, its grant and its person are all in force. What is
// left of its scopes is another question: see ScopeAt.
func (t StoredToken) Alive(now time.Time) bool {
	return t.State == TokenActive && t.Standing() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Standing reports whether the authorization behind the token is in force, whatever the token's own state.
func (t StoredToken) Standing() bool { return !t.FamilyRevoked && !t.GrantEnded && !t.UserDisabled }

// MayMeet is User.MayMeet of the token's person, with whom the client that the token was issued to can have moved apart.
func (t StoredToken) MayMeet(c *Client) bool { return User{TestPublisher: t.UserTester}.MayMeet(c) }

// Tokens reads tokens. They change in units of work only.
type Tokens interface {
	// Token returns the token with this key and the state of its family, grant and person, in one indexed statement.
	// ErrNotFound when there is none.
	Token(ctx context.Context, key TokenKey) (StoredToken, error)
}
