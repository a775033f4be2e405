package httpx

import (
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"gatehouse/internal/metrics"
	"gatehouse/internal/traces"
)

// Options says how requests are met.
type Options struct {
	Log            *slog.Logger
	TrustedProxies []netip.Prefix
	// Refuse answers in place of the handler: 500 after a panic, 414 for a URI over MaxURI. Nil: Refuse of this package.
	Refuse  func(w http.ResponseWriter, r *http.Request, status int)
	Metrics *metrics.Metrics // counts requests; nil: nothing does
	Traces  *traces.Tracer   // makes a span of each; nil: nothing does
}

// MaxURI is the longest request URI in bytes. A sealed interaction takes about half.
const MaxURI = 12 << 10

// Wrap returns h behind everything that all requests have in common. Routes below it are logged and counted by the pattern
// that http.ServeMux found for them, so h must hand its request on as it is, or log none.
func Wrap(h http.Handler, o Options) http.Handler {
	if o.Refuse == nil {
		o.Refuse = Refuse
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		r, id := identify(r, o.TrustedProxies)
		w.Header().Set(requestIDHeader, id.requestID)
		answer := &recorder{ResponseWriter: w}
		o.Metrics.Began()
		r, span := traced(o, r, id)
		defer finish(o, answer, r, id, span, began)
		defer recovered(o, answer, r, id)
		if len(r.RequestURI) > MaxURI {
			o.Refuse(answer, r, http.StatusRequestURITooLong)
			return
		}
		h.ServeHTTP(answer, r)
	})
}

// recovered turns a panic of the handler into an answer and one line of the log. An answer that has begun is cut off,
// so that nobody takes it for a whole one.
func recovered(o Options, answer *recorder, r *http.Request, id identity) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	o.Log.ErrorContext(r.Context(), "panic", "request_id", id.requestID, "method", r.Method, "path", logPath(r), "cause", cause, "stack", string(debug.Stack()))
	if answer.status != 0 {
		panic(http.ErrAbortHandler)
	}
	o.Refuse(answer, r, http.StatusInternalServerError)
}

// finish logs and counts a request that was answered.
func finish(o Options, answer *recorder, r *http.Request, id identity, span *traces.Span, began time.Time) {
	status, took := answer.status, time.Since(began)
	if status == 0 {
		status = http.StatusOK // a handler that wrote nothing; see net/http
	}
	o.Metrics.Request(route(r), r.Method, status, took)
	endSpan(span, r, status)
	level := slog.LevelInfo
	if status < 400 && isProbe(r) {
		level = slog.LevelDebug // asked every few seconds
	}
	if !o.Log.Enabled(r.Context(), level) {
		return
	}
	line := slog.NewRecord(began.Add(took), level, "request", 0) // by itself, a logger would look for its caller
	line.AddAttrs(slog.String("request_id", id.requestID), slog.String("client", id.client),
		slog.String("method", r.Method), slog.String("path", logPath(r)), slog.Int("status", status),
		slog.Int64("bytes", answer.bytes), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	_ = o.Log.Handler().Handle(r.Context(), line)
}

func isProbe(r *http.Request) bool { return r.URL.Path == "/healthz" || r.URL.Path == "/readyz" }

// longestShown is how much of a path segment that no route knows is taken for harmless. Tokens are longer.
const longestShown = 16

// route is the pattern of the route that was found, without the method; empty where none was.
func route(r *http.Request) string {
	_, path, found := strings.Cut(r.Pattern, " ")
	if !found {
		return r.Pattern
	}
	return path
}

// logPath is the route that was found. Where none was, it is the path without what could be a token.
func logPath(r *http.Request) string {
	if found := route(r); found != "" {
		return found
	}
	segments := strings.Split(r.URL.Path, "/")
	for i, s := range segments {
		if len(s) > longestShown {
			segments[i] = "*"
		}
	}
	return strings.Join(segments[:min(len(segments), 8)], "/")
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 { // 1xx are not the answer yet
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what is underneath.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
