package httpx

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// MaxBody is the largest request body in bytes that any route but an upload reads.
const MaxBody = 64 << 10

// LimitBody cuts the request's body off after max bytes. Who reads on gets an error for which TooLarge is true, and
// answers 413.
func LimitBody(w http.ResponseWriter, r *http.Request, max int64) {
	r.Body = http.MaxBytesReader(unwrapped(w), r.Body, max)
}

// unwrapped returns the server's own ResponseWriter, by which http.MaxBytesReader closes the connection of a client that
// would go on sending.
func unwrapped(w http.ResponseWriter) http.ResponseWriter {
	for {
		inner, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = inner.Unwrap()
	}
}

// TooLarge reports whether reading a body failed because of LimitBody.
func TooLarge(err error) bool {
	var tooLarge *http.MaxBytesError
	return errors.As(err, &tooLarge)
}

// Protection keeps other sites from posting in a signed-in person's name.
type Protection struct {
	// Origin is our own, where a proxy in front may hide it by rewriting the Host header; empty: not known.
	Origin string
	// Denied answers a request from another site, status 403. Nil: Refuse.
	Denied http.Handler
}

// Protect returns h guarded by http.CrossOriginProtection. Only pages need it; routes that take a bearer token or client
// credentials are meant for everybody.
func Protect(h http.Handler) http.Handler { return Protection{}.Wrap(h) }

// Wrap is Protect with the settings of p. It panics when Origin is not an origin.
func (p Protection) Wrap(h http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	if p.Origin != "" {
		if err := guard.AddTrustedOrigin(p.Origin); err != nil {
			panic(err)
		}
	}
	denied := p.Denied
	if denied == nil {
		denied = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { Refuse(w, r, http.StatusForbidden) })
	}
	guard.SetDenyHandler(denied)
	return guard.Handler(h)
}

// refusals are the error codes (RFC 6749 §5.2 where it has one) and texts of the statuses that are answered here.
var refusals = map[int][2]string{
	http.StatusForbidden:             {"access_denied", "This form was sent from another site. Go back, reload the page and try again."},
	http.StatusRequestEntityTooLarge: {"invalid_request", "The request is too large."},
	http.StatusRequestURITooLong:     {"invalid_request", "The address is too long."},
	http.StatusInternalServerError:   {"server_error", "Something went wrong on our side. Try again in a moment."},
}

// Refuse answers with a status and a generic text: plain text for whoever asks for a page, JSON for everybody else. It
// needs nothing but net/http, so it works where everything else failed.
func Refuse(w http.ResponseWriter, r *http.Request, status int) {
	refusal, known := refusals[status]
	if !known {
		refusal = [2]string{"invalid_request", http.StatusText(status)}
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(refusal[1] + "\n\n" + RequestID(r.Context()) + "\n"))
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": refusal[0], "error_description": refusal[1]})
}
