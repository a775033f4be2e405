// Package boxc is BoxC OAuth: the wire format of integrations that were written for api.boxc.com. README.md has it in
// tables.
//
//	endpoint                         file
//	GET    /v1/oauth/authorize       authorize.go
//	POST   /v1/oauth/access_token    access_token.go
//	DELETE /v1/oauth/{access_token}  revoke.go
//
// All three answer without /v1 too. What goes wrong is written by failure.go.
package boxc
