// Package upstream signs people in by other servers: Gatehouse as an OpenID Connect relying party (OIDC Core §3.1).
//
//	file.go      GATEHOUSE_UPSTREAMS_FILE
//	provider.go  one server: discovery, the authorization request, the code exchange, the ID token
//	attempt.go   what is sealed into the state while the browser is there
//	pages.go     /login/upstream/{id} and its callback
//	person.go    whose account it is
//
// It is a sign-in step like the form of package identity: it opens the interaction that was sealed for the step, and goes
// on with it. Nothing is stored while the browser is away, and no server is asked for anything before a person wants to
// go there, so one that is down when Gatehouse starts is down for its own people only, until it is back.
package upstream
