package traces

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Span is a piece of work. A nil one, where nothing is traced, takes everything and does nothing.
type Span struct {
	tracer *Tracer
	span   trace.Span // nil: those that begin under it are the first of a trace
}

// key keeps our spans apart from those of libraries, which would add their own, with texts of errors in them, to a span that
// they find under OpenTelemetry's key.
type key struct{}

// Into returns a context in which spans can begin, for work that no request asked for.
func (t *Tracer) Into(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, &Span{tracer: t})
}

// Request begins the span of a request that came with header. What it says of a trace (W3C Trace Context §3.2) goes on where
// it is trusted; where it is anybody's claim, this is a trace of its own, which only links to it.
func (t *Tracer) Request(ctx context.Context, header http.Header, trusted bool) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	sent := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header)))
	sent = sent.WithTraceState(trace.TraceState{}) // which anybody may have written anything into
	switch {
	case !sent.IsValid():
		return t.start(ctx, context.Background(), "request", trace.SpanKindServer)
	case trusted:
		return t.start(ctx, trace.ContextWithRemoteSpanContext(context.Background(), sent), "request", trace.SpanKindServer)
	}
	return t.start(ctx, context.Background(), "request", trace.SpanKindServer, trace.WithLinks(trace.Link{SpanContext: sent}))
}

// Start begins the span of a call of something else, such as the database, under that of ctx; none where ctx has none. End it.
func Start(ctx context.Context, name string) (context.Context, *Span) {
	parent, _ := ctx.Value(key{}).(*Span)
	if parent == nil {
		return ctx, nil
	}
	under := context.Background()
	if parent.span != nil {
		under = trace.ContextWithSpan(under, parent.span)
	}
	return parent.tracer.start(ctx, under, name, trace.SpanKindClient)
}

func (t *Tracer) start(ctx, under context.Context, name string, kind trace.SpanKind, more ...trace.SpanStartOption) (context.Context, *Span) {
	_, span := t.tracer.Start(under, name, append(more, trace.WithSpanKind(kind))...)
	s := &Span{tracer: t, span: span}
	return context.WithValue(ctx, key{}, s), s
}

// Name names the span, by what there are few of.
func (s *Span) Name(name string) {
	if s != nil {
		s.span.SetName(name)
	}
}

// Set adds a text. Never one that may hold what is secret.
func (s *Span) Set(name, value string) {
	if s != nil {
		s.span.SetAttributes(attribute.String(name, value))
	}
}

// SetInt adds a number.
func (s *Span) SetInt(name string, value int) {
	if s != nil {
		s.span.SetAttributes(attribute.Int(name, value))
	}
}

// Fail says that the work failed; why is one word of a fixed set, never the text of an error.
func (s *Span) Fail(why string) {
	if s != nil {
		s.span.SetStatus(codes.Error, "")
		s.span.SetAttributes(attribute.String("error.type", why))
	}
}

// End says that the work is done.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}

// TraceID is how a collector finds the trace; empty where it is not sent.
func (s *Span) TraceID() string {
	if s == nil || !s.span.SpanContext().IsSampled() {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// TraceID is that of the span of ctx.
func TraceID(ctx context.Context) string {
	s, _ := ctx.Value(key{}).(*Span)
	if s == nil || s.span == nil {
		return ""
	}
	return s.TraceID()
}

// Inject returns header with what tells another server of the trace (W3C Trace Context §3.2). The one it is given stays as
// it is.
func (s *Span) Inject(header http.Header) http.Header {
	if s == nil {
		return header
	}
	told := header.Clone()
	if told == nil {
		told = http.Header{}
	}
	propagation.TraceContext{}.Inject(trace.ContextWithSpan(context.Background(), s.span), propagation.HeaderCarrier(told))
	return told
}
