package registration

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/admin"
	"gatehouse/admin/api"
	"gatehouse/internal/httpx"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Error codes (RFC 7591 §3.2.2, RFC 6750 §3.1, RFC 6749 §4.1.2.1).
const (
	codeMetadata    = "invalid_client_metadata"
	codeRedirectURI = "invalid_redirect_uri"
	codeStatement   = "unapproved_software_statement"
	codeToken       = "invalid_token"
	codeRequest     = "invalid_request"
	codeDenied      = "access_denied"
	codeUnavailable = "temporarily_unavailable"
	codeServer      = "server_error"
)

// refusal is what a request is refused with.
type refusal struct {
	status     int
	code       string
	text       string
	problems   registry.Problems // what is wrong, member by member
	challenge  string            // WWW-Authenticate
	retryAfter int               // seconds
	cause      error             // for the log
}

func (r *refusal) Error() string { return r.code + ": " + r.text }

// refusalOf translates an error of an operation.
func refusalOf(err error) *refusal {
	var refused *refusal
	var problems registry.Problems
	var status *registry.StatusError
	var wait *admin.TooMany
	const realm = `Bearer realm="gatehouse"`
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(api.WithMemberNames(err), &problems):
		return &refusal{status: http.StatusBadRequest, code: codeOf(problems), text: problems.Error(), problems: problems}
	case errors.As(err, &status): // "does not have permission to update its record" (RFC 7592 §2.2)
		return &refusal{status: http.StatusForbidden, code: codeDenied, text: status.Error()}
	case errors.Is(err, admin.ErrNoToken), errors.Is(err, admin.ErrNoRegistrationToken):
		return &refusal{status: http.StatusUnauthorized, code: codeToken, text: err.Error(), challenge: realm}
	case errors.Is(err, admin.ErrToken):
		return &refusal{status: http.StatusUnauthorized, code: codeToken, text: err.Error(), challenge: realm + `, error="invalid_token"`}
	case errors.As(err, &wait):
		return &refusal{status: http.StatusTooManyRequests, code: codeUnavailable, text: "Too many registrations from this address; try again later.", retryAfter: int(wait.RetryAfter.Seconds())}
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, storage.ErrConflict), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, text: "Try again in a moment.", retryAfter: 2, cause: err}
	}
	return &refusal{status: http.StatusInternalServerError, code: codeServer, text: "Something went wrong on our side.", cause: err}
}

// codeOf is invalid_redirect_uri where a redirect URI is among what is wrong.
func codeOf(problems registry.Problems) string {
	for _, p := range problems {
		if strings.HasPrefix(p.Field, "redirect_uris") {
			return codeRedirectURI
		}
	}
	return codeMetadata
}

// fail answers with an error. error_description is ASCII (RFC 7591 §3.2.2); errors has the texts as they are.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	refused := refusalOf(err)
	members := map[string]any{"error": refused.code, "error_description": ascii(refused.text)}
	if len(refused.problems) > 0 {
		members["errors"] = refused.problems
	}
	if refused.challenge != "" {
		w.Header().Set("WWW-Authenticate", refused.challenge)
	}
	if refused.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(refused.retryAfter))
	}
	id := httpx.RequestID(r.Context())
	switch refused.status {
	case http.StatusServiceUnavailable:
		s.Log.WarnContext(r.Context(), "registration", "request_id", id, "err", refused.cause)
	case http.StatusInternalServerError:
		s.Log.ErrorContext(r.Context(), "registration", "request_id", id, "err", refused.cause)
	}
	write(w, refused.status, members)
}

func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.ReplaceAll(text, "…", "..."))
}
