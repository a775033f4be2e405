package authz

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/ory/fosite"

	"gatehouse/internal/httpx"
	"gatehouse/storage"
)

// Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1 and OIDC Core §3.1.2.6.
const (
	CodeInvalidRequest           = "invalid_request"
	CodeInvalidClient            = "invalid_client"
	CodeInvalidGrant             = "invalid_grant"
	CodeUnauthorizedClient       = "unauthorized_client"
	CodeUnsupportedGrantType     = "unsupported_grant_type"
	CodeUnsupportedResponseType  = "unsupported_response_type"
	CodeInvalidScope             = "invalid_scope"
	CodeAccessDenied             = "access_denied"
	CodeServerError              = "server_error"
	CodeTemporarilyUnavailable   = "temporarily_unavailable"
	CodeInvalidToken             = "invalid_token"
	CodeInsufficientScope        = "insufficient_scope"
	CodeLoginRequired            = "login_required"
	CodeConsentRequired          = "consent_required"
	CodeInteractionRequired      = "interaction_required"
	CodeAccountSelectionRequired = "account_selection_required"
	CodeRequestNotSupported      = "request_not_supported"
	CodeRequestURINotSupported   = "request_uri_not_supported"
	CodeRegistrationNotSupported = "registration_not_supported"
)

// Error is a refusal in the words of the standards. Description is a fixed English text, never what the client sent.
type Error struct {
	Code        string
	Description string
	Status      int           // of a direct answer
	Reason      Reason        // what lies behind it, for formats that have a word for that
	Page        string        // the catalog's text for people (templates.Error.Key); empty: that of Code
	Vendor      string        // a vendor's own code, where it is the format itself that refuses
	RetryAfter  time.Duration // zero: as long as an outage takes, where Status asks to wait
	// Detail says to the client's developers what exactly was wrong (see noted.go). It may name redirect URIs, scopes and
	// methods, and never a secret, code or token, or what is a person's. Empty: Description says it.
	Detail string
	Cause  error // for the log only
}

// Reason says more about a refusal than its code. The RFCs' format does not tell it to anybody.
type Reason string

// The reasons that there are. None: the zero value.
const (
	ReasonUnknownClient Reason = "unknown client"      // or one that does not speak the dialect
	ReasonUnapproved    Reason = "client not approved" // though it proved who it is
	ReasonExpired       Reason = "expired"             // the code or token, or the person's decision
	ReasonRevoked       Reason = "revoked"             // the token, with its family
	ReasonWithdrawn     Reason = "withdrawn"           // the person, or their company, disconnected the client
	ReasonNoToken       Reason = "no token"            // none was sent
)

// Error returns the code and the description.
func (e *Error) Error() string { return e.Code + ": " + e.Description }

// Unwrap returns the internal cause.
func (e *Error) Unwrap() error { return e.Cause }

func refuse(code, description string) *Error {
	return &Error{Code: code, Description: description, Status: statusOf(code)}
}

// Refuse returns a refusal with one of the RFCs' error codes, and the status that goes with it. The description is a fixed
// text, never what a client sent.
func Refuse(code, description string) *Error { return refuse(code, description) }

// For returns the refusal with its reason.
func (e *Error) For(reason Reason) *Error {
	wrapped := *e
	wrapped.Reason = reason
	return &wrapped
}

// WithStatus returns the refusal with another status than its code's own.
func (e *Error) WithStatus(status int) *Error {
	wrapped := *e
	wrapped.Status = status
	return &wrapped
}

func (e *Error) because(cause error) *Error {
	wrapped := *e
	wrapped.Cause = cause
	return &wrapped
}

// told returns the refusal with a detail.
func (e *Error) told(detail string) *Error {
	wrapped := *e
	wrapped.Detail = detail
	return &wrapped
}

func statusOf(code string) int {
	switch code {
	case CodeInvalidClient, CodeInvalidToken:
		return http.StatusUnauthorized
	case CodeInsufficientScope:
		return http.StatusForbidden
	case CodeServerError:
		return http.StatusInternalServerError
	case CodeTemporarilyUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

var (
	errClient      = refuse(CodeInvalidClient, "Client authentication failed.")
	errGrant       = refuse(CodeInvalidGrant, "The code or refresh token is not valid, has expired, was used or revoked, or belongs to another client.")
	errUnavailable = refuse(CodeTemporarilyUnavailable, "The server cannot answer right now. Try again shortly.")
)

// fositeCodes maps the codes of fosite that no registry knows onto those of the RFCs; the standard ones stay.
var fositeCodes = map[string]string{
	"invalid_state":             CodeInvalidRequest,
	"insufficient_entropy":      CodeInvalidRequest,
	"unsupported_response_mode": CodeInvalidRequest,
	"request_forbidden":         CodeInvalidRequest,
	"request_unauthorized":      CodeInvalidToken,
	"token_inactive":            CodeInvalidGrant,
	"token_expired":             CodeInvalidGrant,
	"token_signature_mismatch":  CodeInvalidGrant,
	"token_claim":               CodeInvalidGrant,
	"scope_not_granted":         CodeInvalidGrant,
	"jti_known":                 CodeInvalidClient,
	"not_found":                 CodeInvalidGrant,
	"misconfiguration":          CodeServerError,
	"error":                     CodeServerError,
}

// descriptions are our texts for the refusals that fosite makes, so that nothing sent by a client is repeated.
var descriptions = map[string]string{
	CodeInvalidRequest:          "The request is missing a parameter, or one is malformed.",
	CodeInvalidGrant:            errGrant.Description,
	CodeInvalidScope:            "A requested scope is unknown or not registered for this client.",
	CodeUnauthorizedClient:      "The client is not registered for this grant type.",
	CodeUnsupportedGrantType:    "The grant type is not supported.",
	CodeUnsupportedResponseType: "The response type is not supported. Use \"code\".",
	CodeServerError:             "The server failed to answer the request.",
	CodeTemporarilyUnavailable:  errUnavailable.Description,
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
		return refuse(CodeServerError, descriptions[CodeServerError]).because(err)
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

// Members is the refusal as JSON members (RFC 6749 §5.2).
func (e *Error) Members() map[string]string {
	m := map[string]string{}
	if e.Code != "" { // RFC 6750 §3.1: none where no token was sent
		m["error"] = e.Code
	}
	if e.Code != "" && e.Description != "" {
		m["error_description"] = e.Description
	}
	return m
}

// retryAfter is what a client is asked to wait while the database is away, in seconds.
const retryAfter = 2

// logError logs a refusal once, at the rim, with more attributes if there are. Refusals of clients are information,
// failures of ours are errors.
func (s *Server) logError(ctx context.Context, e *Error, more ...any) {
	level := slog.LevelInfo
	if e.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := append([]any{"request_id", httpx.RequestID(ctx), "error", e.Code, "reason", e.Description}, more...)
	if e.Cause != nil && e.Status >= http.StatusInternalServerError {
		attrs = append(attrs, "cause", e.Cause.Error())
	}
	s.log.Log(ctx, level, "refused", attrs...)
}

// writeJSON answers with JSON that nobody stores (RFC 6749 §5.1). A json.RawMessage goes out as it is, byte by byte.
func writeJSON(w http.ResponseWriter, status int, body any) {
	raw, ready := body.(json.RawMessage)
	if !ready {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			status, raw = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
		}
	}
	maps.Copy(w.Header(), headerOfJSON)
	w.WriteHeader(status)
	w.Write(raw)
	if !ready {
		io.WriteString(w, "\n")
	}
}

// headerOfJSON is shared by all answers; http.Header never writes into the values of a name.
var headerOfJSON = http.Header{
	"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "X-Content-Type-Options": {"nosniff"},
}
