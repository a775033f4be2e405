package traces

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// closeTimeout is how long the last spans may take to be sent.
const closeTimeout = 2 * time.Second

// Endpoint is where spans are sent, as the environment says; empty: nowhere.
func Endpoint() string {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return ""
	}
	if of := os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"); of != "" {
		return of
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")
}

// Tracer makes spans and sends them. A nil one makes none. It is safe for concurrent use.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
}

// Open returns a Tracer of a server of this version, nil where the environment names no Endpoint. Spans are sent in the
// background by OTLP over HTTP; where that fails they are dropped, and log says so.
func Open(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	if Endpoint() == "" {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces cannot be sent: %w; correct the OTEL_EXPORTER_OTLP_… variables", err)
	}
	about, err := resource.New(ctx, // what comes later wins: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES
		resource.WithAttributes(attribute.String("service.name", "gatehouse"), attribute.String("service.version", version)),
		resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces cannot be sent: %w; correct OTEL_RESOURCE_ATTRIBUTES", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are lost", "cause", err.Error()) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about)) // its sampler is OTEL_TRACES_SAMPLER's
	return &Tracer{tracer: provider.Tracer("gatehouse"), provider: provider}, nil
}

// Close sends what is left, within seconds.
func (t *Tracer) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // what went wrong has been logged, see Open
}
