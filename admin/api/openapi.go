package api

import (
	_ "embed" // the description of the API
	"encoding/json"
	"net/http"
)

// openAPI describes every call (OpenAPI 3.1).
//
//go:embed openapi.json
var openAPI json.RawMessage

// document is GET /api/v1/openapi.json, for whoever asks.
func (a *API) document(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		a.fail(w, r, errMethod)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(openAPI)
}
