package authz

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The RFCs' own format.

// endpoint is a route of the RFCs' format with what only these have: a member of the metadata documents that announces
// it, and scripts of other origins that may use it.
type endpoint struct {
	Route
	metadata string
	cors     bool
}

// endpoints is the whole surface of the protocol.
func (s *Server) endpoints() []endpoint {
	get, post := []string{http.MethodGet, http.MethodHead}, []string{http.MethodPost}
	both := append(get, http.MethodPost)
	form := func(name, kind string, op Operation, encode func(*Request, *Answer) Response) Route {
		return Route{Methods: post, Name: name, Endpoint: s.API(op), Decode: decodeForm(kind), Encode: encode, Fail: FailRFC}
	}
	document := func(write http.HandlerFunc) Route {
		return Route{Methods: get, Endpoint: func(w http.ResponseWriter, r *http.Request, _ *Route) { write(w, r) }}
	}
	return []endpoint{
		{Route{Methods: both, Name: NameAuthorize, Endpoint: s.Authorize, Decode: DecodeQuery, Redirect: sameParameters}.at("/oauth2/authorize"), "authorization_endpoint", false},
		{form(NameToken, "", s.Token, encodeTokens).at("/oauth2/token"), "token_endpoint", true},
		{form(NameToken, kindUser, s.Token, encodeTokens).at("/oauth2/token/user"), "", true},
		{form(NameToken, kindCompany, s.Token, encodeTokens).at("/oauth2/token/company"), "", true},
		{form(NameIntrospect, "", s.Introspect, encodeMembers).at("/oauth2/introspect"), "introspection_endpoint", false},
		{form(NameRevoke, "", s.Revoke, encodeNothing).at("/oauth2/revoke"), "revocation_endpoint", true},
		{Route{Methods: both, Name: NameUserInfo, Endpoint: s.API(s.UserInfo), Decode: decodeBearer, Encode: encodeClaims, Fail: failBearer}.at("/oauth2/userinfo"), "userinfo_endpoint", true},
		{Route{Methods: post, Endpoint: s.API(s.AuthorizeChallenge), Decode: decodeChallenge, Encode: encodeChallenge, Fail: FailRFC}.at("/oauth2/authorize-challenge"), "authorization_challenge_endpoint", false},
		{s.grantRoute(), "grant_management_endpoint", false},
		{document(s.JWKS).at("/.well-known/jwks.json"), "jwks_uri", true},
		{document(s.Metadata).at("/.well-known/oauth-authorization-server"), "", true},
		{document(s.Metadata).at("/.well-known/openid-configuration"), "", true},
	}
}

func (r Route) at(path string) Route { r.Path = path; return r }

// Mount puts the RFCs' endpoints on mux. routes are all others that there are: those among them that are authorization
// endpoints are found again when a person comes back from a step.
func (s *Server) Mount(mux *http.ServeMux, routes []Route) {
	s.metadata = s.computeMetadata()
	s.authorize = make(map[string]*Route)
	for _, e := range s.endpoints() {
		mux.Handle(e.Path, e.guard())
		s.remember(&e.Route)
	}
	for _, route := range routes {
		s.remember(&route)
	}
}

func (s *Server) remember(route *Route) {
	if route.Redirect != nil {
		s.authorize[route.Dialect] = route
	}
}

// decodeForm reads a POST to one of the token endpoints: parameters come from the body alone, each once
// (RFC 6749 §3.2).
func decodeForm(kind string) func(*http.Request) (*Request, error) {
	return func(r *http.Request) (*Request, error) {
		params, err := parseForm(r)
		return &Request{Params: params, Authorization: r.Header.Get("Authorization"), Kind: kind}, err
	}
}

// DecodeQuery reads the query of an authorization request as it is (RFC 6749 §4.1.1).
func DecodeQuery(r *http.Request) (*Request, error) {
	params, repeated, err := parseParams(r.URL.RawQuery)
	return &Request{Params: params, Repeated: repeated}, err
}

// decodeBearer finds the access token in the header or in a form body, never in the query (RFC 6750 §2, RFC 9700 §4.3.2).
func decodeBearer(r *http.Request) (*Request, error) {
	if r.URL.Query().Has("access_token") {
		return nil, refuse(CodeInvalidRequest, "An access token in the URL is refused. Send it in the Authorization header.")
	}
	scheme, fromHeader, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		fromHeader = ""
	}
	fromBody := ""
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		params, err := parseForm(r)
		if err != nil {
			return nil, err
		}
		fromBody = params["access_token"]
	}
	if fromHeader != "" && fromBody != "" {
		return nil, refuse(CodeInvalidRequest, "The access token was sent in more than one way.")
	}
	return &Request{Params: Params{"access_token": fromHeader + fromBody}}, nil
}

// encodeTokens is an access token response (RFC 6749 §5.1, OIDC Core §3.1.3.3).
func encodeTokens(_ *Request, a *Answer) Response {
	m := map[string]any{"access_token": a.AccessToken, "token_type": "Bearer"}
	if a.RefreshToken != "" {
		m["refresh_token"] = a.RefreshToken
	}
	if a.IDToken != "" {
		m["id_token"] = a.IDToken
	}
	if a.GrantID != "" {
		m["grant_id"] = a.GrantID
	}
	if a.ExpiresIn > 0 {
		m["expires_in"] = int64(a.ExpiresIn / time.Second)
	}
	if len(a.Scope) > 0 {
		m["scope"] = strings.Join(a.Scope, " ")
	}
	return Response{Body: m}
}

func encodeMembers(_ *Request, a *Answer) Response { return Response{Body: a.Members} }

func encodeClaims(_ *Request, a *Answer) Response { return Response{Body: a.Claims} }

func encodeNothing(*Request, *Answer) Response { return Response{} }

// FailRFC is an error response (RFC 6749 §5.2).
func FailRFC(_ *Request, e *Error) Response {
	answer := Response{Status: e.Status, Body: e.Members()}
	if e.Status == http.StatusUnauthorized && e.Code == CodeInvalidClient {
		answer.Header = map[string]string{"WWW-Authenticate": BasicChallenge}
	}
	return answer
}

// BasicChallenge asks a client for its credentials (RFC 7617 §2.1).
const BasicChallenge = `Basic realm="gatehouse", charset="UTF-8"`

// BearerChallenge asks for an access token (RFC 6750 §3), with one that has this scope, if it is not empty. It names no
// error where no token was sent (RFC 6750 §3.1).
func BearerChallenge(e *Error, scope string) string {
	challenge := `Bearer realm="gatehouse"`
	if e.Code != "" {
		challenge += `, error="` + e.Code + `", error_description="` + e.Description + `"`
	}
	if scope != "" {
		challenge += `, scope="` + scope + `"`
	}
	return challenge
}

// failBearer is an error response with a challenge.
func failBearer(_ *Request, e *Error) Response { return challenge(e, "openid") }

// challenge is an error response of an endpoint that takes access tokens with a scope.
func challenge(e *Error, needed string) Response {
	answer := Response{Status: e.Status, Body: e.Members()}
	if e.Code == CodeTemporarilyUnavailable || e.Status == http.StatusNotFound {
		return answer // nothing is wrong with the token
	}
	scope := ""
	if e.Code == CodeInsufficientScope {
		scope = needed
	}
	answer.Header = map[string]string{"WWW-Authenticate": BearerChallenge(e, scope)}
	return answer
}

// sameParameters leaves an authorization response as the RFCs have it.
func sameParameters(response url.Values) url.Values { return response }
