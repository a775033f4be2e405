package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Hand-over: the super app knows its people already, and brings one of them here, signed in. Who they are says the
// external_id that the host made known (POST /superapp/v1/people), never an e-mail address. The way is a sign-in ticket
// that says where it leads; how it is opened: ticket_open.go.
//
// The session says who vouched for it. A person whom only the host knows decides as everybody does: the host is their
// identity provider, and there is nobody else whom they could be asked by. So the hand-over is the sign-in that the request
// wants to which it leads; where one wants another, only the host can bring it about (login_required). Somebody who has a
// way in of their own is signed in, but signs in by themselves for what they have to decide (identity.SignedIn.Vouched).

const (
	handOverLifetime = time.Minute     // how long the one-time URL is good: the host opens it at once
	timeToAnswer     = 5 * time.Minute // how long, after that, whoever is asked whether to switch accounts may take
)

// maxContinue bounds where a hand-over leads, in bytes: an authorization request of 4 KiB.
const maxContinue = 4 << 10

// HostIssuer returns the issuer (storage.Link) under which a request's client, which HostClient has found, names people.
func HostIssuer(req *Request) string { return storage.ClientIssuer(req.Client.ID) }

// hostsPerson returns the person whom a client of the super app calls externalID: Disabled or not. storage.ErrNotFound for
// one whom it has not made known.
func (s *Server) hostsPerson(ctx context.Context, c *storage.Client, externalID string) (storage.LinkedUser, error) {
	u, err := s.people.Linked(ctx, storage.ClientIssuer(c.ID), externalID)
	if identity.Invalids(err) != nil {
		return u, storage.ErrNotFound
	}
	return u, err
}

// HostClient requires the super app's own client by its own token (Params["access_token"]): one that it has by
// client_credentials, with the scope superapp.
func (s *Server) HostClient(ctx context.Context, req *Request) error {
	_, err := s.hostClient(ctx, req)
	return err
}

func (s *Server) hostClient(ctx context.Context, req *Request) (*storage.StoredToken, error) {
	t, own, err := s.ownToken(ctx, req, registry.ScopeSuperapp)
	switch {
	case err != nil:
		return nil, err
	case !own || !req.Client.FirstParty:
		return nil, refuse(CodeInsufficientScope, "The access token has to be the own one of a client of the super app, by client_credentials, with the scope superapp.")
	}
	return t, nil
}

// ticketTries is how often a one-time URL gets another key because its key is another's.
const ticketTries = 20

// IssueHandOver makes a ticket (Answer.Ticket) that signs in the person with external_id and leads to continue, a path and
// query of ours: a page of the person's, or the authorization request of a client. Without it: the account page.
// The ticket dies with the token that it is made with. An *Error with status 404 for a person who is not known, 403 for
// a disabled one.
func (s *Server) IssueHandOver(ctx context.Context, req *Request) (*Answer, error) {
	t, err := s.hostClient(ctx, req)
	if err != nil {
		return nil, err
	}
	if req.Params["external_id"] == "" {
		return nil, refuse(CodeInvalidRequest, "The member external_id is missing.")
	}
	to, err := s.continuation(ctx, req.Params["continue"])
	if err != nil {
		return nil, err
	}
	user, err := s.hostsPerson(ctx, req.Client, req.Params["external_id"])
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, refuse(CodeInvalidRequest, errNoPerson.Description).WithStatus(http.StatusNotFound)
	case err != nil:
		return nil, err
	case user.Disabled:
		return nil, errDisabled
	}
	x := &exchange{now: s.now(), client: req.Client, route: req.Route, family: t.Family}
	x.session = &session{UserID: user.ID, Continue: to}
	for attempt := 0; ; attempt++ {
		key := newTicketKey(t.Family)
		ticket := s.values.random(key)
		x.unit = nil
		if err := x.issue(key, hashValue(ticket), "", x.now.Add(handOverLifetime+timeToAnswer)); err != nil {
			return nil, err
		}
		err := s.commit(ctx, x)
		if errors.Is(err, storage.ErrConflict) && attempt < ticketTries { // the key is another ticket's
			continue
		}
		return &Answer{Ticket: ticket, Client: req.Client, ExpiresIn: handOverLifetime}, err
	}
}

var errDisabled = refuse(CodeAccessDenied, "The person's account here is closed. An operator can open it: gatehouse user enable.").WithStatus(http.StatusForbidden)

// ErrDisabled says that a person whom the host names has an account that is closed.
func ErrDisabled() *Error { return errDisabled }

var errContinue = refuse(CodeInvalidRequest, "The member continue has to be a path of this server: /account, /account/apps, or an authorization endpoint with the request of an approved client.")

// continuation returns where a hand-over leads, spelt anew, so that it cannot lead anywhere else: a redirect to other
// servers is what the authorization endpoint does, after its own checks.
func (s *Server) continuation(ctx context.Context, raw string) (string, error) {
	if raw == "" {
		return "/account", nil
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || u.RawPath != "" || strings.Contains(raw, "#") {
		return "", errContinue
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errContinue
	}
	spelt := &url.URL{Path: u.Path, RawQuery: query.Encode()}
	to := spelt.String()
	if len(to) > maxContinue || query.Has("interaction") { // which is another browser's
		return "", errContinue
	}
	if u.Path == "/account" || u.Path == "/account/apps" {
		return to, nil
	}
	_, err = s.resumed(ctx, spelt)
	return to, err
}

// resumed returns the authorization request, in whichever format, that a hand-over leads to, with the redirect URI that it
// names, if any. Its client has to be approved; nothing else about it is checked (checkAuthorize).
func (s *Server) resumed(ctx context.Context, u *url.URL) (*authorizeRequest, error) {
	for _, route := range s.authorize {
		if route.Path != u.Path {
			continue
		}
		decoded, err := route.Decode((&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}).WithContext(ctx))
		if err != nil {
			return nil, errContinue.because(err)
		}
		c, err := s.registry.Client(ctx, decoded.Params["client_id"])
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		if err != nil || c.Status != storage.StatusApproved || !route.Speaks(c) {
			continue
		}
		req := &authorizeRequest{route: route, params: decoded.Params, repeated: decoded.Repeated, redirectURI: decoded.Params["redirect_uri"]}
		if req.redirectURI == "" && len(c.RedirectURIs) == 1 {
			req.redirectURI = c.RedirectURIs[0]
		}
		return req, nil
	}
	return nil, errContinue
}
