package authz

import (
	"context"
	"net/http"
	"strings"
)

// The authorization challenge endpoint of OAuth 2.0 for First-Party Applications (draft-ietf-oauth-first-party-apps): a code
// without a browser, for the super app's own client.

// Error codes of the draft, §5.2.2.
const (
	CodeInsufficientAuthorization = "insufficient_authorization"
	CodeRedirectToWeb             = "redirect_to_web"
	CodeInvalidSession            = "invalid_session"
)

// AuthorizeChallenge is IssueCode in the draft's words. Params are those of IssueCode, and response_type. An *Error with
// code insufficient_authorization where the access token proves no person, and redirect_to_web where the person has to be
// met in a browser, by an authorization request with the same parameters: there is no request_uri to name it by.
func (s *Server) AuthorizeChallenge(ctx context.Context, req *Request) (*Answer, error) {
	if req.Params["auth_session"] != "" {
		return nil, refuse(CodeInvalidSession, "This server begins no auth_session. Ask with an access token that has the scope superapp.")
	}
	if req.Params["client_secret"] != "" || req.Params["client_assertion"] != "" {
		return nil, errMiniAppsSecret
	}
	switch req.Params["response_type"] {
	case "code":
	case "":
		return nil, refuse(CodeInvalidRequest, "The parameter response_type is missing. It has to be code.")
	default:
		return nil, refuse(CodeUnsupportedResponseType, descriptions[CodeUnsupportedResponseType])
	}
	answer, err := s.IssueCode(ctx, req)
	if err != nil {
		return nil, inChallenge(asError(err))
	}
	return answer, nil
}

// errMiniAppsSecret refuses a secret, good or wrong: it is not the host app's to have.
var errMiniAppsSecret = refuse(CodeInvalidRequest, "Nobody authenticates here as the client of client_id. Leave its secret to its own server, and send the host app's access token as Bearer.")

// inChallenge says a refusal of IssueCode as the draft does: with status 400, but for its own two codes (§5.2.2).
func inChallenge(e *Error) *Error {
	said := *e
	switch {
	case e.Code == CodeInvalidToken || e.Reason == ReasonNoToken:
		said.Code, said.Description = CodeInsufficientAuthorization, "Send a valid access token of the super app's own client, with the scope superapp."
	case e.Code == CodeConsentRequired, e.Code == CodeInteractionRequired, e.Code == CodeLoginRequired:
		said.Code, said.Description = CodeRedirectToWeb, "The person has to be asked first. Send the same request to the authorization endpoint, in a browser."
	case e.Code == CodeInsufficientScope:
		said.Code = CodeUnauthorizedClient
	}
	switch {
	case said.Code == CodeInsufficientAuthorization, said.Code == CodeRedirectToWeb:
		said.Status = http.StatusForbidden
	case e.Status < http.StatusInternalServerError:
		said.Status = http.StatusBadRequest
	}
	return &said
}

// decodeChallenge reads a form, with the access token in the header or in the body (RFC 6750 §2).
func decodeChallenge(r *http.Request) (*Request, error) {
	req, err := decodeForm("")(r)
	if err != nil {
		return req, err
	}
	scheme, token, _ := strings.Cut(req.Authorization, " ")
	switch {
	case req.Authorization == "":
		return req, nil
	case !strings.EqualFold(scheme, "Bearer"):
		return req, errMiniAppsSecret
	}
	if req.Params["access_token"] != "" {
		return req, refuse(CodeInvalidRequest, "The access token was sent in more than one way.")
	}
	req.Params["access_token"] = strings.TrimSpace(token)
	return req, nil
}

// encodeChallenge is the draft's §5.2.1.
func encodeChallenge(_ *Request, a *Answer) Response {
	return Response{Body: map[string]string{"authorization_code": a.Code}}
}
