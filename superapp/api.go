package superapp

import "gatehouse/authz"

// API is the host app's API.
type API struct {
	authz  *authz.Server
	issuer string
	signIn SignIn
}

// New returns the API of the server with this issuer; signIn calls mini apps.
func New(s *authz.Server, issuer string, signIn SignIn) *API {
	return &API{authz: s, issuer: issuer, signIn: signIn}
}

// Routes returns the calls of the API.
func (a *API) Routes() []authz.Route {
	return []authz.Route{a.codeRoute(), a.accessTokenRoute()}
}
