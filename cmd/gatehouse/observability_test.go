package main

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"gatehouse/internal/config"
	"gatehouse/storage"
)

// What an operator sees of a real server: numbers, traces and the log, and no secret in any of them.

// traceCollector receives spans by OTLP over HTTP.
type traceCollector struct {
	*httptest.Server
	mu    sync.Mutex
	raw   strings.Builder
	spans []*otlp.Span
}

func newTraceCollector(t *testing.T) *traceCollector {
	c := &traceCollector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(raw, &sent); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(raw)
		for _, of := range sent.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// named returns the spans of a name; all of them where it is empty.
func (c *traceCollector) named(name string) (found []*otlp.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if name == "" || s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

// of returns the span of the request that got an answer; nil where it has not come.
func (c *traceCollector) of(a answer) *otlp.Span {
	for _, s := range c.named("") {
		if spanText(s, "gatehouse.request_id") == a.Header.Get("X-Request-Id") {
			return s
		}
	}
	return nil
}

func spanText(s *otlp.Span, name string) string {
	for _, a := range s.Attributes {
		if a.Key == name {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// observed is a server process with everything that can be observed turned on.
type observed struct {
	*testServer
	ops     string
	traces  *traceCollector
	process *exec.Cmd
}

func newObserved(t *testing.T, dsn string) *observed {
	t.Helper()
	addr, ops := freeAddress(t), freeAddress(t)
	o := &observed{ops: "http://" + ops, traces: newTraceCollector(t)}
	o.testServer = &testServer{t: t, url: "http://" + addr, log: &lockedBuffer{}, clock: &atomic.Int64{}, users: map[string]storage.User{}}
	o.process = exec.Command(os.Args[0])
	o.process.Args = []string{"gatehouse", "serve"} // see TestMain
	o.process.Env = append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret, "GATEHOUSE_LISTEN="+addr,
		"GATEHOUSE_ISSUER="+o.url, "GATEHOUSE_ALLOW_PRIVATE_NETWORK=true", "GATEHOUSE_OPS_LISTEN="+ops, "OTEL_EXPORTER_OTLP_ENDPOINT="+o.traces.URL,
		"OTEL_BSP_SCHEDULE_DELAY=200") // milliseconds; what is left at the end has two seconds
	o.process.Stderr = o.log
	require.NoError(t, o.process.Start())
	t.Cleanup(func() { o.process.Process.Kill(); o.process.Wait() })
	require.Eventually(t, o.ready, 60*time.Second, 10*time.Millisecond, "the server does not get ready")
	return o
}

// stop lets the server end, which sends its last spans.
func (o *observed) stop() {
	o.t.Helper()
	require.NoError(o.t, o.process.Process.Signal(syscall.SIGTERM))
	require.NoError(o.t, o.process.Wait())
}

func (o *observed) scrape() string {
	o.t.Helper()
	response, err := http.Get(o.ops + "/metrics")
	require.NoError(o.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(o.t, err)
	require.Equal(o.t, http.StatusOK, response.StatusCode)
	return string(text)
}

func TestWhatOperatorsSeeTellsOfEveryFlowAndHoldsNoSecret(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		var mu sync.Mutex
		var traceparents []string
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			traceparents = append(traceparents, r.Header.Get("Traceparent"))
			w.WriteHeader(http.StatusAccepted)
		}))
		defer hook.Close()
		const inURL = "a-key-in-the-url-of-a-webhook"
		listen(t, dsn, hook.URL+"/"+inURL+"?key="+inURL, []string{"photoprint"})
		o := newObserved(t, dsn)
		p := newSpy(t, o.testServer)
		p.secrets.add("key", inURL)
		p.everything()
		refused := p.get("/oauth2/authorize?client_id=photoprint&redirect_uri=https://elsewhere.example")
		expected := []string{
			`gatehouse_http_request_duration_seconds_count{method="POST",route="/oauth2/token",status="2xx"} 3`, `route="/login",status="4xx"`, `route="other",status="4xx"`,
			`gatehouse_token_answers_total{grant_type="authorization_code",outcome="ok"} 1`, `gatehouse_token_answers_total{grant_type="refresh_token",outcome="invalid_grant"} 1`,
			`gatehouse_token_answers_total{grant_type="client_credentials",outcome="ok"} 1`, `gatehouse_authorize_outcomes_total{outcome="code"} 2`,
			`gatehouse_authorize_outcomes_total{outcome="login"}`, `gatehouse_authorize_outcomes_total{outcome="consent"}`,
			`gatehouse_sign_ins_total{outcome="failed"} 2`, `gatehouse_consent_decisions_total{decision="allow"} 1`,
			`gatehouse_signing_key_age_seconds{alg="ES256"}`, "gatehouse_audit_unsealed_events ", `go_sql_in_use_connections{db_name="gatehouse"}`,
			"go_goroutines ", "process_open_fds ",
			`gatehouse_delivery_attempts_total{outcome="sent"} 1`, `gatehouse_deliveries{state="pending"} 0`, // what was disconnected is told
		}
		var numbers string
		missing := func() []string {
			return slices.DeleteFunc(slices.Clone(expected), func(one string) bool { return strings.Contains(numbers, one) })
		}
		for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
			if numbers = o.scrape(); len(missing()) == 0 {
				break
			}
		}
		require.Empty(t, missing(), "not among %s", seriesOf(numbers))
		require.Eventually(t, func() bool { return o.traces.of(refused) != nil }, 60*time.Second, 20*time.Millisecond, "the trace has it")
		o.stop()

		documented(t, numbers)
		require.Greater(t, len(p.secrets), 40)
		p.secrets.requireAbsent(t, "/metrics", numbers)
		p.secrets.requireAbsent(t, "a trace", o.traces.raw.String())
		p.secrets.requireAbsent(t, "the log", o.log.String())

		requireTraced(t, o, traceparents)
		requireOneID(t, o, refused)
	})
}

// requireTraced wants a span for requests, units of work and calls, one under the other, and nobody else's.
func requireTraced(t *testing.T, o *observed, traceparents []string) {
	t.Helper()
	parents := map[string]*otlp.Span{}
	for _, s := range o.traces.named("") {
		parents[string(s.SpanId)] = s
		require.NotContains(t, s.Name, "Fosite", "spans of libraries have texts of errors in them")
		require.Empty(t, s.Events)
	}
	tokens := o.traces.named("POST /oauth2/token")
	require.GreaterOrEqual(t, len(tokens), 8)
	var under []string
	for _, s := range o.traces.named("unit of work") {
		if request := parents[string(s.ParentSpanId)]; request != nil {
			require.Equal(t, request.TraceId, s.TraceId)
			under = append(under, request.Name)
		}
	}
	require.Contains(t, under, "POST /oauth2/token")
	require.Contains(t, under, "POST /consent")
	require.NotEmpty(t, traceparents)
	require.True(t, slices.ContainsFunc(o.traces.named("POST"), func(s *otlp.Span) bool {
		return spanText(s, "server.address") == "127.0.0.1" && strings.Contains(traceparents[0], hex.EncodeToString(s.TraceId)+"-"+hex.EncodeToString(s.SpanId))
	}), "the mini app's server is told of the trace of its call")
}

// requireOneID wants the same request ID in the header, on the page, in each line of the log, and in the trace.
func requireOneID(t *testing.T, o *observed, refused answer) {
	t.Helper()
	id := refused.Header.Get("X-Request-Id")
	require.NotEmpty(t, id)
	require.Contains(t, refused.body, id)
	trace := hex.EncodeToString(o.traces.of(refused).TraceId)
	lines := 0
	for line := range strings.Lines(o.log.String()) {
		var logged struct {
			Message string `json:"msg"`
			Request string `json:"request_id"`
			Trace   string `json:"trace_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &logged), line)
		if logged.Request == id {
			lines++
			require.Equal(t, trace, logged.Trace, logged.Message)
		}
	}
	require.Equal(t, 2, lines, "the refusal and the request")
}

// seriesOf leaves the buckets of histograms out, so that somebody can read the rest.
func seriesOf(numbers string) string {
	return regexp.MustCompile(`(?m)^(#.*|.*_bucket\{.*|go_.*|process_.*)\n`).ReplaceAllString(numbers, "")
}

// documented wants every metric of ours in docs/operations.md, and none there that is not told.
func documented(t *testing.T, numbers string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	told := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (gatehouse_\w+) `).FindAllStringSubmatch(numbers, -1) {
		told[m[1]] = true
		require.Contains(t, string(doc), "`"+m[1], "docs/operations.md does not list it")
	}
	for _, m := range regexp.MustCompile("`(gatehouse_[a-z_]+)").FindAllStringSubmatch(string(doc), -1) {
		require.True(t, told[m[1]], "docs/operations.md lists %s, which is not told", m[1])
	}
}

// The listener for operators is another one: nothing of it answers where everybody can ask.
func TestMetricsAndProfilesAreNotOnThePublicListener(t *testing.T) {
	t.Parallel()
	s := startServer(t, furnished.SQLite(t), slog.New(slog.DiscardHandler), nil, func(c *config.Config) { c.OpsListen = "127.0.0.1:0" })
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap"} {
		require.Equal(t, http.StatusNotFound, s.newBrowser().get(path).StatusCode, path)
		w := httptest.NewRecorder()
		s.ops.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusOK, w.Code, path)
	}
	for _, path := range []string{"/", "/debug/pprof/cmdline", "/oauth2/token", "/readyz"} {
		w := httptest.NewRecorder()
		s.ops.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusNotFound, w.Code, path)
	}
	off := startServer(t, furnished.SQLite(t), slog.New(slog.DiscardHandler), nil)
	require.Nil(t, off.ops)
}
