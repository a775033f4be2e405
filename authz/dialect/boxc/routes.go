package boxc

import (
	"net/http"

	"gatehouse/authz"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Names in BoxC's format.
const (
	applicationID     = "application_id"
	applicationSecret = "application_secret"
	nonce             = "nonce" // an authorization code; OIDC has another meaning for the word
	returnURI         = "return_uri"
	accessToken       = "access_token"
)

// Routes returns BoxC's endpoints, each with and without /v1.
func Routes(s *authz.Server) []authz.Route {
	var routes []authz.Route
	for _, base := range []string{"/v1/oauth", "/oauth"} {
		routes = append(routes, authorizeRoute(s, base), accessTokenRoute(s, base), revokeRoute(s, base))
	}
	return routes
}

func authorizeRoute(s *authz.Server, base string) authz.Route {
	return authz.Route{
		Methods: []string{http.MethodGet}, Path: base + "/authorize", Dialect: registry.DialectBoxC,
		Marks: []string{applicationID, returnURI},
		Name:  authz.NameAuthorize, Endpoint: s.Authorize, Decode: decodeAuthorize, Redirect: encodeRedirect,
		NoChallenge: true, ReturnURI: matchReturnURI,
	}
}

func accessTokenRoute(s *authz.Server, base string) authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: base + "/access_token", Dialect: registry.DialectBoxC,
		Marks: []string{nonce, applicationID, applicationSecret},
		Name:  authz.NameToken, Endpoint: s.API(s.Token), Decode: decodeAccessToken, Encode: encodeAccessToken, Fail: fail,
		NoRedirectURI: true, AccessLifetime: storage.Never, Refresh: neverRefresh,
	}
}

func revokeRoute(s *authz.Server, base string) authz.Route {
	return authz.Route{
		Methods: []string{http.MethodDelete}, Path: base + "/{" + accessToken + "}", Dialect: registry.DialectBoxC,
		Name: authz.NameRevoke, Endpoint: s.API(s.RevokeByPossession), Decode: decodeRevoke, Encode: encodeRevoked, Fail: failRevoke,
	}
}

func neverRefresh(*storage.Client) bool { return false }

// matchReturnURI lets through what begins with one of the client's prefixes: BoxC's clients have a return URI per user.
func matchReturnURI(c *storage.Client, uri string) bool {
	settings, speaks := registry.BoxCOf(c)
	return speaks && registry.MatchReturnURI(settings.ReturnURIPrefixes, uri)
}
