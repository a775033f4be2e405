package outbound

import (
	"errors"
	"net/http"

	"gatehouse/internal/traces"
)

// endCall ends the span of a call with whom it was made to and what came of it: nothing of the URL but its host.
func endCall(span *traces.Span, r *http.Request, response *Response, err error) {
	if span == nil {
		return
	}
	span.Set("http.request.method", r.Method)
	span.Set("server.address", r.URL.Hostname())
	switch {
	case err == nil:
		span.SetInt("http.response.status_code", response.Status)
	case errors.Is(err, ErrRefused):
		span.Fail("refused")
	case errors.Is(err, ErrTooLarge):
		span.Fail("too_large")
	default:
		span.Fail("unreachable")
	}
	span.End()
}
