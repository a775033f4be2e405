package authz

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ory/fosite"

	"gatehouse/storage"
)

// Grant types (RFC 6749 §4).
const (
	grantCode        = "authorization_code"
	grantRefresh     = "refresh_token"
	grantCredentials = "client_credentials"
)

var grantTypes = []string{grantCode, grantRefresh, grantCredentials}

// TokenAnswer is a successful answer of the token endpoint (RFC 6749 §5.1).
type TokenAnswer struct {
	AccessToken  string
	RefreshToken string        // empty: none
	IDToken      string        // empty: none
	ExpiresIn    time.Duration // zero: the access token never expires
	Scope        []string
}

// tokenEndpoint serves the token endpoint. kind restricts it to authorizations of one kind; empty takes all.
func (s *Server) tokenEndpoint(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		params, err := decodeForm(r)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		answer, err := s.Token(r.Context(), r.Header.Get("Authorization"), params, kind)
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		writeJSON(w, http.StatusOK, answer.members())
	}
}

func (a *TokenAnswer) members() map[string]any {
	m := map[string]any{"access_token": a.AccessToken, "token_type": "Bearer"}
	if a.RefreshToken != "" {
		m["refresh_token"] = a.RefreshToken
	}
	if a.IDToken != "" {
		m["id_token"] = a.IDToken
	}
	if a.ExpiresIn > 0 {
		m["expires_in"] = int64(a.ExpiresIn / time.Second)
	}
	if len(a.Scope) > 0 {
		m["scope"] = strings.Join(a.Scope, " ")
	}
	return m
}

// Token decides a token request in two phases. The first reads: who is the client, what is the code or refresh token
// worth. The second writes, as one unit of work. A refusal in between burns nothing.
func (s *Server) Token(ctx context.Context, authorization string, params Params, kind string) (*TokenAnswer, error) {
	grantType := params["grant_type"]
	if grantType == "" {
		return nil, refuse(codeInvalidRequest, "The parameter grant_type is missing.")
	}
	c, err := s.authenticate(ctx, authorization, params)
	if err != nil {
		return nil, err
	}
	if err := checkGrant(c, grantType, params, kind); err != nil {
		return nil, err
	}
	x := &exchange{now: s.now(), client: c, verifier: params["code_verifier"], presented: presentedToken(grantType, params)}
	ctx = withExchange(ctx, x)

	ar, err := s.validate(ctx, x, params)
	if err != nil {
		return nil, x.first(err)
	}
	if err := s.applyPolicy(ctx, x, ar, params, kind); err != nil {
		return nil, x.first(err)
	}
	if x.repeat {
		return s.repeatAnswer(ctx, x)
	}
	return s.issueTokens(ctx, x, ar)
}

// first returns the outage that fosite may have swallowed, or err.
func (x *exchange) first(err error) error {
	if x.outage != nil {
		return x.outage
	}
	return err
}

// checkGrant refuses what needs no look at the token.
func checkGrant(c *storage.Client, grantType string, params Params, kind string) error {
	if !slices.Contains(grantTypes, grantType) {
		return refuse(codeUnsupportedGrantType, descriptions[codeUnsupportedGrantType])
	}
	if !slices.Contains(c.GrantTypes, grantType) {
		return refuse(codeUnauthorizedClient, descriptions[codeUnauthorizedClient])
	}
	switch {
	case grantType == grantCode && params["code"] == "":
		return refuse(codeInvalidRequest, "The parameter code is missing.")
	case grantType == grantRefresh && params["refresh_token"] == "":
		return refuse(codeInvalidRequest, "The parameter refresh_token is missing.")
	case grantType == grantCredentials && kind != "":
		return refuse(codeInvalidGrant, "This endpoint takes no client_credentials. Use /oauth2/token.")
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
	got, err := s.provider.NewAccessRequest(ctx, request, &session{})
	if err != nil {
		return nil, err
	}
	ar := got.(*fosite.AccessRequest)
	x.session = ar.Session.(*session)
	return ar, nil
}

// applyPolicy stands between the phases: PKCE, the endpoint's kind, scope and lifetimes.
func (s *Server) applyPolicy(ctx context.Context, x *exchange, ar *fosite.AccessRequest, params Params, kind string) error {
	switch params["grant_type"] {
	case grantCode:
		if err := checkVerifier(x, x.session); err != nil {
			return err
		}
		if err := checkRedirectURI(x.session, params); err != nil {
			return err
		}
		x.family, x.generation = x.stored.Family, 1
	case grantRefresh:
		if err := narrowScope(x, ar, params); err != nil {
			return err
		}
		x.family, x.generation = x.stored.Family, x.stored.Generation+1
	case grantCredentials:
		if err := s.grantClientScopes(ctx, x, ar); err != nil {
			return err
		}
		x.family, x.generation = newFamily(), 1
	}
	if kind != "" && kind != x.session.kind() {
		return refuse(codeInvalidGrant, "This endpoint is for the other kind of authorization: a person's at /oauth2/token/user, a company's at /oauth2/token/company.")
	}
	x.session = x.session.forTokens()
	x.lifetimes = s.lifetimesFor(x.client, x.session.kind())
	return nil
}

// checkRedirectURI compares redirect_uri with that of the authorization request (RFC 6749 §4.1.3). One that was left
// out there may be left out here, or name the registered one.
func checkRedirectURI(code *session, params Params) error {
	sent := params["redirect_uri"]
	if sent == code.RedirectURI || (code.RedirectURI == "" && sent == code.DefaultRedirectURI) {
		return nil
	}
	return refuse(codeInvalidGrant, "The redirect_uri differs from that of the authorization request.")
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
			return refuse(codeInvalidScope, "A refresh cannot ask for more than was granted.")
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
			return refuse(codeInvalidScope, descriptions[codeInvalidScope])
		}
		if err != nil {
			return err
		}
		own := x.client.FirstParty && (name == "superapp" || name == "admin")
		if !scope.Client && !own {
			return refuse(codeInvalidScope, "A requested scope needs a person and cannot be had by client_credentials.")
		}
		ar.GrantScope(name)
	}
	return nil
}

// issueTokens is the second phase: fosite makes the tokens and says what to write, and it is written as one unit.
func (s *Server) issueTokens(ctx context.Context, x *exchange, ar *fosite.AccessRequest) (*TokenAnswer, error) {
	ar.SetID(familyString(x.family))
	ar.SetSession(x.session)
	response, err := s.provider.NewAccessResponse(ctx, ar)
	if err != nil {
		return nil, x.first(err)
	}
	answer := &TokenAnswer{
		AccessToken: response.GetAccessToken(),
		ExpiresIn:   x.lifetimes.access,
		Scope:       ar.GrantedScope,
	}
	answer.RefreshToken, _ = response.GetExtra("refresh_token").(string)
	if err := s.addIDToken(x, answer, ar.GrantTypes.ExactOne(grantCode)); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, x); err != nil {
		return s.lostRace(ctx, x, err)
	}
	return answer, nil
}
