package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

// withSecrets sets GATEHOUSE_SECRET and GATEHOUSE_SECRET_PREVIOUS.
func withSecrets(current, other string) func(*config.Config) {
	return func(cfg *config.Config) { cfg.Secret, cfg.SecretPrevious = current, other }
}

// An operator deploys the new root secret as the other one everywhere, then swaps the two, then leaves the old one out
// when nothing lives that it made.
func TestARotationOfTheRootSecretBreaksNothing(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		before := testConfig("", "").Secret
		after := strings.Repeat("another root secret ", 3)
		announced := s.beside(withSecrets(before, after))
		swapped := s.beside(withSecrets(after, before))

		b := s.newBrowser()
		code, _ := s.allowIn(b, "ana@example.com", request("pairwise"))
		tokens := s.post("/oauth2/token", "pairwise", exchangeForm(code)).json(t)
		subject := s.userinfo(tokens["access_token"]).json(t)["sub"]
		unspent := callback(t, b.authorize(request("pairwise"))).Get("code")
		open := b.authorize(request("pairwise", "scope", "openid email phone")).Header.Get("Location")

		for name, other := range map[string]*testServer{"announced": announced, "swapped": swapped} {
			require.Equal(t, http.StatusOK, other.userinfo(tokens["access_token"]).StatusCode, name)
			require.True(t, other.active("pairwise", tokens["refresh_token"]), name)
			require.Equal(t, subject, other.userinfo(tokens["access_token"]).json(t)["sub"], "%s: a pairwise sub is for ever", name)
			require.Equal(t, http.StatusOK, b.get(other.url+open).StatusCode, "%s: an open consent page", name)
			require.Equal(t, http.StatusOK, b.get(other.url+"/account").StatusCode, "%s: the session", name)
			hint := request("pairwise", "prompt", "none", "id_token_hint", tokens["id_token"].(string))
			require.NotEmpty(t, callback(t, b.get(other.url+"/oauth2/authorize?"+hint.Encode())).Get("code"), "%s: the signing keys", name)
		}
		a := swapped.post("/oauth2/token", "pairwise", exchangeForm(unspent))
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		rotated := swapped.post("/oauth2/token", "pairwise", refreshForm(tokens["refresh_token"].(string))).json(t)
		for _, other := range []*testServer{announced, swapped} {
			require.True(t, other.active("pairwise", rotated["access_token"]), "made by the new secret, known where it is announced")
			again := other.post("/oauth2/token", "pairwise", refreshForm(tokens["refresh_token"].(string))).json(t)
			require.Equal(t, rotated["access_token"], again["access_token"], "a lost answer is given again on either")
		}

		afterwards := s.beside(withSecrets(after, ""))
		require.Equal(t, subject, afterwards.userinfo(rotated["access_token"]).json(t)["sub"])
		require.True(t, afterwards.active("pairwise", rotated["refresh_token"]))
		a = afterwards.post("/oauth2/token", "pairwise", refreshForm(rotated["refresh_token"].(string)))
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		require.Equal(t, http.StatusUnauthorized, afterwards.userinfo(tokens["access_token"]).StatusCode, "what the old secret made ends with it")
		keys := func(s *testServer) string { return s.newBrowser().get(s.url + "/.well-known/jwks.json").body }
		require.Equal(t, keys(s), keys(afterwards), "the signing keys are the same")
	})
}

// A machine whose clock is a minute off works with the others on one database.
func TestAClockThatIsAMinuteOffStillWorks(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, off := range []time.Duration{-time.Minute, time.Minute} {
		other := s.besideAt(off)
		b := s.newBrowser()
		code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
		a := other.post("/oauth2/token", "photoprint", exchangeForm(code))
		require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", off, a.body)
		tokens := a.json(t)
		for _, server := range []*testServer{s, other} {
			require.True(t, server.active("photoprint", tokens["access_token"]), off)
			require.Equal(t, http.StatusOK, server.userinfo(tokens["access_token"]).StatusCode, off)
			hint := request("photoprint", "prompt", "none", "id_token_hint", tokens["id_token"].(string))
			require.NotEmpty(t, callback(t, b.get(server.url+"/oauth2/authorize?"+hint.Encode())).Get("code"), off)
		}
		open := b.authorize(request("photoprint", "prompt", "consent")).Header.Get("Location")
		require.Equal(t, http.StatusOK, b.get(other.url+open).StatusCode, off)
		refreshed := other.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
		require.Equal(t, http.StatusOK, refreshed.StatusCode, refreshed.body)
		again := s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
		if off < 0 {
			require.Equal(t, "invalid_grant", again.json(t)["error"], "there the refresh was a minute ago, and the grace is over")
			continue
		}
		require.Equal(t, refreshed.json(t)["access_token"], again.json(t)["access_token"])
		a = s.post("/oauth2/revoke", "photoprint", url.Values{"token": {refreshed.json(t)["access_token"].(string)}})
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.False(t, other.active("photoprint", refreshed.json(t)["access_token"]))
	}
}
