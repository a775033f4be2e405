package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// The host app's deny, which is about everything.

const deny = `{"decision":"deny"}`

func TestADenyOfEverythingLeavesNothingAllowedThatTheAppWasRegisteredForOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, callsLoopback)
		go s.run(t.Context())
		hook := newWebhook(t, nil)
		s.updateClient("photoprint", func(c *storage.Client) { c.WebhookURI = hook.URL })
		h := s.hostApp("ana@example.com")
		h.decides("photoprint", `{"decision":"allow","scopes":["openid","email","points_read","phone"]}`)
		var all []storage.ClientScope
		s.updateClient("photoprint", func(c *storage.Client) {
			all = slices.Clone(c.Scopes)
			c.Scopes = slices.DeleteFunc(c.Scopes, func(entry storage.ClientScope) bool { return entry.Name == "points_read" })
		})
		h = hostApp{s.beside(callsLoopback), h.token}
		h.decides("photoprint", deny)
		require.Empty(t, s.grant("ana@example.com", "photoprint").AllowedScopes())
		require.Eventually(t, func() bool { return len(hook.all()) > 0 }, 60*time.Second, 20*time.Millisecond)
		require.Equal(t, "caep/event-type/session-revoked", unverified(hook.all()[0]).name())

		s.updateClient("photoprint", func(c *storage.Client) { c.Scopes = all })
		h = hostApp{s.beside(callsLoopback), h.token}
		require.Equal(t, []any{false, "denied"}, values(h.get("/apps/photoprint/sharing"), "allowed", "status"))
		require.Equal(t, http.StatusForbidden, h.mints("photoprint", "points_read").StatusCode)
	})
}

// RFC 9110 §9.2.2: a PUT that is sent again, because its answer was lost, has the effect of one.
func TestADenyThatIsSentAgainChangesNothing(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h := s.hostApp("ana@example.com")
		b := s.newBrowser()
		h.decides("photoprint", deny)
		first := s.grant("ana@example.com", "photoprint")
		for range 3 {
			s.forward(time.Second)
			h.decides("photoprint", deny)
		}
		require.Equal(t, first, s.grant("ana@example.com", "photoprint"))
		page := b.signIn(b.authorize(request("photoprint")), "ana@example.com")
		require.Contains(t, page.Header.Get("Location"), "/consent?", "it was one denial")

		s.allowIn(b, "ana@example.com", request("photoprint", "scope", "openid email"))
		h.decides("photoprint", deny)
		require.Equal(t, "denied", h.get("/apps/photoprint/sharing")["status"], "what was allowed since is denied")
		require.Equal(t, "access_denied", callback(t, b.decide(b.authorize(request("photoprint", "scope", "openid phone")), "deny")).Get("error"))
		require.Equal(t, "access_denied", callback(t, b.authorize(request("photoprint"))).Get("error"), "a denial in the browser counts")
	})
}

// RFC 9110 §9.2.2 is about one intent that is sent again; this is another one, and contract.md §6 counts it.
func TestADenyThatComesLaterIsAnotherDenial(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h, b := s.hostApp("ana@example.com"), s.newBrowser()
		b.signIn(b.authorize(request("photoprint")), "ana@example.com")
		h.decides("photoprint", deny)
		s.forward(11 * time.Minute)
		h.decides("photoprint", deny)
		require.Equal(t, 2, s.grant("ana@example.com", "photoprint").Denials)
		require.Equal(t, "access_denied", callback(t, b.authorize(request("photoprint"))).Get("error"))
		s.forward(time.Minute)
		h.decides("photoprint", deny)
		require.Equal(t, 2, s.grant("ana@example.com", "photoprint").Denials, "and that one sent again is none")
	})
}

// What a deny of another request left allowed opens nothing while the app is denied.
func TestAnAppThatIsDeniedGetsNoCodeForLess(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	h, b := s.hostApp("ana@example.com"), s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint", "scope", "openid email"))
	b.decide(b.authorize(request("photoprint", "scope", "openid phone")), "deny")
	require.Equal(t, []any{false, "denied"}, values(h.get("/apps/photoprint/sharing"), "allowed", "status"))
	for _, scopes := range [][]string{nil, {"email"}} {
		require.Equal(t, http.StatusForbidden, h.mints("photoprint", scopes...).StatusCode)
	}
}
