package boxc

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/authz"
)

// Codes of BoxC's API that can happen here, see README.md.
const (
	codeValidation   = 1000
	codeServerError  = 1001
	codeDeactivated  = 1004
	codeInvalidToken = 1005
	codeNoClient     = 1007
	codeRevoked      = 1008
	codeNoScope      = 1009
	codeUnavailable  = 1010
	codeTooMany      = 1015
)

// messages are BoxC's own texts. One that ends with a space is followed by ours.
var messages = map[int]string{
	codeValidation:   "Validation Error. ",
	codeServerError:  "Server error. Try again later.",
	codeDeactivated:  "Client was deactivated",
	codeInvalidToken: "Invalid access token",
	codeNoClient:     "Client with that ID doesn't exist",
	codeRevoked:      "Forbidden: Authorization revoked",
	codeNoScope:      "Forbidden: Missing required scope",
	codeUnavailable:  "Service Unavailable: ",
	codeTooMany:      "Too many requests",
}

// envelope is a refusal in BoxC's words and in the RFCs' (RFC 6749 §5.2), so that libraries of either find theirs.
type envelope struct {
	Status           string            `json:"status"` // always error
	Code             int               `json:"code"`
	Message          string            `json:"message"`
	Errors           map[string]string `json:"errors,omitempty"` // by parameter
	Error            string            `json:"error"`
	ErrorDescription string            `json:"error_description"`
}

// fail writes a refusal.
func fail(_ *authz.Request, e *authz.Error) authz.Response {
	body := envelope{Status: "error", Code: codeOf(e), Error: e.Code, ErrorDescription: e.Description}
	if wrong, ok := e.Cause.(fields); ok {
		body.Errors = wrong
	}
	body.Message = messages[body.Code]
	if strings.HasSuffix(body.Message, " ") {
		body.Message += e.Description
	}
	response := authz.Response{Status: e.Status, Body: body}
	switch {
	case body.Code == codeRevoked:
		response.Status = http.StatusForbidden
	case e.Code == authz.CodeInvalidClient:
		response.Header = map[string]string{"WWW-Authenticate": authz.BasicChallenge}
	case body.Code == codeInvalidToken:
		response.Header = map[string]string{"WWW-Authenticate": `Bearer realm="gatehouse", error="invalid_token"`} // RFC 6750 §3
	}
	return response
}

// codeOf finds BoxC's code for a refusal. An unknown application and a wrong secret are the same.
func codeOf(e *authz.Error) int {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return codeTooMany
	case e.Status == http.StatusServiceUnavailable:
		return codeUnavailable
	case e.Status >= http.StatusInternalServerError:
		return codeServerError
	case e.Code == authz.CodeInvalidClient && e.Reason == authz.ReasonUnapproved:
		return codeDeactivated
	case e.Code == authz.CodeInvalidClient:
		return codeNoClient
	case e.Code == authz.CodeInvalidToken && (e.Reason == authz.ReasonRevoked || e.Reason == authz.ReasonWithdrawn):
		return codeRevoked
	case e.Code == authz.CodeInvalidToken:
		return codeInvalidToken
	case e.Code == authz.CodeInsufficientScope:
		return codeNoScope
	}
	return codeValidation
}

// fields are the parameters of a request that are wrong, each with what is wrong with it.
type fields map[string]string

// Error names the parameters.
func (f fields) Error() string {
	return "These parameters are missing or no text: " + strings.Join(slices.Sorted(maps.Keys(f)), ", ") + "."
}

// refusal is an *authz.Error that fail writes with the fields; nil when nothing is wrong.
func (f fields) refusal() error {
	if len(f) == 0 {
		return nil
	}
	e := authz.Refuse(authz.CodeInvalidRequest, f.Error())
	e.Cause = f
	return e
}
