package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
)

// The host app's API asks nobody, but what a person cannot allow in the browser they cannot allow here either.
func TestAHostAppsTokenGetsNoCodeThatItsPersonCannotAllow(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "console", Name: "Console", FirstParty: true, Public: true, Scopes: scopesOf("openid", registry.ScopeAdmin)})
	ask := func(token, scope string) answer {
		return s.superapp("console/code", token, `{"redirect_uri":"`+testCallback+`","scope":"`+scope+
			`","code_challenge":"`+challengeOf(testVerifier)+`","code_challenge_method":"S256"}`)
	}
	token := s.hostToken("ana@example.com")
	require.Equal(t, http.StatusCreated, ask(token, "openid").StatusCode)
	a := ask(token, "openid "+registry.ScopeAdmin)
	require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
	require.Equal(t, "access_denied", a.json(t)["error"])

	u := s.users["ana@example.com"]
	was := u.UpdatedAt
	u.Roles, u.UpdatedAt = []string{storage.RoleAdmin}, was.Add(1e9)
	require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
	require.Equal(t, http.StatusCreated, ask(token, "openid "+registry.ScopeAdmin).StatusCode, "for the operator it is good")
}
