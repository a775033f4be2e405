package xoxoday

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/registry"
)

// What is read for a grant type, named here as in the RFCs. Whatever else is sent counts for nothing: the vendor's own
// table wants code and redirect_uri for a refresh, too.
var (
	ofCode    = named("grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier")
	ofRefresh = named("grant_type", "refresh_token", "scope", "client_id", "client_secret")
)

func named(names ...string) map[string]string {
	same := make(map[string]string, len(names))
	for _, name := range names {
		same[name] = name
	}
	return same
}

// decodeToken reads a token request (RFC 6749 §4.1.3 and §6) in JSON or as a form, whatever its Content-Type.
func decodeToken(r *http.Request) (*authz.Request, error) {
	req := &authz.Request{Authorization: r.Header.Get("Authorization"), Kind: r.PathValue("token_type")}
	switch {
	case req.Kind != registry.TokenUser && req.Kind != registry.TokenCompany:
		return req, authz.Refuse(authz.CodeInvalidRequest, "The path has to end in /token/user or /token/company.")
	case r.URL.RawQuery != "":
		return req, authz.Refuse(authz.CodeInvalidRequest, "Parameters belong into the request body, not into the URL.")
	}
	body, err := dialect.ReadBody(r, false)
	if err != nil {
		return req, err
	}
	grantType, err := body.Text("grant_type")
	if err != nil {
		return req, err
	}
	names := ofCode
	if grantType == registry.GrantRefreshToken {
		names = ofRefresh
	}
	if req.Params, err = body.Params(names); err != nil {
		return req, err
	}
	dialect.SpaceScopes(req.Params)
	return req, nil
}

// tokens is an answer with an access token, its keys in the vendor's order.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    *int64 `json:"expires_in,omitempty"` // seconds, see encodeValidation; nil: never
	RefreshToken string `json:"refresh_token,omitempty"`
	Email        string `json:"email,omitempty"`
	expiries
}

// expiries are the keys of the vendor's newer pages, in milliseconds since the epoch; zero: never, or not told.
type expiries struct {
	Access  int64 `json:"access_token_expiry,omitempty"`
	Refresh int64 `json:"refresh_token_expiry,omitempty"`
}

func encodeTokens(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: tokens{
		AccessToken: a.AccessToken, TokenType: "bearer", ExpiresIn: expiresIn(a, time.Second),
		RefreshToken: a.RefreshToken, Email: email(a), expiries: expiriesOf(a),
	}}
}

// email is that of the person who allowed a company's authorization. For a person's it is there if they let the client
// read it, and have shown that it is theirs: the format has no place to say that they have not.
func email(a *authz.Answer) string {
	if a.GrantType != registry.GrantAuthorizationCode || a.Person == nil {
		return ""
	}
	reads := func(scope string) bool { return scope == "email" || scope == "profile_read" }
	if a.Kind == registry.TokenCompany || a.Person.EmailVerified && slices.ContainsFunc(a.Scope, reads) {
		return a.Person.Email
	}
	return ""
}

// expiresIn is how long the access token is still good, in whole units; nil: it never expires.
func expiresIn(a *authz.Answer, unit time.Duration) *int64 {
	if a.ExpiresAt.IsZero() {
		return nil
	}
	return new(int64(a.ExpiresIn / unit))
}

func expiriesOf(a *authz.Answer) expiries {
	var e expiries
	if settings, _ := registry.XoxodayOf(a.Client); !settings.Extended {
		return e
	}
	if !a.ExpiresAt.IsZero() {
		e.Access = a.ExpiresAt.UnixMilli()
	}
	if !a.RefreshExpiry.IsZero() {
		e.Refresh = a.RefreshExpiry.UnixMilli()
	}
	return e
}
