// Package partner is Gatehouse as a client of others: as the super app that signs in to a GAM mini app, as the server of
// such a mini app, and as the Boxo platform between a host app and a mini app. README.md has the wire formats from this
// side; how the same formats are answered is in authz/dialect/gam and authz/dialect/boxo.
//
//	what                                       file
//	the call to a mini app's sign-in (GAM)     gam_signin.go
//	POST /oauth/gam/signin (GAM)               gam_miniapp.go, gam_superapp.go, gam_person.go
//	POST /api/v1/connect (Boxo)                boxo_connect.go, boxo_hostapp.go, boxo_miniapp.go, boxo_userdata.go
//	GET /api/v1/accounts/consent/get_consent   boxo_consent.go
//
// Every call goes through internal/outbound. What others answer is read here, and nothing that they say is repeated in an
// error, a log line or a page.
package partner
