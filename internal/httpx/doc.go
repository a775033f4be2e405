// Package httpx is what every request passes through, whatever it asks for: a request ID, the client's address, the
// access log, recovery from a panic, limits; and the server that listens, reloads its certificate and drains.
//
// Nothing here writes a query string, a body, a header or a path parameter to the log.
package httpx
