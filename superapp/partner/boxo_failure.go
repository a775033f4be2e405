package partner

import (
	"context"
	"net/http"
	"slices"

	"gatehouse/authz"
	"gatehouse/authz/dialect/boxo"
	"gatehouse/internal/outbound"
)

// Error codes of Boxo (docs.boxo.io/host-apps/ErrorCodes) that only the platform has.
const (
	codeNotSet           = "ENDPOINT_URL_NOT_SET"
	codeAppNotSet        = "MINIAPP_INTEGRATION_NOT_SET"
	codeUserIDRequired   = "HOSTAPP_USER_ID_REQUIRED"
	codeUnexpected       = "UNEXPECTED_RESPONSE_ERROR"
	codeUnparsable       = "FAILED_TO_PARSE_RESPONSE"
	codeAttributeMissing = "RESPONSE_ATTRIBUTE_MISSING"
)

// partnersCodes are the error codes that are passed on when a host app or a mini app answers with them. Any other is
// UNEXPECTED_RESPONSE_ERROR, so that nobody can put words into our mouth.
var partnersCodes = []string{
	boxo.ExpiredAuthCode, boxo.InvalidAuthCode, boxo.ExpiredAccessToken, boxo.InvalidAccessToken, boxo.InvalidUserData,
	boxo.AccessDenied, boxo.HostAppNotFound, boxo.MiniAppNotFound, boxo.NoIntegration, boxo.NotImplemented, boxo.FeatureDisabled,
	boxo.MissingHeader, boxo.ParsingError, boxo.UnknownError,
	codeNotSet, codeAppNotSet, codeUserIDRequired, codeUnexpected, codeUnparsable, codeAttributeMissing,
	"PROCESS_FAIL", "NOT_A_WHITELISTED_IP", "INVALID_SIGNATURE", "SIGNATURE_VALIDATION_ERROR", "INVALID_RESPONSE_CONTENT_TYPE",
	"MISSING_REQUEST_SIGNATURE_SETTINGS", "FEATURE_DISABLED_IN_HOSTAPP", "FEATURE_DISABLED_IN_MINIAPP", "HOSTAPP_INTEGRATION_NOT_SET",
	"INTEGRATION_ENABLED_NOT_SET", "HOSTAPP_ENABLED_NOT_SET", "HOSTAPP_USER_NOT_FOUND", "PLAN_LIMIT_REACHED",
}

// failBoxo writes a refusal as the platform does: status 400 with a code and a text. What proxies and monitors have to
// see keeps its status.
func failBoxo(req *authz.Request, e *authz.Error) authz.Response {
	code := boxo.ErrorCode(req, e, boxo.InvalidAuthCode, boxo.ExpiredAuthCode)
	body := struct {
		Code    string `json:"error_code"`
		Message string `json:"error_message"`
	}{code, e.Description}
	status := http.StatusBadRequest
	switch e.Status {
	case http.StatusMethodNotAllowed, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable:
		status = e.Status
	}
	return authz.Response{Status: status, Code: code, Body: body}
}

// side is a server that the platform calls, as texts name it.
type side string

const (
	hostApp side = "The host app's server"
	miniApp side = "The mini app's server"
)

// failed says that one did not answer as it should, with Boxo's code for how; why is for the log. It counts as a bad
// gateway, as which it is logged: Boxo's format has status 400 for everything.
func (s side) failed(code, how string, why error) error {
	return &authz.Error{
		Code: authz.CodeServerError, Description: string(s) + " " + how, Status: http.StatusBadGateway, Vendor: code, Cause: why,
	}
}

// ask makes a call to one of the two and returns what it answered with success. Whatever the status, JSON with an
// error_code is a refusal; anything but 200 without one is a failure, and so is what is no JSON object.
func (p *Partner) ask(ctx context.Context, s side, c call) (members, error) {
	answer, err := p.send(ctx, c)
	if err != nil {
		return nil, s.failed(codeUnexpected, "could not be called.", err)
	}
	return s.read(answer)
}

func (s side) read(answer *outbound.Response) (members, error) {
	m := readMembers(answer.Body)
	code, err := m.text("error_code")
	switch {
	case code != "" && slices.Contains(partnersCodes, code):
		return nil, boxo.Refuse(code, string(s)+" refused.")
	case code != "" || err != nil:
		return nil, s.failed(codeUnexpected, "answered with an error that is not known.", nil)
	case answer.Status != http.StatusOK:
		return nil, s.failed(codeUnexpected, "did not answer as it should.", unexpected(answer))
	case m == nil:
		return nil, s.failed(codeUnparsable, "answered what is no JSON object.", nil)
	}
	return m, nil
}

// need returns a text that an answer has to have.
func (m members) need(name string, s side) (string, error) {
	text, err := m.text(name)
	switch {
	case err != nil:
		return "", s.failed(codeUnparsable, "answered with "+name+" that is no text.", nil)
	case text == "":
		return "", s.failed(codeAttributeMissing, "answered without "+name+".", nil)
	}
	return text, nil
}
