// Package registration is how programs register mini apps: OAuth 2.0 Dynamic Client Registration (RFC 7591), its management
// (RFC 7592), and what OIDC Dynamic Client Registration 1.0 adds. It translates; package admin decides who may, and package
// registry whether the registration is good.
//
//	POST   /oauth2/register               RFC 7591 §3      register.go
//	GET    /oauth2/register/{client_id}   RFC 7592 §2.1    manage.go
//	PUT    /oauth2/register/{client_id}   RFC 7592 §2.2    manage.go
//	DELETE /oauth2/register/{client_id}   RFC 7592 §2.3    manage.go
//
// Where the RFCs leave it open:
//
//   - What is registered is submitted for a review, unless its initial access token says that it is approved.
//   - The registration access token stays the same: an answer that got lost would otherwise lock the developers out.
//   - A purpose for each scope is in the member scopes, as in the admin API; scope names the same ones in one text. What is
//     submitted needs purposes, what is approved at once does not.
//   - Of an approved mini app, what a PUT changes waits for a review, as the member version says; contacts do not wait.
//   - DELETE archives: the record stays for the operator, its tokens are dead, and the registration access token is good no more.
//   - A software statement is refused: nobody is trusted to make one, and passing it over would register what nobody attested.
package registration
