package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// Grant Management for OAuth 2.0: grant_id and grant_management_action at authorize and token, and /oauth2/grants.

// managed is a server with two clients that manage their grants, and a token of the first that may do everything there.
type managed struct {
	*testServer
	token string
}

func newManaged(t *testing.T, dsn string) *managed {
	s := newTestServer(t, dsn)
	for _, id := range []string{"tpp", "rival"} {
		s.register(storage.Client{ID: id, Name: id, Scopes: scopesOf("openid!", "email", "profile", "phone", "grant_management_query", "grant_management_revoke")})
	}
	return &managed{s, s.manager("tpp", "grant_management_query grant_management_revoke")}
}

// manager is an access token of a client for the grant management API.
func (s *testServer) manager(clientID, scope string) string {
	s.t.Helper()
	a := s.post("/oauth2/token", clientID, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
	require.Equal(s.t, http.StatusOK, a.StatusCode, a.body)
	return a.json(s.t)["access_token"].(string)
}

// gets goes through an authorization request of tpp for ana and returns the token response.
func (m *managed) gets(scope string, pairs ...string) map[string]any {
	m.t.Helper()
	return m.tokens("ana@example.com", "tpp", append([]string{"scope", scope}, pairs...)...)
}

// grant calls the grant management API.
func (m *managed) grant(method, id, token string) answer {
	m.t.Helper()
	if token == "" {
		return m.send(method, "/oauth2/grants/"+id, "")
	}
	return m.send(method, "/oauth2/grants/"+id, "", "Authorization", "Bearer "+token)
}

// allows returns the scopes of a grant as the API tells them.
func (m *managed) allows(id any) string {
	m.t.Helper()
	a := m.grant(http.MethodGet, id.(string), m.token)
	require.Equal(m.t, http.StatusOK, a.StatusCode, a.body)
	return a.json(m.t)["scopes"].([]any)[0].(map[string]any)["scope"].(string)
}

func TestAGrantIDComesWithTheTokensOfAClientThatAsksForGrantManagement(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	require.NotContains(t, m.gets("openid"), "grant_id")
	created := m.gets("openid email", "grant_management_action", "create")
	id := created["grant_id"].(string)
	require.Regexp(t, `^[A-Za-z0-9._~-]{22,}$`, id)
	require.Equal(t, id, m.gets("openid", "grant_management_action", "create")["grant_id"], "there is one grant, and create takes nothing away")
	require.True(t, m.active("tpp", created["access_token"]))
	a := m.post("/oauth2/token", "tpp", refreshForm(created["refresh_token"].(string)))
	require.Equal(t, id, a.json(t)["grant_id"])
	require.NotContains(t, m.gets("openid"), "grant_id")
}

// The draft's example: {"scopes":[{"scope":"contacts read write"}],"claims":["given_name",…]}.
func TestAClientAsksWhatItsGrantAllows(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		id := m.gets("openid email", "grant_management_action", "create")["grant_id"].(string)
		a := m.grant(http.MethodGet, id, m.token)
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		require.JSONEq(t, `{"scopes":[{"scope":"email openid"}],"claims":["email","email_verified","sub"]}`, a.body)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))

		require.NoError(t, m.store.SetDisabled(t.Context(), m.users["ana@example.com"].ID, true, m.now()))
		require.Equal(t, http.StatusNotFound, m.grant(http.MethodGet, id, m.token).StatusCode)
		require.NoError(t, m.store.SetDisabled(t.Context(), m.users["ana@example.com"].ID, false, m.now()))
		require.Equal(t, "email openid", m.allows(id))

		b := m.newBrowser()
		code, b := m.allowIn(b, "ana@example.com", request("tpp", "scope", "openid"))
		require.NotEmpty(t, code)
		b.atApps("tpp", "disconnect")
		require.Equal(t, http.StatusNotFound, m.grant(http.MethodGet, id, m.token).StatusCode)
	})
}

func TestMergeAddsToAGrantAndReplaceDropsWhatIsNotAsked(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		first := m.gets("openid email", "grant_management_action", "create")
		id := first["grant_id"].(string)

		merged := m.gets("openid phone", "grant_management_action", "merge", "grant_id", id)
		require.Equal(t, id, merged["grant_id"])
		require.ElementsMatch(t, []string{"openid", "email", "phone"}, strings.Fields(merged["scope"].(string)))
		require.Equal(t, "email openid phone", m.allows(id))
		require.Equal(t, http.StatusBadRequest, m.post("/oauth2/token", "tpp", refreshForm(first["refresh_token"].(string))).StatusCode)
		require.True(t, m.active("tpp", merged["access_token"]))

		replaced := m.gets("openid profile", "grant_management_action", "replace", "grant_id", id)
		require.Equal(t, id, replaced["grant_id"])
		require.Equal(t, "openid profile", replaced["scope"])
		require.Equal(t, "openid profile", m.allows(id))
		require.False(t, m.active("tpp", merged["access_token"]))
		require.True(t, m.active("tpp", replaced["access_token"]))
		refreshed := m.post("/oauth2/token", "tpp", refreshForm(replaced["refresh_token"].(string))).json(t)
		require.Equal(t, id, refreshed["grant_id"])
		require.Equal(t, "openid profile", refreshed["scope"])

		a := m.newBrowser()
		page := a.signIn(a.authorize(request("tpp", "scope", "openid email")), "ana@example.com")
		require.Contains(t, page.Header.Get("Location"), "/consent", "what was dropped is asked again")
	})
}

// What merge adds is what authorize would grant without a question if it were asked.
func TestMergeAddsOnlyWhatNeedsNoQuestion(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		purpose := func(text string) {
			m.updateClient("tpp", func(c *storage.Client) {
				c.Scopes[1].Required, c.Scopes[1].Purpose = true, map[string]string{"en": text}
			})
			m.testServer = m.beside()
		}
		purpose("to write to you")
		id := m.gets("openid email profile", "grant_management_action", "create")["grant_id"].(string)
		m.endScopes("ana@example.com", "tpp", m.now().Add(time.Minute), "profile")
		merged := m.gets("phone", "grant_management_action", "merge", "grant_id", id)["scope"].(string)
		require.ElementsMatch(t, []string{"openid", "email", "profile", "phone"}, strings.Fields(merged))

		m.forward(time.Minute)
		purpose("to tell your friends")
		merged = m.gets("openid phone", "grant_management_action", "merge", "grant_id", id)["scope"].(string)
		require.Equal(t, "openid phone", merged, "one has run out, and one was allowed for something else")
		merged = m.gets("email", "grant_management_action", "merge", "grant_id", id)["scope"].(string)
		require.ElementsMatch(t, []string{"openid", "email", "phone"}, strings.Fields(merged), "asked again and allowed")
	})
}

func TestMergeGivesTheScopeAdminToNobodyButAdmins(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "console", Name: "Console", FirstParty: true, Scopes: scopesOf("openid!", "admin")})
	as := func(roles ...string) {
		u, err := s.store.User(t.Context(), s.users["ana@example.com"].ID)
		require.NoError(t, err)
		was := u.UpdatedAt
		u.Roles, u.UpdatedAt = roles, was.Add(time.Second)
		require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
	}
	as(storage.RoleAdmin)
	tokens := s.tokens("ana@example.com", "console", "scope", "openid admin", "grant_management_action", "create")
	merge := []string{"scope", "openid", "grant_management_action", "merge", "grant_id", tokens["grant_id"].(string)}
	require.Equal(t, "openid admin", s.tokens("ana@example.com", "console", merge...)["scope"])
	as()
	require.Equal(t, "openid", s.tokens("ana@example.com", "console", merge...)["scope"])
}

func TestNothingHappensToAGrantUntilTheClientExchangesTheCode(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	first := m.gets("openid email", "grant_management_action", "create")
	id := first["grant_id"].(string)
	code := m.allow("ana@example.com", request("tpp", "scope", "openid", "grant_management_action", "replace", "grant_id", id))
	require.Equal(t, "email openid", m.allows(id))
	require.True(t, m.active("tpp", first["access_token"]))

	a := m.post("/oauth2/token", "rival", exchangeForm(code))
	require.Equal(t, "invalid_grant", a.json(t)["error"])
	a = m.post("/oauth2/token", "tpp", exchangeForm(code, "code_verifier", strings.Repeat("x", 43)))
	require.Equal(t, "invalid_grant", a.json(t)["error"])
	require.True(t, m.active("tpp", first["access_token"]))

	a = m.post("/oauth2/token", "tpp", exchangeForm(code))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.Equal(t, "openid", m.allows(id))
	require.False(t, m.active("tpp", first["access_token"]))
	m.post("/oauth2/token", "tpp", exchangeForm(code))
	require.False(t, m.active("tpp", a.json(t)["access_token"]), "a replay takes down what came of it")
}

func TestOfSimultaneousExchangesThatReplaceAGrantNoneLeavesATokenAlive(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		id := m.gets("openid email", "grant_management_action", "create")["grant_id"].(string)
		code := m.allow("ana@example.com", request("tpp", "scope", "openid", "grant_management_action", "replace", "grant_id", id))
		answers := make([]answer, 4)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = m.post("/oauth2/token", "tpp", exchangeForm(code)) })
		}
		all.Wait()
		succeeded := 0
		for _, a := range answers {
			if a.StatusCode == http.StatusOK {
				succeeded++
				require.False(t, m.active("tpp", a.json(t)["access_token"]))
			}
		}
		require.Equal(t, 1, succeeded)
		require.Equal(t, "openid", m.allows(id))
	})
}

// After a whole denial, and after the end of everything, there is another: a client that was answered 404 is not to meet
// the grant again.
func TestAGrantIDThatNamedNothingNeverComesBack(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		h := m.hostApp("ana@example.com")
		seen := map[any]bool{}
		next := func() string {
			h.decides("tpp", `{"decision":"allow","scopes":["openid","email"],"expires_in":60}`)
			id := m.gets("openid", "grant_management_action", "create")["grant_id"].(string)
			require.False(t, seen[id])
			for old := range seen {
				require.Equal(t, http.StatusNotFound, m.grant(http.MethodGet, old.(string), m.token).StatusCode)
			}
			seen[id] = true
			return id
		}
		id := next()
		h.decides("tpp", `{"decision":"deny"}`)
		require.Equal(t, http.StatusNotFound, m.grant(http.MethodGet, id, m.token).StatusCode)
		id = next()
		m.forward(time.Minute)
		require.Equal(t, http.StatusNotFound, m.grant(http.MethodGet, id, m.token).StatusCode)
		next()
	})
}

func TestAClientEndsItsGrantAndAllOfItsTokens(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		m := newManaged(t, dsn)
		first, second := m.gets("openid email", "grant_management_action", "create"), m.gets("openid")
		id := first["grant_id"].(string)
		a := m.grant(http.MethodDelete, id, m.token)
		require.Equal(t, http.StatusNoContent, a.StatusCode, a.body)
		require.Empty(t, a.body)
		require.False(t, m.active("tpp", first["access_token"]))
		require.False(t, m.active("tpp", second["access_token"]))
		require.Equal(t, http.StatusBadRequest, m.post("/oauth2/token", "tpp", refreshForm(first["refresh_token"].(string))).StatusCode)
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			require.Equal(t, http.StatusNotFound, m.grant(method, id, m.token).StatusCode)
		}
		require.NotEqual(t, id, m.gets("openid", "grant_management_action", "create")["grant_id"])
	})
}

// A client that could forget what a person denied could ask for ever.
func TestAClientCannotEndADenial(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	id := m.gets("openid email", "grant_management_action", "create")["grant_id"].(string)
	b := m.newBrowser()
	b.decide(b.signIn(b.authorize(request("tpp", "scope", "openid phone")), "ana@example.com"), "deny")
	require.Equal(t, "email", m.allows(id), "openid went with the denial")
	require.Equal(t, http.StatusNoContent, m.grant(http.MethodDelete, id, m.token).StatusCode)
	b.decide(b.authorize(request("tpp", "scope", "openid phone")), "deny")
	require.Equal(t, "access_denied", callback(t, b.authorize(request("tpp", "scope", "openid phone"))).Get("error"))
}

func TestADenialOutlivesTheEndOfTheGrantByItsClient(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	m.updateClient("tpp", func(c *storage.Client) { c.Scopes[0].Required = true })
	b := m.newBrowser()
	a := b.decide(b.signIn(b.authorize(request("tpp", "scope", "openid email phone", "grant_management_action", "create")), "ana@example.com"), "allow", "email")
	tokens := m.post("/oauth2/token", "tpp", exchangeForm(callback(t, a).Get("code"))).json(t)
	require.Equal(t, http.StatusNoContent, m.grant(http.MethodDelete, tokens["grant_id"].(string), m.token).StatusCode)
	require.False(t, m.active("tpp", tokens["access_token"]))
	grant, err := m.store.Grant(t.Context(), storage.Owner{UserID: m.users["ana@example.com"].ID}, "tpp")
	require.NoError(t, err)
	require.Empty(t, grant.AllowedScopes())
	require.Equal(t, "phone", grant.Decisions[0].Scope)
	require.NotEqual(t, tokens["grant_id"], grant.PublicID())
}

func TestNoClientLearnsOfAnothersGrants(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	id := m.gets("openid email", "grant_management_action", "create")["grant_id"].(string)
	rival := m.manager("rival", "grant_management_query grant_management_revoke")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		theirs, nobodys := m.grant(method, id, rival), m.grant(method, "TSdqirmAxDa0_-DB_1bASQ", rival)
		require.Equal(t, http.StatusNotFound, theirs.StatusCode)
		require.Equal(t, nobodys.body, theirs.body)
	}
	require.Equal(t, "email openid", m.allows(id))
	for _, client := range []string{"rival", "tpp"} {
		b := m.newBrowser()
		who := map[string]string{"rival": "ana@example.com", "tpp": "bo@example.com"}[client]
		for _, other := range []string{id, "TSdqirmAxDa0_-DB_1bASQ"} {
			a := b.authorize(request(client, "scope", "openid", "grant_management_action", "merge", "grant_id", other))
			if strings.HasPrefix(a.Header.Get("Location"), "/login") {
				a = b.signIn(a, who)
			}
			require.Equal(t, "invalid_grant_id", callback(t, a).Get("error"))
		}
	}
}

func TestTheGrantManagementAPINeedsATokenOfTheClientWithItsScope(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	tokens := m.gets("openid email", "grant_management_action", "create")
	id := tokens["grant_id"].(string)
	for method, scope := range map[string]string{http.MethodGet: "grant_management_query", http.MethodDelete: "grant_management_revoke"} {
		other := map[string]string{"grant_management_query": "grant_management_revoke", "grant_management_revoke": "grant_management_query"}[scope]
		for name, c := range map[string]struct {
			token  string
			status int
			code   string
		}{
			"no token":       {"", http.StatusUnauthorized, ""},
			"no such token":  {"2YotnFZFEjr1zCsicMWpAA", http.StatusUnauthorized, "invalid_token"},
			"other scope":    {m.manager("tpp", other), http.StatusForbidden, "insufficient_scope"},
			"a person's":     {tokens["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
			"refresh token":  {tokens["refresh_token"].(string), http.StatusUnauthorized, "invalid_token"},
			"without scopes": {m.manager("tpp", ""), http.StatusForbidden, "insufficient_scope"},
		} {
			a := m.grant(method, id, c.token)
			require.Equal(t, c.status, a.StatusCode, "%s: %s", name, a.body)
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer", name)
			if c.code != "" {
				require.Equal(t, c.code, a.json(t)["error"], name)
			}
			if c.status == http.StatusForbidden {
				require.Contains(t, a.Header.Get("WWW-Authenticate"), `scope="`+scope+`"`, name)
			}
		}
	}
	require.Equal(t, "email openid", m.allows(id))
	a := m.grant(http.MethodPost, id, m.token)
	require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode)
	require.Equal(t, "GET, HEAD, DELETE", a.Header.Get("Allow"))
}

func TestGrantManagementParametersHaveToGoTogether(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	b := m.newBrowser()
	for _, c := range []struct{ client, action, id, want string }{
		{"tpp", "merge", "", "invalid_request"},
		{"tpp", "replace", "", "invalid_request"},
		{"tpp", "create", "TSdqirmAxDa0_-DB_1bASQ", "invalid_request"},
		{"tpp", "", "TSdqirmAxDa0_-DB_1bASQ", "invalid_request"},
		{"tpp", "update", "TSdqirmAxDa0_-DB_1bASQ", "invalid_request"},
		{"tpp", "query", "TSdqirmAxDa0_-DB_1bASQ", "invalid_request"},
		{"public", "create", "", "unauthorized_client"},
	} {
		got := callback(t, b.authorize(request(c.client, "scope", "openid", "grant_management_action", c.action, "grant_id", c.id)))
		require.Equal(t, c.want, got.Get("error"), "%v", c)
		require.Equal(t, "s-1", got.Get("state"))
	}
	got := callback(t, b.authorize(request("tpp", "scope", "openid grant_management_query")))
	require.Equal(t, "invalid_scope", got.Get("error"), "it is the client's own")
}

func TestAPersonIsNeverAskedForWhatTheClientDoesOnItsOwn(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	tokens := m.gets("", "grant_management_action", "create")
	require.ElementsMatch(t, []string{"openid", "email", "profile", "phone"}, strings.Fields(tokens["scope"].(string)))
}

func TestAGrantKeepsItsIDWhenThePersonTakesSomethingBack(t *testing.T) {
	t.Parallel()
	m := newManaged(t, furnished.SQLite(t))
	tokens := m.gets("openid email", "grant_management_action", "create")
	id := tokens["grant_id"].(string)
	m.forward(time.Minute)
	b := m.newBrowser()
	a := b.signIn(b.authorize(request("tpp", "scope", "openid email", "prompt", "consent")), "ana@example.com")
	b.decide(a, "allow")
	require.Equal(t, "openid", m.allows(id))
	require.False(t, m.active("tpp", tokens["access_token"]))
}

func TestMetadataNamesGrantManagement(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	m := s.send(http.MethodGet, "/.well-known/oauth-authorization-server", "").json(t)
	require.Equal(t, s.url+"/oauth2/grants", m["grant_management_endpoint"])
	require.Equal(t, []any{"query", "revoke", "create", "merge", "replace"}, m["grant_management_actions_supported"])
	require.Equal(t, false, m["grant_management_action_required"])
	require.Subset(t, m["scopes_supported"], []any{"grant_management_query", "grant_management_revoke"})
}
