package storage

import (
	"context"
	"time"
)

// How much is kept of what clients asked.
const (
	KeptRequests    = 50                 // of a client
	KeptUnproven    = KeptRequests / 2   // of those, that anybody may have sent in its name
	RequestsKeptFor = 7 * 24 * time.Hour // then they are collected
	CountsKeptFor   = 90 * 24 * time.Hour
)

// ClientRequest is one answer of the protocol's endpoints to a client. Nothing in it is a secret, a code, a token, or a
// value of a person.
type ClientRequest struct {
	ID       string // time-ordered UUID
	ClientID string
	At       time.Time
	Endpoint string // authorize, token, …
	Format   string // the vendor's whose wire format it was; empty: the RFCs'
	Outcome  string // OutcomeOK or the RFC's error code
	Reason   string // what exactly was wrong, for the client's developers; empty for OutcomeOK
	// Proven says that the client proved that the request is its own: by its secret, or by a code or token that was good.
	Proven    bool
	Holder    string // stored by nobody: the person, company or family that had the code or token, where no secret proved it
	RequestID string // as it is in the server's log
}

// OutcomeOK is the outcome of a request that was granted.
const OutcomeOK = "ok"

// Counter names something that is counted by the hour.
type Counter string

// What is counted.
const (
	CountSignIns       Counter = "sign_ins"
	CountFailedSignIns Counter = "failed_sign_ins"
	CountConsents      Counter = "consents" // decisions of people, on a page or in the host app, that allow something
	CountDenials       Counter = "denials"
	CountTokensIssued  Counter = "tokens_issued" // answers with an access token
	CountTokenErrors   Counter = "token_errors"  // refusals of the token endpoint
)

// Counters returns everything that is counted, in the order in which it is shown.
func Counters() []Counter {
	return []Counter{CountSignIns, CountFailedSignIns, CountConsents, CountDenials, CountTokensIssued, CountTokenErrors}
}

// HourCount is how often something happened in an hour.
type HourCount struct {
	Hour    time.Time // its beginning, in UTC
	Counter Counter
	N       int64
}

// ExpiringSecret is a client's secret that ends.
type ExpiringSecret struct {
	ClientID   string
	ClientName string
	SecretID   string
	ExpiresAt  time.Time
}

// Waiting is how much of something waits.
type Waiting struct {
	Count  int
	Oldest time.Time // since when the longest of it does; zero for none
}

// Activity keeps what happened lately.
type Activity interface {
	// AddRequests stores requests, in few statements, and of each of their clients keeps the last KeptRequests, among
	// them the last KeptUnproven that are not Proven.
	AddRequests(ctx context.Context, requests []ClientRequest) error
	// LastRequests returns what is kept of a client, the newest first.
	LastRequests(ctx context.Context, clientID string) ([]ClientRequest, error)
	// AddCounts adds to what is stored, by whichever process.
	AddCounts(ctx context.Context, counts []HourCount) error
	// Counts returns what was counted in the hours that begin at since or later, by hour and counter; none that is 0.
	Counts(ctx context.Context, since time.Time) ([]HourCount, error)
	// ExpiringSecrets returns up to limit secrets that are good at now and end until then, the soonest first.
	ExpiringSecrets(ctx context.Context, now, until time.Time, limit int) ([]ExpiringSecret, error)
	// WaitingReviews returns what was submitted and not decided.
	WaitingReviews(ctx context.Context) (Waiting, error)
	// FailingDeliveries returns the deliveries that were given up, and the pending ones that have failed before.
	FailingDeliveries(ctx context.Context) (dead, retried Waiting, err error)
	// PendingDeliveries returns how many deliveries are to be sent, the failed ones among them.
	PendingDeliveries(ctx context.Context) (int, error)
}
