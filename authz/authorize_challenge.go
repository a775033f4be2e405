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

// AuthorizeChallenge is IssueCode in the draft's words. Params are those of IssueCode. An *Error with code
// insufficient_authorization where the access token proves no person, and redirect_to_web where the person has to be asked
// in a browser, by an authorization request with the same parameters.
func (s *Server) AuthorizeChallenge(ctx context.Context, req *Request) (*Answer, error) {
	if req.Params["auth_session"] != "" {
		return nil, refuse(CodeInvalidSession, "This server begins no auth_session. Ask with an access token that has the scope superapp.")
	}
	if response := req.Params["response_type"]; response != "" && response != "code" {
		return nil, refuse(CodeUnsupportedResponseType, descriptions[CodeUnsupportedResponseType])
	}
	answer, err := s.IssueCode(ctx, req)
	if err != nil {
		return nil, inChallenge(asError(err))
	}
	return answer, nil
}

// inChallenge says a refusal of IssueCode as the draft does.
func inChallenge(e *Error) *Error {
	says := func(code, description string, status int) *Error {
		said := *e
		said.Code, said.Description, said.Status = code, description, status
		return &said
	}
	switch {
	case e.Code == CodeInvalidToken || e.Reason == ReasonNoToken:
		return says(CodeInsufficientAuthorization, "Send a valid access token of the super app's own client, with the scope superapp.", http.StatusForbidden)
	case e.Code == CodeInsufficientScope:
		return says(CodeUnauthorizedClient, e.Description, http.StatusBadRequest)
	case e.Code == CodeConsentRequired:
		return says(CodeRedirectToWeb, "The person has to be asked first. Send the browser to the authorization endpoint.", http.StatusForbidden)
	case e.Code == CodeInvalidClient:
		return says(e.Code, e.Description, http.StatusBadRequest) // it names whom the code is for and proves nothing
	}
	return e
}

// decodeChallenge reads a form, with the access token in the header or in the body (RFC 6750 §2).
func decodeChallenge(r *http.Request) (*Request, error) {
	req, err := decodeForm("")(r)
	if err != nil {
		return req, err
	}
	scheme, token, _ := strings.Cut(req.Authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return req, nil
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
