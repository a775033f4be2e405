package boxo

import (
	"net/http"
	"slices"

	"gatehouse/authz"
)

// Error codes of Boxo (docs.boxo.io/host-apps/ErrorCodes) that are answered here.
const (
	ExpiredAuthCode    = "EXPIRED_AUTH_CODE"
	InvalidAuthCode    = "INVALID_AUTH_CODE"
	ExpiredAccessToken = "EXPIRED_ACCESS_TOKEN"
	InvalidAccessToken = "INVALID_ACCESS_TOKEN"
	InvalidUserData    = "INVALID_USER_DATA"
	AccessDenied       = "ACCESS_DENIED"
	HostAppNotFound    = "HOSTAPP_NOT_FOUND"
	MiniAppNotFound    = "MINIAPP_NOT_FOUND"
	NoIntegration      = "NO_INTEGRATION"
	FeatureDisabled    = "FEATURE_DISABLED_IN_INTEGRATION"
	MissingHeader      = "MISSING_HEADER"
	ParsingError       = "PARSING_ERROR_INVALID_REQUEST_BODY"
	NotImplemented     = "NOT_IMPLEMENTED"
	UnknownError       = "UNKNOWN_ERROR"
)

// Refuse returns a refusal that Boxo has a code of its own for.
func Refuse(code, description string) error {
	e := authz.Refuse(authz.CodeAccessDenied, description)
	e.Vendor = code
	return e
}

// honest are the statuses that are not turned into 200: of a request that is none of the vendor's, and of too many and an outage,
// which proxies and monitors have to see.
var honest = []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestURITooLong, http.StatusTooManyRequests, http.StatusServiceUnavailable}

// fail returns an authz.Route.Fail with Boxo's codes for what is presented, an auth code or a token, when it is not good.
func fail(invalid, expired string) func(*authz.Request, *authz.Error) authz.Response {
	return func(req *authz.Request, e *authz.Error) authz.Response {
		code := ErrorCode(req, e, invalid, expired)
		response := authz.Response{Status: http.StatusOK, Code: code, Body: map[string]string{"error_code": code}}
		if slices.Contains(honest, e.Status) {
			response.Status = e.Status
		}
		return response
	}
}

// ErrorCode returns Boxo's code for a refusal. invalid and expired are the ones for what the request presents: an auth
// code or a token.
func ErrorCode(req *authz.Request, e *authz.Error, invalid, expired string) string {
	switch {
	case e.Vendor != "":
		return e.Vendor
	case e.Status == http.StatusNotFound, e.Status == http.StatusMethodNotAllowed:
		return NotImplemented
	case e.Status == http.StatusTooManyRequests, e.Status >= http.StatusInternalServerError:
		return UnknownError
	case e.Reason == authz.ReasonUnknownClient:
		return HostAppNotFound
	case e.Reason == authz.ReasonUnapproved:
		return NoIntegration
	case e.Reason == authz.ReasonWithdrawn, e.Code == authz.CodeInvalidClient:
		return AccessDenied
	case e.Reason == authz.ReasonExpired:
		return expired
	case e.Code == authz.CodeUnauthorizedClient:
		return FeatureDisabled
	case e.Code == authz.CodeInvalidRequest && req.Client == nil:
		return ParsingError // afterwards the body has been read, and only what it should present can be missing
	}
	return invalid
}
