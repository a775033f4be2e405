package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

func TestASuspensionEndsCodesAndTokensForEver(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		tokens := s.tokens("ana@example.com", "photoprint")
		code := s.allow("ana@example.com", request("photoprint"))
		take := func(action registry.Action) *testServer {
			t.Helper()
			_, err := s.reg.Take(t.Context(), registry.Step{Action: action, ClientID: "photoprint", By: storage.Actor{Kind: storage.ActorCommand}, Comment: "because"})
			require.NoError(t, err)
			return s.beside() // which has nothing cached
		}
		dead := func(at *testServer) {
			t.Helper()
			require.Equal(t, http.StatusUnauthorized, at.userinfo(tokens["access_token"]).StatusCode)
			require.NotEqual(t, http.StatusOK, at.post("/oauth2/token", "photoprint", exchangeForm(code)).StatusCode)
			require.NotEqual(t, http.StatusOK, at.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).StatusCode)
			require.False(t, at.active("resource", tokens["access_token"]))
		}
		dead(take(registry.Suspend))
		again := take(registry.Reinstate)
		dead(again)
		fresh := again.tokens("ana@example.com", "photoprint")
		require.True(t, again.active("photoprint", fresh["access_token"]))
	})
}
