package dialect

import (
	"path"
	"slices"
	"strings"

	"gatehouse/authz"
)

// ours are the paths that stay ours, whatever a vendor has: the RFCs' endpoints, the pages and the two APIs.
var ours = []string{
	"/.well-known", "/oauth2", "/superapp", "/login", "/logout", "/signup", "/consent", "/password", "/account", "/developer", "/admin",
	"/device", "/static", "/healthz", "/readyz", "/metrics", "/debug",
	"/api/v1/clients", "/api/v1/users", "/api/v1/companies", "/api/v1/publishers", "/api/v1/scopes", "/api/v1/grants", "/api/v1/sessions",
	"/api/v1/keys", "/api/v1/audit", "/api/v1/deliveries", "/api/v1/openapi.json",
}

// checkRoute panics for a path that is written wrongly or would stand in front of ours.
func checkRoute(route authz.Route) {
	first := firstSegment(route.Path)
	switch {
	case !strings.HasPrefix(route.Path, "/") || path.Clean(route.Path) != route.Path:
		panic("the path " + route.Path + " has to begin with a slash and to have no other that it does not need")
	case first == "" || strings.Contains(first, "{"):
		panic("the path " + route.Path + " has to begin with a word of its own")
	case len(route.Methods) == 0 || route.Endpoint == nil:
		panic("the route of " + route.Path + " needs methods and an endpoint")
	case slices.ContainsFunc(ours, func(own string) bool { return strings.HasPrefix(route.Path+"/", own+"/") }):
		panic("the path " + route.Path + " is not for vendors")
	}
}
