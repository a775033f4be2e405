package storage

import (
	"context"
	"strings"
	"time"
)

// Link says who a local person is at another system: the one whose Subject the Issuer speaks of. A person may have one of
// each of any number of issuers, and each (Issuer, Subject) is one person.
type Link struct {
	Issuer    string
	Subject   string
	UserID    string
	CreatedAt time.Time
}

// ClientIssuer is the Issuer under which a client of the super app names its people. No URL is like it.
func ClientIssuer(clientID string) string { return clientIssuer + clientID }

// IssuingClient is the client that an issuer is by ClientIssuer; false for an issuer that is none.
func IssuingClient(issuer string) (clientID string, is bool) {
	return strings.CutPrefix(issuer, clientIssuer)
}

const clientIssuer = "client:"

// LinkedUser is a user as one issuer knows them.
type LinkedUser struct {
	User
	LinkedElsewhere bool // the user also has a Link of another Issuer
}

// Links keeps who people are at other systems. Disabling a user leaves their links: whoever comes by one is that user
// still, and so is refused, not made anew.
type Links interface {
	// LinkedUser returns the user whom issuer calls subject, disabled or not, in one statement. ErrNotFound when there
	// is none.
	LinkedUser(ctx context.Context, issuer, subject string) (LinkedUser, error)
	// UserLinks returns the links of these users by Link.UserID, those of each in the order of Issuer and Subject, in one
	// statement.
	UserLinks(ctx context.Context, userIDs []string) (map[string][]Link, error)
	// CreateLinkedUser stores a new user and the link l to them (whose UserID is u.ID) in one transaction. ErrExists
	// when the link, or the user's ID, Email or Phone is taken, and then nothing is stored.
	CreateLinkedUser(ctx context.Context, u User, l Link) error
	// LinkUser links a user who exists. ErrExists when (Issuer, Subject) is somebody's already, this user's included;
	// ErrConflict when the user is somebody else to the Issuer, which tells its people apart by Subject; ErrNotFound when
	// there is no such user.
	LinkUser(ctx context.Context, l Link) error
	// ChangeLinkedUser hands the user whom issuer calls subject to change, keeps what that returns (as UpdateUser does,
	// unless it is what there was), and returns it; one transaction, and nobody else changes the user meanwhile. change
	// must not use the store, and may be called again; with an error of its own nothing happens. ErrNotFound when there is
	// nobody; ErrExists when Email or Phone is taken. What ctx is to record (see Audited) is recorded where the user changed.
	ChangeLinkedUser(ctx context.Context, issuer, subject string, change func(LinkedUser) (User, error)) (User, error)
}
