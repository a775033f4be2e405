package gam

import (
	"cmp"
	"net/http"
	"strconv"

	"gatehouse/authz"
	"gatehouse/registry"
)

// GAM's own codes that can happen here. What it has no published code for is 0, and what is no fault of the request, a failure of
// the server or too many at a time, its HTTP status, as GeneXus programs do it.
const (
	codeOther            = "0"
	codeNoIdentification = "5"
	codeRefresh          = "101"
	codeRevoked          = "102"
	codeExpired          = "103"
	codeNotAllowed       = "230"
)

// gamMessages are GAM's own texts for codes.
var gamMessages = map[string]string{
	codeNoIdentification: "User identification not valid",
	codeRefresh:          "Refresh token error.",
	codeRevoked:          "Token revoked, login again.",
	codeExpired:          "Token expired, log in again.",
}

// noHeader is GAM's text for a request without a token.
const noHeader = "This service needs an Authorization Header"

// failure is a refusal in GAM's words.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Fail writes a refusal of an endpoint that clients authenticate at, in the form that the client's record asks for. Where
// the request names no client that is the RFCs' (RFC 6749 §5.2).
func Fail(req *authz.Request, e *authz.Error) authz.Response {
	if wantsGAM(req) {
		f := failureOf(req, e)
		response := f.response(e)
		if e.Status == http.StatusUnauthorized {
			response.Header = f.challenge()
		}
		return response
	}
	response := rfcResponse(req, e)
	if e.Status == http.StatusUnauthorized {
		response.Header = challenge(authz.BasicChallenge)
	}
	return response
}

// failUserInfo writes a refusal of a token, with a challenge (RFC 6750 §3).
func failUserInfo(req *authz.Request, e *authz.Error) authz.Response {
	response, header := rfcResponse(req, e), challenge(authz.BearerChallenge(e, ""))
	if wantsGAM(req) {
		f := failureOf(req, e)
		response, header = f.response(e), f.challenge()
	}
	if !later(e) {
		response.Header = header
	}
	return response
}

// later reports whether the same request may be answered another time: nothing is wrong with what it presents.
func later(e *authz.Error) bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

func wantsGAM(req *authz.Request) bool {
	client := cmp.Or(req.Client, req.Named)
	if client == nil {
		return false
	}
	settings, _ := registry.GAMOf(client)
	return settings.ErrorFormat == registry.GAMErrorGAM
}

// rfcResponse is a refusal as the RFCs have it, with GAM's text for a missing token.
func rfcResponse(req *authz.Request, e *authz.Error) authz.Response {
	members := e.Members()
	if e.Reason == authz.ReasonNoToken {
		members = map[string]string{"error": authz.CodeInvalidToken, "error_description": noHeader}
	}
	return authz.Response{Status: e.Status, Code: codeOf(req, e), Body: members}
}

func (f failure) response(e *authz.Error) authz.Response {
	return authz.Response{Status: e.Status, Code: f.Code, Body: map[string]failure{"error": f}}
}

// failureOf says a refusal in GAM's words. None is for a missing token: without one no client is known.
func failureOf(req *authz.Request, e *authz.Error) failure {
	f := failure{Code: codeOf(req, e), Message: e.Description}
	if own, ok := gamMessages[f.Code]; ok {
		f.Message = own
	}
	return f
}

// codeOf finds GAM's code for a refusal.
func codeOf(req *authz.Request, e *authz.Error) string {
	switch {
	case e.Vendor != "":
		return e.Vendor
	case later(e):
		return strconv.Itoa(e.Status)
	case e.Code == authz.CodeInsufficientScope:
		return codeNoIdentification
	case e.Code == authz.CodeInvalidGrant && req.Params["grant_type"] == registry.GrantRefreshToken:
		return codeRefresh
	case e.Code == authz.CodeInvalidToken && e.Reason == authz.ReasonExpired:
		return codeExpired
	case e.Code == authz.CodeInvalidToken && (e.Reason == authz.ReasonRevoked || e.Reason == authz.ReasonWithdrawn):
		return codeRevoked
	}
	return codeOther
}

// challenge is GAM's own, which belongs to no standard.
func (f failure) challenge() map[string]string {
	return challenge(`OAuth realm="gatehouse",error_code="` + f.Code + `",error_description="` + f.Message + `"`)
}

func challenge(text string) map[string]string { return map[string]string{"WWW-Authenticate": text} }
