package authz

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// A sign-in ticket lets a company's client bring one of the company's people here, signed in, without asking them. It is
// a token like any other: hashed, used once, bound to the company's grant and to the family of the token that it was made
// with, dead when the company disconnects the client and when that family ends. How it is opened: ticket_open.go.

// IssueTicket makes a ticket (Answer.Ticket) for the bearer of a company's access token with the scope user_session.
// Params are access_token, login_hint (the person's e-mail address) and tpd (data for where the ticket leads, kept
// sealed; optional). Somebody unknown becomes one of the company's people; somebody else's people are refused with
// access_denied, as are those whom the operator trusts with more than themselves.
func (s *Server) IssueTicket(ctx context.Context, req *Request) (*Answer, error) {
	t, err := s.presented(ctx, req, req.Params["access_token"])
	if err != nil {
		return nil, err
	}
	if t.CompanyID == "" || !slices.Contains(s.scopeOf(req.Client, t), registry.ScopeUserSession) {
		return nil, refuse(CodeInsufficientScope, "The access token is not a company's, with the scope user_session. Use one from a company's authorization.")
	}
	target, lifetime := req.Route.Ticket(req.Client)
	if target == "" {
		return nil, refuse(CodeUnauthorizedClient, "The client has no address to send people to. Its registration has to name one.")
	}
	user, err := s.companyPerson(ctx, t.CompanyID, req.Params["login_hint"], req.Client.ID)
	if err != nil {
		return nil, err
	}
	x := &exchange{now: s.now(), client: req.Client, route: req.Route, family: t.Family, givenBy: t.GivenBy}
	key := newTicketKey(t.Family)
	x.session = &session{GrantID: t.GrantID, UserID: user.ID, CompanyID: t.CompanyID}
	if data := req.Params["tpd"]; data != "" {
		x.session.ThirdParty = s.thirdParty.Seal([]byte(data), fmt.Sprintf("%s %d", familyString(key.Family), key.Generation))
	}
	ticket := s.values.random(key)
	if err := x.issue(key, hashValue(ticket), registry.ScopeUserSession, x.now.Add(lifetime)); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, x); err != nil {
		if errors.Is(err, storage.ErrConflict) { // the company disconnected the client in this moment (or see newTicketKey)
			return nil, errToken.because(err)
		}
		return nil, err
	}
	return &Answer{Ticket: ticket, Client: req.Client, Subject: s.subject(x.session, req.Client), ExpiresIn: lifetime}, nil
}

// newTicketKey returns the key of a ticket in the family of the access token that it is made with, so that whoever revokes
// that one ends the ticket too. Any number may be good at a time, so the generation is drawn; of a million, one in four
// thousand new ones meets another's and is refused, and the next try is not.
func newTicketKey(family storage.FamilyID) storage.TokenKey {
	return storage.TokenKey{Family: family, Kind: storage.KindTicket, Generation: rand.Uint32()}
}

// companyPerson returns the person with an e-mail address if the company may send them here. Somebody who is not known
// yet becomes one of its people.
func (s *Server) companyPerson(ctx context.Context, companyID, email, clientID string) (storage.User, error) {
	if email == "" {
		return storage.User{}, refuse(CodeInvalidRequest, "The e-mail address of the person is missing.")
	}
	user, err := s.people.Member(ctx, companyID, email, clientID)
	var invalid *identity.Invalid
	var tooMany *identity.TooMany
	switch {
	case errors.As(err, &tooMany):
		return storage.User{}, errTooMany(tooMany.RetryAfter)
	case errors.As(err, &invalid):
		return storage.User{}, refuse(CodeInvalidRequest, "The e-mail address of the person is not valid.")
	case errors.Is(err, identity.ErrStranger):
		return storage.User{}, errNotTheirs
	case err != nil:
		return storage.User{}, err
	case !mayBeSent(user, companyID):
		return storage.User{}, errNotTheirs
	}
	return user, nil
}

// errTooMany says that the company has to wait before it can name more people who are not known as its own (RFC 6585 §4).
func errTooMany(wait time.Duration) error {
	e := refuse(CodeTemporarilyUnavailable, "The company named too many people who are not known as its own. Wait, or let an operator make their accounts.")
	e.Status, e.RetryAfter = http.StatusTooManyRequests, wait
	return e
}

var errNotTheirs = refuse(CodeAccessDenied, "The company cannot sign this person in.").WithStatus(http.StatusForbidden)

// mayBeSent reports whether a company may sign a person in: one of its own, and nobody whom the operator trusts with
// more than themselves.
func mayBeSent(u storage.User, companyID string) bool {
	return u.CompanyID == companyID && !u.Disabled && !slices.ContainsFunc(u.Roles, func(role string) bool { return role != storage.RoleCompanyAdmin })
}
