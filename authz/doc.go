// Package authz is the protocol: RFC parameters in, RFC members out. It is the only room that knows fosite.
//
//	endpoint                       section                          file
//	GET,POST /oauth2/authorize     RFC 6749 §3.1, OIDC Core §3.1.2  authorize.go and authorize_*.go: decode, checks, code, answer
//	POST /oauth2/authorize-challenge  First-Party Applications      authorize_challenge.go
//	POST /oauth2/token             RFC 6749 §3.2, RFC 7523 §2.1     token.go, assertion.go
//	POST /oauth2/token/user        the same, a person's only        token.go
//	POST /oauth2/token/company     the same, a company's only       token.go
//	POST /oauth2/introspect        RFC 7662                         introspect.go
//	POST /oauth2/revoke            RFC 7009                         revoke.go
//	GET,POST /oauth2/userinfo      OIDC Core §5.3                   userinfo.go
//	GET,DELETE /oauth2/grants/…    Grant Management for OAuth 2.0   grants.go; grant_management.go: what authorize takes of it
//	GET /.well-known/…             RFC 8414, OIDC Discovery §4      metadata.go
//
// Vendors' formats and the host app's API have endpoints that no RFC has:
//
//	Validate                       what a token is worth            userinfo.go
//	RevokeByPossession             revocation by who holds a token  revoke.go
//	IssueTicket, IssueHandOver     sign-in tickets                  ticket.go, handover.go
//	OpenTicket                     what they open                   ticket_open.go
//	IssueCode, TokensFor           codes and tokens, no browser     issue.go
//	HostPerson, HostClient         who calls the host app's API     issue.go, handover.go
//	EndHostSession                 logout of the host app           issue.go
//
// A wire format is a table of routes (route.go), the RFCs' own too (format.go). A request is decoded once into Params
// (params.go), decided without an http.ResponseWriter, and written by its route; pages and redirects by
// authorize_answer.go. What a request reads and is about to write travels in an exchange (exchange.go): fosite's storage
// calls (store.go) collect operations in it, and the endpoint applies them as one unit of work. Token values are made and
// checked in value.go; no database is asked about a forged one.
package authz
