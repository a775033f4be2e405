package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// docs/identifiers.md: what stays and what changes for a mini app that goes to another publisher.
func TestAnAppThatChangesItsPublisherKeepsSubAndGetsTheOthersUnionID(t *testing.T) {
	s := newTestServer(t, furnished.SQLite(t))
	for app, publisher := range map[string]string{"moving": "oldhouse", "staying": "oldhouse", "receiving": "newhouse"} {
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: publisher, Name: publisher}))
		s.register(storage.Client{ID: app, Name: app, PublisherID: publisher, SubjectType: "pairwise", Scopes: scopesOf("openid!", "unionid")})
	}
	tokens := make(map[string]any)
	for _, app := range []string{"moving", "staying", "receiving"} {
		tokens[app] = s.tokens("ana@example.com", app, "scope", "openid unionid")["access_token"]
	}
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
	after, unionid := claims(s, "moving") // with the token from before
	require.Equal(t, sub, after, "pairwise sub hangs on the client alone")
	require.Equal(t, others, unionid)
	_, left := claims(s, "staying")
	require.Equal(t, siblings, left, "nobody else's changes")
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("moving", "scope", "openid unionid")), "ana@example.com")
	require.NotEmpty(t, callback(t, a).Get("code"), "what the person allowed stands")

	s.updateClient("moving", func(c *storage.Client) { c.PublisherID = "oldhouse" })
	_, back := claims(s.beside(), "moving")
	require.Equal(t, old, back)
}
