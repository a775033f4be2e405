package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// What a person's browser can rely on, and what nobody can do with it.

// cookies returns the browser's cookies for the server.
func (b *browser) cookies() []*http.Cookie {
	u, err := url.Parse(b.s.url)
	require.NoError(b.s.t, err)
	return b.Jar.Cookies(u)
}

func TestTheSessionInTheCookieChangesAtSignIn(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	attacker, victim := s.newBrowser(), s.newBrowser()
	a := attacker.authorize(request("photoprint"))
	u, err := url.Parse(s.url)
	require.NoError(t, err)
	victim.Jar.SetCookies(u, attacker.cookies()) // a fixed cookie, as from a subdomain
	planted := victim.cookies()[0].Value

	victim.signIn(a, "ana@example.com")
	signedIn := victim.cookies()[0].Value
	require.NotEqual(t, planted, signedIn)
	require.Contains(t, attacker.get("/account").Header.Get("Location"), "/login", "the planted cookie is nobody's")

	victim.signIn(victim.authorize(request("photoprint", "prompt", "login")), "ana@example.com")
	require.NotEqual(t, cookieSecret(t, signedIn), cookieSecret(t, victim.cookies()[0].Value))
	stolen := s.newBrowser()
	stolen.Jar.SetCookies(u, []*http.Cookie{{Name: victim.cookies()[0].Name, Value: signedIn}})
	require.Contains(t, stolen.get("/account").Header.Get("Location"), "/login", "nor is the one of the session before")
	require.Equal(t, http.StatusOK, victim.get("/account").StatusCode)
}

func TestASecondSubmitOfTheConsentFormDoesNothingNew(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		b := s.newBrowser()
		a := b.signIn(b.authorize(request("photoprint", "scope", "openid email phone")), "ana@example.com")
		action, form := formOf(t, b.get(a.Header.Get("Location")), "consent")
		form.Set("decision", "allow")
		form.Set("scope", "phone")
		first := b.submit(action, form)
		grant, err := s.store.Grant(t.Context(), storage.Owner{UserID: s.users["ana@example.com"].ID}, "photoprint")
		require.NoError(t, err)
		for range 3 {
			again := b.submit(action, form)
			require.Equal(t, http.StatusSeeOther, again.StatusCode)
			require.NotEmpty(t, callback(t, b.get(again.Header.Get("Location"))).Get("code"), "and the browser goes on")
		}
		same, err := s.store.Grant(t.Context(), storage.Owner{UserID: s.users["ana@example.com"].ID}, "photoprint")
		require.NoError(t, err)
		require.Equal(t, grant, same)

		form.Set("decision", "deny") // the same form with another answer is not the decision that was made
		again := b.submit(action, form)
		require.NotContains(t, b.get(again.Header.Get("Location")).Header.Get("Location"), "access_denied")
		same, err = s.store.Grant(t.Context(), storage.Owner{UserID: s.users["ana@example.com"].ID}, "photoprint")
		require.NoError(t, err)
		require.Equal(t, grant, same)
		require.NotEmpty(t, callback(t, b.get(first.Header.Get("Location"))).Get("code"))
	})
}

func TestTheConsentFormGrantsOnlyWhatWasAsked(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	a := b.signIn(b.authorize(request("photoprint", "scope", "openid email profile")), "ana@example.com")
	action, form := formOf(t, b.get(a.Header.Get("Location")), "consent")
	form.Set("decision", "allow")
	for _, scope := range []string{"phone", "user_session", "admin", "superapp", "openid phone", "profile phone"} {
		form["scope"] = []string{"profile", scope}
		refused := b.submit(action, form)
		require.Equal(t, http.StatusBadRequest, refused.StatusCode, scope)
		_, err := s.store.Grant(t.Context(), storage.Owner{UserID: s.users["ana@example.com"].ID}, "photoprint")
		require.ErrorIs(t, err, storage.ErrNotFound, scope)
	}
	form["scope"] = []string{"profile"}
	code := callback(t, b.get(b.submit(action, form).Header.Get("Location"))).Get("code")
	tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
	require.Equal(t, "openid email profile", tokens["scope"])
}

// A form of one person, browser, step or request is worth nothing in another.
func TestFormsWorkOnlyWhereTheyWereDrawn(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	ana, bo := s.newBrowser(), s.newBrowser()
	a := ana.signIn(ana.authorize(request("photoprint")), "ana@example.com")
	s.allowIn(bo, "bo@example.com", request("photoprint"))
	consent, asked := formOf(t, ana.get(a.Header.Get("Location")), "consent")
	account, profile := formOf(t, ana.get("/account"), "profile")
	profile.Set("action", "profile")
	profile.Set("first_name", "Eve")
	asked.Set("decision", "allow")
	login := ana.authorize(request("photoprint", "prompt", "login")).Header.Get("Location")

	for name, refused := range map[string]answer{
		"consent in another's browser":    bo.submit(consent, asked),
		"consent in nobody's browser":     s.newBrowser().submit(consent, asked),
		"the account in another's":        bo.submit(account, profile),
		"a sign-in's seal on the consent": ana.submit(consent, url.Values{"interaction": {queryOf(t, login).Get("interaction")}, "decision": {"allow"}}),
		"a consent's seal on the account": ana.submit(account, url.Values{"interaction": asked["interaction"], "action": {"profile"}, "first_name": {"Eve"}}),
		"a consent's seal at authorize":   ana.get("/oauth2/authorize?interaction=" + asked.Get("interaction")),
		"no seal":                         ana.submit(account, url.Values{"action": {"profile"}, "first_name": {"Eve"}}),
	} {
		require.Equal(t, http.StatusBadRequest, refused.StatusCode, name)
		require.Empty(t, refused.Header.Get("Location"), name)
	}
	r, err := http.NewRequest(http.MethodPost, s.url+consent, strings.NewReader(asked.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, do(t, ana.Client, r).StatusCode, "and never from another site")

	_, err = s.store.Grant(t.Context(), storage.Owner{UserID: s.users["ana@example.com"].ID}, "photoprint")
	require.ErrorIs(t, err, storage.ErrNotFound)
	for email, first := range map[string]string{"ana@example.com": "Ana", "bo@example.com": "Bo"} {
		u, err := s.store.User(t.Context(), s.users[email].ID)
		require.NoError(t, err)
		require.Equal(t, first, u.FirstName)
	}
	require.NotEmpty(t, callback(t, ana.get(ana.submit(consent, asked).Header.Get("Location"))).Get("code"))
}

// Every page, those about errors included: no inline code, no frame, nothing kept by a cache, no address told to others.
func TestEveryPageIsGuardedByItsHeaders(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	l := newLive(s)
	out := s.newBrowser()
	signIn := out.get(l.login)
	require.Equal(t, http.StatusBadRequest, signIn.StatusCode, "another browser's")
	pages := map[string]answer{
		"sign in": out.get("/login"), "sign up": out.get("/signup"), "sign out": l.browser.get("/logout"), "account": l.browser.get("/account"),
		"apps": l.browser.get("/account/apps"), "consent": l.browser.get(l.consent), "bad request": signIn, "not found": out.get("/nothing"),
		"authorize error": out.get("/oauth2/authorize"), "not allowed": out.submit("/oauth2/authorize", url.Values{"x": {strings.Repeat("x", 5000)}}),
		"form_post": l.browser.authorize(request("photoprint", "response_mode", "form_post")), "too long": out.get("/login?x=" + strings.Repeat("x", 20000)),
	}
	blow := func(string) { panic("a defect") }
	s.count.before.Store(&blow)
	pages["server error"] = l.browser.get("/account")
	s.count.before.Store(nil)
	require.NoError(t, s.store.Close())
	pages["unavailable"] = l.browser.get("/account")
	for name, a := range pages {
		csp := a.Header.Get("Content-Security-Policy")
		require.Contains(t, a.Header.Get("Content-Type"), "text/html", name)
		require.Contains(t, csp, "default-src 'none'", name)
		require.Contains(t, csp, "frame-ancestors 'none'", name)
		require.Contains(t, csp, "base-uri 'none'", name)
		require.NotContains(t, csp, "unsafe", name)
		require.NotContains(t, csp, "*", name)
		require.Equal(t, "same-origin", a.Header.Get("Referrer-Policy"), name)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"), name)
		require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"), name)
		require.NotRegexp(t, `(?i)<[a-z]+[^>]* on[a-z]+=|<script(?:>| [^>]*>)[^<]|style="|javascript:`, a.body, name)
	}
	require.Equal(t, http.StatusInternalServerError, pages["server error"].StatusCode)
	require.NotContains(t, pages["server error"].body, "a defect")
}

// After a person changes the password, or an operator closes the account, every session is over and so is what mini
// apps hold, in the second case.
func TestAClosedAccountIsClosedEverywhere(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		l := newLive(s)
		require.NoError(t, s.store.SetDisabled(t.Context(), s.users["ana@example.com"].ID, true, s.now()))
		l.requireDead(t, "photoprint")
		require.Contains(t, l.browser.get("/account").Header.Get("Location"), "/login")
		require.Contains(t, l.browser.authorize(request("photoprint")).Header.Get("Location"), "/login")
		require.Equal(t, http.StatusUnauthorized, l.signInLate().StatusCode)

		require.NoError(t, s.store.SetDisabled(t.Context(), s.users["ana@example.com"].ID, false, s.now()))
		require.Contains(t, l.browser.get("/account").Header.Get("Location"), "/login", "sessions stay ended")
	})
}

// requireDead checks that nothing that l holds of a client works any more, at any endpoint.
func (l *live) requireDead(t *testing.T, client string) {
	t.Helper()
	require.Equal(t, http.StatusUnauthorized, l.userinfo(l.access).StatusCode)
	for _, token := range []string{l.access, l.refresh, l.code} {
		seen := l.post("/oauth2/introspect", "resource", url.Values{"token": {token}})
		require.Equal(t, `{"active":false}`, strings.TrimSpace(seen.body))
	}
	for _, form := range []url.Values{exchangeForm(l.code), refreshForm(l.refresh)} {
		a := l.post("/oauth2/token", client, form)
		require.Contains(t, []any{"invalid_grant", "invalid_client"}, a.json(t)["error"])
	}
}

func TestASuspendedClientIsDeadEverywhereAndComesBack(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	l := newLive(s)
	setStatus := func(status string) {
		s.updateClient("photoprint", func(c *storage.Client) { c.Status = status })
	}
	for _, status := range []string{storage.StatusDraft, storage.StatusSubmitted, storage.StatusChangesRequested, storage.StatusRejected, storage.StatusSuspended, storage.StatusArchived} {
		setStatus(status)
		other := &live{testServer: s.beside(), browser: l.browser, code: l.code, access: l.access, refresh: l.refresh}
		other.requireDead(t, "photoprint")
		page := l.browser.get(other.url + "/oauth2/authorize?" + request("photoprint").Encode())
		require.Equal(t, http.StatusForbidden, page.StatusCode, status)
		require.Empty(t, page.Header.Get("Location"), status)
		for _, path := range []string{"/oauth2/revoke", "/oauth2/introspect"} {
			require.Equal(t, "invalid_client", other.post(path, "photoprint", url.Values{"token": {l.access}}).json(t)["error"], status)
		}
		consent := l.browser.get(other.url + l.consent)
		require.NotEqual(t, http.StatusOK, consent.StatusCode, "%s: nobody is asked for it", status)
	}
	setStatus(storage.StatusApproved)
	require.True(t, s.beside().active("photoprint", l.access))
}

// Code, access token and refresh token are three things (also: a token of one client is none of another).
func TestKindsOfTokensAreNotInterchangeable(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	l := newLive(s)
	idToken := s.tokens("ana@example.com", "photoprint")["id_token"].(string)
	for name, token := range map[string]string{"refresh token": l.refresh, "code": l.code, "ID token": idToken} {
		require.Equal(t, http.StatusUnauthorized, s.userinfo(token).StatusCode, "a %s is no access token", name)
	}
	for name, token := range map[string]string{"access token": l.access, "code": l.code, "ID token": idToken} {
		a := s.post("/oauth2/token", "photoprint", refreshForm(token))
		require.Equal(t, "invalid_grant", a.json(t)["error"], "a %s is no refresh token", name)
	}
	for name, token := range map[string]string{"access token": l.access, "refresh token": l.refresh, "ID token": idToken} {
		a := s.post("/oauth2/token", "photoprint", exchangeForm(token))
		require.Equal(t, "invalid_grant", a.json(t)["error"], "a %s is no code", name)
	}
	for _, token := range []string{l.code, idToken} {
		require.False(t, s.active("photoprint", token))
		require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "photoprint", url.Values{"token": {token}}).StatusCode)
	}
	relabelled := "grt_" + strings.TrimPrefix(l.access, "gat_")
	require.False(t, s.active("photoprint", relabelled))
	require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", exchangeForm(l.code)).StatusCode, "none of it hurt the real ones")
	require.True(t, s.active("photoprint", l.access))
	require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", refreshForm(l.refresh)).StatusCode)
}

// Unknown and wrong get the same page after the same work.
func TestAnUnknownPersonIsAnsweredAsAWrongPasswordIs(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		attempt := func(username string) (answer, []string) {
			b := s.newBrowser()
			action, form := formOf(t, b.get("/login"), "sign-in")
			form.Set("username", username)
			form.Set("password", "not the right password")
			s.count.reset()
			a := b.submit(action, form)
			return a, s.count.seen()
		}
		wrong, work := attempt("ana@example.com")
		require.Equal(t, http.StatusUnauthorized, wrong.StatusCode)
		for _, username := range []string{"nobody@example.com", "+59899000000", "no login at all"} {
			unknown, same := attempt(username)
			require.Equal(t, wrong.StatusCode, unknown.StatusCode)
			require.Equal(t, withoutSeals(wrong, "ana@example.com"), withoutSeals(unknown, username))
			if username == "nobody@example.com" {
				require.Equal(t, work, same, "the same statements")
			}
		}
	})
}

// withoutSeals is a page without what differs in every answer.
func withoutSeals(a answer, username string) string {
	var kept []string
	for line := range strings.Lines(a.body) {
		if strings.Contains(line, `name="interaction"`) || strings.Contains(line, "interaction=") || strings.Contains(line, "Request <bdi>") {
			continue
		}
		kept = append(kept, strings.ReplaceAll(line, strings.ReplaceAll(username, "+", "&#43;"), "USERNAME"))
	}
	return strings.Join(kept, "")
}

// Sign-up without mail tells that an address is taken, but not often (docs/divergences.md).
func TestSignUpTellsThatAnAddressIsTakenOnlySoOften(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	attempt := func() answer {
		b := s.newBrowser()
		action, form := formOf(t, b.get("/signup"), "sign-up")
		for name, value := range map[string]string{"email": "ana@example.com", "password": testPassword, "first_name": "Eve", "last_name": "E"} {
			form.Set(name, value)
		}
		return b.submit(action, form)
	}
	for n := 1; n <= 10; n++ {
		require.Equal(t, http.StatusUnprocessableEntity, attempt().StatusCode, n)
	}
	limited := attempt()
	require.Equal(t, http.StatusTooManyRequests, limited.StatusCode)
	require.NotEmpty(t, limited.Header.Get("Retry-After"))
}
