// Package metrics counts what the server does and tells it in Prometheus' text format. docs/operations.md lists every name.
//
// Rooms hand in numbers and know nothing of Prometheus. A nil *Metrics counts nothing, so that nobody asks whether it is on.
// What stands in a label comes from a fixed set, or is bounded here: nothing that a client can choose makes a series, and no
// secret, code, token or value of a person can be in one.
package metrics
