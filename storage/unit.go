package storage

import (
	"context"
	"time"
)

// Unit is a unit of work: operations that happen together, in order, or not at all. It is a value, so a store may run
// it again on its own after a failed neighbour rolled everything back.
type Unit []Op

// Op is one operation of a Unit: SpendToken, InsertToken, RevokeFamily, HoldGrant, SaveGrant, EndGrant or StartSession.
type Op interface{ op() }

// SpendToken uses up a single-use token by one conditional statement. ErrConflict when it is not TokenActive.
type SpendToken struct {
	Key       TokenKey
	At        time.Time
	SecretID  string    // which root secret derives the children, see Token.SecretID
	KeepUntil time.Time // how long the spent row is kept, to recognise a replay; zero: as it was
}

// InsertToken stores a new token. ErrConflict when its key is taken.
type InsertToken struct{ Token Token }

// RevokeFamily ends every token of a family and of the families that were given by it (Token.GivenBy), those being
// inserted at this moment by others included. Repeating it does nothing.
type RevokeFamily struct {
	Family FamilyID
	At     time.Time
}

// HoldGrant requires that a grant is active, and keeps it so until the unit is committed (FOR SHARE). ErrConflict
// otherwise.
type HoldGrant struct{ ID string }

// SaveGrant stores a grant with all of its decisions. IfVersion is the version that the change was made from, 0 for a
// grant that is new; ErrConflict when the stored one has moved, is not active, or a new one finds another active grant
// of the same owner and client. Grant.Version is the version it gets.
//
// A change that takes away a scope that was allowed writes a Delivery, like EndGrant.
type SaveGrant struct {
	Grant     Grant
	IfVersion int64
}

// EndGrant ends a grant and so, at once, every token that belongs to it. Repeating it does nothing.
//
// If the grant allowed a scope that is not in Kept, and its client has a webhook_uri, the same transaction writes a
// Delivery: EventGrantNarrowed when Kept has scopes, EventGrantEnded when it has none.
type EndGrant struct {
	ID   string
	At   time.Time
	Kept []string // what the grant allows that takes its place in the same unit
}

// StartSession signs Session's user in, and ends the session Replaced when it is not empty. Of the user's other sessions
// those beyond MaxSessions end: first those that clients vouched for, so that no client can sign a person out of their own,
// then the others, each time the oldest first. Sessions that start at the same moment may leave a few more, until the next
// one. ErrConflict when there is no such user, or they are disabled, also at this moment; or when the session's ID is taken.
type StartSession struct {
	Session  Session
	Replaced string
}

func (SpendToken) op()   {}
func (InsertToken) op()  {}
func (RevokeFamily) op() {}
func (HoldGrant) op()    {}
func (SaveGrant) op()    {}
func (EndGrant) op()     {}
func (StartSession) op() {}

// Units applies units of work.
type Units interface {
	// Apply runs a unit and returns once it is durable. ErrConflict when one of its conditions did not hold, and then
	// nothing happened; ErrUnavailable when it is unknown whether anything did. A cancelled context does not stop a
	// unit that has begun: a client that hangs up must not interrupt its neighbours.
	Apply(ctx context.Context, unit Unit) error
}

// Collector removes what has expired.
type Collector interface {
	// Collect deletes at most limit rows of each kind that are of no more use at now (expired tokens past KeepUntil,
	// tokens of revoked families and of those given by them, ended grants with their stamps and the tokens that would never
	// expire, expired sessions, remembered answers, deliveries that arrived a week ago or were given up 90 days ago, logos that no
	// client and no version names) and
	// reports how many it deleted.
	Collect(ctx context.Context, now time.Time, limit int) (int, error)
}

// Checker tells whether the database answers and has the schema that this program needs.
type Checker interface {
	Check(ctx context.Context) error
}

// Store is everything that Gatehouse keeps, for the places that open or prove a whole store. Rooms ask for the small
// contracts they use.
type Store interface {
	Users
	Links
	Companies
	Sessions
	Failures
	Registry
	Keys
	Grants
	Reads
	Tokens
	Units
	Deliveries
	Audit
	Reviews
	Logos
	APIKeys
	Registrations
	Admins
	Answers
	Activity
	Collector
	Checker
	Close() error
}
