package authz

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"gatehouse/identity"
	"gatehouse/internal/httpx"
	"gatehouse/internal/metrics"
	"gatehouse/internal/nearest"
	"gatehouse/storage"
)

// What a mini app's developers see of its last requests. It is noted where an endpoint answers, in memory. Only what is
// composed here and in Error.Detail is told, of what was sent no more than redirect URIs without query and names of scopes.

// What endpoints are called there (Route.Name).
const (
	NameAuthorize  = "authorize"
	NameToken      = "token"
	NameUserInfo   = "userinfo"
	NameIntrospect = "introspect"
	NameRevoke     = "revoke"
)

// noteAnswer notes that a request was granted. A code or token that was good proves whose request it is, also where the
// client has no secret.
func (s *Server) noteAnswer(ctx context.Context, req *Request, answer *Answer) {
	by := sender{proven: req.proven || req.holder != "" || answer.AccessToken != ""}
	if !req.proven {
		by.holder = req.holder
	}
	s.note(ctx, req.Route, req.Client, by, nil)
	if req.Route.Name == NameToken {
		s.activity.Count(storage.CountTokensIssued)
		s.metrics.TokenAnswer(req.Params["grant_type"], metrics.Granted)
	}
}

// noteRefusal notes a refusal for the client that a request is of, or names.
func (s *Server) noteRefusal(ctx context.Context, req *Request, e *Error) {
	c := req.Client
	if c == nil {
		c = req.Named
	}
	s.note(ctx, req.Route, c, sender{proven: req.proven}, e)
	if req.Route.Name == NameToken {
		s.activity.Count(storage.CountTokenErrors)
		s.metrics.TokenAnswer(req.Params["grant_type"], e.Code)
	}
}

// sender is who sent a request in the name of a client.
type sender struct {
	proven bool   // by the client's secret, or by a code or token that was good
	holder string // who had that code or token, where it was not the secret (storage.ClientRequest.Holder)
}

// holder tells apart who can have codes and tokens of a client: a person, a company, or whoever has those of a family.
func holder(userID, companyID string, family storage.FamilyID) string {
	return cmp.Or(userID, companyID, familyString(family))
}

// noteCode notes an authorization response with a code, which the person who is signed in got.
func (s *Server) noteCode(ctx context.Context, req *authorizeRequest, who *identity.SignedIn) {
	s.note(ctx, req.route, req.client, sender{proven: true, holder: who.User.ID}, nil)
}

// noteAuthorize notes an authorization error, or an error page about a client that there is. Steps in between are no answers.
// Whoever is refused may be anybody.
func (s *Server) noteAuthorize(ctx context.Context, req *authorizeRequest, e *Error) {
	c := req.client
	if c == nil && req.route != nil {
		c = s.named(ctx, &Request{Route: req.route, Params: req.params})
	}
	s.note(ctx, req.route, c, sender{}, e)
}

// note notes an answer of a route for a client, nil where there is none; e is nil where it was granted.
func (s *Server) note(ctx context.Context, route *Route, c *storage.Client, by sender, e *Error) {
	if c == nil || route == nil || route.Name == "" {
		return
	}
	r := storage.ClientRequest{
		ClientID: c.ID, Endpoint: route.Name, Format: route.Dialect, Outcome: storage.OutcomeOK, Proven: by.proven, Holder: by.holder, RequestID: httpx.RequestID(ctx),
	}
	if e != nil {
		r.Outcome, r.Reason = e.Code, e.Detail
		if r.Reason == "" {
			r.Reason = e.Description
		}
		if r.Outcome == "" { // RFC 6750 §3.1 names none where no token was sent
			r.Outcome = CodeInvalidToken
		}
	}
	s.activity.Request(r)
}

// maxShownURI bounds a redirect URI in a reason, in bytes.
const maxShownURI = 200

// shownURI is a redirect URI without what may be somebody's: credentials, query and fragment (RFC 3986 §3).
func shownURI(uri string) string {
	if uri == "" {
		return "(none)"
	}
	u, err := url.Parse(uri)
	if err != nil || strings.Contains(u.Path+u.Opaque, "@") || len(u.EscapedPath()) > maxShownURI {
		return "(not shown)"
	}
	shown := url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if text := shown.String(); len(text) <= maxShownURI {
		return text
	}
	return "(not shown)"
}

func shownURIs(uris []string) string {
	shown := make([]string, len(uris))
	for i, uri := range uris {
		shown[i] = shownURI(uri)
	}
	return strings.Join(shown[:min(len(shown), 5)], ", ")
}

// notRegistered is what is wrong with a redirect_uri.
func notRegistered(sent string, registered []string) string {
	detail := "redirect_uri " + shownURI(sent) + " is not registered; registered: " + shownURIs(registered)
	same := func(uri string) bool { return uri != sent && shownURI(uri) == shownURI(sent) }
	if slices.ContainsFunc(registered, same) {
		detail += "; they differ in what is not shown, such as the query"
	}
	return detail
}

// otherURI is what is wrong with a redirect_uri that is not the one for which a code was issued.
func otherURI(sent string, code *session) string {
	of := code.RedirectURI
	if of == "" {
		of = code.DefaultRedirectURI
	}
	return "redirect_uri " + shownURI(sent) + " differs from that of the authorization request, " + shownURI(of)
}

// scopeNotRegistered says which of the scopes that were asked for a client may not ask.
func (s *Server) scopeNotRegistered(ctx context.Context, asked []string, c *storage.Client) string {
	own := scopeNames(c.Scopes)
	known := slices.Clone(own)
	if catalogue, err := s.registry.Scopes(ctx); err == nil {
		for _, scope := range catalogue {
			known = append(known, scope.Name)
		}
	}
	var other []string
	for _, name := range asked {
		if !slices.Contains(own, name) {
			other = append(other, shownScope(name, known))
		}
	}
	if len(other) == 0 {
		return "" // the scope is registered, and not for this flow
	}
	return "scope " + strings.Join(other[:min(len(other), 5)], ", ") + " is not registered for this client; registered: " + strings.Join(own, ", ")
}

// maxShownScope bounds a name in a reason: what is longer is a secret, code or token in the wrong place.
const maxShownScope = 31

// shownScope is the name of a scope as it was sent, if it is nearly one that there is. Anything else may be somebody's.
func shownScope(name string, known []string) string {
	if len(name) > maxShownScope || nearest.Name(name, known) == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-") != "" {
		return "(not shown)"
	}
	return name
}
