// Package xoxoday is Xoxoday's OAuth 2.0 for stores: RFC 6749 with JSON bodies, scopes that commas separate, a path for
// each kind of token, and sign-in tickets by which a company sends its people to a store. README.md has the wire format.
package xoxoday
