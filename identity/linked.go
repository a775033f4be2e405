package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse/internal/interaction"
	"gatehouse/internal/translated"
	"gatehouse/storage"
)

// HasOwnWay reports whether the word of the client that brings a person is not enough to decide for them: they can sign in
// here without it (HasCredentials), or have a role: trust that others put in the person, not in who brings them.
func HasOwnWay(u storage.User, linkedElsewhere bool) bool {
	return HasCredentials(u, linkedElsewhere) || len(u.Roles) > 0
}

// HasCredentials reports whether a person can sign in here without the client that brings them: by a password, or by another
// system that they are linked to.
func HasCredentials(u storage.User, linkedElsewhere bool) bool {
	return u.PasswordHash != "" || linkedElsewhere
}

// Linked returns the person whom another system, issuer, calls subject. storage.ErrNotFound when nobody is linked; the
// person may be Disabled.
func (p *People) Linked(ctx context.Context, issuer, subject string) (storage.LinkedUser, error) {
	if err := checkSubject(subject); err != nil {
		return storage.LinkedUser{}, err
	}
	u, err := p.links.LinkedUser(ctx, issuer, subject)
	if err != nil {
		return storage.LinkedUser{}, fmt.Errorf("read the linked account: %w", err)
	}
	return u, nil
}

// ErrRole says that an account has a role, so that its owner signs in to it by themselves.
var ErrRole = errors.New("the account has a role")

// LinkByEmail links the account that has this e-mail address to the person whom issuer calls subject, and returns it. It
// is for issuers only whose word on whose an address is the operator takes. storage.ErrNotFound when there is no account
// to link, which is so too where it is another person's of that issuer: an issuer tells its people apart by subject, never
// by address (OIDC Core §5.7). ErrRole for one with a role, which the operator gave to whoever knows its password;
// ErrDisabled for one that is closed.
//
// An account whose own address is not verified is none: anybody may have made it, with somebody else's address and a
// password of their own, and waits for the owner to be led into it.
func (p *People) LinkByEmail(ctx context.Context, email, issuer, subject string, from From) (storage.User, error) {
	if err := checkSubject(subject); err != nil {
		return storage.User{}, err
	}
	canonical, err := CanonicalEmail(email)
	if err != nil {
		return storage.User{}, fmt.Errorf("link an account: %w", storage.ErrNotFound)
	}
	u, err := p.users.UserByLogin(ctx, canonical)
	if err != nil {
		return storage.User{}, fmt.Errorf("read the account: %w", err)
	}
	if len(u.Roles) > 0 {
		return storage.User{}, ErrRole
	}
	if !u.EmailVerified || u.TestPublisher != "" { // whose address is made up
		return storage.User{}, fmt.Errorf("link an account: %w", storage.ErrNotFound)
	}
	if u.Disabled {
		return storage.User{}, ErrDisabled
	}
	link := did(ctx, u.ID, from.Address, "user.link", aUser(u.ID), "by", issuer)
	err = p.links.LinkUser(link, storage.Link{Issuer: issuer, Subject: subject, UserID: u.ID, CreatedAt: p.time()})
	if errors.Is(err, storage.ErrExists) { // linked meanwhile
		linked, err := p.Linked(ctx, issuer, subject)
		return linked.User, err
	}
	if errors.Is(err, storage.ErrConflict) {
		return storage.User{}, fmt.Errorf("link an account: %w", storage.ErrNotFound)
	}
	if err != nil {
		return storage.User{}, fmt.Errorf("link the account: %w", err)
	}
	return u, nil
}

// Upstream is another server that a person may sign in with; package identity/upstream does it.
type Upstream struct {
	ID    string
	Name  string
	Names map[string]string // by language tag
}

// NameIn is what the provider is called in a language.
func (u Upstream) NameIn(tag string) string {
	if name, _ := translated.In(u.Names, tag); name != "" {
		return name
	}
	return u.Name
}

// Welcome starts the session of somebody who signed in elsewhere at provedAt, and goes on with what they came for, as
// after a sign-in here. With an error nothing is answered yet: ErrDisabled when the account was closed meanwhile.
func (p *Pages) Welcome(w http.ResponseWriter, r *http.Request, i interaction.Interaction, userID string, provedAt time.Time) error {
	session, err := p.Sessions.StartAt(w, r, userID, provedAt)
	if err != nil {
		return err
	}
	p.finish(w, r, &step{browser: p.Sessions.Browser(w, r), i: i}, userID, session.AuthTime)
	return nil
}
