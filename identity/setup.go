package identity

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"time"

	"gatehouse/internal/secret"
	"gatehouse/storage"
)

// SetupLifetime is how long a link for the first admin is good.
const SetupLifetime = 30 * time.Minute

// ErrSetupLink says that a setup link is none of ours, has expired, or has nothing left to do.
var ErrSetupLink = errors.New("the setup link is not good, or there is an admin already; gatehouse user setup-link makes a new one")

// Setup makes the first admin, for whoever has a link that only the operator can see. A link's token is sealed under the
// root secret and kept nowhere: every process makes and takes them, and none is good once there is an admin.
type Setup struct {
	sealer *secret.Sealer
	store  storage.Admins
	people *People
	now    func() time.Time
}

const setupContext = "token"

// NewSetup returns what makes the first admin.
func NewSetup(root secret.Root, store storage.Admins, people *People, now func() time.Time) *Setup {
	return &Setup{sealer: root.Sealer("setup link"), store: store, people: people, now: now}
}

// Link returns a new link for the server with this issuer, and until when it is good.
func (s *Setup) Link(issuer string) (link string, until time.Time) {
	until = s.now().Add(SetupLifetime).UTC().Truncate(time.Second)
	sealed := s.sealer.Seal(binary.BigEndian.AppendUint64(nil, uint64(until.Unix())), setupContext)
	return issuer + "/setup?" + url.Values{"token": {base64.RawURLEncoding.EncodeToString(sealed)}}.Encode(), until
}

// Needed reports whether there is no admin yet.
func (s *Setup) Needed(ctx context.Context) (bool, error) {
	found, err := s.store.HasAdmin(ctx)
	if err != nil {
		return false, fmt.Errorf("look for an admin: %w", err)
	}
	return !found, nil
}

// Check returns ErrSetupLink unless a link with this token can still be used.
func (s *Setup) Check(ctx context.Context, token string) error {
	if !s.live(token) {
		return ErrSetupLink
	}
	needed, err := s.Needed(ctx)
	if err == nil && !needed {
		err = ErrSetupLink
	}
	return err
}

func (s *Setup) live(token string) bool {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return false
	}
	until, err := s.sealer.Open(sealed, setupContext)
	return err == nil && len(until) == 8 && s.now().Before(time.Unix(int64(binary.BigEndian.Uint64(until)), 0))
}

// Create makes the account of the first admin, who chose e-mail address and password. Errors as those of SignUp, and
// ErrSetupLink. address is where they are.
func (s *Setup) Create(ctx context.Context, token, email, password, address string) (storage.User, error) {
	if err := s.Check(ctx, token); err != nil {
		return storage.User{}, err
	}
	n := NewUser{Email: email, EmailVerified: true, Password: password, Roles: []string{storage.RoleAdmin}}
	if err := n.checkSignUp(); err != nil {
		return storage.User{}, err
	}
	u, err := s.people.newUser(ctx, n)
	if err != nil {
		return storage.User{}, err
	}
	ctx = did(ctx, u.ID, address, "user.create", aUser(u.ID), "by", "setup link", "roles", storage.RoleAdmin)
	err = s.store.CreateFirstAdmin(ctx, u)
	switch {
	case errors.Is(err, storage.ErrConflict):
		return storage.User{}, ErrSetupLink
	case errors.Is(err, storage.ErrExists):
		return storage.User{}, takenProblem("email", "e-mail address")
	case err != nil:
		return storage.User{}, fmt.Errorf("create the first admin: %w", err)
	}
	return u, nil
}
