package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"gatehouse/internal/activity"
	"gatehouse/internal/metrics"
	"gatehouse/storage"
)

// PeopleOptions are what NewPeople needs. Log may be nil, and so may Links where nobody calls Provision.
type PeopleOptions struct {
	Users     storage.Users
	Links     storage.Links
	Failures  storage.Failures
	Passwords *Passwords
	Now       func() time.Time
	Log       *slog.Logger
	Activity  *activity.Log    // counts failed sign-ins; nil: nothing does
	Metrics   *metrics.Metrics // counts those that were turned away; nil: nothing does
}

// People are the accounts. It is safe for concurrent use.
type People struct {
	users     storage.Users
	links     storage.Links
	limits    limits
	passwords *Passwords
	door      crowd // everybody whose password is to be looked at, or made
	now       func() time.Time
	log       *slog.Logger
	activity  *activity.Log
	metrics   *metrics.Metrics
}

// NewPeople returns the accounts in a store.
func NewPeople(o PeopleOptions) *People {
	p := &People{users: o.Users, links: o.Links, limits: newLimits(o.Failures, o.Now), passwords: o.Passwords, now: o.Now, log: o.Log, activity: o.Activity, metrics: o.Metrics}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	return p
}

// NewUser is an account to create. Spellings need not be canonical. E-mail or phone must be there.
type NewUser struct {
	ID                           string // a UUID; empty: a random one
	Email, Phone                 string
	EmailVerified, PhoneVerified bool
	FirstName, LastName          string
	Locale                       string
	CompanyID                    string
	Roles                        []string
	Attributes                   map[string]any
	// Password is hashed; PasswordHash is an imported argon2id or bcrypt hash. Neither: no sign-in by password.
	Password, PasswordHash string
	// AnyPassword lets Password break the rules of CheckPassword: seed files are exempt.
	AnyPassword bool
}

// CreateUser stores a new account and returns it. An *Invalid when a value cannot be accepted; storage.ErrExists when
// the e-mail address or the phone number belongs to another account.
func (p *People) CreateUser(ctx context.Context, n NewUser) (storage.User, error) {
	u, err := p.newUser(ctx, n)
	if err != nil {
		return storage.User{}, err
	}
	if err := p.users.CreateUser(ctx, u); err != nil {
		return storage.User{}, fmt.Errorf("create the account: %w", err)
	}
	return u, nil
}

// newUser is the account that CreateUser stores.
func (p *People) newUser(ctx context.Context, n NewUser) (storage.User, error) {
	u, err := n.record()
	if err != nil {
		return storage.User{}, err
	}
	u.PasswordHash, err = p.hashFor(ctx, n)
	return p.begin(u), err
}

// NewUserID returns an ID for a new account, for whoever has to name it before it is there.
func NewUserID() string { return uuid.NewString() }

// begin gives a new account its ID and its times.
func (p *People) begin(u storage.User) storage.User {
	if u.ID == "" {
		u.ID = NewUserID()
	}
	u.CreatedAt = p.time()
	u.UpdatedAt = u.CreatedAt
	return u
}

// ByEmail returns the account with this e-mail address, in any spelling. storage.ErrNotFound when there is none, an
// *Invalid when it is no e-mail address. It says whether somebody has an account here, so not to anybody.
func (p *People) ByEmail(ctx context.Context, email string) (storage.User, error) {
	canonical, err := CanonicalEmail(email)
	if err != nil {
		return storage.User{}, err
	}
	u, err := p.users.UserByLogin(ctx, canonical)
	if err != nil {
		return storage.User{}, fmt.Errorf("read the account: %w", err)
	}
	return u, nil
}

// record returns the account in canonical spelling, without what CreateUser adds.
func (n NewUser) record() (storage.User, error) {
	u := storage.User{ID: n.ID, EmailVerified: n.EmailVerified, PhoneVerified: n.PhoneVerified, Locale: n.Locale,
		CompanyID: n.CompanyID, Roles: n.Roles, Attributes: n.Attributes}
	var errs [6]error
	if n.Email != "" {
		u.Email, errs[0] = CanonicalEmail(n.Email)
	}
	if n.Phone != "" {
		u.Phone, errs[1] = CanonicalPhone(n.Phone)
	}
	u.FirstName, errs[2] = CanonicalName("first_name", n.FirstName)
	u.LastName, errs[3] = CanonicalName("last_name", n.LastName)
	errs[4] = checkRoles(n.Roles)
	errs[5] = checkLocale(n.Locale)
	if n.Email == "" && n.Phone == "" {
		errs[0] = missing("email")
	}
	return u, errors.Join(errs[:]...)
}

func checkRoles(roles []string) error {
	known := []string{storage.RoleCompanyAdmin, storage.RoleDeveloper, storage.RoleReviewer, storage.RoleAdmin}
	for _, role := range roles {
		if !slices.Contains(known, role) {
			return &Invalid{Field: "roles", Key: "problem.role", Args: map[string]string{"role": role},
				Text: fmt.Sprintf("%q is none of %v", role, known)}
		}
	}
	return nil
}

func (p *People) hashFor(ctx context.Context, n NewUser) (string, error) {
	if n.PasswordHash != "" {
		return n.PasswordHash, CheckHash(n.PasswordHash)
	}
	if n.Password == "" {
		return "", nil
	}
	if !n.AnyPassword {
		if err := CheckPassword(n.Password); err != nil {
			return "", err
		}
	}
	return p.passwords.Hash(ctx, n.Password)
}

// SetPassword replaces a person's password, whatever it was, and ends all of their sessions. An *Invalid when
// CheckPassword refuses it, storage.ErrNotFound when there is no such person.
func (p *People) SetPassword(ctx context.Context, userID, password string) error {
	if err := CheckPassword(password); err != nil {
		return err
	}
	hash, err := p.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return p.users.SetPassword(ctx, userID, "", hash, p.time(), true, "")
}

// ChangePassword replaces the signed-in person's password by one of their own choice, after asking for the current
// one, and ends all of their sessions: start a new one for the browser that asked. ErrCredentials when current is
// wrong, *TooMany, *Invalid; storage.ErrConflict when the password was changed meanwhile, one wrapping
// storage.ErrUnavailable as of SignIn.
func (p *People) ChangePassword(ctx context.Context, u storage.User, current, chosen string, from From) error {
	if err := checkOwnPassword(chosen, u.Email); err != nil {
		return err
	}
	leave, err := p.door.join(from.Address)
	if err != nil {
		return err
	}
	defer leave()
	if err := p.attempt(ctx, &u, "sign-in to "+u.ID, current, from); err != nil {
		return err
	}
	hash, err := p.passwords.Hash(ctx, chosen)
	if err != nil {
		return err
	}
	ctx = did(ctx, u.ID, from.Address, "user.set-password", aUser(u.ID))
	return p.users.SetPassword(ctx, u.ID, u.PasswordHash, hash, p.time(), true, "")
}

// SetNames replaces a person's first and last name and nothing else of the account. An *Invalid when one cannot be
// accepted.
func (p *People) SetNames(ctx context.Context, userID, first, last string, from From) error {
	first, errFirst := CanonicalName("first_name", first)
	last, errLast := CanonicalName("last_name", last)
	if err := errors.Join(errFirst, errLast); err != nil {
		return err
	}
	return p.users.SetNames(did(ctx, userID, from.Address, "user.update", aUser(userID)), userID, first, last, p.time())
}

// Disable closes an account and ends its sessions.
func (p *People) Disable(ctx context.Context, userID string) error {
	return p.users.SetDisabled(ctx, userID, true, p.time())
}

// Enable opens it again.
func (p *People) Enable(ctx context.Context, userID string) error {
	return p.users.SetDisabled(ctx, userID, false, p.time())
}

// time is now as every database keeps it: what is read back equals what was written.
func (p *People) time() time.Time { return p.now().UTC().Truncate(time.Microsecond) }
