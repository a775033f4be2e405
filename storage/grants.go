package storage

import (
	"context"
	"time"
)

// Owner says whose grant it is: a person's (UserID) or a company's (CompanyID). Exactly one is set.
type Owner struct {
	UserID    string
	CompanyID string
}

// GrantState is whether the tokens of a grant can live.
type GrantState int

const (
	GrantActive GrantState = 1 // the current record for its owner and client
	GrantEnded  GrantState = 2 // disconnected or superseded: its tokens are dead, for ever
)

// Grant is what an owner has decided about one client. There is at most one active grant for an owner and a client;
// an ended one goes some time later, and tokens that it leaves behind stay dead. Deny is a record too: a grant whose decisions are all denials.
type Grant struct {
	ID        string // time-ordered UUID
	Owner     Owner
	ClientID  string
	State     GrantState
	Version   int64  // grows by one with every change
	AllowedBy string // the user who decided, for a company's grant
	// Denials counts whole requests denied in a row; an allow sets it back to zero.
	Denials   int
	DeniedAt  time.Time // when the last whole request was denied
	CreatedAt time.Time
	UpdatedAt time.Time
	Decisions []Decision // ordered by scope
	// Succeeds is the public ID of the grant that this one took the place of; empty where it took none's.
	Succeeds string
}

// PublicID is what clients know the grant by. It stays when another grant takes this one's place.
func (g Grant) PublicID() string {
	if g.Succeeds != "" {
		return g.Succeeds
	}
	return g.ID
}

// AllowedScopes returns the scopes that the grant's decisions allow, whether or not they have run out, in their order.
func (g Grant) AllowedScopes() (scopes []string) {
	for _, d := range g.Decisions {
		if d.Allowed {
			scopes = append(scopes, d.Scope)
		}
	}
	return scopes
}

// ScopeEnds returns when the scopes that the grant's decisions allow run out by themselves, of those that do.
func (g Grant) ScopeEnds() (ends []ScopeEnd) {
	for _, d := range g.Decisions {
		if d.Allowed && !d.Until.IsZero() {
			ends = append(ends, ScopeEnd{Scope: d.Scope, At: d.Until})
		}
	}
	return ends
}

// Decision is an allow or a deny of one scope. A scope without one is undecided.
type Decision struct {
	Scope     string
	Allowed   bool
	DecidedAt time.Time
	Until     time.Time // zero: no end
	Purpose   string    // what the person was told that it is for, as a fingerprint of consent's; empty: nothing that is known
}

// Grants reads what owners decided. Grants change in units of work only.
type Grants interface {
	// Grant returns the active grant of an owner for a client with its decisions, in one statement. ErrNotFound when
	// nothing was decided yet.
	Grant(ctx context.Context, owner Owner, clientID string) (Grant, error)
	// Grants lists an owner's active grants with their decisions, the one changed last first.
	Grants(ctx context.Context, owner Owner) ([]Grant, error)
	// OwnedGrants returns up to limit active grants of an owner for clients with an ID greater than after, with their
	// decisions, in the order of the clients' IDs.
	OwnedGrants(ctx context.Context, owner Owner, after string, limit int) ([]Grant, error)
	// ClientGrants returns up to limit active grants of a client with an ID greater than after, with their decisions, in
	// ID order.
	ClientGrants(ctx context.Context, clientID, after string, limit int) ([]Grant, error)
	// AllGrants is ClientGrants for every client.
	AllGrants(ctx context.Context, after string, limit int) ([]Grant, error)
	// GrantByPublicID returns the active grant with this Grant.PublicID, of whatever client, and its decisions, in one
	// statement. ErrNotFound when there is none.
	GrantByPublicID(ctx context.Context, publicID string) (Grant, error)
}
