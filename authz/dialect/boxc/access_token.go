package boxc

import (
	"net/http"
	"strings"
	"time"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// parameter is one of a request's in BoxC's words and in the RFCs'.
type parameter struct{ theirs, ours string }

var accessTokenParameters = []parameter{
	{applicationID, "client_id"}, {applicationSecret, "client_secret"}, {nonce, "code"},
	{returnURI, "redirect_uri"}, {"code_verifier", "code_verifier"}, // not BoxC's, and checked where they are sent
}

// inBody are the parameters that may not be in the URL.
var inBody = []string{nonce, applicationID, applicationSecret, returnURI, "code_verifier"}

// decodeAccessToken reads an exchange of a nonce. The client's credentials may be in the body or in HTTP Basic, and
// nothing may be in the URL (RFC 6749 §2.3.1). Another Authorization header is not looked at: libraries send the token
// they have with every call.
func decodeAccessToken(r *http.Request) (*authz.Request, error) {
	req := &authz.Request{Params: authz.Params{"grant_type": "authorization_code"}}
	authorization := r.Header.Get("Authorization")
	if _, basic := dialect.Credentials(authorization, "Basic"); basic {
		req.Authorization = authorization
	}
	if err := dialect.RefuseQuery(r, inBody...); err != nil {
		return req, err
	}
	body, err := dialect.ReadBody(r, false)
	if err != nil {
		return req, err
	}
	wrong := fields{}
	for _, p := range accessTokenParameters {
		text, err := body.Text(p.theirs)
		switch {
		case err != nil:
			wrong[p.theirs] = "Invalid value"
		case text != "":
			req.Params[p.ours] = text
		case p.ours == "code", req.Authorization == "" && strings.HasPrefix(p.ours, "client_"):
			wrong[p.theirs] = "Required"
		}
	}
	return req, wrong.refusal()
}

// encodeAccessToken answers with an access token, which never expires unless the client's record says otherwise.
func encodeAccessToken(_ *authz.Request, a *authz.Answer) authz.Response {
	body := struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   *int64 `json:"expires_in"` // seconds; null: never
		TokenType   string `json:"token_type"`
	}{AccessToken: a.AccessToken, TokenType: "Bearer"}
	if a.ExpiresIn > 0 {
		seconds := int64(a.ExpiresIn / time.Second)
		body.ExpiresIn = &seconds
	}
	return authz.Response{Status: http.StatusCreated, Body: body}
}
