package authz

import (
	"net/http"
	"slices"

	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

// IsMiniApp reports whether a client is a mini app to the host app: an approved one that asks people for something, or any
// that the person has decided about, but never a host app.
func IsMiniApp(c *storage.Client, decided bool) bool {
	return !IsHostApp(c) && (decided || Opens(c))
}

// IsHostApp reports whether a client may call the host app's API, and so is no mini app: what it gave to others would
// outlive the session that gave to it.
func IsHostApp(c *storage.Client) bool {
	return c.FirstParty && slices.Contains(scopeNames(c.Scopes), registry.ScopeSuperapp)
}

// Opens reports whether a client can get a code for a person at all: it is approved, and asks people for something.
func Opens(c *storage.Client) bool {
	return Approved(c) && slices.Contains(c.GrantTypes, grantCode) && slices.Contains(c.TokenTypes, kindUser) && len(consent.Shareable(c)) > 0
}

// Approved reports whether an operator lets a client be used.
func Approved(c *storage.Client) bool { return c.Status == storage.StatusApproved }

// Refusals about which mini apps there are, the same for every call.
var (
	ErrNoMiniApp   = refuse(CodeInvalidClient, "No mini app has this client_id: there is no such client, it is not approved, it asks people for nothing, or it may call this API itself.").WithStatus(http.StatusNotFound)
	ErrNotApproved = refuse(CodeUnauthorizedClient, "This client is not approved.").WithStatus(http.StatusForbidden)
	// errStranger says that a mini app is not for this person: what a test person may meet is of one publisher.
	errStranger = refuse(CodeAccessDenied, "This is a test person of another publisher. Their mini apps alone can ask them for anything.").WithStatus(http.StatusForbidden)
	errOpensNot = refuse(CodeUnauthorizedClient, "No code opens this client: it is not registered for authorization_code, tokens of a user and a scope that people decide about.").WithStatus(http.StatusForbidden)
)
