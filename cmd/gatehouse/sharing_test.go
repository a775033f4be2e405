package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// The host app's API: what mini apps are, what a person shares with them, and logout.

// hostApp is a host app with a person signed in to it.
type hostApp struct {
	s     *testServer
	token string
}

func (s *testServer) hostApp(email string) hostApp { return hostApp{s, s.hostToken(email)} }

func (h hostApp) call(method, path, body string, headers ...string) answer {
	h.s.t.Helper()
	return h.s.send(method, "/superapp/v1"+path, body, append(headers, "Content-Type", "application/json", "Authorization", "Bearer "+h.token)...)
}

func (h hostApp) get(path string, headers ...string) map[string]any {
	h.s.t.Helper()
	a := h.call(http.MethodGet, path, "", headers...)
	require.Equal(h.s.t, http.StatusOK, a.StatusCode, a.body)
	return a.json(h.s.t)
}

// decides puts a decision and returns the sharing object.
func (h hostApp) decides(clientID, decision string) map[string]any {
	h.s.t.Helper()
	a := h.call(http.MethodPut, "/apps/"+clientID+"/sharing", decision)
	require.Equal(h.s.t, http.StatusOK, a.StatusCode, a.body)
	require.Equal(h.s.t, a.json(h.s.t), h.get("/apps/"+clientID+"/sharing"), "what is answered is what is so")
	return a.json(h.s.t)
}

func (h hostApp) forgets(clientID string) {
	h.s.t.Helper()
	a := h.call(http.MethodDelete, "/apps/"+clientID+"/sharing", "")
	require.Equal(h.s.t, http.StatusNoContent, a.StatusCode, a.body)
}

// tokens gets a mini app's tokens by a code of the host app.
func (h hostApp) tokens(clientID, scope string) map[string]any {
	h.s.t.Helper()
	a := h.mints(clientID, scope)
	require.Equal(h.s.t, http.StatusCreated, a.StatusCode, a.body)
	exchanged := h.s.post("/oauth2/token", clientID, exchangeForm(a.json(h.s.t)["code"].(string)))
	require.Equal(h.s.t, http.StatusOK, exchanged.StatusCode, exchanged.body)
	return exchanged.json(h.s.t)
}

// member returns the item of a list of objects that has this name.
func member(t testing.TB, list any, key, name string) map[string]any {
	t.Helper()
	for _, item := range list.([]any) {
		if m := item.(map[string]any); m[key] == name {
			return m
		}
	}
	t.Fatalf("there is no %s %q in %v", key, name, list)
	return nil
}

func column(list any, key string) (values []string) {
	for _, item := range list.([]any) {
		values = append(values, item.(map[string]any)[key].(string))
	}
	return values
}

const allowAll = `{"decision":"allow","scopes":["openid","email","profile","phone","points_read","offline_access","catalogue"]}`

func TestAConsentSheetShowsWhatUserinfoWillAnswer(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		require.NoError(t, s.store.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co", Verified: true}))
		s.register(storage.Client{
			ID: "print", Name: "Print", Names: map[string]string{"es": "Imprenta"}, PublisherID: "printco", LogoURI: "https://print.example/logo.png", SubjectType: "pairwise",
			Scopes: []storage.ClientScope{
				{Name: "openid"}, {Name: "email", Required: true, Purpose: map[string]string{"en": "to write to you", "es": "para escribirte"}},
				{Name: "points_read"}, {Name: "profile"}, {Name: "address"}, {Name: "unionid"}, {Name: "gam_user_additional_data"}, {Name: "user_session"},
			},
		})
		h := s.hostApp("ana@example.com")
		app := h.get("/apps/print")
		require.Equal(t, app, member(t, h.get("/apps")["apps"], "client_id", "print"))
		require.Equal(t, []any{"Print", "https://print.example/logo.png", map[string]any{"id": "printco", "name": "Print Co", "verified": true}, "none", true},
			[]any{app["name"], app["logo_uri"], app["publisher"], app["status"], app["approved"]})
		require.Equal(t, []string{"openid", "email", "points_read", "profile", "address", "unionid", "gam_user_additional_data"}, column(app["scopes"], "name"))
		email := member(t, app["scopes"], "name", "email")
		require.Equal(t, map[string]any{"email": "ana@example.com", "email_verified": true}, email["claims"])
		require.Equal(t, []any{"to write to you", true, "undecided"}, []any{email["purpose"], email["required"], email["decision"]})
		require.Equal(t, true, member(t, app["scopes"], "name", "openid")["required"], "as on the consent page")
		require.Equal(t, map[string]any{}, member(t, app["scopes"], "name", "address")["claims"], "ana has none")

		shown := map[string]any{}
		for _, item := range app["scopes"].([]any) {
			maps.Copy(shown, item.(map[string]any)["claims"].(map[string]any))
		}
		h.decides("print", `{"decision":"allow","scopes":["openid","email","points_read","profile","address","unionid","gam_user_additional_data"]}`)
		info := s.userinfo(h.tokens("print", "")["access_token"].(string))
		require.Equal(t, shown, info.json(t))
		require.NotEqual(t, s.users["ana@example.com"].ID, shown["sub"])
	})
}

func TestAConsentSheetSpeaksTheLanguageThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{
		ID: "print", Name: "Print", Names: map[string]string{"es": "Imprenta"},
		Scopes: []storage.ClientScope{{Name: "email", Purpose: map[string]string{"en": "to write to you", "es": "para escribirte"}}},
	})
	h := s.hostApp("ana@example.com")
	texts := func(query string, headers ...string) []any {
		app := h.get("/apps/print"+query, headers...)
		require.Equal(t, app, member(t, h.get("/apps"+query, headers...)["apps"], "client_id", "print"))
		email := member(t, app["scopes"], "name", "email")
		return []any{app["name"], email["title"], email["purpose"]}
	}
	english, spanish := texts(""), texts("?ui_locales=es")
	require.Equal(t, []any{"Print", "to write to you"}, []any{english[0], english[2]})
	require.Equal(t, []any{"Imprenta", "para escribirte"}, []any{spanish[0], spanish[2]})
	require.NotEqual(t, english[1], spanish[1])
	require.Equal(t, spanish, texts("", "Accept-Language", "fi, es-UY;q=0.9, en;q=0.1"))
	require.Equal(t, spanish, texts("?ui_locales=es-UY+en", "Accept-Language", "en"), "ui_locales comes first")
	require.Equal(t, english, texts("?ui_locales=%00+nonsense-"))

	ana := s.users["ana@example.com"]
	was := ana.UpdatedAt
	ana.Locale, ana.UpdatedAt = "es-UY", was.Add(time.Second)
	require.NoError(t, s.store.UpdateUser(t.Context(), ana, was))
	require.Equal(t, spanish, texts(""), "the person's own")
	require.Equal(t, english, texts("", "Accept-Language", "en"))
	german := texts("?ui_locales=de")
	require.NotContains(t, append(english, spanish...), german[1], "a title in German")
	require.Equal(t, []any{"Print", "to write to you"}, []any{german[0], german[2]}, "and the rest as there is")
}

func TestTheHostAppListsMiniAppsThatAskForSomethingOrWereDecided(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "companies", Name: "For companies", TokenTypes: []string{"company"}})
	s.register(storage.Client{ID: "machine", Name: "For machines", Scopes: scopesOf("user_session")})
	s.register(storage.Client{ID: "wallet", Name: "Of the super app's own", FirstParty: true, Scopes: scopesOf("openid!", "email!")})
	s.register(storage.Client{ID: "left", Name: "Not approved any more"})
	h, bo := s.hostApp("ana@example.com"), s.hostApp("bo@example.com")
	h.decides("left", `{"decision":"allow","scopes":["openid","email"]}`)
	s.updateClient("left", func(c *storage.Client) { c.Status = storage.StatusSuspended })
	s.reg.Forget()
	h.s, bo.s = s.beside(), s.beside()

	ids := column(h.get("/apps")["apps"], "client_id")
	require.Equal(t, []string{"left", "never", "no-grace", "other", "pairwise", "photoprint", "public", "relaxed", "resource", "wallet"}, ids)
	require.NotContains(t, column(bo.get("/apps")["apps"], "client_id"), "left", "bo has not decided about it")
	left := h.get("/apps/left")
	require.Equal(t, []any{false, "partial"}, []any{left["approved"], left["status"]})
	require.Nil(t, left["publisher"])
	wallet := h.get("/apps/wallet/sharing")
	require.Equal(t, []any{true, "allowed"}, []any{wallet["allowed"], wallet["status"]}, "nobody is asked for the super app's own")
	h.tokens("wallet", "")

	for _, path := range []string{"/apps/host", "/apps/nobody", "/apps/%00", "/apps/suspended", "/apps/companies", "/apps/machine"} {
		for _, c := range []struct{ method, path, body string }{
			{http.MethodGet, path, ""}, {http.MethodGet, path + "/sharing", ""}, {http.MethodDelete, path + "/sharing", ""},
			{http.MethodPut, path + "/sharing", allowAll}, {http.MethodPut, path + "/sharing", `{"decision":"deny"}`},
		} {
			a := h.call(c.method, c.path, c.body)
			require.Equal(t, http.StatusNotFound, a.StatusCode, "%s %s: %s", c.method, c.path, a.body)
			require.Equal(t, "invalid_client", a.json(t)["error"])
		}
	}
	refused := h.call(http.MethodPut, "/apps/left/sharing", `{"decision":"allow","scopes":["openid","email"]}`)
	require.Equal(t, http.StatusForbidden, refused.StatusCode)
	require.Equal(t, "unauthorized_client", refused.json(t)["error"])
	require.Equal(t, "denied", h.decides("left", `{"decision":"deny"}`)["status"])
	h.forgets("left")
	require.NotContains(t, column(h.get("/apps")["apps"], "client_id"), "left")
}

func TestSharingGoesFromNoneToAllowedAndBack(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h := s.hostApp("ana@example.com")
		all := []any{"openid", "email", "profile", "phone", "points_read", "offline_access", "catalogue"}
		before := h.get("/apps/photoprint/sharing")
		require.Equal(t, []any{false, "none", all}, []any{before["allowed"], before["status"], before["missing"]})

		partial := h.decides("photoprint", `{"decision":"allow","scopes":["openid","email","points_read","email"]}`)
		require.Equal(t, []any{true, "partial", []any{}}, []any{partial["allowed"], partial["status"], partial["missing"]})
		require.Equal(t, "denied", member(t, partial["scopes"], "name", "phone")["decision"])
		require.Equal(t, "allowed", member(t, partial["scopes"], "name", "points_read")["decision"])
		tokens := h.tokens("photoprint", "")
		require.Equal(t, "openid email points_read", tokens["scope"])

		require.Equal(t, "allowed", h.decides("photoprint", allowAll)["status"])
		require.True(t, s.active("photoprint", tokens["access_token"]), "allowing more ends nothing")
		require.Equal(t, "partial", h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)["status"])
		require.False(t, s.active("photoprint", tokens["access_token"]), "what may read too much is dead")
		tokens = h.tokens("photoprint", "")

		// A deny counts like the page's.
		require.Equal(t, []any{false, "denied"}, values(h.decides("photoprint", `{"decision":"deny"}`), "allowed", "status"))
		require.False(t, s.active("photoprint", tokens["access_token"]))
		require.Equal(t, "consent_required", h.call(http.MethodPost, "/apps/photoprint/code", "{}").json(t)["error"])
		b := s.newBrowser()
		a := b.signIn(b.authorize(request("photoprint")), "ana@example.com")
		require.Contains(t, a.Header.Get("Location"), "/consent?", "after one it may ask again")
		require.Equal(t, "access_denied", callback(t, b.decide(a, "deny")).Get("error"))
		require.Equal(t, "access_denied", callback(t, b.authorize(request("photoprint"))).Get("error"), "after two it may not")

		require.Equal(t, "allowed", h.decides("photoprint", allowAll)["status"], "the person themselves always may")
		tokens = h.tokens("photoprint", "openid")
		for range 2 {
			h.forgets("photoprint")
			require.False(t, s.active("photoprint", tokens["access_token"]))
			require.Equal(t, "none", h.get("/apps/photoprint/sharing")["status"])
		}
		require.Equal(t, "none", s.hostApp("bo@example.com").get("/apps/photoprint/sharing")["status"], "and nobody else was concerned")
	})
}

func values(m map[string]any, keys ...string) (list []any) {
	for _, key := range keys {
		list = append(list, m[key])
	}
	return list
}

func TestAnAllowMayHaveAnEnd(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h := s.hostApp("ana@example.com")
		h.decides("photoprint", strings.TrimSuffix(allowAll, "}")+`,"expires_in":3600}`)
		tokens := h.tokens("photoprint", "")
		b := s.newBrowser()
		s.allowIn(b, "ana@example.com", request("photoprint"))
		s.forward(time.Hour - time.Minute)
		waiting, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
		require.True(t, s.active("photoprint", tokens["access_token"]))
		require.Equal(t, "allowed", h.get("/apps/photoprint/sharing")["status"])
		s.forward(time.Minute)
		require.False(t, s.active("photoprint", tokens["access_token"]), "its tokens end with it")
		refreshed := s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
		require.Equal(t, "invalid_grant", refreshed.json(t)["error"])
		expired := h.get("/apps/photoprint/sharing")
		require.Equal(t, []any{false, "expired"}, values(expired, "allowed", "status"))
		require.Len(t, expired["missing"], 7)
		require.Equal(t, http.StatusForbidden, h.call(http.MethodPost, "/apps/photoprint/code", "{}").StatusCode)

		require.Equal(t, "consent_required", callback(t, b.authorize(request("photoprint", "prompt", "none"))).Get("error"))
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(waiting)).json(t)["error"])
		require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)

		h.decides("photoprint", allowAll)
		lasting := h.tokens("photoprint", "")
		require.False(t, s.active("photoprint", tokens["access_token"]), "what is over stays over")
		h.decides("photoprint", strings.TrimSuffix(allowAll, "}")+`,"expires_in":3600}`)
		h.decides("photoprint", allowAll)
		s.forward(2 * time.Hour)
		require.True(t, s.active("photoprint", lasting["access_token"]), "an allow without an end takes the end away")
	})
}

// What is allowed later, without an end, does not keep alive what cannot be without what has ended.
func TestAnEndIsThatOfTheScopesThatWereAllowedWithIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.register(storage.Client{ID: "growing", Name: "Growing", Scopes: scopesOf("openid!", "email!", "phone")})
		h := s.hostApp("ana@example.com")
		h.decides("growing", `{"decision":"allow","scopes":["openid","email"],"expires_in":3600}`)
		s.updateClient("growing", func(c *storage.Client) { c.Scopes = append(c.Scopes, scopesOf("profile")...) })
		s = s.beside()
		h.s = s
		b := s.newBrowser()
		all, _ := s.allowIn(b, "ana@example.com", request("growing", "scope", "openid email profile"))
		tokens := s.post("/oauth2/token", "growing", exchangeForm(all)).json(t)
		require.Equal(t, "openid email profile", tokens["scope"])
		only, _ := s.allowIn(b, "ana@example.com", request("growing", "scope", "profile"))
		profile := s.post("/oauth2/token", "growing", exchangeForm(only)).json(t)

		s.forward(time.Hour)
		require.False(t, s.active("growing", tokens["access_token"]), "without what it cannot do without")
		require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "growing", refreshForm(tokens["refresh_token"].(string))).json(t)["error"])
		require.Equal(t, "profile", s.scopeOf("growing", profile["access_token"]), "it never had that")
		sharing := h.get("/apps/growing/sharing")
		require.Equal(t, []any{false, "expired", []any{"openid", "email", "phone"}}, values(sharing, "allowed", "status", "missing"))
		require.Equal(t, "allowed", member(t, sharing["scopes"], "name", "profile")["decision"])
		require.Equal(t, http.StatusForbidden, h.mints("growing").StatusCode)
		require.Equal(t, http.StatusForbidden, h.mints("growing", "profile").StatusCode, "whatever is asked")

		page := b.get(b.authorize(request("growing", "scope", "openid email profile")).Header.Get("Location"))
		require.Contains(t, page.body, "Growing")
		s.allowIn(b, "ana@example.com", request("growing", "scope", "openid email profile"))
		require.False(t, s.active("growing", tokens["access_token"]), "what is over stays over")
		require.False(t, s.active("growing", tokens["refresh_token"]))
	})
}

func TestSharingRefusesDecisionsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	h := s.hostApp("ana@example.com")
	for body, want := range map[string]string{
		``:                                      "invalid_request",
		`{`:                                     "invalid_request",
		`[]`:                                    "invalid_request",
		`decision=deny`:                         "invalid_request",
		`{}`:                                    "invalid_request",
		`{"decision":"Allow"}`:                  "invalid_request",
		`{"decision":true}`:                     "invalid_request",
		`{"decision":"allow"}`:                  "invalid_request",
		`{"decision":"deny","scopes":[]}`:       "invalid_request",
		`{"decision":"deny","expires_in":3600}`: "invalid_request",
		`{"decision":"allow","scopes":null}`:    "invalid_request",
		`{"decision":"allow","scopes":"openid email"}`:                             "invalid_request",
		`{"decision":"allow","scopes":[1]}`:                                        "invalid_request",
		`{"decision":"allow","decision":"deny"}`:                                   "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":0}`:          "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":-1}`:         "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":1.5}`:        "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":"60"}`:       "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":null}`:       "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":9e99}`:       "invalid_request",
		`{"decision":"allow","scopes":["openid","email"],"expires_in":4000000000}`: "invalid_request",
		`{"decision":"allow","scopes":[]}`:                                         "invalid_scope",
		`{"decision":"allow","scopes":["openid"]}`:                                 "invalid_scope",
		`{"decision":"allow","scopes":["email"]}`:                                  "invalid_scope",
		`{"decision":"allow","scopes":["openid email"]}`:                           "invalid_scope",
		`{"decision":"allow","scopes":["openid","email","admin"]}`:                 "invalid_scope",
		`{"decision":"allow","scopes":["openid","email","user_session"]}`:          "invalid_scope",
		`{"decision":"allow","scopes":["openid","email",""]}`:                      "invalid_scope",
		`{"decision":"allow","scopes":["openid","email",null]}`:                    "invalid_scope",
		`{"decision":"allow","scopes":["openid","email","\u0000"]}`:                "invalid_scope",
	} {
		a := h.call(http.MethodPut, "/apps/photoprint/sharing", body)
		require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s: %s", body, a.body)
		require.Equal(t, want, a.json(t)["error"], body)
	}
	large := h.call(http.MethodPut, "/apps/photoprint/sharing", `{"decision":"`+strings.Repeat("a", 1<<20)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, large.StatusCode)
	require.Equal(t, "none", h.get("/apps/photoprint/sharing")["status"], "and nothing was recorded")

	for path, allow := range map[string]string{
		"/apps": "GET, HEAD", "/apps/photoprint": "GET, HEAD", "/apps/photoprint/sharing": "GET, HEAD, PUT, DELETE", "/logout": "POST", "/openapi.json": "GET, HEAD",
	} {
		a := h.call(http.MethodPatch, path, "{}")
		require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode, path)
		require.Equal(t, allow, a.Header.Get("Allow"), path)
	}
	require.Equal(t, http.StatusOK, h.call(http.MethodHead, "/apps", "").StatusCode)
}

func TestEveryCallAboutSharingNeedsTheHostAppsTokenOfAPerson(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	photoprint := s.tokens("ana@example.com", "photoprint")["access_token"].(string)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "/apps", ""}, {http.MethodGet, "/apps/photoprint", ""}, {http.MethodGet, "/apps/photoprint/sharing", ""},
		{http.MethodPut, "/apps/photoprint/sharing", allowAll}, {http.MethodDelete, "/apps/photoprint/sharing", ""}, {http.MethodPost, "/logout", ""},
	} {
		for token, status := range map[string]int{"": 401, "x": 401, photoprint: 403} {
			a := hostApp{s, token}.call(c.method, c.path, c.body)
			require.Equal(t, status, a.StatusCode, "%s %s: %s", c.method, c.path, a.body)
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer")
		}
	}
	require.True(t, s.active("photoprint", photoprint))
	document := s.send(http.MethodGet, "/superapp/v1/openapi.json", "")
	require.Equal(t, "3.1.1", document.json(t)["openapi"], "it is there for whoever asks")
}

func TestLogoutEndsWhatThisSessionOfTheHostAppGave(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, mini, _ := newSuperApp(t, dsn)
		pair := s.tokens("ana@example.com", "host", "scope", hostScope)
		h, another := hostApp{s, pair["access_token"].(string)}, s.hostApp("ana@example.com")
		h.decides("photoprint", allowAll)
		h.decides("mini", `{"decision":"allow","scopes":["user_email"]}`)

		given := h.tokens("photoprint", "")
		refreshed := s.post("/oauth2/token", "photoprint", refreshForm(given["refresh_token"].(string))).json(t)
		code := h.call(http.MethodPost, "/apps/photoprint/code", fmt.Sprintf(`{"redirect_uri":%q,"code_challenge":%q,"code_challenge_method":"S256"}`, testCallback, challengeOf(testVerifier))).json(t)["code"].(string)
		require.Equal(t, http.StatusOK, h.call(http.MethodPost, "/apps/mini/access-token", "").StatusCode)
		miniCode := strings.SplitAfter(mini.asked()[0].body, "&code=")[1]
		next := s.post("/oauth2/token", "host", refreshForm(pair["refresh_token"].(string))).json(t)
		byNext := hostApp{s, next["access_token"].(string)}.tokens("photoprint", "")
		byAnother, byBrowser := another.tokens("photoprint", ""), s.tokens("ana@example.com", "photoprint")

		a := h.call(http.MethodPost, "/logout", "")
		require.Equal(t, http.StatusNoContent, a.StatusCode, a.body)
		for what, tokens := range map[string]map[string]any{"given": given, "refreshed": refreshed, "given by a refreshed token": byNext} {
			require.False(t, s.active("photoprint", tokens["access_token"]), what)
			require.False(t, s.active("photoprint", tokens["refresh_token"]), what)
			require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"].(string)).StatusCode, what)
			require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)["error"], what)
		}
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])
		require.Equal(t, "invalid_grant", s.send(http.MethodPost, "/oauth/gam/v2.0/access_token",
			"client_id=mini&client_secret="+testSecret+"&Grant_type=authorization_code&code="+miniCode, "Content-Type", "application/x-www-form-urlencoded").json(t)["error"])
		for _, token := range []any{pair["access_token"], pair["refresh_token"], next["access_token"], next["refresh_token"]} {
			require.False(t, s.active("host", token))
		}
		require.Equal(t, "invalid_token", h.call(http.MethodPost, "/logout", "").json(t)["error"])

		for what, tokens := range map[string]map[string]any{"of another session": byAnother, "of a browser": byBrowser} {
			require.True(t, s.active("photoprint", tokens["access_token"]), what)
		}
		require.Equal(t, "allowed", another.get("/apps/photoprint/sharing")["status"], "what was decided stays")

		_, err := s.store.Collect(t.Context(), s.now().Add(3*time.Hour), 1000)
		require.NoError(t, err)
		require.False(t, s.active("photoprint", given["access_token"]))
		require.True(t, s.active("photoprint", byAnother["access_token"]))
	})
}

func TestACodeThatIsGivenWhileThePersonLogsOutIsDead(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		s.consents("ana@example.com", "photoprint", "openid email")
		b := s.newBrowser()
		body := fmt.Sprintf(`{"redirect_uri":%q,"code_challenge":%q,"code_challenge_method":"S256"}`, testCallback, challengeOf(testVerifier))
		for range 20 {
			code, _ := s.allowIn(b, "ana@example.com", request("host", "scope", hostScope))
			h := hostApp{s, s.post("/oauth2/token", "host", exchangeForm(code)).json(t)["access_token"].(string)}
			var got []any
			answers := atOnce(
				func() answer { return h.call(http.MethodPost, "/logout", "") },
				func() answer { return h.call(http.MethodPost, "/apps/photoprint/code", body) },
				func() answer {
					a := h.call(http.MethodPost, "/apps/photoprint/code", body)
					if a.StatusCode != http.StatusCreated {
						return a
					}
					return s.post("/oauth2/token", "photoprint", exchangeForm(a.json(t)["code"].(string)))
				},
			)
			require.Equal(t, http.StatusNoContent, answers[0].StatusCode, answers[0].body)
			for _, a := range answers[1:] {
				require.Less(t, a.StatusCode, 500, a.body)
				if token := a.json(t)["access_token"]; token != nil {
					got = append(got, token)
				}
				if code, ok := a.json(t)["code"].(string); ok {
					require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])
				}
			}
			for _, token := range got {
				require.False(t, s.active("photoprint", token))
			}
		}
	})
}

// 200 rounds of everything at once: the answers agree with one order, nothing is a failure of ours, and of an app that is
// disconnected in the end no token is alive.
func TestDecisionsThatRaceEndInOneState(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		h := s.hostApp("ana@example.com")
		sharing := "/apps/photoprint/sharing"
		code := fmt.Sprintf(`{"redirect_uri":%q,"code_challenge":%q,"code_challenge_method":"S256","scope":"openid email"}`, testCallback, challengeOf(testVerifier))
		exchanged := func(a answer) answer {
			if a.StatusCode != http.StatusCreated {
				return a
			}
			return s.post("/oauth2/token", "photoprint", exchangeForm(a.json(t)["code"].(string)))
		}
		seen := map[any]int{}
		for range 60 {
			h.decides("photoprint", allowAll)
			old := h.tokens("photoprint", "openid email")
			waiting := h.call(http.MethodPost, "/apps/photoprint/code", code)
			answers := atOnce(
				func() answer { return h.call(http.MethodPut, sharing, allowAll) },
				func() answer {
					return h.call(http.MethodPut, sharing, `{"decision":"allow","scopes":["openid","email"]}`)
				},
				func() answer { return h.call(http.MethodPut, sharing, `{"decision":"deny"}`) },
				func() answer { return h.call(http.MethodDelete, sharing, "") },
				func() answer { return exchanged(h.call(http.MethodPost, "/apps/photoprint/code", code)) },
				func() answer { return exchanged(waiting) },
				func() answer {
					return s.post("/oauth2/token", "photoprint", refreshForm(old["refresh_token"].(string)))
				},
			)
			tokens := []any{old["access_token"], old["refresh_token"]}
			for _, a := range answers {
				require.Contains(t, []int{200, 204, 400, 403}, a.StatusCode, a.body)
				if a.StatusCode == 204 {
					continue
				}
				if m := a.json(t); m["access_token"] != nil {
					tokens = append(tokens, m["access_token"], m["refresh_token"])
				}
			}
			end := h.get(sharing)
			seen[end["status"]]++
			alive := slices.DeleteFunc(slices.Clone(tokens), func(token any) bool { return !s.active("photoprint", token) })
			if end["allowed"] != true {
				require.Empty(t, alive, "%v: nothing is alive", end)
				require.Equal(t, http.StatusForbidden, h.call(http.MethodPost, "/apps/photoprint/code", code).StatusCode)
			}
			h.forgets("photoprint")
			for _, token := range alive {
				require.False(t, s.active("photoprint", token))
			}
		}
		t.Log(seen)
	})
}
