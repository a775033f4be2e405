package identity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"gatehouse/storage"
)

// Profile is what another system says about one of its people. What is nil is not said, and stays as it is; what is empty
// is taken away.
type Profile struct {
	Email, Phone                 *string
	EmailVerified, PhoneVerified *bool
	FirstName, LastName          *string
	Attributes                   map[string]any
}

var (
	// ErrEmailTaken says that an e-mail address belongs to another account.
	ErrEmailTaken = fmt.Errorf("e-mail: %w", storage.ErrExists)
	// ErrPhoneTaken says that a phone number belongs to another account.
	ErrPhoneTaken = fmt.Errorf("phone: %w", storage.ErrExists)
	// ErrDisabled says that the account is closed.
	ErrDisabled = errors.New("the account is disabled")
)

// Receive makes the person known whom a client of the super app, issuer (see storage.ClientIssuer), calls subject, or changes
// what is said about them. However many calls come at once, they are one person.
//
// The link alone says who it is: an e-mail address or phone number that belongs to somebody else is refused (ErrEmailTaken,
// ErrPhoneTaken) and never leads to that account, which whoever runs issuer could take over otherwise. For the same reason
// these, and whether they are verified, stay as they are for somebody who has a way in of their own (HasOwnWay), whatever is
// said. An *Invalid when a value cannot be accepted; ErrDisabled when the account is closed.
func (p *People) Receive(ctx context.Context, issuer, subject string, said Profile) (storage.User, error) {
	if issuer == "" {
		return storage.User{}, errors.New("receive an account: the issuer is missing")
	}
	if err := checkSubject(subject); err != nil {
		return storage.User{}, err
	}
	for range provisionAttempts {
		u, err := p.receive(ctx, issuer, subject, said)
		if !errors.Is(err, storage.ErrConflict) {
			return u, err
		}
	}
	return storage.User{}, fmt.Errorf("receive an account: %w, in each of %d attempts", storage.ErrUnavailable, provisionAttempts)
}

// receive is one attempt; storage.ErrConflict when somebody was made known, or gave an address up, in this moment.
func (p *People) receive(ctx context.Context, issuer, subject string, said Profile) (storage.User, error) {
	linked, err := p.links.LinkedUser(ctx, issuer, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return p.receiveNew(ctx, issuer, subject, said)
	}
	if err != nil {
		return storage.User{}, err
	}
	var u storage.User
	ctx = didBy(ctx, theClient(issuer), "user.update", aUser(linked.ID)) // if that is a change
	kept, err := p.links.ChangeLinkedUser(ctx, issuer, subject, func(is storage.LinkedUser) (_ storage.User, err error) {
		u, err = p.told(is, said)
		return u, err
	})
	if errors.Is(err, storage.ErrExists) {
		return storage.User{}, p.takenBy(ctx, u)
	}
	return kept, err
}

// told returns a person after what is said about them.
func (p *People) told(is storage.LinkedUser, said Profile) (storage.User, error) {
	was := is.User
	u, err := said.onto(was)
	switch {
	case err != nil:
		return storage.User{}, err
	case was.Disabled:
		return storage.User{}, ErrDisabled
	case HasOwnWay(was, is.LinkedElsewhere):
		u.Email, u.EmailVerified, u.Phone, u.PhoneVerified = was.Email, was.EmailVerified, was.Phone, was.PhoneVerified
	}
	if reflect.DeepEqual(u, was) {
		return was, nil
	}
	if u.UpdatedAt = p.time(); !u.UpdatedAt.After(was.UpdatedAt) {
		u.UpdatedAt = was.UpdatedAt.Add(time.Microsecond)
	}
	return u, nil
}

func (p *People) receiveNew(ctx context.Context, issuer, subject string, said Profile) (storage.User, error) {
	u, err := said.onto(storage.User{})
	if err != nil {
		return storage.User{}, err
	}
	u = p.begin(u)
	l := storage.Link{Issuer: issuer, Subject: subject, UserID: u.ID, CreatedAt: u.CreatedAt}
	err = p.links.CreateLinkedUser(didBy(ctx, theClient(issuer), "user.create", aUser(u.ID), "by", "host"), u, l)
	if !errors.Is(err, storage.ErrExists) {
		return u, err
	}
	switch _, linked := p.links.LinkedUser(ctx, issuer, subject); {
	case linked == nil: // by another call, in this moment
		return storage.User{}, storage.ErrConflict
	case !errors.Is(linked, storage.ErrNotFound):
		return storage.User{}, linked
	}
	return storage.User{}, p.takenBy(ctx, u)
}

// takenBy says which value of u belongs to somebody else; storage.ErrConflict when none does any more.
func (p *People) takenBy(ctx context.Context, u storage.User) error {
	byEmail, errEmail := p.find(ctx, u.Email)
	byPhone, errPhone := p.find(ctx, u.Phone)
	switch err := errors.Join(errEmail, errPhone); {
	case err != nil:
		return err
	case byEmail != nil && byEmail.ID != u.ID:
		return ErrEmailTaken
	case byPhone != nil && byPhone.ID != u.ID:
		return ErrPhoneTaken
	}
	return storage.ErrConflict
}

// onto returns u with what is said.
func (said Profile) onto(u storage.User) (storage.User, error) {
	var errs [4]error
	u.Email, u.EmailVerified, errs[0] = address(u.Email, u.EmailVerified, said.Email, said.EmailVerified, CanonicalEmail)
	u.Phone, u.PhoneVerified, errs[1] = address(u.Phone, u.PhoneVerified, said.Phone, said.PhoneVerified, CanonicalPhone)
	if said.FirstName != nil {
		u.FirstName, errs[2] = CanonicalName("first_name", *said.FirstName)
	}
	if said.LastName != nil {
		u.LastName, errs[3] = CanonicalName("last_name", *said.LastName)
	}
	if said.Attributes != nil {
		u.Attributes = said.Attributes
	}
	return u, errors.Join(errs[:]...)
}

// address returns an e-mail address or phone number after what is said about it. A new one is not verified until that is
// said too.
func address(is string, isVerified bool, said *string, saidVerified *bool, canonical func(string) (string, error)) (string, bool, error) {
	if said != nil {
		becomes := ""
		if *said != "" {
			var err error
			if becomes, err = canonical(*said); err != nil {
				return "", false, err
			}
		}
		if becomes != is {
			is, isVerified = becomes, false
		}
	}
	if saidVerified != nil {
		isVerified = *saidVerified
	}
	return is, isVerified && is != "", nil
}
