// Package traces tells an OpenTelemetry collector how requests spend their time: a span for each request, for each unit of
// work, and for each call of another server.
//
// It is on where OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) is set, and obeys the other variables of OpenTelemetry's
// SDK. Where it is off a Tracer is nil, nothing is made, and nothing of a request is looked at.
//
// Attributes are routes, methods, statuses, host names, numbers and request IDs: never a path, a query, a header, SQL or the
// text of an error, any of which may hold what is secret.
package traces
