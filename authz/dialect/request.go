package dialect

import (
	"net/http"
	"slices"
	"strings"

	"gatehouse/authz"
)

// RefuseQuery refuses these parameters, in whatever case, in the URL, where logs and histories keep them (RFC 6749
// §2.3.1, RFC 9700 §4.3.2). An *authz.Error with code invalid_request for one of them, and as ReadQuery has it.
func RefuseQuery(r *http.Request, names ...string) error {
	query, err := ReadQuery(r)
	if err != nil {
		return err
	}
	for _, sent := range query.Names() {
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, sent) }) {
			return authz.Refuse(authz.CodeInvalidRequest, "Parameters belong into the request body or a header, not into the URL.")
		}
	}
	return nil
}

// SpaceScopes brings the scope of a request into the RFCs' spelling, see Scope. Nothing but separators is no scope.
func SpaceScopes(params authz.Params) {
	scope := Scope(params["scope"])
	if params["scope"] = scope; scope == "" {
		delete(params, "scope")
	}
}

// Credentials returns what follows the scheme in an Authorization header; false where it is not one of schemes (RFC 9110
// §11.4).
func Credentials(authorization string, schemes ...string) (string, bool) {
	scheme, credentials, _ := strings.Cut(authorization, " ")
	is := slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, scheme) })
	return strings.TrimSpace(credentials), is
}
