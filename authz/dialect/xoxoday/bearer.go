package xoxoday

import (
	"net/http"
	"strings"
	"time"

	"gatehouse/authz"
	"gatehouse/registry"
)

// decodeBearer finds the access token in the header (RFC 6750 §2.1), with any space around it.
func decodeBearer(r *http.Request) (*authz.Request, error) {
	req := &authz.Request{Params: authz.Params{}}
	if words := strings.Fields(r.Header.Get("Authorization")); len(words) == 2 && strings.EqualFold(words[0], "Bearer") {
		req.Params["access_token"] = words[1]
	}
	return req, nil
}

// encodeValidation tells how long the presented token is still good, in the unit that its client is registered for.
func encodeValidation(_ *authz.Request, a *authz.Answer) authz.Response {
	unit := time.Second
	if settings, _ := registry.XoxodayOf(a.Client); settings.ValidateExpiresIn == registry.ExpiresInMilliseconds {
		unit = time.Millisecond
	}
	return authz.Response{Body: tokens{
		AccessToken: a.AccessToken, TokenType: "bearer", ExpiresIn: expiresIn(a, unit), expiries: expiriesOf(a),
	}}
}

// failBearer is an error response where an access token is asked for, with the challenge of RFC 6750 §3. A token that is
// not good, and none, are the same to the vendor.
func failBearer(req *authz.Request, e *authz.Error) authz.Response {
	switch {
	case e.Reason == authz.ReasonNoToken:
		return refusal(e.Status, `Bearer realm="gatehouse"`) // RFC 6750 §3.1: no error where nothing was sent
	case e.Code == authz.CodeInvalidToken:
		return refusal(e.Status, `Bearer realm="gatehouse", error="invalid_token", error_description="invalid/expired token"`)
	}
	answer := authz.FailRFC(req, e)
	if e.Code == authz.CodeInsufficientScope {
		answer.Header = map[string]string{"WWW-Authenticate": `Bearer realm="gatehouse", error="insufficient_scope", scope="user_session"`}
	}
	return answer
}

func refusal(status int, challenge string) authz.Response {
	return authz.Response{
		Status: status,
		Header: map[string]string{"WWW-Authenticate": challenge},
		Body:   map[string]string{"error": authz.CodeInvalidToken, "error_description": "invalid/expired token"},
	}
}
