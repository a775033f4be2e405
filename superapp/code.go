package superapp

import (
	"maps"
	"net/http"
	"time"

	"gatehouse/authz"
	"gatehouse/authz/dialect"
	"gatehouse/registry"
)

// codeParams are the members that a request for a code may have (contract: POST …/code).
var codeParams = map[string]string{
	"redirect_uri": "redirect_uri", "code_challenge": "code_challenge", "code_challenge_method": "code_challenge_method",
	"state": "state", "scope": "scope", "nonce": "nonce",
}

// codeRoute is POST /superapp/v1/apps/{client_id}/code: an authorization code for a mini app, without a browser.
func (a *API) codeRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/superapp/v1/apps/{client_id}/code",
		Endpoint: a.Authz.API(a.Authz.IssueCode), Decode: decodeFor(codeParams), Encode: a.encodeCode, Fail: fail,
	}
}

// encodeCode answers like an authorization response, state and iss included (RFC 6749 §4.1.2, RFC 9207 §2).
func (a *API) encodeCode(req *authz.Request, answer *authz.Answer) authz.Response {
	body := struct {
		Code      string `json:"code"`
		ExpiresIn int64  `json:"expires_in"`
		State     string `json:"state,omitempty"`
		Issuer    string `json:"iss"`
	}{answer.Code, int64(answer.ExpiresIn / time.Second), req.Params["state"], a.Issuer}
	return authz.Response{Status: http.StatusCreated, Body: body}
}

// decodeCall is a Decode that reads what every call may have: the host app's access token, the mini app in the path, and
// the language that is asked for.
func decodeCall(r *http.Request) (*authz.Request, error) {
	params := authz.Params{"client_id": r.PathValue("client_id"), "ui_locales": r.URL.Query().Get("ui_locales")}
	if token, bearer := dialect.Credentials(r.Header.Get("Authorization"), "Bearer"); bearer { // RFC 6750 §2.1
		params["access_token"] = token
	}
	return &authz.Request{Header: r.Header, Params: params}, nil
}

// decodeObject is decodeCall, and the body, which has to be a JSON object, whatever its Content-Type says. An *authz.Error
// otherwise.
func decodeObject(r *http.Request) (*authz.Request, dialect.Body, error) {
	req, err := decodeCall(r)
	if err != nil {
		return req, dialect.Body{}, err
	}
	body, err := dialect.ReadBody(r, false)
	if err == nil && !body.IsJSON() {
		err = authz.Refuse(authz.CodeInvalidRequest, "The request body is not a JSON object.")
	}
	return req, body, err
}

// decodeFor returns a Decode that reads what decodeCall reads, and these members of a JSON object, which may be left out
// where nothing in it is needed.
func decodeFor(members map[string]string) func(*http.Request) (*authz.Request, error) {
	return func(r *http.Request) (*authz.Request, error) {
		if r.ContentLength == 0 {
			return decodeCall(r)
		}
		req, body, err := decodeObject(r)
		if err != nil {
			return req, err
		}
		sent, err := body.Params(members)
		maps.Copy(req.Params, sent)
		return req, err
	}
}

// fail is an error response (RFC 6749 §5.2), with the challenge of RFC 6750 §3 where it is about the access token.
func fail(_ *authz.Request, e *authz.Error) authz.Response {
	answer := authz.Response{Status: e.Status, Body: e.Members()}
	if e.Reason == authz.ReasonNoToken || e.Code == authz.CodeInvalidToken || e.Code == authz.CodeInsufficientScope {
		answer.Header = map[string]string{"WWW-Authenticate": authz.BearerChallenge(e, registry.ScopeSuperapp)}
	}
	return answer
}
