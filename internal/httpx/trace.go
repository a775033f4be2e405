package httpx

import (
	"net/http"
	"strconv"

	"gatehouse/internal/traces"
)

// traced begins the span of a request; nil where nothing is traced, and for what asks every few seconds whether we live.
func traced(o Options, r *http.Request, id identity) (*http.Request, *traces.Span) {
	if o.Traces == nil || isProbe(r) {
		return r, nil
	}
	ctx, span := o.Traces.Request(r.Context(), r.Header, isTrusted(peer(r), o.TrustedProxies))
	span.Set("gatehouse.request_id", id.requestID)
	return r.WithContext(ctx), span
}

// endSpan names a span by its route, in the words of OpenTelemetry's semantic conventions for HTTP.
func endSpan(span *traces.Span, r *http.Request, status int) {
	if span == nil {
		return
	}
	method, found := "_OTHER", route(r)
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		method = r.Method
	}
	span.Name(method)
	if found != "" {
		span.Name(method + " " + found)
		span.Set("http.route", found)
	}
	span.Set("http.request.method", method)
	span.SetInt("http.response.status_code", status)
	if status >= http.StatusInternalServerError {
		span.Fail(strconv.Itoa(status))
	}
	span.End()
}
