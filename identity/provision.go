package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"gatehouse/storage"
)

// maxSubject is how many bytes a subject may have; OIDC Core §2 allows 255 ASCII characters.
const maxSubject = 255

// provisionAttempts bounds how often Provision looks again because something was taken meanwhile. That can be the link,
// the e-mail address and the phone number, each once.
const provisionAttempts = 5

// Provision returns the person whom another system, issuer, calls subject. Somebody who is new here gets an account
// with n's values and the link; however many calls come at once, they return the same one. The person may be Disabled:
// the caller refuses them then.
//
// The link alone says who it is. A value of n that cannot be accepted is left out, and so is an e-mail address or a
// phone number that belongs to somebody else: it never leads to that account, which whoever runs issuer could take over
// otherwise. So the account may have neither. It has no password, whatever n says. from is where they came from; it may be
// zero.
//
// An *Invalid when n has an unknown role, or subject is not 1 to 255 bytes of UTF-8, all of it visible.
func (p *People) Provision(ctx context.Context, n NewUser, issuer, subject string, from From) (storage.User, error) {
	if issuer == "" {
		return storage.User{}, errors.New("provision an account: the issuer is missing")
	}
	if err := errors.Join(checkSubject(subject), checkRoles(n.Roles)); err != nil {
		return storage.User{}, err
	}
	for range provisionAttempts {
		linked, err := p.links.LinkedUser(ctx, issuer, subject)
		if err == nil {
			return linked.User, nil
		}
		if !errors.Is(err, storage.ErrNotFound) {
			return storage.User{}, fmt.Errorf("read the linked account: %w", err)
		}
		u, err := p.createLinked(ctx, n.acceptable(), issuer, subject, from)
		if !errors.Is(err, storage.ErrExists) {
			return u, err
		}
	}
	return storage.User{}, fmt.Errorf("provision an account: %w, in each of %d attempts", storage.ErrConflict, provisionAttempts)
}

// createLinked stores u, without what belongs to somebody else. storage.ErrExists when it was taken meanwhile.
func (p *People) createLinked(ctx context.Context, u storage.User, issuer, subject string, from From) (storage.User, error) {
	byEmail, errEmail := p.find(ctx, u.Email)
	byPhone, errPhone := p.find(ctx, u.Phone)
	if err := errors.Join(errEmail, errPhone); err != nil {
		return storage.User{}, err
	}
	if byEmail != nil {
		u.Email, u.EmailVerified = "", false
	}
	if byPhone != nil {
		u.Phone, u.PhoneVerified = "", false
	}
	u = p.begin(u)
	l := storage.Link{Issuer: issuer, Subject: subject, UserID: u.ID, CreatedAt: u.CreatedAt}
	ctx = did(ctx, u.ID, from.Address, "user.create", aUser(u.ID), "by", issuer)
	if err := p.links.CreateLinkedUser(ctx, u, l); err != nil {
		return storage.User{}, fmt.Errorf("create the linked account: %w", err)
	}
	return u, nil
}

// acceptable returns the account in canonical spelling, without the values that record refuses.
func (n NewUser) acceptable() storage.User {
	u := storage.User{CompanyID: n.CompanyID, Roles: n.Roles, Attributes: n.Attributes}
	var err error
	if u.Email, err = CanonicalEmail(n.Email); err == nil {
		u.EmailVerified = n.EmailVerified
	}
	if u.Phone, err = CanonicalPhone(n.Phone); err == nil {
		u.PhoneVerified = n.PhoneVerified
	}
	u.FirstName, _ = CanonicalName("first_name", n.FirstName) // empty where it is refused
	u.LastName, _ = CanonicalName("last_name", n.LastName)
	if checkLocale(n.Locale) == nil {
		u.Locale = n.Locale
	}
	return u
}

// maxLocale is how many bytes a language tag has at most (RFC 5646 §4.4.1).
const maxLocale = 35

func checkLocale(tag string) error {
	if tag == "" {
		return nil
	}
	if _, err := language.Parse(tag); err != nil || len(tag) > maxLocale {
		return &Invalid{Field: "locale", Key: "problem.other", Text: fmt.Sprintf("it is no language tag (BCP 47) of at most %d characters, like en or pt-BR", maxLocale)}
	}
	return nil
}

func checkSubject(subject string) error {
	if subject == "" {
		return missing("subject")
	}
	if len(subject) > maxSubject || !utf8.ValidString(subject) || strings.ContainsFunc(subject, invisible) {
		return &Invalid{Field: "subject", Key: "problem.other", Text: "it has at most 255 bytes of UTF-8, all of them visible"}
	}
	return nil
}
