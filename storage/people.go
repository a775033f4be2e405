package storage

import (
	"context"
	"slices"
	"time"
)

// Roles that a User may have.
const (
	RoleCompanyAdmin = "company_admin" // may allow and end a company's authorizations
	RoleDeveloper    = "developer"
	RoleReviewer     = "reviewer"
	RoleAdmin        = "admin"
)

// User is a person's account.
type User struct {
	ID            string // a random UUID, never shown to a client whose subject_type is pairwise
	Email         string // canonical spelling, unique when not empty; see identity.CanonicalEmail
	EmailVerified bool
	Phone         string // E.164, unique when not empty
	PhoneVerified bool
	FirstName     string
	LastName      string
	Locale        string // BCP 47, empty when never chosen
	CompanyID     string
	Roles         []string
	Attributes    map[string]any // custom values with their JSON types; a number comes back as json.Number
	PasswordHash  string         // PHC string (argon2id) or an imported bcrypt hash; empty: cannot sign in by password
	Disabled      bool
	TestPublisher string // the publisher whose test person it is; empty: of nobody. It never changes
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// MayMeet reports whether a client can be told anything of the user: a test person is for the clients of one publisher.
func (u User) MayMeet(c *Client) bool {
	return u.TestPublisher == "" || u.TestPublisher == c.PublisherID
}

// AdministersCompany reports whether the user decides for their company.
func (u User) AdministersCompany() bool {
	return u.CompanyID != "" && slices.Contains(u.Roles, RoleCompanyAdmin)
}

// Company is an organisation that people belong to.
type Company struct {
	ID   string
	Name string
}

// Session is the server-side record behind a signed-in browser's cookie. Ending it signs the browser out.
type Session struct {
	ID        string // a hash, in hex, of the secret that the cookie carries
	UserID    string
	AuthTime  time.Time // when the person last proved who they are (OIDC Core §2 auth_time), or VouchedBy did so for them
	CreatedAt time.Time
	SeenAt    time.Time // flushed at most once a minute
	ExpiresAt time.Time
	UserAgent string
	Address   string
	VouchedBy string // the client_id whose ticket signed the person in; empty when they gave their own credentials
	// TokensFrom is the ticket's: the session that VouchedBy began is over once it is not the client's.
	TokensFrom time.Time
	// LinkedElsewhere says, of a session that VouchedBy began, that the user has a Link of another Issuer than
	// ClientIssuer(VouchedBy). It is told by Sessions.Session and stored by nobody.
	LinkedElsewhere bool
}

// UserQuery says which users to list; what is empty does not matter.
type UserQuery struct {
	Search    string // the beginning of the Email, in lower case
	CompanyID string
	// TestPublisher is whose test people.
	TestPublisher string
}

// Users keeps people.
type Users interface {
	// User returns the user with this ID, or ErrNotFound.
	User(ctx context.Context, id string) (User, error)
	// UserByLogin returns the user whose Email or Phone equals login, which is in canonical spelling, or ErrNotFound.
	UserByLogin(ctx context.Context, login string) (User, error)
	// Users returns up to limit users with an ID greater than after, in ID order.
	Users(ctx context.Context, after string, limit int) ([]User, error)
	// FindUsers is Users, of those that q is about. With a Search, after is an Email, and they come in the order of theirs.
	FindUsers(ctx context.Context, q UserQuery, after string, limit int) ([]User, error)
	// CreateUser stores a new user; ErrExists when the ID, Email or Phone is taken.
	CreateUser(ctx context.Context, u User) error
	// CreateTestUser is CreateUser of a user with a TestPublisher, if that one has fewer than most of them: else ErrConflict.
	// However many come at the same moment, there are never more. ErrNotFound when there is no such publisher.
	CreateTestUser(ctx context.Context, u User, most int) error
	// DeleteTestUser deletes a user with a TestPublisher, with their sessions and links, and ends their grants at the time
	// at as EndGrant does. ErrNotFound when there is no such user.
	DeleteTestUser(ctx context.Context, userID string, at time.Time) error
	// UpdateUser replaces a user's record if its UpdatedAt still is was. ErrConflict when it moved, ErrNotFound when
	// absent; ErrExists when Email or Phone is taken. It leaves the password, Disabled, TestPublisher and
	// CreatedAt alone; see SetPassword and SetDisabled.
	UpdateUser(ctx context.Context, u User, was time.Time) error
	// SetNames replaces a user's first and last name and nothing else, so that a person who saves their names undoes
	// nothing that was changed meanwhile. UpdatedAt becomes at, or moves on by a microsecond where it is not earlier.
	// ErrNotFound when there is no such user.
	SetNames(ctx context.Context, userID, first, last string, at time.Time) error
	// SetPassword replaces the password hash if it still is old (compare and swap), or whatever it is when old is
	// empty. With endSessions it ends every session of the user, in the same transaction, except the session keep
	// (which may be empty). ErrConflict when old does not match, ErrNotFound when there is no such user.
	SetPassword(ctx context.Context, userID, old, hash string, at time.Time, endSessions bool, keep string) error
	// SetDisabled disables or enables a user; disabling ends every session in the same transaction. Where that is a
	// change, the same transaction writes a Delivery for every client with a webhook_uri that the user's active grant
	// allows something: EventUserDisabled or EventUserEnabled. ErrNotFound when there is no such user.
	SetDisabled(ctx context.Context, userID string, disabled bool, at time.Time) error
}

// Companies keeps companies.
type Companies interface {
	Company(ctx context.Context, id string) (Company, error)
	Companies(ctx context.Context, after string, limit int) ([]Company, error)
	// SaveCompany creates or replaces.
	SaveCompany(ctx context.Context, c Company) error
	// ReplaceCompany replaces a company that is still was; nil: it stores a new one. ErrConflict when it moved, ErrNotFound
	// when absent; ErrExists for a new one whose ID is taken.
	ReplaceCompany(ctx context.Context, c Company, was *Company) error
	// DeleteCompany removes a company that is still was, that nobody belongs to and that has no active grant. ErrConflict when
	// it moved or is used, ErrNotFound when absent.
	DeleteCompany(ctx context.Context, was Company) error
}

// MaxSessions is how many sessions a user can have: more browsers than anybody has, and no more rows than a page can show.
const MaxSessions = 50

// Sessions keeps signed-in browsers. One begins by the operation StartSession of a Unit.
type Sessions interface {
	// Session returns the live session with this ID and its user in one read. ErrNotFound when there is none, it has
	// expired at now, its user is disabled, or it stands on a client's word that counts no more: the client of VouchedBy
	// has to be approved, with the session's TokensFrom, and one that is not of first party to have an active grant of the
	// user's company.
	Session(ctx context.Context, id string, now time.Time) (Session, User, error)
	// TouchSession records when and from where a session was last seen; no error when it has gone.
	TouchSession(ctx context.Context, id string, seenAt time.Time, address string) error
	// EndSession deletes a session; no error when it has gone.
	EndSession(ctx context.Context, id string) error
	// EndOtherSessions deletes every session of a user except keep, which may be empty.
	EndOtherSessions(ctx context.Context, userID, keep string) error
	// AllSessions returns up to limit sessions with an ID greater than after, in ID order: all that Session would find at
	// now, also while their user is disabled.
	AllSessions(ctx context.Context, after string, limit int, now time.Time) ([]Session, error)
	// UserSessions lists those of a user's sessions that Session would find at now, also while the user is disabled, the
	// one last seen first, at most MaxSessions.
	UserSessions(ctx context.Context, userID string, now time.Time) ([]Session, error)
}

// Failures counts failed sign-ins in a table of fixed size, so that nobody can fill the database by failing. Keys are
// hashed into slots; two keys that meet in a slot overwrite each other, which forgets a count and never adds to one.
type Failures interface {
	// Failures returns how many failures each key has since the start of its current window. A window that began
	// before since does not count.
	Failures(ctx context.Context, keys []string, since time.Time) ([]int, error)
	// CountFailure adds one failure at the time at to each key; a window that began before since starts anew.
	CountFailure(ctx context.Context, keys []string, at, since time.Time) error
	// ForgetFailures sets the keys back to zero.
	ForgetFailures(ctx context.Context, keys []string) error
}
