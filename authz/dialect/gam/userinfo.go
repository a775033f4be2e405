package gam

import (
	"net/http"
	"strings"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
)

// decodeUserInfo finds the access token: in the Authorization header, or in a POST's body. Some clients send it in both
// places; then it has to be the same one. In the URL it is refused (RFC 6750 §2, RFC 9700 §4.3.2).
func decodeUserInfo(r *http.Request) (*authz.Request, error) {
	const name = "access_token"
	params, err := authz.Params{}, dialect.RefuseQuery(r, name)
	if r.Method == http.MethodPost && r.ContentLength != 0 && err == nil {
		params, err = ReadForm(r, name)
	}
	req := &authz.Request{Params: params}
	if err != nil {
		return req, err
	}
	token := tokenOf(r.Header.Get("Authorization"))
	if token != "" && params[name] != "" && params[name] != token {
		return req, authz.Refuse(authz.CodeInvalidRequest, "Two different access tokens were sent.")
	}
	if token != "" {
		params[name] = token
	}
	return req, nil
}

// tokenOf returns the access token of an Authorization header that is "t", "OAuth t" or "Bearer t"; empty where there is
// none.
func tokenOf(authorization string) string {
	token, found := dialect.Credentials(authorization, "OAuth", "Bearer")
	switch {
	case found:
		return token
	case strings.Contains(authorization, " "): // of another scheme
		return ""
	}
	return authorization
}

func encodeUserInfo(_ *authz.Request, a *authz.Answer) authz.Response {
	return authz.Response{Body: userInfoOf(a)}
}

// checkIdentifies refuses an answer that does not say who the person is: GAM's error 5. A company's token is such a one.
func checkIdentifies(_ *authz.Request, a *authz.Answer) error {
	if info := userInfoOf(a); info.GUID+info.ExternalID+info.Username+info.Email == "" {
		return authz.Refuse(authz.CodeInsufficientScope, gamMessages[codeNoIdentification])
	}
	return nil
}
