// Command reference is what Gatehouse is compared with: the smallest honest programs that do the work that a request cannot do
// without, and nothing else. No rules, no log, no limits, no revocation.
//
//	GET  /            a bare net/http handler
//	POST /introspect  one client secret (SHA-256, constant time), the HMAC of one token, one indexed read by a prepared statement
//	     /introspect/context  the same, but the read ends when the client goes away, as Gatehouse's does
//	POST /token       one client secret, a new token with an HMAC, one row inserted durably by group commit
//
// Like Gatehouse it keeps its rows in SQLite with a write-ahead log and synchronous=FULL, has one connection that writes, and
// lets five times what it holds be allocated before memory is collected.
package main
