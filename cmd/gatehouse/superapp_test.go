package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/storage"
)

// The host app's API: POST /superapp/v1/apps/{client_id}/code and …/access-token.

const hostScope = "openid email superapp"

// newSuperApp starts a server with a mini app "mini" whose server is the peer, and returns a token of the host app for ana.
func newSuperApp(t *testing.T, dsn string, settings ...func(*config.Config)) (s *testServer, mini *peer, hostToken string) {
	t.Helper()
	s, mini = newTestServer(t, dsn, append(settings, privateNetworks)...), newPeer(t)
	mini.answers("/oauth/gam/signin", 200, miniAppsAnswer, "Content-Type", "application/json")
	s.register(storage.Client{
		ID: "mini", Name: "Mini", Scopes: scopesOf("user_email!", "user_first_name", "user_external_id"),
		Dialects: dialects(t, "gam", map[string]any{"signin_url": mini.URL + "/oauth/gam/signin", "signin_secret": sealed(t, "mini", commonSecret)}),
	})
	return s, mini, s.hostToken("ana@example.com")
}

// miniAppsAnswer is the vendor's example, with white space that nobody else would write.
const miniAppsAnswer = `{  "access_token":"7032f1fd-e7a9-48bc-b9db-88a35b121b09!3964ab5e6ab7d771c6c5744122eaac8da2363a041fbfa96828441cd4a2b4c19d1319bb0dc775aa",
"token_type": "Bearer", "expires_in": 1800, "refresh_token": "",
"scope": "user_email+user_first_name+user_last_name", "user_guid": "139f4332-3f40-47b0-8fb4-ee7b3dbddc4f" }`

func (s *testServer) hostToken(email string) string {
	s.t.Helper()
	return s.tokens(email, "host", "scope", hostScope)["access_token"].(string)
}

// superapp calls the host app's API; body may be empty.
func (s *testServer) superapp(path, token, body string) answer {
	s.t.Helper()
	headers := []string{"Content-Type", "application/json"}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return s.send(http.MethodPost, "/superapp/v1/apps/"+path, body, headers...)
}

// consents lets a person allow the mini app all of these scopes.
func (s *testServer) consents(email, clientID, scope string) {
	s.t.Helper()
	s.allow(email, request(clientID, "scope", scope))
}

func TestTheHostAppGetsTheMiniAppsOwnTokenUnchanged(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, mini, token := newSuperApp(t, dsn)
		before := s.superapp("mini/access-token", token, "")
		require.Equal(t, http.StatusForbidden, before.StatusCode, before.body)
		require.Equal(t, "consent_required", before.json(t)["error"])
		require.Empty(t, mini.asked(), "and nobody is called")

		s.consents("ana@example.com", "mini", "user_email user_first_name")
		for _, body := range []string{"", "{}", "{}\n"} {
			a := s.superapp("mini/access-token", token, body)
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
			require.Equal(t, miniAppsAnswer, a.body)
			require.Equal(t, "application/json", a.Header.Get("Content-Type"))
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		}
		asked := mini.asked()
		require.Len(t, asked, 3)
		var codes []string
		for _, r := range asked {
			require.Equal(t, "POST /oauth/gam/signin", r.line)
			require.Equal(t, "application/x-www-form-urlencoded", r.header.Get("Content-Type"))
			require.Empty(t, r.header.Get("Authorization"))
			require.Truef(t, strings.HasPrefix(r.body, "oauth=miniapp&client_id=mini&client_secret="), "oauth is the first parameter")
			form, err := url.ParseQuery(r.body)
			require.NoError(t, err)
			require.Len(t, form, 4)
			require.Equal(t, commonSecret, form.Get("client_secret"))
			codes = append(codes, form.Get("code"))
		}
		require.NotEqual(t, codes[0], codes[1])
		exchanged := s.send(http.MethodPost, "/oauth/gam/v2.0/access_token", url.Values{
			"code": {codes[0]}, "client_id": {"mini"}, "client_secret": {testSecret}, "Grant_type": {"authorization_code"},
		}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		require.Equal(t, "user_email+user_first_name", exchanged.json(t)["scope"], "what was allowed: %s", exchanged.body)
		s.logLacks(codes[0], codes[1], commonSecret, url.QueryEscape(commonSecret), token, "7032f1fd-e7a9-48bc-b9db-88a35b121b09")
	})
}

func TestTheHostAppsCallsNeedItsOwnTokenOfAPerson(t *testing.T) {
	t.Parallel()
	s, mini, _ := newSuperApp(t, furnished.SQLite(t))
	s.consents("ana@example.com", "mini", "user_email")
	s.register(storage.Client{ID: "third", Name: "Third party", Scopes: scopesOf("openid", "email", "superapp")})
	own := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"superapp"}})
	require.Equal(t, http.StatusOK, own.StatusCode, own.body)
	refreshed := s.tokens("ana@example.com", "host", "scope", hostScope)
	for what, c := range map[string]struct {
		token  string
		status int
		code   any
	}{
		"none":                        {"", http.StatusUnauthorized, nil},
		"no token of ours":            {"x", http.StatusUnauthorized, "invalid_token"},
		"a refresh token":             {refreshed["refresh_token"].(string), http.StatusUnauthorized, "invalid_token"},
		"without the scope":           {s.tokens("ana@example.com", "host", "scope", "openid email")["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
		"a third party's":             {s.tokens("ana@example.com", "third", "scope", "openid superapp")["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
		"the host app's own":          {own.json(t)["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
		"a company's of a mini app":   {s.tokens("bo@example.com", "other", "scope", "user_session")["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
		"a company's of the host app": {s.tokens("bo@example.com", "host", "scope", "user_session superapp")["access_token"].(string), http.StatusForbidden, "insufficient_scope"},
	} {
		for _, call := range []string{"mini/access-token", "mini/code"} {
			a := s.superapp(call, c.token, "")
			require.Equal(t, c.status, a.StatusCode, "%s at %s: %s", what, call, a.body)
			require.Equal(t, c.code, a.json(t)["error"], "%s at %s", what, call)
			require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer", "%s at %s", what, call)
		}
	}
	require.Empty(t, mini.asked())
}

func TestTheHostAppsCallsAreThereForMiniAppsOnly(t *testing.T) {
	t.Parallel()
	s, mini, token := newSuperApp(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "no-sign-in", Name: "GAM without a sign-in address", Scopes: scopesOf("user_email"), Dialects: dialects(t, "gam", map[string]any{})})
	s.consents("ana@example.com", "no-sign-in", "user_email")
	s.consents("ana@example.com", "photoprint", "openid email")
	for path, want := range map[string]struct {
		status int
		code   string
	}{
		"nobody/access-token":     {http.StatusNotFound, "invalid_client"},
		"nobody/code":             {http.StatusNotFound, "invalid_client"},
		"suspended/access-token":  {http.StatusNotFound, "invalid_client"},
		"%00/code":                {http.StatusNotFound, "invalid_client"},
		"no-sign-in/access-token": {http.StatusBadRequest, "invalid_request"},
		"photoprint/access-token": {http.StatusBadRequest, "invalid_request"},
		"mini/nothing":            {http.StatusNotFound, "invalid_request"},
	} {
		a := s.superapp(path, token, "")
		require.Equal(t, want.status, a.StatusCode, "%s: %s", path, a.body)
		require.Equal(t, want.code, a.json(t)["error"], path)
		if want.status == http.StatusBadRequest {
			require.Contains(t, a.json(t)["error_description"], "dialects.gam.signin_url", "the fix, for %s", path)
		}
	}
	for _, path := range []string{"mini/access-token", "mini/code"} {
		a := s.send(http.MethodGet, "/superapp/v1/apps/"+path, "", "Authorization", "Bearer "+token)
		require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode)
		require.Equal(t, http.MethodPost, a.Header.Get("Allow"))
		require.Equal(t, "invalid_request", a.json(t)["error"])
		for _, body := range []string{"{", `[]`, `{"scope":1}`, `{"scope":null}`, `{"scope":"a","scope":"b"}`, `{"state":"\u0000"}`} {
			a := s.superapp(path, token, body)
			if path == "mini/code" || body == "{" {
				require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s: %s", body, a.body)
				require.Equal(t, "invalid_request", a.json(t)["error"], body)
			}
		}
		large := s.superapp(path, token, `{"state":"`+strings.Repeat("a", 1<<20)+`"}`)
		require.Equal(t, http.StatusRequestEntityTooLarge, large.StatusCode)
	}
	require.Empty(t, mini.asked())
}

func TestAMiniAppThatDoesNotAnswerAsItShouldIsABadGateway(t *testing.T) {
	t.Parallel()
	s, mini, token := newSuperApp(t, furnished.SQLite(t))
	s.consents("ana@example.com", "mini", "user_email")
	const leak = "a-secret-of-the-mini-app"
	for what, r := range map[string]reply{
		"a refusal":           {status: 401, body: `{"error":"` + leak + `"}`},
		"a failure":           {status: 500, body: leak},
		"another success":     {status: 201, body: miniAppsAnswer},
		"a redirect":          {status: 307, header: map[string]string{"Location": "/elsewhere?" + leak}},
		"no JSON":             {body: leak},
		"a list":              {body: `["` + leak + `"]`},
		"null":                {body: `null`},
		"no access_token":     {body: `{"token":"` + leak + `"}`},
		"a token that is 1":   {body: `{"access_token":1}`},
		"two documents":       {body: miniAppsAnswer + miniAppsAnswer},
		"more than 64 KiB":    {body: `{"access_token":"` + strings.Repeat("a", 64<<10) + `"}`},
		"nothing":             {},
		"an empty token":      {body: `{"access_token":""}`},
		"a token that is nil": {body: `{"access_token":null}`},
	} {
		mini.replies["/oauth/gam/signin"] = r
		a := s.superapp("mini/access-token", token, "")
		require.Equal(t, http.StatusBadGateway, a.StatusCode, "%s: %s", what, a.body)
		require.Equal(t, "mini_app_failed", a.json(t)["error"], what)
		require.NotContains(t, a.body, leak)
		require.Equal(t, []string{"POST /oauth/gam/signin"}, lines(mini.asked()), what)
	}
	mini.answers("/oauth/gam/signin", 200, "\xef\xbb\xbf"+miniAppsAnswer)
	require.Equal(t, http.StatusOK, s.superapp("mini/access-token", token, "").StatusCode, "a byte order mark harms nobody")
	mini.Close()
	require.Equal(t, http.StatusBadGateway, s.superapp("mini/access-token", token, "").StatusCode)
	s.logLacks(leak, commonSecret, "/oauth/gam/signin?")
}

func TestAMiniAppThatIsSlowIsGivenUp(t *testing.T) {
	t.Parallel()
	s, _, token := newSuperApp(t, furnished.SQLite(t))
	s.consents("ana@example.com", "mini", "user_email")
	tarpit := newTarpit(t)
	s.updateClient("mini", func(c *storage.Client) {
		c.Dialects = dialects(t, "gam", map[string]any{"signin_url": tarpit, "signin_secret": sealed(t, "mini", commonSecret)})
	})
	began := time.Now()
	a := s.beside(privateNetworks).superapp("mini/access-token", token, "")
	require.Equal(t, http.StatusBadGateway, a.StatusCode, a.body)
	require.Less(t, time.Since(began), 30*time.Second, "it hangs for ever, and is given 5 s")
}

func TestAMiniAppOnAPrivateNetworkIsNotCalled(t *testing.T) {
	t.Parallel()
	s, mini, token := newSuperApp(t, furnished.SQLite(t))
	s.consents("ana@example.com", "mini", "user_email")
	strict := s.beside()
	a := strict.superapp("mini/access-token", token, "")
	require.Equal(t, http.StatusBadGateway, a.StatusCode, a.body)
	require.Empty(t, mini.asked())
}

func TestWhatAPersonTakesBackEndsTheMiniAppsSignIn(t *testing.T) {
	t.Parallel()
	s, mini, token := newSuperApp(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("mini", "scope", "user_email"))
	require.Equal(t, http.StatusOK, s.superapp("mini/access-token", token, "").StatusCode)
	require.Len(t, mini.asked(), 1)
	page := b.get("/account/apps")
	action, form := formOf(t, page, "app-mini")
	form.Set("action", "disconnect")
	require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
	a := s.superapp("mini/access-token", token, "")
	require.Equal(t, "consent_required", a.json(t)["error"])
	denied := b.decide(b.authorize(request("mini", "scope", "user_email")), "deny")
	require.Equal(t, "access_denied", callback(t, denied).Get("error"))
	a = s.superapp("mini/access-token", token, "")
	require.Equal(t, http.StatusForbidden, a.StatusCode)
	require.Equal(t, "consent_required", a.json(t)["error"])
	require.Empty(t, mini.asked())
}

func TestACodeForTheHostAppIsOneLikeAnyOther(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, _, token := newSuperApp(t, dsn)
		s.consents("ana@example.com", "photoprint", "openid email profile")
		body := func(pairs ...string) string {
			v := map[string]string{
				"redirect_uri": testCallback, "code_challenge": challengeOf(testVerifier), "code_challenge_method": "S256",
				"state": "s t/ä", "scope": "openid email", "nonce": "n-1",
			}
			for i := 0; i < len(pairs); i += 2 {
				if v[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
					delete(v, pairs[i])
				}
			}
			raw, err := json.Marshal(v)
			require.NoError(t, err)
			return string(raw)
		}
		a := s.superapp("photoprint/code", token, body())
		require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
		got := a.json(t)
		code := got["code"].(string)
		require.Equal(t, map[string]any{"code": code, "expires_in": 300.0, "state": "s t/ä", "iss": s.url}, got)
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code))
		require.Equal(t, http.StatusOK, tokens.StatusCode, tokens.body)
		require.Equal(t, "openid email", tokens.json(t)["scope"])
		require.NotEmpty(t, tokens.json(t)["id_token"])
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])

		all := s.superapp("photoprint/code", token, body("scope", ""))
		allowed := s.post("/oauth2/token", "photoprint", exchangeForm(all.json(t)["code"].(string)))
		require.Equal(t, "openid email profile", allowed.json(t)["scope"], "without scope: what was allowed")

		s.consents("ana@example.com", "relaxed", "openid email")
		s.register(storage.Client{ID: "one-uri", Name: "One redirect URI", RedirectURIs: []string{testCallback}, PKCE: "optional"})
		s.consents("ana@example.com", "one-uri", "email openid")
		for what, c := range map[string]struct {
			client string
			pairs  []string
			status int
			code   any
		}{
			"a redirect URI that is not registered":       {"photoprint", []string{"redirect_uri", "https://evil.example/"}, 400, "invalid_request"},
			"none where there are several":                {"photoprint", []string{"redirect_uri", ""}, 400, "invalid_request"},
			"none where there is one":                     {"one-uri", []string{"redirect_uri", ""}, 201, nil},
			"none where the format has none":              {"mini", []string{"redirect_uri", "", "code_challenge", "", "code_challenge_method", "", "scope", ""}, 403, "consent_required"},
			"no challenge where PKCE is required":         {"photoprint", []string{"code_challenge", "", "code_challenge_method", ""}, 400, "invalid_request"},
			"no challenge where it is optional":           {"relaxed", []string{"code_challenge", "", "code_challenge_method", ""}, 201, nil},
			"a plain challenge":                           {"photoprint", []string{"code_challenge_method", "plain"}, 400, "invalid_request"},
			"a challenge of another length":               {"photoprint", []string{"code_challenge", "abc"}, 400, "invalid_request"},
			"a method without a challenge":                {"relaxed", []string{"code_challenge", ""}, 400, "invalid_request"},
			"a scope that is not registered":              {"mini", []string{"scope", "user_phone", "redirect_uri", ""}, 400, "invalid_scope"},
			"a scope that there is not":                   {"photoprint", []string{"scope", "nonsense"}, 400, "invalid_scope"},
			"a scope that was not allowed":                {"photoprint", []string{"scope", "openid points_read"}, 403, "consent_required"},
			"a company's":                                 {"photoprint", []string{"scope", "user_session"}, 400, "invalid_scope"},
			"a client that the person has never heard of": {"other", nil, 403, "consent_required"},
		} {
			a := s.superapp(c.client+"/code", token, body(c.pairs...))
			require.Equal(t, c.status, a.StatusCode, "%s: %s", what, a.body)
			require.Equal(t, c.code, a.json(t)["error"], what)
			require.Empty(t, a.Header.Get("Location"), what)
		}
		s.consents("ana@example.com", "mini", "user_email")
		bare := s.superapp("mini/code", token, "")
		require.Equal(t, http.StatusCreated, bare.StatusCode, bare.body)
		require.NotContains(t, bare.json(t), "state")

		s.register(storage.Client{ID: "bare", Name: "Bare codes", RedirectURIs: []string{testCallback}, Dialects: dialects(t, "boxo", map[string]any{})})
		s.consents("ana@example.com", "bare", "openid email")
		form := exchangeForm(s.superapp("bare/code", token, "").json(t)["code"].(string), "code_verifier", "", "redirect_uri", "https://other.example/cb")
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "bare", form).json(t)["error"])
		form.Set("redirect_uri", testCallback)
		named := s.post("/oauth2/token", "bare", form)
		require.Equal(t, http.StatusOK, named.StatusCode, "the one registered URI may be named where none was asked with: %s", named.body)
		s.logLacks(code, token)
	})
}

// What a host app's session gave ends with it. If that could give more, the rest would live on.
func TestAHostAppIsGivenNothingThatCouldGiveMore(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "tablet", Name: "The host app on a tablet", FirstParty: true, Scopes: scopesOf("openid", "superapp")})
	s.register(storage.Client{ID: "third", Name: "Third party", Scopes: scopesOf("openid", "superapp")})
	s.consents("ana@example.com", "third", "openid superapp")
	h := s.hostApp("ana@example.com")
	for _, id := range []string{"host", "tablet"} {
		require.NotContains(t, column(h.get("/apps")["apps"], "client_id"), id)
		for _, path := range []string{"", "/sharing"} {
			require.Equal(t, http.StatusNotFound, h.call(http.MethodGet, "/apps/"+id+path, "").StatusCode)
		}
		for _, call := range []string{"/code", "/access-token"} {
			a := h.call(http.MethodPost, "/apps/"+id+call, "")
			require.Equal(t, http.StatusNotFound, a.StatusCode, a.body)
			require.Contains(t, a.json(t)["error_description"], "may call this API itself")
		}
	}
	given := hostApp{s, h.tokens("third", "")["access_token"].(string)}
	s.updateClient("third", func(c *storage.Client) { c.FirstParty = true })
	s = s.beside()
	given.s = s
	own := hostApp{s, s.tokens("ana@example.com", "third", "scope", "openid superapp")["access_token"].(string)}
	for name, c := range map[string]struct {
		host   hostApp
		status int
	}{"what it was given while it was a mini app": {given, http.StatusForbidden}, "its own sign-in": {own, http.StatusOK}} {
		for _, path := range []string{"/apps", "/apps/photoprint/sharing"} {
			a := c.host.call(http.MethodGet, path, "")
			require.Equal(t, c.status, a.StatusCode, "%s: %s", name, a.body)
		}
	}
}

// Every call takes a JSON object, whatever the Content-Type says, and nothing else.
func TestTheHostAppsCallsTakeTheSameBodies(t *testing.T) {
	t.Parallel()
	s, _, token := newSuperApp(t, furnished.SQLite(t))
	s.consents("ana@example.com", "mini", "user_email")
	backend := s.backend("host").token
	for _, contentType := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain", ""} {
		for _, call := range []struct {
			method, path, token, object string
			optional                    bool
		}{
			{http.MethodPut, "apps/mini/sharing", token, `{"decision":"allow","scopes":["user_email"]}`, false},
			{http.MethodPost, "apps/mini/code", token, `{"state":"s"}`, true},
			{http.MethodPost, "apps/mini/access-token", token, `{}`, true},
			{http.MethodPost, "people", backend, `{"external_id":"u-9"}`, false},
			{http.MethodPost, "sessions", backend, `{"external_id":"u-9","continue":"/account"}`, false},
		} {
			send := func(body string) answer {
				return s.send(call.method, "/superapp/v1/"+call.path, body, "Content-Type", contentType, "Authorization", "Bearer "+call.token)
			}
			for _, body := range []string{`[]`, `null`, `state=s`, `decision=deny`, `external_id=u-9`, `"x"`, `1`} {
				a := send(body)
				require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s as %q at %s: %s", body, contentType, call.path, a.body)
				require.Equal(t, "invalid_request", a.json(t)["error"])
			}
			good := send(call.object)
			require.Less(t, good.StatusCode, 300, "%q at %s: %s", contentType, call.path, good.body)
			require.Equal(t, call.optional, send("").StatusCode < 300, "nothing as %q at %s", contentType, call.path)
		}
	}
}
