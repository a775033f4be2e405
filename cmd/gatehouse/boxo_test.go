package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// Boxo's tokens are String(1000) and its reference is String(100).
func TestBoxosTokensAndReferencesKeepToItsLimits(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	boxo := map[string]json.RawMessage{"boxo": json.RawMessage(`{}`)}
	longest := strings.Repeat("x", 64)
	s.register(storage.Client{ID: longest, Name: "Public subjects", PKCE: "optional", Dialects: boxo})
	s.register(storage.Client{ID: "pair", Name: "Pairwise subjects", PKCE: "optional", SubjectType: "pairwise", Dialects: boxo})
	send := func(method, path string, set func(*http.Request), body string) map[string]any {
		r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
		require.NoError(t, err)
		set(r)
		a := do(t, http.DefaultClient, r)
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		return a.json(t)
	}
	for _, client := range []string{longest, "pair"} {
		code := s.allow("ana@example.com", request(client, "code_challenge", "", "code_challenge_method", "", "scope", "openid email profile phone points_read"))
		require.LessOrEqual(t, len(code), 1000)
		tokens := send(http.MethodPost, "/api/get_access_token/", func(r *http.Request) { r.SetBasicAuth(client, testSecret) }, `{"auth_code":"`+code+`"}`)
		require.Len(t, tokens, 2)
		for name, value := range tokens {
			require.NotEmpty(t, value, name)
			require.LessOrEqual(t, len(value.(string)), 1000, name)
		}
		data := send(http.MethodGet, "/api/get_user_data/", func(r *http.Request) {
			r.Header.Set("Authorization", "Token "+tokens["access_token"].(string))
		}, "")["user_data"].(map[string]any)
		require.NotEmpty(t, data["reference"])
		require.LessOrEqual(t, len(data["reference"].(string)), 100)
	}
}
