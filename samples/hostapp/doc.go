// Package hostapp is a sample host app to learn from: a super app's own program, which knows its mini apps and asks the
// person before one is opened. It uses golang.org/x/oauth2 and plain HTTP, and nothing of Gatehouse's own.
//
// Read it in this order:
//
//  1. hostapp.go: what has to be configured, and the routes.
//  2. signin.go: the person signs in at the authorization server, which gives a token with the scope superapp.
//  3. api.go: how /superapp/v1 is called with that token.
//  4. apps.go: the list of mini apps, the consent sheet, and what is connected.
//  5. open.go: how a mini app is opened with a code that nobody's browser had to ask for.
//  6. session.go: what is remembered about a browser. The token never leaves the server.
package hostapp
