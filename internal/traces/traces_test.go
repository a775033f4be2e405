package traces_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"gatehouse/internal/traces"
)

const at10ms = "10" // OTEL_BSP_SCHEDULE_DELAY, in milliseconds

// received starts a collector, and a Tracer that sends to it after a delay; the function it returns waits for so many spans, closes
// the Tracer and returns every one.
func received(t *testing.T, delay string) (*traces.Tracer, func(n int) []*otlp.Span) {
	var mu sync.Mutex
	var spans []*otlp.Span
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var sent collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(raw, &sent); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, of := range sent.ResourceSpans {
			for _, scope := range of.ScopeSpans {
				spans = append(spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", delay)
	tracer, err := traces.Open(t.Context(), "v1", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NotNil(t, tracer)
	return tracer, func(n int) []*otlp.Span {
		require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(spans) >= n }, 60*time.Second, 5*time.Millisecond)
		tracer.Close()
		mu.Lock()
		defer mu.Unlock()
		return spans
	}
}

const sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestATrustedTraceGoesOnAndAStrangersIsLinked(t *testing.T) {
	tracer, all := received(t, at10ms)
	header := http.Header{"Traceparent": {sent}, "Tracestate": {"vendor=what-somebody-wrote"}}
	for _, trusted := range []bool{true, false} {
		ctx, span := tracer.Request(t.Context(), header, trusted)
		_, inner := traces.Start(ctx, "unit of work")
		told := inner.Inject(http.Header{"X": {"y"}})
		require.Equal(t, trusted, told.Get("Traceparent")[3:35] == sent[3:35])
		require.Equal(t, "y", told.Get("X"))
		require.Empty(t, told.Get("Tracestate"))
		require.Equal(t, told.Get("Traceparent")[3:35], traces.TraceID(ctx))
		inner.End()
		span.Name("GET /x")
		span.End()
	}
	spans := all(4)
	require.Len(t, spans, 4)
	for i, name := range []string{"unit of work", "GET /x", "unit of work", "GET /x"} {
		require.Equal(t, name, spans[i].Name)
		require.Empty(t, spans[i].TraceState)
	}
	require.Equal(t, spans[1].SpanId, spans[0].ParentSpanId)
	require.NotEmpty(t, spans[1].ParentSpanId)
	require.Empty(t, spans[3].ParentSpanId)
	require.Len(t, spans[3].Links, 1)
	require.Empty(t, spans[3].Links[0].TraceState)
}

func TestWorkThatNoRequestAskedForBeginsTracesOfItsOwn(t *testing.T) {
	tracer, all := received(t, at10ms)
	ctx := tracer.Into(t.Context())
	require.Empty(t, traces.TraceID(ctx))
	for range 2 {
		_, span := traces.Start(ctx, "POST")
		span.Fail("unreachable")
		span.End()
	}
	spans := all(2)
	require.Len(t, spans, 2)
	require.NotEqual(t, spans[0].TraceId, spans[1].TraceId)
	require.Equal(t, otlp.Status_STATUS_CODE_ERROR, spans[0].Status.Code)
	require.Empty(t, spans[0].Status.Message)
}

func TestWhatIsLeftIsSentAtTheEnd(t *testing.T) {
	for range 5 { // it has two seconds, which a busy machine may take from it
		tracer, all := received(t, "600000")
		_, span := traces.Start(tracer.Into(t.Context()), "POST")
		span.End()
		if len(all(0)) == 1 {
			return
		}
	}
	require.Fail(t, "it is lost")
}

func TestNothingIsTracedWithoutAnEndpoint(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	tracer, err := traces.Open(t.Context(), "v1", slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Nil(t, tracer)
	ctx, span := tracer.Request(t.Context(), http.Header{"Traceparent": {sent}}, true)
	require.Nil(t, span)
	require.Equal(t, t.Context(), ctx)
	_, span = traces.Start(tracer.Into(ctx), "unit of work")
	require.Nil(t, span)
	span.Set("a", "b")
	span.Fail("x")
	span.End()
	tracer.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_SDK_DISABLED", "true")
	require.Empty(t, traces.Endpoint())
}

// BenchmarkOff is what everything that could be traced pays where nothing is.
func BenchmarkOff(b *testing.B) {
	type other struct{}
	ctx := context.WithValue(context.WithValue(b.Context(), other{}, 1), &other{}, 2)
	b.ReportAllocs()
	for b.Loop() {
		_, span := traces.Start(ctx, "unit of work")
		span.Set("db.system.name", "sqlite")
		span.End()
	}
}
