package identity

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/internal/httpx"
	"gatehouse/internal/metrics"
	"gatehouse/storage"
)

// ErrCredentials says that login and password do not belong together. It is the same for an unknown login, a wrong
// password, an account without one, and a disabled account.
var ErrCredentials = errors.New("wrong login or password")

// From is where an attempt comes from.
type From struct {
	Address string // the client's network address
	Browser string // the browser's id from its cookie; empty without one
	// Knows reports whether this person has signed in with this browser before; nil: nobody has.
	Knows func(userID string) bool
}

// SignIn returns the person whose login (e-mail or phone in any spelling) and password these are. ErrCredentials when
// they are nobody's, a *TooMany over the limits, an error wrapping storage.ErrUnavailable when the database could not
// be asked or too many people are signing in. An imported or outdated hash is replaced on the way.
func (p *People) SignIn(ctx context.Context, login, password string, from From) (storage.User, error) {
	user, err := p.signIn(ctx, login, password, from)
	p.countRefusal(err)
	return user, err
}

// countRefusal counts why a sign-in was refused. Those that were let in are counted where their session begins.
func (p *People) countRefusal(err error) {
	switch _, limited := errors.AsType[*TooMany](err); {
	case errors.Is(err, ErrCredentials):
		p.activity.Count(storage.CountFailedSignIns)
	case limited:
		p.metrics.SignInRefused(metrics.Limited)
	case errors.Is(err, errCrowded):
		p.metrics.SignInRefused(metrics.Crowded)
	}
}

func (p *People) signIn(ctx context.Context, login, password string, from From) (storage.User, error) {
	leave, err := p.door.join(from.Address)
	if err != nil {
		return storage.User{}, err
	}
	defer leave()
	canonical := CanonicalLogin(login)
	user, err := p.find(ctx, canonical)
	if err != nil {
		return storage.User{}, err
	}
	account := fmt.Sprintf("sign-in as %.256q", login)
	switch {
	case user != nil:
		// One count, by e-mail or by phone; and an ID is nothing that others know, so they cannot aim at its slot.
		account = "sign-in to " + user.ID
	case canonical != "":
		account = "sign-in as " + canonical
	}
	if err := p.attempt(ctx, user, account, password, from); err != nil {
		return storage.User{}, err
	}
	return *user, nil
}

// find returns the account with this canonical login, nil when there is none.
func (p *People) find(ctx context.Context, login string) (*storage.User, error) {
	if login == "" {
		return nil, nil
	}
	user, err := p.users.UserByLogin(ctx, login)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the account: %w", err)
	}
	return &user, nil
}

// attempt checks a password within the limits; user is nil for an unknown login. It does the same work whatever is
// wrong.
func (p *People) attempt(ctx context.Context, user *storage.User, account, password string, from From) error {
	done, err := p.limits.enter(ctx, account, from.Address)
	if err != nil {
		return err
	}
	defer done()
	address := "sign-in from " + httpx.Network(from.Address)
	gate, counted := account, []string{account}
	if user != nil && from.Browser != "" && from.Knows != nil && from.Knows(user.ID) {
		gate = account + " in " + from.Browser
		counted = append(counted, gate)
	}
	if err := p.limits.check(ctx, limit{gate, accountFailures}, limit{address, addressFailures}); err != nil {
		return err
	}
	ok, err := p.verify(ctx, user, password)
	if err != nil {
		return err
	}
	if !ok {
		noted, err := p.limited(ctx, user, from, limit{gate, accountFailures}, limit{address, addressFailures})
		if err != nil {
			return err
		}
		if err := p.limits.count(noted, append(counted, address)...); err != nil {
			return err
		}
		return ErrCredentials
	}
	return p.limits.forget(ctx, counted...)
}

// verify reports whether password is user's and the account is open. On success user.PasswordHash is the stored one,
// also when it was replaced.
func (p *People) verify(ctx context.Context, user *storage.User, password string) (bool, error) {
	hash := ""
	if user != nil {
		hash = user.PasswordHash
	}
	ok, rehash, err := p.passwords.Verify(ctx, hash, password)
	if errors.Is(err, ErrHash) {
		p.log.ErrorContext(ctx, "an account has an unusable password hash", "user", user.ID)
		ok, rehash, err = p.passwords.Verify(ctx, "", password)
	}
	if err != nil || !ok || user == nil || user.Disabled {
		return false, err
	}
	if rehash {
		p.rehash(ctx, user, password)
	}
	return true, nil
}

// rehash replaces the hash by one of our own cost if it still is the one that was verified. Failing to is no reason to
// refuse the person: the next sign-in tries again.
func (p *People) rehash(ctx context.Context, user *storage.User, password string) {
	hash, err := p.passwords.Hash(ctx, password)
	if err == nil {
		err = p.users.SetPassword(ctx, user.ID, user.PasswordHash, hash, p.time(), false, "")
	}
	if err != nil {
		p.log.WarnContext(ctx, "password hash not replaced", "user", user.ID, "err", err)
		return
	}
	user.PasswordHash = hash
}
