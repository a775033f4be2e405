package superapp

import (
	"net/http"

	"gatehouse/authz"
)

// logoutRoute is POST /superapp/v1/logout: the person leaves the host app. Its access token ends, with every token of the
// same sign-in, and so do the codes and tokens that mini apps were given with them.
func (a *API) logoutRoute() authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: "/superapp/v1/logout",
		Endpoint: a.Authz.API(a.Authz.EndHostSession), Decode: decodeCall, Encode: encodeNothing, Fail: fail,
	}
}
