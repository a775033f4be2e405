package gam

import (
	"net/http"
	"strings"
	"time"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/registry"
)

// tokenParameters are what a token request may have, client_id first, since it decides in which form the others are
// refused. scope is none of them: the scopes are those that the client is registered for and the person allowed, whatever
// a client sends here.
var tokenParameters = []string{"client_id", "client_secret", "grant_type", "code", "redirect_uri", "code_verifier", "refresh_token"}

// decodeToken reads a token request. The client's credentials are in the body, or in HTTP Basic. Another Authorization
// header is not looked at: GeneXus programs send the token they have with every call.
func decodeToken(r *http.Request) (*authz.Request, error) {
	params, err := ReadForm(r, tokenParameters...)
	req := &authz.Request{Params: params}
	if _, basic := dialect.Credentials(r.Header.Get("Authorization"), "Basic"); basic {
		req.Authorization = r.Header.Get("Authorization")
	}
	return req, err
}

// Token is an access token as GAM writes it.
type Token struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"`    // seconds; 0: never
	RefreshToken string `json:"refresh_token"` // empty: none
	Scope        string `json:"scope"`         // joined by +
	TokenType    string `json:"token_type"`    // Bearer
	UserGUID     string `json:"user_guid"`     // empty: not shared
}

func encodeToken(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: TokenOf(a)}
}

// TokenOf writes new tokens in GAM's words. user_guid is there for a person's tokens only, and only for clients that may
// know people by their IDs.
func TokenOf(a *authz.Answer) Token {
	t := Token{
		AccessToken: a.AccessToken, ExpiresIn: int64(a.ExpiresIn / time.Second), RefreshToken: a.RefreshToken,
		Scope: strings.Join(a.Scope, "+"), TokenType: "Bearer",
	}
	if a.Kind == registry.TokenUser && a.Client.SubjectType != registry.SubjectPairwise {
		t.UserGUID = a.Subject
	}
	return t
}
