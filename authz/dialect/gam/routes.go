package gam

import (
	"context"
	"net/http"

	"gatehouse/authz"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Paths of one endpoint each: of the REST services, of the browser's flow, and of GAM's first version, which is BoxC's too.
var (
	tokenPaths    = []string{"/oauth/gam/v2.0/access_token", "/oauth/gam/access_token", "/oauth/access_token"}
	userInfoPaths = []string{"/oauth/gam/v2.0/userinfo", "/oauth/gam/v2.0/user_info", "/oauth/gam/userinfo", "/oauth/gam/user_info"}
	signInPath    = "/oauth/gam/signin"
)

// Routes returns the super app's endpoints of GAM.
func Routes(s *authz.Server) []authz.Route {
	routes := []authz.Route{authorizeRoute(s)}
	for _, path := range tokenPaths {
		routes = append(routes, tokenRoute(s, path))
	}
	for _, path := range userInfoPaths {
		routes = append(routes, userInfoRoute(s, path))
	}
	return routes
}

func authorizeRoute(s *authz.Server) authz.Route {
	return authz.Route{
		Methods: []string{http.MethodGet}, Path: signInPath, Dialect: registry.DialectGAM,
		Name: authz.NameAuthorize, Endpoint: s.Authorize, Decode: decodeAuthorize, Redirect: encodeRedirect,
		NoChallenge: true,
	}
}

func tokenRoute(s *authz.Server, path string) authz.Route {
	return authz.Route{
		Methods: []string{http.MethodPost}, Path: path, Dialect: registry.DialectGAM, Marks: []string{"grant_type"},
		Name: authz.NameToken, Endpoint: s.API(s.Token), Decode: decodeToken, Encode: encodeToken, Fail: Fail, Check: checkREST,
		AccessLifetime: storage.Never, Refresh: refreshes, NoRedirectURI: true,
	}
}

func userInfoRoute(s *authz.Server, path string) authz.Route {
	return authz.Route{
		Methods: []string{http.MethodGet, http.MethodPost}, Path: path, Dialect: registry.DialectGAM,
		Name: authz.NameUserInfo, Endpoint: s.API(s.UserInfo), Decode: decodeUserInfo, Encode: encodeUserInfo, Fail: failUserInfo,
		Check: checkREST, Complete: checkIdentifies,
	}
}

// refreshes reports whether a client gets refresh tokens: GAM gives none unless somebody said how long they live.
func refreshes(c *storage.Client) bool { return c.RefreshTokenLifetime != 0 }

// checkREST refuses a client whose record does not allow GAM's REST services. The client has proven who it is, so it is
// not asked to do that again (401), but told that it may not (403).
func checkREST(_ context.Context, req *authz.Request) error {
	if settings, _ := registry.GAMOf(req.Client); settings.RESTAuthentication {
		return nil
	}
	e := authz.Refuse(authz.CodeUnauthorizedClient, "Remote authentication is not allowed in this application. Please contact the administrator. (GAM230)")
	e.Status, e.Vendor = http.StatusForbidden, codeNotAllowed
	return e
}
