package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// docs/identifiers.md: what stays and what changes for a mini app that goes to another publisher.
func TestAnAppThatChangesItsPublisherKeepsSubAndAsksForTheOthersUnionID(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for app, publisher := range map[string]string{"moving": "oldhouse", "staying": "oldhouse", "receiving": "newhouse"} {
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: publisher, Name: publisher}))
		s.register(storage.Client{ID: app, Name: app, PublisherID: publisher, SubjectType: "pairwise", Scopes: scopesOf("openid!", "unionid")})
	}
	tokens := make(map[string]any)
	for _, app := range []string{"moving", "staying", "receiving"} {
		tokens[app] = s.tokens("ana@example.com", app, "scope", "openid unionid")["access_token"]
	}
	refresh := s.tokens("ana@example.com", "moving", "scope", "openid unionid")["refresh_token"]
	waiting := s.allow("ana@example.com", request("moving", "scope", "openid unionid"))
	claims := func(s *testServer, app string) (sub, unionid any) {
		a := s.userinfo(tokens[app])
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		m := a.json(t)
		require.NotEmpty(t, m["unionid"])
		return m["sub"], m["unionid"]
	}
	sub, old := claims(s, "moving")
	_, siblings := claims(s, "staying")
	_, others := claims(s, "receiving")
	require.Equal(t, siblings, old)
	require.NotEqual(t, others, old)

	s.updateClient("moving", func(c *storage.Client) { c.PublisherID = "newhouse" })
	s = s.beside()
	after := s.userinfo(tokens["moving"]) // with the token from before
	require.Equal(t, http.StatusOK, after.StatusCode, after.body)
	require.Equal(t, sub, after.json(t)["sub"], "pairwise sub hangs on the client alone")
	require.NotContains(t, after.json(t), "unionid", "nobody allowed it to the new one")
	require.Equal(t, "openid", s.scopeOf("moving", tokens["moving"]))
	refreshed := s.post("/oauth2/token", "moving", refreshForm(refresh.(string))).json(t)
	require.Equal(t, "openid", refreshed["scope"])
	require.NotContains(t, s.userinfo(refreshed["access_token"]).json(t), "unionid")
	waited := s.post("/oauth2/token", "moving", exchangeForm(waiting)).json(t)
	require.Equal(t, "openid", waited["scope"], "a code from before")
	require.NotContains(t, s.userinfo(waited["access_token"]).json(t), "unionid")
	_, left := claims(s, "staying")
	require.Equal(t, siblings, left, "nobody else's changes")

	h := s.hostApp("ana@example.com")
	require.Equal(t, []any{true, "incomplete", []any{"unionid"}}, values(h.get("/apps/moving/sharing"), "allowed", "status", "missing"))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("moving", "scope", "openid"))
	require.Equal(t, 1, strings.Count(b.get("/account/apps").body, others.(string)), "the page shows it at the app that has it")
	asked := request("moving", "scope", "openid unionid")
	silent := request("moving", "scope", "openid unionid", "prompt", "none")
	require.Equal(t, "consent_required", callback(t, b.authorize(silent)).Get("error"))
	require.Equal(t, []string{"unionid"}, checkboxes(t, b.get(b.authorize(asked).Header.Get("Location"))), "and nothing else is asked")
	code, _ := s.allowIn(b, "ana@example.com", asked)
	tokens["moving"] = s.post("/oauth2/token", "moving", exchangeForm(code)).json(t)["access_token"]
	again, unionid := claims(s, "moving")
	require.Equal(t, sub, again)
	require.Equal(t, others, unionid)

	s.updateClient("moving", func(c *storage.Client) { c.PublisherID = "oldhouse" })
	s = s.beside()
	require.NotContains(t, s.userinfo(tokens["moving"]).json(t), "unionid", "what was allowed to the new one is not the old one's")
	tokens["moving"] = s.tokens("ana@example.com", "moving", "scope", "openid unionid")["access_token"]
	_, back := claims(s, "moving")
	require.Equal(t, old, back)
}
