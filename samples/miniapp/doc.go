// Package miniapp is a sample mini app to learn from: a small web server that signs people in with a super app and reads
// what they allowed, with golang.org/x/oauth2 and github.com/coreos/go-oidc and nothing of Gatehouse's own.
//
// Read it in this order:
//
//  1. miniapp.go: what has to be configured, and the routes.
//  2. signin.go: the authorization code flow. GET /login sends the browser away with a state, a nonce and a PKCE
//     challenge; GET /callback checks what came back, exchanges the code and verifies the ID token. GET /launch is the
//     same trip for an app that the super app opens, without a browser's detour (see samples/hostapp/README.md).
//  3. account.go: what to do with the tokens: userinfo, refresh, and revocation at sign-out.
//  4. session.go: what the app remembers about a browser. The tokens never leave the server.
package miniapp
