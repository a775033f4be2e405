// Package deliveries tells mini apps' servers what a person or an operator decided: it sends each storage.Delivery, as a
// signed Security Event Token (RFC 8417), to the webhook_uri of its client (push delivery, RFC 8935), until it has arrived
// or is given up. README.md has the wire format.
//
//	which clients are served when, by whom     worker.go
//	one attempt, and what comes of it          attempt.go
//	when the next one is                       backoff.go
//	what a token says                          event.go
//
// Storage writes deliveries, in the transaction of what they are about. Nothing else here needs people, pages or the
// protocol, which is why it is a room of its own.
package deliveries
