package main

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"gatehouse/superapp"
)

// Every answer of the host app's API that a test gets is compared with what superapp/openapi.json says about it.

const openAPIFile = "../../superapp/openapi.json"

var described = sync.OnceValues(func() (*openapi3.T, error) {
	raw, err := os.ReadFile(openAPIFile)
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(raw)
})

// requireDescribed fails unless an answer of the host app's API is one that the document has.
func requireDescribed(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	requireAdminDescribed(t, r, a)
	if !strings.HasPrefix(r.URL.Path, "/superapp/v1/") || r.Method == http.MethodHead { // which answers without a body
		return
	}
	doc, err := described()
	require.NoError(t, err)
	what := r.Method + " " + r.URL.Path + " answers " + a.Status
	item := pathOf(doc, r.URL.EscapedPath())
	if item == nil {
		require.Equal(t, http.StatusNotFound, a.StatusCode, what)
		return
	}
	operation := item.GetOperation(r.Method)
	if operation == nil {
		require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode, what)
		requireSchema(t, doc, doc.Components.Schemas["Error"].Value, a.body, what)
		return
	}
	response := operation.Responses.Value(strconv.Itoa(a.StatusCode))
	require.NotNil(t, response, "%s, which the document does not have: %s", what, a.body)
	for name := range response.Value.Headers {
		require.NotEmpty(t, a.Header.Get(name), "%s without %s", what, name)
	}
	if response.Value.Content == nil {
		require.Empty(t, a.body, what)
		return
	}
	require.Equal(t, "application/json", a.Header.Get("Content-Type"), what)
	requireSchema(t, doc, response.Value.Content.Get("application/json").Schema.Value, a.body, what)
}

func requireSchema(t testing.TB, doc *openapi3.T, schema *openapi3.Schema, body, what string) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(body), &value), "%s: %s", what, body)
	require.NoError(t, doc.ValidateSchemaJSON(schema, value), "%s: %s", what, body)
}

// pathOf returns what the document says about a path; a template matches it if nothing else does.
func pathOf(doc *openapi3.T, path string) *openapi3.PathItem {
	if item := doc.Paths.Value(path); item != nil {
		return item
	}
	for template, item := range doc.Paths.Map() {
		want, got := strings.Split(template, "/"), strings.Split(path, "/")
		if slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "" }) {
			return item
		}
	}
	return nil
}

func TestTheHostAppsAPIIsDescribedAsAWhole(t *testing.T) {
	t.Parallel()
	doc, err := described()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1."))
	require.NoError(t, doc.Validate(t.Context()))

	routes := map[string][]string{}
	for _, route := range new(superapp.API).Routes() {
		for _, method := range route.Methods {
			if method != http.MethodHead { // it goes without saying (RFC 9110 §9.3.2)
				routes[route.Path] = append(routes[route.Path], method)
			}
		}
	}
	for path, methods := range routes {
		item := doc.Paths.Value(path)
		require.NotNil(t, item, "%s is not in %s", path, openAPIFile)
		for _, method := range methods {
			require.NotNil(t, item.GetOperation(method), "%s %s is not in %s", method, path, openAPIFile)
		}
		require.Len(t, item.Operations(), len(methods), path)
	}
	require.Equal(t, len(routes), doc.Paths.Len())
}
