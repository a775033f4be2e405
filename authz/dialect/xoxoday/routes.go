package xoxoday

import (
	"net/http"
	"time"

	"gatehouse/authz"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Routes returns the endpoints of Xoxoday's format, as s decides them.
func Routes(s *authz.Server) []authz.Route {
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	routes := []authz.Route{
		{
			Methods: get, Path: "/v1/oauth/authorize", Marks: []string{"client_id"},
			Name: authz.NameAuthorize, Endpoint: s.Authorize, Decode: decodeAuthorize, Redirect: redirect, NoChallenge: true,
		},
		{
			Methods: post, Path: "/v1/oauth/token/{token_type}",
			Name: authz.NameToken, Endpoint: s.API(s.Token), Decode: decodeToken, Encode: encodeTokens, Fail: authz.FailRFC, Person: true,
		},
		{
			Methods: get, Path: "/v1/oauth/token",
			Name: authz.NameIntrospect, Endpoint: s.API(s.Validate), Decode: decodeBearer, Encode: encodeValidation, Fail: failBearer, RefreshExpiry: extended,
		},
		{
			Methods: post, Path: "/v1/oauth/sso/stores/company",
			Endpoint: s.API(s.IssueTicket), Decode: decodeSSO, Encode: encodeSSO, Fail: failBearer, Ticket: store,
		},
		{
			Methods: []string{http.MethodGet, http.MethodPost}, Path: "/v1/oauth/redirect/stores/{ssoToken}",
			Endpoint: s.OpenTicket, Decode: decodeRedirect, Ticket: store,
		},
	}
	for i := range routes {
		routes[i].Dialect = registry.DialectXoxoday
	}
	return routes
}

// store is where a client's sign-in tickets lead and how long they are good.
func store(c *storage.Client) (string, time.Duration) {
	settings, _ := registry.XoxodayOf(c)
	return settings.StoreURL, settings.SSOLifetime
}

// extended reports whether a client gets the keys of the vendor's newer pages.
func extended(c *storage.Client) bool {
	settings, _ := registry.XoxodayOf(c)
	return settings.Extended
}
