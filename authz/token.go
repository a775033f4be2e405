package authz

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/ory/fosite"

	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Grant types (RFC 6749 §4).
const (
	grantCode        = "authorization_code"
	grantRefresh     = "refresh_token"
	grantCredentials = "client_credentials"
	grantAssertion   = registry.GrantJWTBearer
)

var grantTypes = []string{grantCode, grantRefresh, grantCredentials, grantAssertion}

// Token decides a token request in two phases. The first reads: who is the client, what is the code or refresh token
// worth. The second writes, as one unit of work. A refusal in between burns nothing. The answer has the tokens and the
// authorization behind them.
func (s *Server) Token(ctx context.Context, req *Request) (*Answer, error) {
	grantType := req.Params["grant_type"]
	if grantType == "" {
		return nil, refuse(CodeInvalidRequest, "The parameter grant_type is missing.")
	}
	c, err := s.Authenticate(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := checkGrant(c, grantType, req); err != nil {
		return nil, err
	}
	if grantType == grantAssertion {
		return s.tokenByAssertion(ctx, c, req)
	}
	x := &exchange{
		now: s.now(), client: c, route: req.Route, verifier: req.Params["code_verifier"],
		presented: presentedToken(grantType, req.Params),
	}
	ctx = withExchange(ctx, x)

	ar, err := s.validate(ctx, x, req.Params)
	if err != nil {
		return nil, x.first(s.scopeError(ctx, err, req))
	}
	if err := s.applyPolicy(ctx, x, ar, req); err != nil {
		return nil, x.first(err)
	}
	req.holder = holder(x.session.UserID, x.session.CompanyID, x.family)
	if x.repeat {
		return s.repeatAnswer(ctx, x)
	}
	return s.issueTokens(ctx, x, ar)
}

// scopeError adds which scope it is to fosite's refusal of one.
func (s *Server) scopeError(ctx context.Context, err error, req *Request) error {
	if e := asError(err); e.Code == CodeInvalidScope && e.Detail == "" {
		return e.told(s.scopeNotRegistered(ctx, strings.Fields(req.Params["scope"]), req.Client))
	}
	return err
}

// first returns the outage that fosite may have swallowed, or err, with the reason that fosite has no word for.
func (x *exchange) first(err error) error {
	if x.outage != nil {
		return x.outage
	}
	e := asError(err)
	if e.Code != CodeInvalidGrant || x.reason == "" && x.detail == "" {
		return err
	}
	if x.reason != "" {
		e = e.For(x.reason)
	}
	if e.Detail == "" {
		e = e.told(x.detail)
	}
	return e
}

// checkGrant refuses what needs no look at the token.
func checkGrant(c *storage.Client, grantType string, req *Request) error {
	params := req.Params
	// The vendors' formats are for people's tokens. What they say of lifetimes, such as never, is not for a client's own.
	own := grantType == grantCredentials && req.Route.Dialect != ""
	if !slices.Contains(grantTypes, grantType) || own {
		return refuse(CodeUnsupportedGrantType, descriptions[CodeUnsupportedGrantType])
	}
	if !slices.Contains(c.GrantTypes, grantType) {
		return refuse(CodeUnauthorizedClient, descriptions[CodeUnauthorizedClient])
	}
	switch {
	case grantType == grantCode && params["code"] == "":
		return refuse(CodeInvalidRequest, "The parameter code is missing.")
	case grantType == grantRefresh && params["refresh_token"] == "":
		return refuse(CodeInvalidRequest, "The parameter refresh_token is missing.")
	case grantType == grantCredentials && req.Kind != "":
		return refuse(CodeInvalidGrant, "This endpoint takes no client_credentials. Use /oauth2/token.")
	case grantType == grantAssertion && params["assertion"] == "":
		return refuse(CodeInvalidRequest, "The parameter assertion is missing.")
	case grantType == grantAssertion && req.Kind == kindCompany:
		return refuse(CodeInvalidGrant, "An assertion is about a person. Use /oauth2/token.")
	}
	return nil
}

func presentedToken(grantType string, params Params) string {
	switch grantType {
	case grantCode:
		return params["code"]
	case grantRefresh:
		return params["refresh_token"]
	}
	return ""
}

// validate is the first phase: fosite looks at the request and at what is stored.
func (s *Server) validate(ctx context.Context, x *exchange, params Params) (*fosite.AccessRequest, error) {
	form := params.only("grant_type", "code", "redirect_uri", "refresh_token")
	if params["grant_type"] == grantCredentials {
		form = params.only("grant_type", "scope")
	}
	request := (&http.Request{Method: http.MethodPost, Header: http.Header{}, Form: form, PostForm: form}).WithContext(ctx)
	got, err := s.tokens[params["grant_type"]].NewAccessRequest(ctx, request, &session{})
	if err != nil {
		return nil, err
	}
	ar := got.(*fosite.AccessRequest)
	x.session = ar.Session.(*session)
	return ar, nil
}

// applyPolicy stands between the phases: PKCE, the endpoint's kind, scope and lifetimes.
func (s *Server) applyPolicy(ctx context.Context, x *exchange, ar *fosite.AccessRequest, req *Request) error {
	switch req.Params["grant_type"] {
	case grantCode:
		if err := checkVerifier(x, x.session); err != nil {
			return err
		}
		if err := checkRedirectURI(x.session, req); err != nil {
			return err
		}
		if err := s.manageGrant(ctx, x); err != nil {
			return err
		}
		x.family, x.generation = x.stored.Family, 1
	case grantRefresh:
		if err := narrowScope(x, ar, req.Params); err != nil {
			return err
		}
		x.family, x.generation = x.stored.Family, x.stored.Generation+1
	case grantCredentials:
		if err := s.grantClientScopes(ctx, x, ar); err != nil {
			return err
		}
		x.family, x.generation = newFamily(), 1
	}
	if req.Kind != "" && req.Kind != x.session.kind() {
		return refuse(CodeInvalidGrant, "This endpoint is for the other kind of authorization: a person's at /oauth2/token/user, a company's at /oauth2/token/company.")
	}
	x.session = x.session.forTokens()
	x.lifetimes = s.lifetimesFor(x.client, x.route, x.session.kind())
	return nil
}

// checkRedirectURI compares redirect_uri with that of the authorization request (RFC 6749 §4.1.3). One that was left
// out there may be left out here, or name the registered one; a format that has no place for it leaves it out.
func checkRedirectURI(code *session, req *Request) error {
	sent := req.Params["redirect_uri"]
	switch {
	case sent == code.RedirectURI, code.RedirectURI == "" && sent == code.DefaultRedirectURI:
		return nil
	case sent == "" && req.Route.NoRedirectURI:
		return nil
	}
	return refuse(CodeInvalidGrant, "The redirect_uri differs from that of the authorization request.").told(otherURI(sent, code))
}

// narrowScope applies the scope parameter of a refresh: fewer than were granted, never more (RFC 6749 §6). A repeat is
// answered with what was answered, whatever it asks.
func narrowScope(x *exchange, ar *fosite.AccessRequest, params Params) error {
	asked := strings.Fields(params["scope"])
	if len(asked) == 0 || x.repeat {
		return nil
	}
	for _, scope := range asked {
		if !slices.Contains(ar.GrantedScope, scope) {
			return refuse(CodeInvalidScope, "A refresh cannot ask for more than was granted.")
		}
	}
	ar.GrantedScope = slices.DeleteFunc(ar.GrantedScope, func(s string) bool { return !slices.Contains(asked, s) })
	return nil
}

// grantClientScopes grants a client what it may have without a person: scopes marked for that, and for the super app's
// own clients superapp and admin.
func (s *Server) grantClientScopes(ctx context.Context, x *exchange, ar *fosite.AccessRequest) error {
	for _, name := range ar.RequestedScope {
		scope, err := s.registry.Scope(ctx, name)
		if errors.Is(err, storage.ErrNotFound) { // registered once, and gone from the catalogue since
			return refuse(CodeInvalidScope, descriptions[CodeInvalidScope])
		}
		if err != nil {
			return err
		}
		own := x.client.FirstParty && (name == "superapp" || name == "admin")
		if !scope.Client && !own {
			return refuse(CodeInvalidScope, "A requested scope needs a person and cannot be had by client_credentials.")
		}
		ar.GrantScope(name)
	}
	return nil
}

// issueTokens is the second phase: fosite makes the tokens and says what to write, and it is written as one unit.
func (s *Server) issueTokens(ctx context.Context, x *exchange, ar *fosite.AccessRequest) (*Answer, error) {
	ar.SetID(familyString(x.family))
	ar.SetSession(x.session)
	response, err := s.tokens[ar.GrantTypes[0]].NewAccessResponse(ctx, ar)
	if err != nil {
		return nil, x.first(err)
	}
	answer := s.answerOf(x, ar.GrantTypes[0], ar.GrantedScope)
	answer.AccessToken = response.GetAccessToken()
	hangsOn := &storage.StoredToken{} // client_credentials hang on nothing
	if x.stored != nil {
		hangsOn = x.stored
	}
	answer.tellExpiry(x.now, x.lifetimes.access, consent.EndOf(x.client, ar.GrantedScope, hangsOn.ScopeEnds))
	if answer.RefreshToken, _ = response.GetExtra("refresh_token").(string); answer.RefreshToken != "" {
		answer.RefreshExpiry = earlier(expiry(x.now, x.lifetimes.refresh), authorizationEnd(x.client, hangsOn))
	}
	if err := s.complete(ctx, x, answer); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, x); err != nil {
		return s.lostRace(ctx, x, err)
	}
	return answer, nil
}

// answerOf starts an answer with what the authorization is.
func (s *Server) answerOf(x *exchange, grantType string, scope []string) *Answer {
	return &Answer{
		GrantType: grantType, Client: x.client, Kind: x.session.kind(), Subject: s.subject(x.session, x.client), Scope: scope,
		GrantID: x.session.PublicID,
	}
}

// complete adds what is not a token of the core: the ID token, and the person where the format names them.
func (s *Server) complete(ctx context.Context, x *exchange, answer *Answer) error {
	if x.route.Person && answer.Kind != kindClient {
		id := x.session.UserID
		if answer.Kind == kindCompany {
			id = x.session.AllowedBy
		}
		switch user, err := s.store.User(ctx, id); {
		case err == nil:
			answer.Person = &user
			if answer.GrantType == grantCode { // no format tells more with a refresh than it told with the code
				answer.ReadBy = x.session.GrantID
			}
		case !errors.Is(err, storage.ErrNotFound): // who allowed it for a company may have gone since
			return err
		}
	}
	return s.addIDToken(x, answer)
}
