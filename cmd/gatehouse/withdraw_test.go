package main

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the page says: the mini app is cut off at once, and gets the rest without a question when it is opened again.
func TestTakingBackOneScopeEndsTheTokensAndTheNextOnesComeWithoutIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
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

// After the last answer no token with the scope is alive, whoever raced with whom.
func TestTakingBackOneScopeWinsAgainstSimultaneousRefreshesAndExchanges(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		asked := request("photoprint", "scope", "openid email points_read")
		for range 10 {
			code, _ := s.allowIn(b, "ana@example.com", asked)
			tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
			unused, _ := s.allowIn(b, "ana@example.com", asked)
			action, form := formOf(t, b.get("/account/apps"), "app-photoprint")
			form.Set("action", "withdraw")
			form.Set("scope", "points_read")
			var group sync.WaitGroup
			var exchanged answer
			var taken answer
			group.Go(func() { taken = b.submit(action, form) })
			group.Go(func() { exchanged = s.post("/oauth2/token", "photoprint", exchangeForm(unused)) })
			answers := together(4, func() answer {
				return s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
			})
			group.Wait()
			require.Equal(t, http.StatusSeeOther, taken.StatusCode, taken.body)
			good, _ := tally(t, append(answers, exchanged))
			for _, pair := range append(good, tokens) {
				require.False(t, s.active("photoprint", pair["access_token"]))
				require.False(t, s.active("photoprint", pair["refresh_token"]))
			}
			form.Set("action", "disconnect")
			require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
		}
	})
}
