package upstream

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/identity"
	"gatehouse/storage"
)

// errNobody says that no account here belongs to who signed in there, and that none may be made.
var errNobody = errors.New("nobody here is who signed in there")

// person returns whose account it is: the one that is linked; else the one with the same e-mail address, where both sides
// have verified it and the operator takes the provider's word; else a new one.
//
// A phone number is never taken over: it is a login here, and no provider proves one to us. address is the browser's, for the
// audit log.
func (p *Pages) person(ctx context.Context, from *provider, found *proof, address string) (storage.User, error) {
	linked, err := p.People.Linked(ctx, from.Issuer, found.subject)
	u := linked.User
	if errors.Is(err, storage.ErrNotFound) {
		u, err = p.newcomer(ctx, from, found, address)
	}
	if err == nil && u.Disabled {
		return storage.User{}, identity.ErrDisabled
	}
	if len(identity.Invalids(err)) > 0 {
		return storage.User{}, fmt.Errorf("%w: %w", errRefused, err)
	}
	return u, err
}

func (p *Pages) newcomer(ctx context.Context, from *provider, found *proof, address string) (storage.User, error) {
	claims, err := found.more(ctx)
	if err != nil {
		return storage.User{}, err
	}
	at := identity.From{Address: address}
	verified := from.LinkVerifiedEmail && claims.verified()
	if verified {
		u, err := p.People.LinkByEmail(ctx, claims.Email, from.Issuer, found.subject, at)
		if !errors.Is(err, storage.ErrNotFound) {
			return u, err
		}
	}
	if signUp := from.SignUp; signUp != nil && !*signUp || signUp == nil && !p.SignUp {
		return storage.User{}, fmt.Errorf("%w: sign-up is turned off", errNobody)
	}
	if claims.GivenName == "" && claims.FamilyName == "" {
		claims.GivenName = claims.Name
	}
	// A provider whose word on addresses is not taken must not make verified ones either: another provider's people would
	// be linked to an account that it made.
	return p.People.Provision(ctx, identity.NewUser{Email: claims.Email, EmailVerified: verified,
		FirstName: claims.GivenName, LastName: claims.FamilyName, Locale: claims.Locale}, from.Issuer, found.subject, at)
}
