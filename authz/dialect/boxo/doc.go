// Package boxo is Boxo Connect as the backend of a host app speaks it: the Boxo platform exchanges an auth code for an
// access token, and that for the data of a person, on behalf of a mini app. README.md has the wire format.
//
// What differs from the RFCs: every answer has status 200 and says in error_code what went wrong; there is no redirect
// URI, no challenge, no scope and no lifetime on the wire; headers of their own name the mini app and the host app.
package boxo
