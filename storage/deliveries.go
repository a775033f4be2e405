package storage

import (
	"context"
	"time"
)

// DeliveryEvent is what a client's server is told about one of its people or companies.
type DeliveryEvent string

const (
	EventGrantEnded    DeliveryEvent = "grant_ended"    // nothing is allowed any more
	EventGrantNarrowed DeliveryEvent = "grant_narrowed" // less is allowed; see Delivery.Scope
	EventUserDisabled  DeliveryEvent = "user_disabled"  // the person's tokens are dead until they are enabled again
	EventUserEnabled   DeliveryEvent = "user_enabled"
)

// DeliveryState is how far a delivery has got.
type DeliveryState int

const (
	DeliveryPending   DeliveryState = 1 // to be sent at DueAt, or being sent until then
	DeliveryDelivered DeliveryState = 2 // the client's server has it
	DeliveryDead      DeliveryState = 3 // given up
)

// Delivery is something that a client's server has to be told. Units of work write it in the transaction of what it is
// about (see EndGrant, SaveGrant and Users.SetDisabled), for clients that have a webhook_uri. Who says that it was sent is
// responsible for its having arrived: a delivery may arrive more than once, and it arrives unless it is dead.
type Delivery struct {
	ID       string // time-ordered UUID, the same however often it is sent
	ClientID string
	Owner    Owner // whose grant it is about
	Event    DeliveryEvent
	Scope    string // of EventGrantNarrowed: what is still allowed, separated by single spaces
	State    DeliveryState
	Attempts int       // how often it was sent, since it was made or last retried
	DueAt    time.Time // when it is sent next; while it is leased, when the lease ends
	// CreatedAt is when it happened.
	CreatedAt time.Time
	SettledAt time.Time // when it was delivered or given up
	Failure   string    // what came of the last attempt, or why it is held, in our words; empty once it has arrived
}

// SupersededBy returns the events after which an older one about the same owner and client says nothing any more, since
// they tell the whole state anew: of what is allowed, or of whether the account is disabled.
func (e DeliveryEvent) SupersededBy() []DeliveryEvent {
	switch e {
	case EventGrantEnded:
		return []DeliveryEvent{EventGrantEnded}
	case EventGrantNarrowed:
		return []DeliveryEvent{EventGrantEnded, EventGrantNarrowed}
	case EventUserDisabled, EventUserEnabled:
		return []DeliveryEvent{EventUserDisabled, EventUserEnabled}
	}
	return nil
}

// SupersededError says that a delivery is not sent again, because a newer one tells anew what it said.
type SupersededError struct {
	By string // the newest such delivery's ID
}

func (e *SupersededError) Error() string { return "superseded by the delivery " + e.By }

// Hold says how what a client is due has to wait.
type Hold struct {
	Now    time.Time // what is due by then is held
	Until  time.Time // when it is due again
	Oldest time.Time // what happened before then is given up instead
	Reason string    // becomes its Failure
}

// DeliveryQuery says which deliveries to list; what is zero does not matter.
type DeliveryQuery struct {
	State      DeliveryState
	ClientID   string
	Publishers []string // of clients of one of these
}

// Deliveries keeps what clients' servers have to be told.
type Deliveries interface {
	// DueClients returns the clients that LeaseDelivery has a delivery of at now, in the order of their IDs.
	DueClients(ctx context.Context, now time.Time) ([]string, error)
	// LeaseDelivery returns a delivery of a client that is due at now, and keeps it from everybody else until the time
	// until, which is its DueAt: of those sent least often the one that has been due longest. So what fails each time keeps
	// nothing waiting that is new. Only the oldest pending one about an owner, by its ID, is handed out: what
	// is newer about them waits until that is settled. ErrNotFound when none is due.
	LeaseDelivery(ctx context.Context, clientID string, now, until time.Time) (Delivery, error)
	// SettleDelivery says what came of a lease: it replaces State, Attempts, DueAt, SettledAt and Failure of leased, as
	// LeaseDelivery returned it. ErrConflict when the lease has run out and somebody else has got, or settled, it.
	SettleDelivery(ctx context.Context, leased, settled Delivery) error
	// HoldDeliveries makes what a client is due wait, without counting it as an attempt. What is leased is left alone.
	HoldDeliveries(ctx context.Context, clientID string, hold Hold) error
	// Delivery returns the delivery with this ID, or ErrNotFound.
	Delivery(ctx context.Context, id string) (Delivery, error)
	// FindDeliveries returns up to limit deliveries that q is about with an ID greater than after, in ID order.
	FindDeliveries(ctx context.Context, q DeliveryQuery, after string, limit int) ([]Delivery, error)
	// Deliveries returns up to limit deliveries in a state, 0 for any, with an ID greater than after, in ID order.
	Deliveries(ctx context.Context, state DeliveryState, after string, limit int) ([]Delivery, error)
	// SupersedingDelivery returns the newest pending delivery after which old says nothing any more (see
	// DeliveryEvent.SupersededBy). ErrNotFound when there is none.
	SupersedingDelivery(ctx context.Context, old Delivery) (Delivery, error)
	// RetryDelivery makes a dead delivery due at the time at, as if it had never been sent. ErrConflict when it is not
	// dead, ErrNotFound when there is none, a *SupersededError when a newer one, in any state, tells anew what it said.
	RetryDelivery(ctx context.Context, id string, at time.Time) error
}
