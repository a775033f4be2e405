package authz

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/ory/fosite"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1 and OIDC Core §3.1.2.6.
const (
	codeInvalidRequest           = "invalid_request"
	codeInvalidClient            = "invalid_client"
	codeInvalidGrant             = "invalid_grant"
	codeUnauthorizedClient       = "unauthorized_client"
	codeUnsupportedGrantType     = "unsupported_grant_type"
	codeUnsupportedResponseType  = "unsupported_response_type"
	codeInvalidScope             = "invalid_scope"
	codeAccessDenied             = "access_denied"
	codeServerError              = "server_error"
	codeTemporarilyUnavailable   = "temporarily_unavailable"
	codeInvalidToken             = "invalid_token"
	codeInsufficientScope        = "insufficient_scope"
	codeLoginRequired            = "login_required"
	codeConsentRequired          = "consent_required"
	codeInteractionRequired      = "interaction_required"
	codeAccountSelectionRequired = "account_selection_required"
	codeRequestNotSupported      = "request_not_supported"
	codeRequestURINotSupported   = "request_uri_not_supported"
	codeRegistrationNotSupported = "registration_not_supported"
)

// Error is a refusal in the words of the standards. Description is a fixed English text, never what the client sent.
type Error struct {
	Code        string
	Description string
	Status      int   // of a direct answer
	Cause       error // for the log only
}

// Error returns the code and the description.
func (e *Error) Error() string { return e.Code + ": " + e.Description }

// Unwrap returns the internal cause.
func (e *Error) Unwrap() error { return e.Cause }

func refuse(code, description string) *Error {
	return &Error{Code: code, Description: description, Status: statusOf(code)}
}

func (e *Error) because(cause error) *Error {
	wrapped := *e
	wrapped.Cause = cause
	return &wrapped
}

func statusOf(code string) int {
	switch code {
	case codeInvalidClient, codeInvalidToken:
		return http.StatusUnauthorized
	case codeInsufficientScope:
		return http.StatusForbidden
	case codeServerError:
		return http.StatusInternalServerError
	case codeTemporarilyUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

var (
	errClient      = refuse(codeInvalidClient, "Client authentication failed.")
	errGrant       = refuse(codeInvalidGrant, "The code or refresh token is not valid, has expired, was used or revoked, or belongs to another client.")
	errUnavailable = refuse(codeTemporarilyUnavailable, "The server cannot answer right now. Try again shortly.")
)

// fositeCodes maps the codes of fosite that no registry knows onto those of the RFCs; the standard ones stay.
var fositeCodes = map[string]string{
	"invalid_state":             codeInvalidRequest,
	"insufficient_entropy":      codeInvalidRequest,
	"unsupported_response_mode": codeInvalidRequest,
	"request_forbidden":         codeInvalidRequest,
	"request_unauthorized":      codeInvalidToken,
	"token_inactive":            codeInvalidGrant,
	"token_expired":             codeInvalidGrant,
	"token_signature_mismatch":  codeInvalidGrant,
	"token_claim":               codeInvalidGrant,
	"scope_not_granted":         codeInvalidGrant,
	"jti_known":                 codeInvalidClient,
	"not_found":                 codeInvalidGrant,
	"misconfiguration":          codeServerError,
	"error":                     codeServerError,
}

// descriptions are our texts for the refusals that fosite makes, so that nothing sent by a client is repeated.
var descriptions = map[string]string{
	codeInvalidRequest:          "The request is missing a parameter, or one is malformed.",
	codeInvalidGrant:            errGrant.Description,
	codeInvalidScope:            "A requested scope is unknown or not registered for this client.",
	codeUnauthorizedClient:      "The client is not registered for this grant type.",
	codeUnsupportedGrantType:    "The grant type is not supported.",
	codeUnsupportedResponseType: "The response type is not supported. Use \"code\".",
	codeServerError:             "The server failed to answer the request.",
	codeTemporarilyUnavailable:  errUnavailable.Description,
}

// asError turns whatever went wrong into an Error: our own as it is, an outage into 503, fosite's by the tables above.
func asError(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if isOutage(err) {
		return errUnavailable.because(err)
	}
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return errGrant.because(err)
	}
	var theirs *fosite.RFC6749Error
	if !errors.As(err, &theirs) {
		return refuse(codeServerError, descriptions[codeServerError]).because(err)
	}
	code := theirs.ErrorField
	if mapped, ok := fositeCodes[code]; ok {
		code = mapped
	}
	return refuse(code, descriptions[code]).because(err)
}

// isOutage reports whether an error says that the database was not asked or did not answer in time.
func isOutage(err error) bool {
	return errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// writeError answers with the JSON of RFC 6749 §5.2.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := asError(err)
	s.logError(r.Context(), e)
	h := w.Header()
	switch {
	case e.Status == http.StatusUnauthorized && e.Code == codeInvalidClient:
		h.Set("WWW-Authenticate", `Basic realm="gatehouse", charset="UTF-8"`) // RFC 6749 §5.2, RFC 7617 §2.1
	case e.Status == http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	body := map[string]string{"error": e.Code}
	if e.Description != "" {
		body["error_description"] = e.Description
	}
	writeJSON(w, e.Status, body)
}

// retryAfter is what a client is asked to wait while the database is away, in seconds.
const retryAfter = 2

// logError logs a refusal once, at the rim. Refusals of clients are information, failures of ours are errors.
func (s *Server) logError(ctx context.Context, e *Error) {
	level := slog.LevelInfo
	if e.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []any{"request_id", httpx.RequestID(ctx), "error", e.Code, "reason", e.Description}
	if e.Cause != nil && e.Status >= http.StatusInternalServerError {
		attrs = append(attrs, "cause", e.Cause.Error())
	}
	s.log.Log(ctx, level, "refused", attrs...)
}

// writeJSON answers with JSON that nobody stores (RFC 6749 §5.1).
func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		status, raw = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(raw, '\n'))
}
