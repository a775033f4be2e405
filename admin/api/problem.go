package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"gatehouse/admin"
	"gatehouse/identity"
	"gatehouse/internal/httpx"
	"gatehouse/registry"
	"gatehouse/storage"
)

// problem is an error as problem details (RFC 9457 §3).
type problem struct {
	Type      string            `json:"type"` // about:blank where the status says everything
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail,omitempty"`
	Errors    registry.Problems `json:"errors,omitempty"`
	RequestID string            `json:"request_id,omitempty"`
	challenge string            // WWW-Authenticate
	cause     error             // for the log
}

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

func (p *problem) Unwrap() error { return p.cause }

// Types of problems that a program tells apart by more than the status.
const (
	typeFields     = "urn:gatehouse:problem:invalid-fields" // errors says which
	typeSignIn     = "urn:gatehouse:problem:sign-in-again"  // the person signs in again, and asks again
	typeStatus     = "urn:gatehouse:problem:wrong-status"   // the workflow has no such step from there
	typeChanged    = "urn:gatehouse:problem:changed"        // somebody else changed it meanwhile
	typeExists     = "urn:gatehouse:problem:exists"         // the ID, or a value that is unique, is taken
	typeInUse      = "urn:gatehouse:problem:in-use"         // others need it
	typeKeyReused  = "urn:gatehouse:problem:key-reused"     // the Idempotency-Key was another request's
	typeInFlight   = "urn:gatehouse:problem:in-flight"      // the first request with this Idempotency-Key is not answered yet
	typeAnswerLost = "urn:gatehouse:problem:answer-lost"    // it was done, and its answer is gone
)

var (
	// ErrToken says that an access token is not good.
	ErrToken = errors.New("the access token or API key is not good")
	// ErrScope says that an access token is good for something else.
	ErrScope = errors.New("the access token has no scope admin")

	errNobody = &problem{Status: http.StatusUnauthorized, challenge: challenge, Detail: "Send an API key or an access token with the scope admin: Authorization: Bearer …"}
	errNoCall = &problem{Status: http.StatusNotFound, Detail: "There is no such call; see " + Prefix + "/openapi.json"}
	errMethod = &problem{Status: http.StatusMethodNotAllowed, Detail: "The header Allow has the methods that there are."}
	errMatch  = &problem{Status: http.StatusPreconditionFailed, Type: typeChanged, Detail: "It is not what If-Match names any more. Read it, and decide anew."}
	errLarge  = &problem{Status: http.StatusRequestEntityTooLarge, Detail: "A body has at most 64 KiB."}
)

const challenge = `Bearer realm="gatehouse"`

func bad(detail string) *problem { return &problem{Status: http.StatusBadRequest, Detail: detail} }

// invalid is the problem of fields that break a rule.
func invalid(problems registry.Problems) *problem {
	return &problem{Status: http.StatusUnprocessableEntity, Type: typeFields, Title: "Some fields are not as they should be", Errors: problems}
}

// problemOf translates an error of an operation.
func problemOf(err error) *problem {
	var p *problem
	var fields registry.Problems
	var status *registry.StatusError
	var refused *admin.RefusedError
	switch {
	case errors.As(err, &p):
		copied := *p
		return &copied
	case errors.As(err, &fields):
		return invalid(fields)
	case identity.Invalids(err) != nil:
		for _, i := range identity.Invalids(err) {
			fields = append(fields, registry.Problem{Field: i.Field, Text: i.Text})
		}
		return invalid(fields)
	case errors.As(err, &refused):
		return &problem{Status: http.StatusConflict, Type: typeStatus, Detail: sentence(refused)}
	case errors.As(err, &status):
		return &problem{Status: http.StatusConflict, Type: typeStatus, Detail: status.Error()}
	case errors.Is(err, ErrToken):
		return &problem{Status: http.StatusUnauthorized, Detail: sentence(ErrToken), challenge: challenge + `, error="invalid_token"`}
	case errors.Is(err, ErrScope):
		return &problem{Status: http.StatusForbidden, Detail: sentence(ErrScope), challenge: challenge + `, error="insufficient_scope", scope="admin"`}
	case errors.Is(err, admin.ErrSignInAgain):
		return &problem{Status: http.StatusForbidden, Type: typeSignIn, Detail: "The person has to have signed in within the last ten minutes. Let them sign in again (max_age=600), and ask again with the new token."}
	case errors.Is(err, admin.ErrForbidden):
		return &problem{Status: http.StatusForbidden, Detail: sentence(err)}
	case errors.Is(err, admin.ErrCursor):
		return bad(badCursor)
	case errors.Is(err, admin.ErrInUse):
		return &problem{Status: http.StatusConflict, Type: typeInUse, Detail: sentence(err)}
	case errors.Is(err, storage.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Detail: "There is none with this ID, or it is not yours."}
	case errors.Is(err, storage.ErrExists):
		return &problem{Status: http.StatusConflict, Type: typeExists, Detail: "The ID, or a value that has to be unique, is taken."}
	case errors.Is(err, storage.ErrConflict):
		return &problem{Status: http.StatusConflict, Type: typeChanged, Detail: "Somebody else changed it at this moment. Read it, and decide anew."}
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusServiceUnavailable, Detail: "Try again in a moment.", cause: err}
	}
	return &problem{Status: http.StatusInternalServerError, Detail: "Something went wrong on our side.", cause: err}
}

// sentence is the text of an error with a full stop.
func sentence(err error) string {
	text := []rune(err.Error())
	if text[0] >= 'a' && text[0] <= 'z' {
		text[0] -= 'a' - 'A'
	}
	return string(text) + "."
}

// Refuse answers a request that does not get to the API, with a problem.
func (a *API) Refuse(w http.ResponseWriter, r *http.Request, status int) {
	detail := map[int]string{http.StatusRequestURITooLong: "The address is too long.", http.StatusInternalServerError: "Something went wrong on our side."}
	a.fail(w, r, &problem{Status: status, Detail: detail[status]})
}

// fail answers with a problem.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" || p.Type == "about:blank" {
		p.Title = http.StatusText(p.Status)
	}
	p.RequestID = httpx.RequestID(r.Context())
	if p.challenge != "" {
		w.Header().Set("WWW-Authenticate", p.challenge)
	}
	switch p.Status {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "2")
		a.Log.WarnContext(r.Context(), "admin API", "request_id", p.RequestID, "err", p.cause)
	case http.StatusInternalServerError:
		a.Log.ErrorContext(r.Context(), "admin API", "request_id", p.RequestID, "err", p.cause)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		raw = []byte("{}") // texts and numbers only
	}
	(&response{status: p.Status, raw: raw, contentType: "application/problem+json"}).write(w, r)
}
