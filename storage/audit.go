package storage

import (
	"context"
	"time"
)

// ActorKind says what kind of name Actor.ID is.
type ActorKind string

const (
	ActorUser    ActorKind = "user"    // a person, by their ID
	ActorClient  ActorKind = "client"  // a client with its own token, by its client_id
	ActorAPIKey  ActorKind = "api_key" // a program, by the ID of its key
	ActorCommand ActorKind = "command" // whoever may run commands on the database, by the name of their account there
	ActorServer  ActorKind = "server"  // Gatehouse by itself
)

// Actor is who did something, and from where.
type Actor struct {
	Kind    ActorKind
	ID      string
	Address string // IP address; empty for commands and the server
	Person  string // the ID of the user whose API key it is, and who is named in an event's detail; empty for other kinds
}

// PersonID returns the ID of the person who acts, by themselves or by their API key; empty where no person does.
func (a Actor) PersonID() string {
	switch a.Kind {
	case ActorUser:
		return a.ID
	case ActorAPIKey:
		return a.Person
	}
	return ""
}

// Target is what something was done to: a kind of record ("client", "user", "scope", …) and its key.
type Target struct {
	Kind string
	ID   string
}

// AuditEvent says that somebody did something to something. Events are only ever added. None holds a secret, a token,
// a password or a value of a person.
type AuditEvent struct {
	ID     string // time-ordered UUID
	At     time.Time
	Actor  Actor
	Action string // the kind of the target and what was done: client.approve
	Target Target
	Detail map[string]string // what else there is to say: a reason, the names of fields that changed
	// Sequence is the event's place in the chain, from 1; 0 while it is not sealed.
	Sequence int64
	// Hash is SHA-256 over the hash before it and this event; see Seal. Empty while it is not sealed.
	Hash []byte
}

// AuditFilter says which events to return; what is zero does not matter.
type AuditFilter struct {
	Actor  Actor  // Kind and ID; both, or neither
	Action string // this one, or with a final dot all that begin with it
	Target Target // Kind alone, or both
	Since  time.Time
	Until  time.Time
}

// Audited returns a context under which a write of any store stores events in its own transaction. Wrap one call with
// it: a second write would store them again. ID and At of each are set by the store, where they are empty.
func Audited(ctx context.Context, events ...AuditEvent) context.Context {
	return context.WithValue(ctx, auditKey{}, append(AuditOf(ctx), events...))
}

// Unaudited returns a context under which a write stores no events, for what goes on after the call that Audited was for.
func Unaudited(ctx context.Context) context.Context {
	return context.WithValue(ctx, auditKey{}, []AuditEvent(nil))
}

// AuditOf returns the events that a write under ctx stores.
func AuditOf(ctx context.Context) []AuditEvent {
	events, _ := ctx.Value(auditKey{}).([]AuditEvent)
	return events[:len(events):len(events)]
}

type auditKey struct{}

// ChainEnd is the last sealed event.
type ChainEnd struct {
	Sequence int64 // 0: nothing was ever sealed
	Hash     []byte
	Mark     string // who sealed says by it that they did; empty where nothing was sealed
}

// Audit keeps what was done, as a chain of hashes that shows when something is missing or was changed.
type Audit interface {
	// Record stores the events of ctx (see Audited), for what writes nothing else.
	Record(ctx context.Context) error
	// AuditEvents returns up to limit events that happened before the one with the ID before (empty: the newest), newest
	// first; none where there is no such event.
	AuditEvents(ctx context.Context, f AuditFilter, before string, limit int) ([]AuditEvent, error)
	// SealAudit gives up to limit events that are not sealed their places at the end of the chain, by their IDs, and
	// reports how many. Several processes may ask at once: each event gets one place. hash makes the hash of an event whose
	// Sequence is set, given the one before it.
	// mark makes the Mark of the new end, given the one before it.
	SealAudit(ctx context.Context, limit int, hash func(before []byte, e AuditEvent) []byte, mark func(before, end ChainEnd) string) (int, error)
	// MarkChain gives the end of the chain another Mark, unless it has moved; then nothing happens.
	MarkChain(ctx context.Context, end ChainEnd, mark string) error
	// SealedEvents returns up to limit sealed events with a Sequence greater than after, in their order.
	SealedEvents(ctx context.Context, after int64, limit int) ([]AuditEvent, error)
	// ChainEnd returns the end of the chain as it was last sealed, and how many events wait to be sealed.
	ChainEnd(ctx context.Context) (end ChainEnd, waiting int, err error)
	// StrayEvents counts the events with a Sequence that no sealing gives: before the first, or after the end of the chain.
	StrayEvents(ctx context.Context) (int, error)
}
