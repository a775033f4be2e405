package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// What the page says: the mini app is cut off at once, and gets the rest without a question when it is opened again.
func TestTakingBackOneScopeEndsTheTokensAndTheNextOnesComeWithoutIt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		code, _ := s.allowIn(b, "ana@example.com", request("photoprint", "scope", "openid email points_read"))
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		require.Equal(t, 120.0, s.userinfo(tokens["access_token"]).json(t)["points"])

		action, form := formOf(t, b.get("/account/apps"), "app-photoprint")
		form.Set("action", "withdraw")
		form.Set("scope", "points_read")
		require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
		require.False(t, s.active("photoprint", tokens["access_token"]), "dead at the next call")
		require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)["error"])

		code = callback(t, b.authorize(request("photoprint", "scope", "openid email points_read"))).Get("code")
		tokens = s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		require.Equal(t, "openid email", tokens["scope"])
		info := s.userinfo(tokens["access_token"]).json(t)
		require.Equal(t, "ana@example.com", info["email"])
		require.NotContains(t, info, "points")
	})
}
