package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

func TestAuthorizeLeadsThroughSignInAndConsentToTokens(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		a := b.authorize(request("photoprint", "scope", "openid email profile points_read", "nonce", "n"))
		require.Contains(t, a.Header.Get("Location"), "/login?interaction=")
		a = b.signIn(a, "ana@example.com")
		require.Contains(t, a.Header.Get("Location"), "/consent?interaction=")
		a = b.decide(a, "allow", "points_read")
		q := callback(t, a)
		require.Equal(t, "s-1", q.Get("state"))
		require.Equal(t, s.url, q.Get("iss")) // RFC 9207
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(q.Get("code"))).json(t)
		require.Equal(t, "openid email points_read", tokens["scope"], "profile was left unticked")
		require.Equal(t, "Bearer", tokens["token_type"])
		require.EqualValues(t, 15*24*3600, tokens["expires_in"])
		require.NotEmpty(t, tokens["id_token"])

		again := b.authorize(request("photoprint", "scope", "openid email profile points_read"))
		require.NotEmpty(t, callback(t, again).Get("code"), "a second visit goes straight through")
	})
}

// Nothing redirects before client and redirect URI are both good, whatever else is wrong with the request.
func TestAuthorizeShowsAPageUntilClientAndRedirectURIAreGood(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	long := strings.Repeat("x", 4096)
	for _, c := range []struct {
		name   string
		query  string
		status int
		code   string
	}{
		{"no client", request("").Encode(), 400, "invalid_request"},
		{"unknown client", request("nobody").Encode(), 400, "invalid_client"},
		{"unapproved client", request("suspended").Encode(), 403, "unauthorized_client"},
		{"client twice", request("photoprint").Encode() + "&client_id=other", 400, "invalid_request"},
		{"redirect_uri twice", request("photoprint").Encode() + "&redirect_uri=x", 400, "invalid_request"},
		{"no redirect_uri of several", request("photoprint", "redirect_uri", "").Encode(), 400, "invalid_request"},
		{"another redirect_uri", request("photoprint", "redirect_uri", "https://evil.example/cb").Encode(), 400, "invalid_request"},
		{"a longer redirect_uri", request("photoprint", "redirect_uri", testCallback+"/x").Encode(), 400, "invalid_request"},
		{"another case", request("photoprint", "redirect_uri", "https://PhotoPrint.example/cb").Encode(), 400, "invalid_request"},
		{"a query added", request("photoprint", "redirect_uri", testCallback+"?a=b").Encode(), 400, "invalid_request"},
		{"a fragment", request("photoprint", "redirect_uri", testCallback+"#").Encode(), 400, "invalid_request"},
		{"userinfo at loopback", request("photoprint", "redirect_uri", "http://u@127.0.0.1:8081/cb").Encode(), 400, "invalid_request"},
		{"https at loopback", request("photoprint", "redirect_uri", "https://127.0.0.1:8081/cb").Encode(), 400, "invalid_request"},
		{"script", request("photoprint", "redirect_uri", "javascript:alert(1)").Encode(), 400, "invalid_request"},
		{"both bad and prompt=none", request("nobody", "prompt", "none", "redirect_uri", "https://evil.example").Encode(), 400, "invalid_client"},
		{"NUL", request("photoprint").Encode() + "&state=%00", 400, "invalid_request"},
		{"bad UTF-8", request("photoprint").Encode() + "&nonce=%ff", 400, "invalid_request"},
		{"bad escape", request("photoprint").Encode() + "&nonce=%zz", 400, "invalid_request"},
		{"too long", request("photoprint", "state", long).Encode(), 414, "invalid_request"},
		{"no seal of ours", "interaction=abc", 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := b.get("/oauth2/authorize?" + c.query)
			require.Equal(t, c.status, a.StatusCode, a.body)
			require.Empty(t, a.Header.Get("Location"))
			require.Contains(t, a.body, `data-error="`+c.code+`"`)
			require.Contains(t, a.Header.Get("Cache-Control"), "no-store")
		})
	}
	t.Run("too long by POST", func(t *testing.T) {
		a := b.submit("/oauth2/authorize", request("photoprint", "state", long))
		require.Equal(t, http.StatusRequestEntityTooLarge, a.StatusCode)
	})
	t.Run("another method", func(t *testing.T) {
		r, _ := http.NewRequest(http.MethodPut, s.url+"/oauth2/authorize", nil)
		a := do(t, b.Client, r)
		require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode)
		require.Equal(t, "GET, HEAD, POST", a.Header.Get("Allow"))
	})
}

func TestAuthorizeErrorsGoToTheRedirectURIWithStateAndIssuer(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	for _, c := range []struct {
		name string
		v    url.Values
		code string
	}{
		{"no response_type", request("photoprint", "response_type", ""), "invalid_request"},
		{"implicit", request("photoprint", "response_type", "token"), "unsupported_response_type"},
		{"hybrid", request("photoprint", "response_type", "code id_token"), "unsupported_response_type"},
		{"unknown response_mode", request("photoprint", "response_mode", "fragment"), "invalid_request"},
		{"unknown scope", request("photoprint", "scope", "openid <b>nope</b>"), "invalid_scope"},
		{"unregistered scope", request("photoprint", "scope", "openid address"), "invalid_scope"},
		{"a person and a company", request("photoprint", "scope", "openid user_session"), "invalid_scope"},
		{"no challenge", request("photoprint", "code_challenge", "", "code_challenge_method", ""), "invalid_request"},
		{"plain by default", request("photoprint", "code_challenge_method", ""), "invalid_request"},
		{"plain", request("relaxed", "code_challenge_method", "plain"), "invalid_request"},
		{"method alone", request("relaxed", "code_challenge", ""), "invalid_request"},
		{"short challenge", request("photoprint", "code_challenge", "abc"), "invalid_request"},
		{"challenge of other characters", request("photoprint", "code_challenge", strings.Repeat("~", 43)), "invalid_request"},
		{"unknown prompt", request("photoprint", "prompt", "create"), "invalid_request"},
		{"none and login", request("photoprint", "prompt", "none login"), "invalid_request"},
		{"max_age", request("photoprint", "max_age", "-1"), "invalid_request"},
		{"request object", request("photoprint", "request", "eyJ"), "request_not_supported"},
		{"request_uri", request("photoprint", "request_uri", "https://a.example/r"), "request_uri_not_supported"},
		{"a hint that is not ours", request("photoprint", "id_token_hint", "eyJ.a.b", "prompt", "none"), "login_required"},
		{"nobody signed in", request("photoprint", "prompt", "none"), "login_required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := b.authorize(c.v)
			require.True(t, strings.HasPrefix(a.Header.Get("Location"), testCallback+"?"), a.Header.Get("Location"))
			q := callback(t, a)
			require.Equal(t, c.code, q.Get("error"), q.Get("error_description"))
			require.Equal(t, "s-1", q.Get("state"))
			require.Equal(t, s.url, q.Get("iss"))
			require.NotContains(t, q.Get("error_description"), "<", "what was sent is not repeated (F26)")
		})
	}
	t.Run("a parameter twice", func(t *testing.T) {
		a := b.get("/oauth2/authorize?" + request("photoprint").Encode() + "&nonce=1&nonce=2")
		require.Equal(t, "invalid_request", callback(t, a).Get("error"))
	})
	t.Run("no state comes back as none", func(t *testing.T) {
		a := b.authorize(request("photoprint", "state", "", "response_type", "token"))
		require.False(t, callback(t, a).Has("state"))
	})
	t.Run("state comes back byte for byte", func(t *testing.T) {
		state := "a b+c%20&=ü/?#\"<>"
		a := b.authorize(request("photoprint", "state", state, "response_type", "token"))
		require.Equal(t, state, callback(t, a).Get("state"))
	})
}

func TestAuthorizeMatchesALoopbackRedirectURIOnAnyPort(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	target := "http://127.0.0.1:51234/cb"
	code := s.allow("ana@example.com", request("photoprint", "redirect_uri", target))
	a := s.post("/oauth2/token", "photoprint", exchangeForm(code, "redirect_uri", target))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
}

func TestAuthorizeTakesTheOnlyRedirectURIWhereNoneIsSent(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "single", RedirectURIs: []string{testCallback}})
	b := s.newBrowser()
	a := b.authorize(request("single", "redirect_uri", ""))
	require.Equal(t, http.StatusBadRequest, a.StatusCode, "openid needs it (OIDC Core §3.1.2.1)")

	for _, sent := range []string{"", testCallback} {
		code, _ := s.allowIn(b, "ana@example.com", request("single", "redirect_uri", "", "scope", "email"))
		a = s.post("/oauth2/token", "single", exchangeForm(code, "redirect_uri", sent))
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	}
}

func TestAuthorizeByPostIsAnsweredWithTheSameGet(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.submit("/oauth2/authorize", request("photoprint"))
	require.Equal(t, http.StatusSeeOther, a.StatusCode)
	target, err := url.Parse(a.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "/oauth2/authorize", target.Path)
	require.Equal(t, request("photoprint"), target.Query())
}

func TestAuthorizeAnswersByFormPostWithoutAScript(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	a := b.authorize(request("photoprint", "response_mode", "form_post"))
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Contains(t, a.body, `action="`+testCallback+`"`)
	require.Contains(t, a.body, `name="code"`)
	require.Contains(t, a.body, `name="iss"`)
	require.Contains(t, a.Header.Get("Content-Security-Policy"), "form-action")

	s.register(storage.Client{ID: "native", RedirectURIs: []string{"com.example.app:/cb"}})
	a = b.authorize(request("native", "response_mode", "form_post", "redirect_uri", "com.example.app:/cb"))
	require.Equal(t, "invalid_request", callback(t, a).Get("error"))
}

func TestPromptLoginAndMaxAgeAskOnceAndEnd(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	for _, pair := range [][2]string{{"prompt", "login"}, {"max_age", "0"}} {
		a := b.authorize(request("photoprint", pair[0], pair[1]))
		require.Contains(t, a.Header.Get("Location"), "/login", pair)
		require.NotEmpty(t, callback(t, b.signIn(a, "ana@example.com")).Get("code"), pair)
	}
	a := b.authorize(request("photoprint", "max_age", "3600"))
	require.NotEmpty(t, callback(t, a).Get("code"))
	s.forward(2 * time.Hour)
	a = b.authorize(request("photoprint", "max_age", "3600"))
	require.Contains(t, a.Header.Get("Location"), "/login")
	a = b.authorize(request("photoprint", "max_age", "3600", "prompt", "none"))
	require.Equal(t, "login_required", callback(t, a).Get("error"))
}

func TestPromptConsentAsksAgainAndEnds(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	a := b.authorize(request("photoprint", "prompt", "consent"))
	require.Contains(t, a.Header.Get("Location"), "/consent")
	require.NotEmpty(t, callback(t, b.decide(a, "allow")).Get("code"))
}

func TestPromptSelectAccountGoesOnWithTheAccountThatIsChosen(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	a := b.authorize(request("photoprint", "prompt", "select_account"))
	page := b.get(a.Header.Get("Location"))
	action, form := formOf(t, page, "continue")
	form.Set("continue", "1")
	a = b.get(b.submit(action, form).Header.Get("Location"))
	require.NotEmpty(t, callback(t, a).Get("code"))
}

func TestPromptNoneNeverAsks(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	require.NotEmpty(t, callback(t, b.authorize(request("photoprint", "prompt", "none"))).Get("code"))
	a := b.authorize(request("photoprint", "prompt", "none", "scope", "openid email profile"))
	require.Equal(t, "consent_required", callback(t, a).Get("error"))
	a = b.authorize(request("photoprint", "prompt", "none", "scope", "user_session"))
	require.Equal(t, "interaction_required", callback(t, a).Get("error"))
}

func TestIDTokenHintOfAnotherPersonIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	hint := s.tokens("bo@example.com", "photoprint")["id_token"].(string)
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	a := b.authorize(request("photoprint", "id_token_hint", hint, "prompt", "none"))
	require.Equal(t, "login_required", callback(t, a).Get("error"))
	a = b.authorize(request("photoprint", "id_token_hint", hint))
	require.Contains(t, a.Header.Get("Location"), "/login")
	a = b.signIn(a, "ana@example.com")
	require.Equal(t, "login_required", callback(t, a).Get("error"), "the same person again: it ends")

	own := s.tokens("ana@example.com", "photoprint")["id_token"].(string)
	a = b.authorize(request("photoprint", "id_token_hint", own, "prompt", "none"))
	require.NotEmpty(t, callback(t, a).Get("code"))
	a = b.authorize(request("other", "id_token_hint", own, "prompt", "none"))
	require.Equal(t, "login_required", callback(t, a).Get("error"), "a token for another client is no hint")
	a = b.authorize(request("photoprint", "id_token_hint", "eyJ.a.b"))
	require.NotEmpty(t, callback(t, a).Get("code"), "a hint that says nothing keeps nobody")
}

func TestDenyIsARecordAndTwiceInARowEndsTheQuestion(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.decide(b.signIn(b.authorize(request("photoprint")), "ana@example.com"), "deny")
	require.Equal(t, "access_denied", callback(t, a).Get("error"))
	require.Equal(t, "consent_required", callback(t, b.authorize(request("photoprint", "prompt", "none"))).Get("error"))

	a = b.authorize(request("photoprint"))
	require.Contains(t, a.Header.Get("Location"), "/consent", "after one deny the next authorize asks again")
	require.Equal(t, "access_denied", callback(t, b.decide(a, "deny")).Get("error"))
	for _, prompt := range []string{"", "none", "consent", "login", "select_account"} {
		a = b.authorize(request("photoprint", "prompt", prompt))
		require.Equal(t, "access_denied", callback(t, a).Get("error"), "after two in a row nobody is asked: prompt=%s", prompt)
	}
	s.forward(11 * time.Hour)
	require.Equal(t, "access_denied", callback(t, b.authorize(request("photoprint"))).Get("error"))
	s.forward(14 * time.Hour) // 25 hours in all: over the cool-down, and the session has ended
	a = b.signIn(b.authorize(request("photoprint")), "ana@example.com")
	require.Contains(t, a.Header.Get("Location"), "/consent")
	require.NotEmpty(t, callback(t, b.decide(a, "allow")).Get("code"))
}

func TestANewScopeAsksOnlyForItselfInTheSameGrant(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
	first := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
	a := b.authorize(request("photoprint", "scope", "openid email points_read"))
	page := b.get(a.Header.Get("Location"))
	require.Contains(t, page.body, "points_read")
	require.NotEmpty(t, callback(t, b.decide(a, "allow", "points_read")).Get("code"))
	require.True(t, s.active("photoprint", first["access_token"]), "what was allowed before lives on")
}

func TestACompanysAuthorizationNeedsItsAdmin(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("photoprint", "scope", "user_session")), "ana@example.com")
	require.Equal(t, "access_denied", callback(t, a).Get("error"))

	code := s.allow("bo@example.com", request("photoprint", "scope", "user_session"))
	a = s.post("/oauth2/token/user", "photoprint", exchangeForm(code))
	require.Equal(t, "invalid_grant", a.json(t)["error"], "the other kind's endpoint burns nothing")
	tokens := s.post("/oauth2/token/company", "photoprint", exchangeForm(code)).json(t)
	require.EqualValues(t, 30*24*3600, tokens["expires_in"])
	require.Nil(t, tokens["id_token"])

	seen := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {tokens["access_token"].(string)}}).json(t)
	require.Equal(t, "company", seen["token_kind"])
	require.Equal(t, "acme", seen["sub"])
	require.Equal(t, "acme", seen["company_id"])
	require.Equal(t, s.users["bo@example.com"].ID, seen["allowed_by"])
	refreshed := s.post("/oauth2/token/company", "photoprint", refreshForm(tokens["refresh_token"].(string)))
	require.Equal(t, http.StatusOK, refreshed.StatusCode, refreshed.body)
}

func TestTheSuperAppsOwnClientIsNotAskedAndCanBeDisconnected(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("host", "scope", "openid superapp")), "ana@example.com")
	code := callback(t, a).Get("code")
	tokens := s.post("/oauth2/token", "host", exchangeForm(code)).json(t)
	require.True(t, s.active("host", tokens["access_token"]))
	a = b.authorize(request("host", "scope", "openid superapp", "prompt", "consent"))
	require.Contains(t, a.Header.Get("Location"), "/consent")

	page := b.get("/account/apps")
	action, form := formOf(t, page, "app-host")
	form.Set("action", "disconnect")
	require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
	require.False(t, s.active("host", tokens["access_token"]), "dead at the next call")
	require.Equal(t, "invalid_grant", s.post("/oauth2/token", "host", refreshForm(tokens["refresh_token"].(string))).json(t)["error"])
}

func TestASealedRequestOpensForItsOwnBrowserOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	mine, theirs := s.newBrowser(), s.newBrowser()
	a := mine.authorize(request("photoprint"))
	theirs.authorize(request("photoprint"))
	page := theirs.get(a.Header.Get("Location"))
	require.Equal(t, http.StatusBadRequest, page.StatusCode)
	require.Contains(t, page.body, `data-error="invalid_request"`)
}

func TestHostHeaderChangesNoLink(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	r, _ := http.NewRequest(http.MethodGet, s.url+"/.well-known/openid-configuration", nil)
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	a := do(t, http.DefaultClient, r)
	require.NotContains(t, a.body, "evil.example")
	require.Equal(t, s.url, a.json(t)["issuer"])
}

func TestAnExpiredSignInLeadsBackToWhereItBegins(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "returning", InitiateLoginURI: "https://photoprint.example/start?x=1"})
	b := s.newBrowser()
	a := b.authorize(request("returning"))
	s.forward(31 * time.Minute)
	page := b.get(a.Header.Get("Location"))
	require.Equal(t, http.StatusBadRequest, page.StatusCode)
	require.Contains(t, page.body, `data-error="expired"`)
	require.Contains(t, page.body, "https://photoprint.example/start?iss="+url.QueryEscape(s.url)+"&amp;x=1")
}

func TestTheScopeAdminIsForAdminsOnly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("host", "scope", "openid admin")), "ana@example.com")
	require.Equal(t, "access_denied", callback(t, a).Get("error"))
	a = b.authorize(request("host", "scope", "admin superapp", "prompt", "none"))
	require.Equal(t, "interaction_required", callback(t, a).Get("error"))
	require.NotEmpty(t, callback(t, b.authorize(request("host", "scope", "openid superapp"))).Get("code"))
	u, err := s.store.UserByLogin(t.Context(), "ana@example.com")
	require.NoError(t, err)
	was := u.UpdatedAt
	u.Roles, u.UpdatedAt = []string{storage.RoleAdmin}, was.Add(time.Second)
	require.NoError(t, s.store.UpdateUser(t.Context(), u, was))
	require.NotEmpty(t, callback(t, b.authorize(request("host", "scope", "openid admin"))).Get("code"))
}

func TestWhatAPersonRefusedTheSuperAppsOwnClientStaysRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("host", "scope", "openid profile", "prompt", "consent")), "ana@example.com")
	code := callback(t, b.decide(a, "allow")).Get("code")
	require.Equal(t, "openid", s.post("/oauth2/token", "host", exchangeForm(code)).json(t)["scope"])
	code = callback(t, b.authorize(request("host", "scope", "openid profile phone"))).Get("code")
	require.Equal(t, "openid phone", s.post("/oauth2/token", "host", exchangeForm(code)).json(t)["scope"])

	a = b.authorize(request("host", "scope", "openid profile", "prompt", "consent"))
	require.Equal(t, "access_denied", callback(t, b.decide(a, "deny")).Get("error"))
	require.Equal(t, "consent_required", callback(t, b.authorize(request("host", "scope", "openid profile", "prompt", "none"))).Get("error"))
}

func TestContinueIsNotOfferedWhereASignInIsNeeded(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	s.allowIn(b, "ana@example.com", request("photoprint"))
	a := b.authorize(request("photoprint", "prompt", "select_account", "max_age", "0"))
	require.NotContains(t, b.get(a.Header.Get("Location")).body, `id="continue"`)
	require.NotEmpty(t, callback(t, b.signIn(a, "ana@example.com")).Get("code"))
}

func TestMaxAgeIsLookedAtAgainWhenASignInWasLongAgo(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("photoprint", "max_age", "60")), "ana@example.com")
	require.Contains(t, a.Header.Get("Location"), "/consent")
	s.forward(6 * time.Minute)
	a = b.decide(a, "allow")
	require.Contains(t, a.Header.Get("Location"), "/login")
	require.NotEmpty(t, callback(t, b.signIn(a, "ana@example.com")).Get("code"), "and then it ends")
}

func TestTokensFollowTheRegistrationOfToday(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.tokens("ana@example.com", "photoprint")
	before := s.userinfo(tokens["access_token"]).json(t)
	require.Equal(t, s.users["ana@example.com"].ID, before["sub"])

	s.updateClient("photoprint", func(c *storage.Client) {
		c.Scopes, c.SubjectType = []storage.ClientScope{{Name: "openid"}}, "pairwise"
	})
	s = s.beside()
	after := s.userinfo(tokens["access_token"]).json(t)
	require.NotContains(t, after, "email")
	require.NotEqual(t, before["sub"], after["sub"])
	seen := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {tokens["access_token"].(string)}}).json(t)
	require.Equal(t, "openid", seen["scope"])
	require.Equal(t, after["sub"], seen["sub"])
	_, claims := decodeJWT(t, s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)["id_token"].(string))
	require.Equal(t, after["sub"], claims["sub"], "every answer agrees (OIDC Core §5.3.2)")
}

func TestARequestThatWouldNotFitSealedIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	slashes := strings.Repeat("/", 1400) // 1.4 KB as they stand, three times that once escaped
	raw := strings.Replace(request("photoprint", "state", "STATE").Encode(), "STATE", slashes, 1)
	a := b.get("/oauth2/authorize?" + raw)
	require.Equal(t, http.StatusRequestURITooLong, a.StatusCode)
	r, _ := http.NewRequest(http.MethodPost, s.url+"/oauth2/authorize", strings.NewReader(raw))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, http.StatusRequestEntityTooLarge, do(t, b.Client, r).StatusCode)
	a = b.authorize(request("photoprint", "state", strings.Repeat("/", 1000)))
	require.NotEmpty(t, callback(t, b.decide(b.signIn(a, "ana@example.com"), "allow")).Get("code"))
}

func TestFormPostNeedsHTTPAndNotOnlyItsFirstLetters(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "native", RedirectURIs: []string{"https.app.example:/cb"}})
	a := s.newBrowser().authorize(request("native", "response_mode", "form_post", "redirect_uri", "https.app.example:/cb"))
	require.Equal(t, "invalid_request", callback(t, a).Get("error"))
}

func TestAnUnapprovedClientGetsNoLinkFromUs(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "bank", Name: "Your Bank", Status: storage.StatusSuspended, ClientURI: "https://phish.example/", InitiateLoginURI: "https://phish.example/start"})
	a := s.newBrowser().authorize(request("bank"))
	require.Equal(t, http.StatusForbidden, a.StatusCode)
	require.NotContains(t, a.body, "phish.example")
	require.NotContains(t, a.body, "suspended")
}

func TestConnectedAppsComeAfterTheSignInThatTheyNeed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.get("/account/apps")
	require.Contains(t, a.Header.Get("Location"), "/login?interaction=")
	page := b.get(a.Header.Get("Location"))
	action, form := formOf(t, page, "sign-in")
	form.Set("username", "ana@example.com")
	form.Set("password", testPassword)
	require.Equal(t, "/account/apps", b.submit(action, form).Header.Get("Location"))
}

func TestASilencedAppThatIsAllowedSomethingCanBeLetAskAgain(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
	tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
	for range 2 {
		a := b.authorize(request("photoprint", "scope", "profile"))
		require.Equal(t, "access_denied", callback(t, b.decide(a, "deny")).Get("error"))
	}
	require.Equal(t, "access_denied", callback(t, b.authorize(request("photoprint", "scope", "profile"))).Get("error"))

	page := b.get("/account/apps")
	require.Contains(t, page.body, `value="disconnect"`)
	require.Contains(t, page.body, `value="clear"`)
	action, form := formOf(t, page, "app-photoprint")
	form.Set("action", "clear")
	require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
	require.Contains(t, b.authorize(request("photoprint", "scope", "profile")).Header.Get("Location"), "/consent")
	require.True(t, s.active("photoprint", tokens["access_token"]), "what was allowed lives on")
}
