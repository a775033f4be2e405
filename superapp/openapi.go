package superapp

import (
	_ "embed" // the description of the API
	"encoding/json"
	"net/http"

	"gatehouse/authz"
)

// openAPI describes every call of the API (OpenAPI 3.1).
//
//go:embed openapi.json
var openAPI json.RawMessage

// documentRoute is GET /superapp/v1/openapi.json, for whoever asks.
func (a *API) documentRoute() authz.Route {
	return authz.Route{
		Methods: reading, Path: "/superapp/v1/openapi.json", Fail: fail,
		Endpoint: func(w http.ResponseWriter, _ *http.Request, _ *authz.Route) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "public, max-age=3600")
			w.Write(openAPI)
		},
	}
}
