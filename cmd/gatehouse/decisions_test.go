package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/storage"
)

// What a decision does to tokens and to the next request.

func (s *testServer) grant(email, clientID string) storage.Grant {
	s.t.Helper()
	g, err := s.store.Grant(s.t.Context(), storage.Owner{UserID: s.users[email].ID}, clientID)
	require.NoError(s.t, err)
	return g
}

// changeGrant changes what is on record.
func (s *testServer) changeGrant(email, clientID string, change func(*storage.Grant)) {
	s.t.Helper()
	g := s.grant(email, clientID)
	change(&g)
	g.Version++
	require.NoError(s.t, s.store.Apply(s.t.Context(), storage.Unit{storage.SaveGrant{Grant: g, IfVersion: g.Version - 1}}))
}

// endScopes gives the decisions about some scopes an end.
func (s *testServer) endScopes(email, clientID string, end time.Time, scopes ...string) {
	s.t.Helper()
	s.changeGrant(email, clientID, func(g *storage.Grant) {
		for i, d := range g.Decisions {
			if slices.Contains(scopes, d.Scope) {
				g.Decisions[i].Until = end
			}
		}
	})
}

func (s *testServer) scopeOf(clientID string, token any) any {
	s.t.Helper()
	return s.post("/oauth2/introspect", clientID, url.Values{"token": {token.(string)}}).json(s.t)["scope"]
}

func TestTokensLoseAScopeWhoseDecisionHasRunOut(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		asked := request("photoprint", "scope", "openid email phone")
		code, _ := s.allowIn(b, "ana@example.com", asked)
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		waiting, _ := s.allowIn(b, "ana@example.com", asked)
		s.endScopes("ana@example.com", "photoprint", s.now().Add(time.Minute), "phone")
		before := s.grant("ana@example.com", "photoprint").ID
		require.Equal(t, "openid email phone", s.scopeOf("photoprint", tokens["access_token"]))
		require.NotNil(t, s.userinfo(tokens["access_token"]).json(t)["phone_number"])

		s.forward(time.Minute)
		require.Equal(t, "openid email", s.scopeOf("photoprint", tokens["access_token"]), "an access token")
		require.Equal(t, "openid email", s.scopeOf("photoprint", tokens["refresh_token"]), "a refresh token")
		claims := s.userinfo(tokens["access_token"]).json(t)
		require.Equal(t, "ana@example.com", claims["email"])
		require.NotContains(t, claims, "phone_number")
		late := s.post("/oauth2/token", "photoprint", exchangeForm(waiting))
		require.Equal(t, "openid email", late.json(t)["scope"], "a code: %s", late.body)
		more := refreshForm(tokens["refresh_token"].(string))
		more.Set("scope", "openid phone")
		require.Equal(t, "invalid_scope", s.post("/oauth2/token", "photoprint", more).json(t)["error"])
		for range 2 { // the second is a repeat
			refreshed := s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)
			require.Equal(t, "openid email", refreshed["scope"])
			require.Equal(t, "openid email", s.scopeOf("photoprint", refreshed["access_token"]))
		}

		require.Equal(t, "consent_required", callback(t, b.authorize(request("photoprint", "scope", "openid email phone", "prompt", "none"))).Get("error"))
		require.Equal(t, []string{"phone"}, checkboxes(t, b.get(b.authorize(asked).Header.Get("Location"))), "and nothing else is asked")
		s.allowIn(b, "ana@example.com", asked)
		require.Equal(t, before, s.grant("ana@example.com", "photoprint").ID)
		require.Equal(t, "openid email phone", s.scopeOf("photoprint", tokens["access_token"]), "what is allowed again is allowed")

		s.endScopes("ana@example.com", "photoprint", s.now().Add(time.Minute), "openid", "email", "phone")
		s.forward(time.Minute)
		require.False(t, s.active("photoprint", tokens["access_token"]), "nothing is left")
		require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)
		current := late.json(t)["refresh_token"].(string)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(current)).json(t)["error"])
		require.Equal(t, "expired", s.hostApp("ana@example.com").get("/apps/photoprint/sharing")["status"])
	})
}

// One transaction extends the grant, so there is no moment at which a token of it would be dead.
func TestAllowingMoreExtendsTheSameGrantInOneTransaction(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		was := s.grant("ana@example.com", "photoprint")

		page := b.get(b.authorize(request("photoprint", "scope", "openid email phone points_read")).Header.Get("Location"))
		require.Equal(t, []string{"phone", "points_read"}, checkboxes(t, page), "only for the new")
		action, form := formOf(t, page, "consent")
		form.Set("decision", "allow")
		form.Set("scope", "phone")
		s.count.reset()
		done := b.submit(action, form)
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Equal(t, 1, work(s.count.seen()).transactions)

		is := s.grant("ana@example.com", "photoprint")
		require.Equal(t, was.ID, is.ID)
		require.Equal(t, was.Version+1, is.Version)
		require.Equal(t, []string{"email", "openid", "phone"}, is.AllowedScopes())
		require.Len(t, is.Decisions, 4)
		for _, d := range was.Decisions {
			require.Contains(t, is.Decisions, d, "what was decided before stays as it was")
		}
		require.True(t, s.active("photoprint", tokens["access_token"]))
		require.Equal(t, "openid email", s.scopeOf("photoprint", tokens["access_token"]), "a token gets nothing by it")
		code = callback(t, b.get(done.Header.Get("Location"))).Get("code")
		wider := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		require.Equal(t, "openid email phone", wider["scope"])
		require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).StatusCode)
	})
}

// withPurposes registers a client that says in two languages why it wants what it cannot do without.
func (s *testServer) withPurposes(id string) {
	purpose := map[string]string{"en": "to send your order status", "es": "para avisarte de tu pedido"}
	s.register(storage.Client{ID: id, Name: id, Scopes: []storage.ClientScope{
		{Name: "openid", Required: true}, {Name: "email", Required: true, Purpose: purpose}, {Name: "phone", Purpose: purpose},
	}})
}

// repurpose changes the purpose of a client's email scope in one language, and waits until the server knows.
func (s *testServer) repurpose(h hostApp, id, lang, text string) {
	s.t.Helper()
	s.updateClient(id, func(c *storage.Client) {
		purpose := map[string]string{lang: text}
		for other, text := range c.Scopes[1].Purpose {
			if other != lang {
				purpose[other] = text
			}
		}
		c.Scopes[1].Purpose = purpose
	})
	require.Eventually(s.t, func() bool {
		return member(s.t, h.get("/apps/" + id + "?ui_locales=" + lang)["scopes"], "name", "email")["purpose"] == text
	}, 60*time.Second, 20*time.Millisecond)
}

func TestOnlyWhoReadAPurposeThatIsGoneIsAskedAgain(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		go s.run(t.Context())
		h := s.hostApp("ana@example.com")
		put := func(app, path string, headers ...string) {
			a := h.call(http.MethodPut, "/apps/"+app+"/sharing"+path, `{"decision":"allow","scopes":["openid","email"]}`, headers...)
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		}
		b := s.newBrowser()
		s.allowIn(b, "ana@example.com", request("photoprint")) // signed in
		for app, allow := range map[string]func(app string){
			"page":   func(app string) { s.allowIn(b, "", request(app, "ui_locales", "es")) },
			"sheet":  func(app string) { put(app, "?ui_locales=es") },
			"header": func(app string) { put(app, "", "Accept-Language", "es-UY,es;q=0.9") },
		} {
			s.withPurposes(app)
			allow(app)
			silent := request(app, "prompt", "none")
			s.repurpose(h, app, "de", "um dir zu sagen, wo deine Bestellung ist")
			s.repurpose(h, app, "en", "to send you the status of your order")
			require.NotEmpty(t, callback(t, b.authorize(silent)).Get("code"), "%s: nobody who read Spanish read that", app)
			require.Equal(t, true, h.get("/apps/" + app + "/sharing")["allowed"], app)
			require.Equal(t, http.StatusCreated, h.mints(app).StatusCode, app)

			s.repurpose(h, app, "es", "para contárselo a tus amigos")
			require.Equal(t, "consent_required", callback(t, b.authorize(silent)).Get("error"), app)
			require.Equal(t, "incomplete", h.get("/apps/" + app + "/sharing")["status"], app)
			require.Equal(t, http.StatusForbidden, h.mints(app).StatusCode, app)
			allow(app)
			require.NotEmpty(t, callback(t, b.authorize(silent)).Get("code"), "%s: once", app)
			s.repurpose(h, app, "de", "um es deinen Freunden zu sagen")
			require.NotEmpty(t, callback(t, b.authorize(request(app, "prompt", "none", "ui_locales", "de"))).Get("code"), "%s: who reads German now read Spanish", app)
			s.repurpose(h, app, "fr", "para contárselo a tus amigos")
			s.repurpose(h, app, "es", "otra vez otra cosa")
			require.Equal(t, "consent_required", callback(t, b.authorize(silent)).Get("error"), "%s: what they read is where nobody reads it", app)
		}
	})
}

func TestWhoWasToldNoPurposeIsAskedWhenThereIsOne(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		go s.run(t.Context())
		s.register(storage.Client{ID: "silent", Name: "silent", Scopes: []storage.ClientScope{{Name: "openid", Required: true}, {Name: "email", Required: true}}})
		h, b := s.hostApp("ana@example.com"), s.newBrowser()
		silent := request("silent", "prompt", "none")
		s.allowIn(b, "ana@example.com", request("silent"))
		require.NotEmpty(t, callback(t, b.authorize(silent)).Get("code"))
		s.repurpose(h, "silent", "es", "para vender tu correo")
		require.Equal(t, "consent_required", callback(t, b.authorize(silent)).Get("error"))
		require.Equal(t, "incomplete", h.get("/apps/silent/sharing")["status"])
		s.allowIn(b, "", request("silent"))
		require.NotEmpty(t, callback(t, b.authorize(silent)).Get("code"), "once")
	})
}

// mints asks for a code for a mini app, for what the person allowed or for these scopes.
func (h hostApp) mints(app string, scopes ...string) answer {
	h.s.t.Helper()
	return h.call(http.MethodPost, "/apps/"+app+"/code",
		fmt.Sprintf(`{"redirect_uri":%q,"code_challenge":%q,"code_challenge_method":"S256","scope":%q}`, testCallback, challengeOf(testVerifier), strings.Join(scopes, " ")))
}

func TestWhatWasAllowedByAnEarlierVersionStands(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.withPurposes("purposeful")
		b := s.newBrowser()
		s.allowIn(b, "ana@example.com", request("purposeful"))
		for _, kept := range []string{"", "Wm9tZXRoaW5nIGVsc2Ugbw"} { // none, or one of all languages at once
			s.changeGrant("ana@example.com", "purposeful", func(g *storage.Grant) {
				for i := range g.Decisions {
					g.Decisions[i].Purpose = kept
				}
			})
			require.NotEmpty(t, callback(t, b.authorize(request("purposeful", "prompt", "none"))).Get("code"))
		}
	})
}

func TestAnotherPurposeOfARequiredScopeNeedsTheirAnswerBeforeTheNextCode(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		go s.run(t.Context())
		s.withPurposes("purposeful")
		b, silent := s.newBrowser(), request("purposeful", "prompt", "none")
		code, _ := s.allowIn(b, "ana@example.com", request("purposeful"))
		tokens := s.post("/oauth2/token", "purposeful", exchangeForm(code)).json(t)
		h := s.hostApp("ana@example.com")
		s.repurpose(h, "purposeful", "en", "to tell your friends")
		require.Equal(t, "consent_required", callback(t, b.authorize(silent)).Get("error"))
		sharing := h.get("/apps/purposeful/sharing")
		require.Equal(t, []any{false, "incomplete"}, values(sharing, "allowed", "status"))
		require.Contains(t, sharing["missing"], "email")
		require.NotContains(t, sharing["missing"], "openid")
		require.True(t, s.active("purposeful", tokens["access_token"]), "what they agreed to stands")
		page := b.get(b.authorize(request("purposeful")).Header.Get("Location"))
		require.Contains(t, page.body, "to tell your friends")
		s.allowIn(b, "ana@example.com", request("purposeful"))
		require.NotEmpty(t, callback(t, b.authorize(silent)).Get("code"))
		require.True(t, s.active("purposeful", tokens["access_token"]))
	})
}

func TestTheBaseScopePassesByPolicyAndShows(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn, func(c *config.Config) { c.BaseScope = true })
		b := s.newBrowser()
		s.allowIn(b, "ana@example.com", request("photoprint")) // signed in
		openid := request("pairwise", "scope", "openid", "prompt", "none")
		s.count.reset()
		code := callback(t, b.authorize(openid)).Get("code")
		require.Equal(t, 1, work(s.count.seen()).transactions, "it is recorded in the transaction of the code")
		require.NotEmpty(t, code)
		tokens := s.post("/oauth2/token", "pairwise", exchangeForm(code)).json(t)
		require.Equal(t, "openid", tokens["scope"])
		claims := s.userinfo(tokens["access_token"]).json(t)
		require.Len(t, claims, 1, "%v", claims)
		require.NotEqual(t, s.users["ana@example.com"].ID, claims["sub"])

		g := s.grant("ana@example.com", "pairwise")
		require.Equal(t, []string{"openid"}, g.AllowedScopes())
		require.NotEmpty(t, callback(t, b.authorize(openid)).Get("code"))
		require.Equal(t, g, s.grant("ana@example.com", "pairwise"), "once")
		require.Equal(t, "incomplete", s.hostApp("ana@example.com").get("/apps/pairwise/sharing")["status"])

		page := b.get("/account/apps")
		require.Contains(t, page.body, "Pairwise")
		action, form := formOf(t, page, "app-pairwise")
		form.Set("action", "disconnect")
		require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
		require.False(t, s.active("pairwise", tokens["access_token"]), "and is theirs to end")

		for name, v := range map[string]url.Values{
			"with another scope":               request("pairwise", "scope", "openid email", "prompt", "none"),
			"of a client without pairwise ids": request("other", "scope", "openid", "prompt", "none"),
			"of another scope":                 request("pairwise", "scope", "profile", "prompt", "none"),
		} {
			require.Equal(t, "consent_required", callback(t, b.authorize(v)).Get("error"), name)
		}
		require.Contains(t, b.authorize(request("pairwise", "scope", "openid", "prompt", "consent")).Header.Get("Location"), "/consent?")
		require.Equal(t, "access_denied", callback(t, b.decide(b.authorize(request("pairwise", "scope", "profile")), "deny")).Get("error"))
		require.Equal(t, "consent_required", callback(t, b.authorize(openid)).Get("error"), "who was denied does not start anew by asking for less")
		require.Equal(t, 1, s.grant("ana@example.com", "pairwise").Denials)
	})
}

func TestWithoutThePolicyTheBaseScopeIsAsked(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	a := b.authorize(request("pairwise", "scope", "openid", "prompt", "none"))
	require.Equal(t, "consent_required", callback(t, a).Get("error"))
}
