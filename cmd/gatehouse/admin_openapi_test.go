package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"gatehouse/admin/api"
)

// Every answer of the admin API that a test gets is compared with what admin/api/openapi.json says about it.

const adminAPIFile = "../../admin/api/openapi.json"

// adminDescribed is the document as it is, and as this test holds answers to it: with no member that it does not have.
var adminDescribed = sync.OnceValues(func() (doc *openapi3.T, err error) {
	raw, err := os.ReadFile(adminAPIFile)
	if err != nil {
		return nil, err
	}
	if doc, err = openapi3.NewLoader().LoadFromData(raw); err != nil {
		return nil, err
	}
	for _, schema := range doc.Components.Schemas {
		closeSchema(schema.Value)
	}
	return doc, nil
})

func closeSchema(s *openapi3.Schema) {
	no := false
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		s.AdditionalProperties.Has = &no
	}
	for _, p := range s.Properties {
		if p.Ref == "" {
			closeSchema(p.Value)
		}
	}
	if s.Items != nil && s.Items.Ref == "" {
		closeSchema(s.Items.Value)
	}
}

// requireAdminSchema is requireSchema, short where it fails. The validator does not look at patternProperties together with
// additionalProperties: names in other languages are taken out.
func requireAdminSchema(t testing.TB, doc *openapi3.T, schema *openapi3.Schema, body, what string) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(body), &value), "%s: %s", what, body)
	if err := doc.ValidateSchemaJSON(schema, withoutTranslations(value)); err != nil {
		text := err.Error()
		require.Failf(t, text[:min(len(text), 300)], "%s: %s", what, body)
	}
}

func withoutTranslations(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = withoutTranslations(v[i])
		}
	case map[string]any:
		for name, member := range v {
			if text, is := member.(string); strings.HasPrefix(name, "client_name#") && (member == nil || is && text != "") {
				delete(v, name)
				continue
			}
			v[name] = withoutTranslations(member)
		}
	}
	return value
}

// anyCall are the statuses that every call may answer without the document's saying so at each.
var anyCall = []int{http.StatusMethodNotAllowed, http.StatusInternalServerError}

// ofBoxo reports whether a path is one that the Boxo platform has under the same prefix.
func ofBoxo(path string) bool {
	return strings.HasPrefix(path, api.Prefix+"/connect") || strings.HasPrefix(path, api.Prefix+"/accounts/")
}

func requireAdminDescribed(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	if !strings.HasPrefix(r.URL.Path, api.Prefix+"/") || r.Method == http.MethodHead || ofBoxo(r.URL.Path) {
		return
	}
	doc, err := adminDescribed()
	require.NoError(t, err)
	what := r.Method + " " + r.URL.Path + " answers " + a.Status
	item := pathOf(doc, r.URL.EscapedPath())
	problem := func() {
		t.Helper()
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"), what)
		requireAdminSchema(t, doc, doc.Components.Schemas["Problem"].Value, a.body, what)
		require.EqualValues(t, a.StatusCode, a.json(t)["status"], what)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"), what)
	}
	if item == nil {
		require.Equal(t, http.StatusNotFound, a.StatusCode, what)
		problem()
		return
	}
	operation := item.GetOperation(r.Method)
	if operation == nil || slices.Contains(anyCall, a.StatusCode) {
		require.Contains(t, anyCall, a.StatusCode, what)
		problem()
		return
	}
	response := operation.Responses.Value(strconv.Itoa(a.StatusCode))
	require.NotNil(t, response, "%s, which the document does not have: %s", what, a.body)
	for name := range response.Value.Headers {
		if name != "ETag" || len(a.json(t)) > 1 { // who may not read it gets the ID alone
			require.NotEmpty(t, a.Header.Get(name), "%s without %s", what, name)
		}
	}
	if a.StatusCode >= 400 {
		problem()
		return
	}
	if response.Value.Content == nil {
		require.Empty(t, a.body, what)
		return
	}
	if media := response.Value.Content.Get("application/jsonl"); media != nil {
		require.Equal(t, "application/jsonl", a.Header.Get("Content-Type"), what)
		for line := range strings.Lines(a.body) {
			requireAdminSchema(t, doc, media.Schema.Value, line, what)
		}
		return
	}
	require.Equal(t, "application/json", a.Header.Get("Content-Type"), what)
	requireAdminSchema(t, doc, response.Value.Content.Get("application/json").Schema.Value, a.body, what)
	if a.StatusCode < 300 && operation.RequestBody != nil && a.Request != nil {
		requireRequestDescribed(t, doc, operation, r, what)
	}
}

// requireRequestDescribed fails for a request that was accepted and is not what the document says.
func requireRequestDescribed(t testing.TB, doc *openapi3.T, operation *openapi3.Operation, r *http.Request, what string) {
	t.Helper()
	if r.GetBody == nil {
		return
	}
	body, err := r.GetBody()
	require.NoError(t, err)
	raw, err := io.ReadAll(body)
	require.NoError(t, err)
	if len(raw) == 0 {
		return
	}
	if media := r.Header.Get("Content-Type"); strings.HasPrefix(media, "image/") {
		require.NotNil(t, operation.RequestBody.Value.Content[media], "%s, asked with %s", what, media)
		return
	}
	requireAdminSchema(t, doc, operation.RequestBody.Value.Content.Get("application/json").Schema.Value, string(raw), what+", asked with")
}

func TestTheAdminAPIIsDescribedAsAWhole(t *testing.T) {
	t.Parallel()
	doc, err := adminDescribed()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1."))
	require.NoError(t, doc.Validate(t.Context()))
	count := 0
	for _, call := range new(api.API).Calls() {
		item := doc.Paths.Value(api.Prefix + call.Path)
		require.NotNil(t, item, "%s is not in %s", call.Path, adminAPIFile)
		operation := item.GetOperation(call.Method)
		require.NotNil(t, operation, "%s %s is not in %s", call.Method, call.Path, adminAPIFile)
		require.Equal(t, string(call.Capability), operation.Extensions["x-capability"], "%s %s", call.Method, call.Path)
		count++
	}
	described := 0
	for _, item := range doc.Paths.Map() {
		described += len(item.Operations())
	}
	require.Equal(t, count+1, described, "the document itself is no call of the table")
}
