package httpx

import (
	"context"
	"log/slog"

	"gatehouse/internal/traces"
)

// LogHandler returns a handler that adds to every line that is logged for a request which request it was: request_id, as in
// its answer's header and on its error page, and trace_id where it is traced.
func LogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, line slog.Record) error {
	if id := RequestID(ctx); id != "" && !has(line, "request_id") {
		line.AddAttrs(slog.String("request_id", id))
	}
	if id := traces.TraceID(ctx); id != "" {
		line.AddAttrs(slog.String("trace_id", id))
	}
	return h.Handler.Handle(ctx, line)
}

func has(line slog.Record, key string) (found bool) {
	line.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
