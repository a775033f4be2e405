package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
)

// No input gets a 500, and no input steers a redirect: every route, every parameter, every value that has ever hurt
// anybody.

// hostile are parameter values, as they are after decoding.
var hostile = []string{
	"", " ", "\t", "\x00", "a\x00b", "\xff\xfe", "a\xc3", "\u0000", "\ufeff", "\u202eevil", "😀", "ǅ", strings.Repeat("é", 300),
	"//evil.example", `/\evil.example`, `\\evil.example`, "https:evil.example", "https://evil.example/cb", "javascript:alert(1)",
	"data:text/html,x", "/\t/evil.example", "https://photoprint.example@evil.example/cb", "https://photoprint.example/cb\r\nX-Evil: 1",
	"a\r\nSet-Cookie: evil=1", "' OR 1=1 --", `"; DROP TABLE users; --`, `<script>alert(1)</script>`, `{"a":{"b":[1]}}`, "[]", "null",
	"true", "-1", "0", "1e400", "99999999999999999999", "NaN", "%", "%00", "%zz", "${jndi:ldap://evil.example}", "{{.}}", "../../etc/passwd",
	"*", "a,b;c", "a b c d", strings.Repeat("a ", 1500), strings.Repeat("A", 3000), strings.Repeat("A", 70<<10),
	"gat_" + strings.Repeat("A", 92), "eyJhbGciOiJub25lIn0.e30.", "$argon2id$v=19$m=999999999,t=99,p=99$AAAA$AAAA",
}

// target is a request that would do something, were it not for the one parameter that is replaced.
type target struct {
	name   string
	method string
	path   string
	auth   string // client_id for HTTP Basic
	params url.Values
}

// targets returns requests that get as far as possible, for the browser b of a signed-in person with an open consent
// page.
func (l *live) targets() []target {
	sealed := func(location string) url.Values {
		return url.Values{"interaction": {queryOf(l.t, location).Get("interaction")}}
	}
	login := l.browser.authorize(request("photoprint", "prompt", "login")).Header.Get("Location")
	with := func(v url.Values, pairs ...string) url.Values {
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	_, account := formOf(l.t, l.browser.get("/account"), "profile")
	_, app := formOf(l.t, l.browser.get("/account/apps"), "app-photoprint")
	_, consent := formOf(l.t, l.browser.get(l.consent), "consent")
	authorize := with(request("photoprint"), "nonce", "n", "prompt", "", "max_age", "", "login_hint", "", "id_token_hint", "", "ui_locales", "",
		"response_mode", "", "request", "", "request_uri", "", "registration", "", "display", "", "claims", "", "acr_values", "", "resource", "", "audience", "")
	return []target{
		{"authorize", "GET", "/oauth2/authorize", "", authorize},
		{"authorize by POST", "POST", "/oauth2/authorize", "", authorize},
		{"authorize by form_post", "GET", "/oauth2/authorize", "", with(request("photoprint"), "response_mode", "form_post")},
		{"back to authorize", "GET", "/oauth2/authorize", "", url.Values{"interaction": {"x"}}},
		{"exchange", "POST", "/oauth2/token", "photoprint", with(exchangeForm("gac_"), "scope", "", "client_id", "photoprint", "client_assertion", "", "client_assertion_type", "")},
		{"exchange in the body", "POST", "/oauth2/token", "", with(exchangeForm(l.code), "client_id", "photoprint", "client_secret", "x")},
		{"refresh", "POST", "/oauth2/token/company", "photoprint", with(refreshForm(l.refresh), "scope", "openid")},
		{"client credentials", "POST", "/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}, "scope": {"catalogue"}}},
		{"company", "POST", "/oauth2/token/company", "photoprint", exchangeForm(l.code)},
		{"introspect", "POST", "/oauth2/introspect", "photoprint", url.Values{"token": {l.access}, "token_type_hint": {""}}},
		{"revoke", "POST", "/oauth2/revoke", "photoprint", url.Values{"token": {"x"}, "token_type_hint": {""}}},
		{"userinfo", "POST", "/oauth2/userinfo", "", url.Values{"access_token": {l.access}}},
		{"userinfo by GET", "GET", "/oauth2/userinfo", "", url.Values{"access_token": {""}, "schema": {"openid"}}},
		{"sign-in page", "GET", "/login", "", with(sealed(login), "switch", "", "return_to", "", "next", "")},
		{"sign-in", "POST", "/login", "", with(sealed(login), "username", "ana@example.com", "password", "x", "return_to", "")},
		{"continue", "POST", "/login", "", with(sealed(login), "continue", "1")},
		{"switch", "POST", "/login/switch", "", sealed(login)},
		{"sign-up page", "GET", "/signup", "", sealed(login)},
		{"sign-up", "POST", "/signup", "", with(sealed(login), "email", "cy@example.com", "password", "x", "first_name", "Cy", "last_name", "", "phone", "")},
		{"consent page", "GET", "/consent", "", sealed(l.consent)},
		{"consent", "POST", "/consent", "", with(consent, "decision", "", "scope", "")},
		{"account page", "GET", "/account", "", url.Values{"saved": {"profile"}}},
		{"account", "POST", "/account", "", with(account, "action", "profile", "first_name", "Ana", "last_name", "", "session", "", "current_password", "", "new_password", "")},
		{"password", "POST", "/account", "", with(url.Values{"interaction": account["interaction"]}, "action", "password", "current_password", "x", "new_password", "x")},
		{"sessions", "POST", "/account", "", with(url.Values{"interaction": account["interaction"]}, "action", "end-session", "session", "x")},
		{"apps page", "GET", "/account/apps", "", url.Values{"done": {"disconnect"}}},
		{"apps", "POST", "/account/apps", "", with(app, "action", "clear", "owner", "", "client_id", "other")},
		{"take back", "POST", "/account/apps", "", with(url.Values{"interaction": app["interaction"]}, "action", "withdraw", "owner", "", "client_id", "photoprint", "scope", "x")},
		{"export", "GET", "/account/export", "", url.Values{"x": {""}}},
		{"sign-out page", "GET", "/logout", "", url.Values{"post_logout_redirect_uri": {""}, "state": {""}}},
		{"sign-out", "POST", "/logout", "", url.Values{"interaction": {""}}},
		{"language", "POST", "/language", "", url.Values{"lang": {"en"}, "return": {"/account"}}},
		{"metadata", "GET", "/.well-known/openid-configuration", "", url.Values{"x": {""}}},
		{"keys", "GET", "/.well-known/jwks.json", "", url.Values{"x": {""}}},
		{"readiness", "GET", "/readyz", "", url.Values{"x": {""}}},
	}
}

func queryOf(t testing.TB, location string) url.Values {
	u, err := url.Parse(location)
	require.NoError(t, err)
	return u.Query()
}

// send makes the request of a target with its parameters in encoded form; headers are name, value pairs.
func (l *live) send(g target, encoded string, headers ...string) answer {
	l.t.Helper()
	target, body := l.url+g.path, ""
	if g.method == http.MethodPost {
		body = encoded
	} else {
		target += "?" + encoded
	}
	r, err := http.NewRequest(g.method, target, strings.NewReader(body))
	require.NoError(l.t, err)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if g.method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if g.auth != "" {
		r.SetBasicAuth(g.auth, testSecret)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[headers[i]] = []string{headers[i+1]}
	}
	return do(l.t, l.browser.Client, r)
}

// ownPaths are where a redirect of ours may lead on this server.
var ownPaths = []string{"/login", "/consent", "/account", "/account/apps", "/logout", "/oauth2/authorize"}

// requireHarmless checks what holds for every answer, whatever was sent.
func (l *live) requireHarmless(t *testing.T, what string, a answer) {
	t.Helper()
	require.Less(t, a.StatusCode, 500, "%s: %s", what, a.body)
	require.NotContains(t, a.body, "<script>alert", what)
	require.Empty(t, a.Header.Get("X-Evil"), what)
	for _, c := range a.Cookies() {
		require.NotEqual(t, "evil", c.Name, what)
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		require.True(t, json.Valid([]byte(a.body)), "%s: %s", what, a.body)
	}
	location := a.Header.Get("Location")
	if location == "" {
		return
	}
	require.Equal(t, http.StatusSeeOther, a.StatusCode, what)
	if strings.HasPrefix(location, "/") {
		path, _, _ := strings.Cut(location, "?")
		require.Contains(t, ownPaths, path, "%s leads to %s", what, location)
		return
	}
	client, err := l.reg.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	registered, _, _ := strings.Cut(location, "?")
	require.True(t, registry.MatchRedirectURI(client.RedirectURIs, registered), "%s leads to %s", what, location)
}

func TestNoValueOfAnyParameterGetsA500OrSteersARedirect(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		l := newLive(newTestServer(t, dsn))
		for _, g := range l.targets() {
			t.Run(g.name, func(t *testing.T) {
				for name := range g.params {
					for _, value := range l.valuesFor(g, name) {
						v := url.Values{}
						for n, all := range g.params {
							v[n] = slices.Clone(all)
						}
						v[name] = []string{value}
						encoded := v.Encode()
						l.requireHarmless(t, g.name+" "+name+"="+shorten(value), l.send(g, encoded))
						if value == "a b c d" { // once each: twice, and raw bytes that are no encoding
							l.requireHarmless(t, name+" twice", l.send(g, encoded+"&"+url.QueryEscape(name)+"=x"))
							l.requireHarmless(t, name+" malformed", l.send(g, encoded+"&"+url.QueryEscape(name)+"=%zz;%"))
						}
					}
				}
			})
		}
	})
}

// valuesFor leaves out most values where each costs the work of hashing a password.
func (l *live) valuesFor(g target, name string) []string {
	hashes := g.name == "sign-in" && name != "interaction" || g.name == "sign-up" && name != "interaction" || g.name == "password"
	if !hashes {
		return hostile
	}
	return []string{"a\x00b", "\xff\xfe", "\u202eevil", "a\r\nSet-Cookie: evil=1", "' OR 1=1 --", "a b c d", strings.Repeat("A", 3000)}
}

func shorten(s string) string { return s[:min(len(s), 40)] }

func TestNoHeaderOrBodyGetsA500(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		l := newLive(newTestServer(t, dsn))
		basic := func(raw string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(raw)) }
		var headers [][2]string
		for _, value := range []string{"", "x", "\xff\xfe", "é", strings.Repeat("a", 5000), "' OR 1=1 --", "%00", "*", "application/json", "null",
			"multipart/form-data; boundary=", "multipart/form-data; boundary=x", "text/html; charset=\"", "127.0.0.1, evil", "[::1%25x]:1"} {
			for _, name := range []string{"Authorization", "Cookie", "Accept-Language", "Accept", "User-Agent", "X-Forwarded-For", "Content-Type",
				"X-Request-Id", "Origin", "Sec-Fetch-Site", "Referer", "Forwarded", "Range", "If-None-Match", "Transfer-Encoding-X"} {
				headers = append(headers, [2]string{name, value})
			}
		}
		for _, value := range []string{"Basic", "Basic ", "Basic %%", basic(""), basic(":"), basic("a"), basic("a\x00:b"), basic("\xff:\xfe"), basic("%00:%00"),
			basic("%zz:%zz"), basic("photoprint:" + strings.Repeat("x", 4000)), basic(strings.Repeat("x", 4000) + ":x"), basic("photoprint:a:b"),
			"Bearer", "Bearer ", "Bearer \xff", "Bearer a b", "bearer " + l.access, "Digest x", "DPoP " + l.access} {
			headers = append(headers, [2]string{"Authorization", value})
		}
		for _, cookie := range l.browser.Jar.Cookies(must(url.Parse(l.url))) {
			for _, value := range []string{"", "x", cookie.Value + "A", cookie.Value[:len(cookie.Value)/2], strings.ToUpper(cookie.Value), "\xff"} {
				headers = append(headers, [2]string{"Cookie", cookie.Name + "=" + value}, [2]string{"Cookie", "lang=" + value})
			}
		}
		for _, g := range l.targets() {
			t.Run(g.name, func(t *testing.T) {
				for _, h := range headers {
					if !slices.Contains(readers, g.name) {
						break
					}
					l.requireHarmless(t, h[0]+": "+shorten(h[1]), l.send(g, g.params.Encode(), h[0], h[1]))
				}
				for _, body := range []string{"", "{}", `{"grant_type":"refresh_token"}`, "[", "=", "&&&", ";", "a", "=&=", "%", strings.Repeat("&a=b", 5000),
					strings.Repeat("a", 70<<10), "\x00", "\xff", "interaction", "a[b]=c&a[]=d"} {
					if _, err := url.Parse("?" + body); err != nil && g.method == http.MethodGet {
						continue // no client can send it
					}
					l.requireHarmless(t, shorten(body), l.send(g, body))
				}
			})
		}
	})
}

// readers are targets that between them read every header that anything here reads.
var readers = []string{"authorize", "authorize by POST", "exchange", "client credentials", "introspect", "userinfo by GET", "sign-in page", "consent page",
	"account", "apps page", "metadata"}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A wrong method is 405 with Allow on every route that there is (RFC 9110 §15.5.6).
func TestAWrongMethodIs405WithAllow(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	routes := map[string][]string{
		"/login": {"GET", "HEAD", "POST"}, "/login/switch": {"POST"}, "/signup": {"GET", "HEAD", "POST"}, "/logout": {"GET", "HEAD", "POST"},
		"/account": {"GET", "HEAD", "POST"}, "/account/apps": {"GET", "HEAD", "POST"}, "/account/export": {"GET", "HEAD"}, "/consent": {"GET", "HEAD", "POST"},
		"/language": {"POST"}, "/": {"GET", "HEAD"}, "/healthz": {"GET", "HEAD"}, "/readyz": {"GET", "HEAD"}, "/static/x.css": {"GET", "HEAD"},
		"/oauth2/authorize": {"GET", "HEAD", "POST"}, "/oauth2/token": {"POST"}, "/oauth2/token/user": {"POST"}, "/oauth2/token/company": {"POST"},
		"/oauth2/introspect": {"POST"}, "/oauth2/revoke": {"POST"}, "/oauth2/userinfo": {"GET", "HEAD", "POST"},
		"/.well-known/jwks.json": {"GET", "HEAD"}, "/.well-known/openid-configuration": {"GET", "HEAD"},
		"/.well-known/oauth-authorization-server": {"GET", "HEAD"},
	}
	for path, allowed := range routes {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
			r, err := http.NewRequest(method, s.url+path, nil)
			require.NoError(t, err)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			a := do(t, s.newBrowser().Client, r)
			if slices.Contains(allowed, method) {
				require.NotEqual(t, http.StatusMethodNotAllowed, a.StatusCode, "%s %s", method, path)
				continue
			}
			require.Equal(t, http.StatusMethodNotAllowed, a.StatusCode, "%s %s: %s", method, path, a.body)
			got := strings.Split(a.Header.Get("Allow"), ", ")
			require.ElementsMatch(t, allowed, got, "%s %s", method, path)
		}
	}
}

// A request travels sealed through the pages; what it carries is shown there, and comes back as it was.
func TestWhatARequestCarriesIsHarmlessOnThePagesThatItLeadsTo(t *testing.T) {
	t.Parallel()
	l := newLive(newTestServer(t, furnished.SQLite(t)))
	for _, name := range []string{"login_hint", "ui_locales", "state", "nonce"} {
		for _, value := range hostile {
			for _, prompt := range []string{"login", "consent"} {
				what := prompt + " " + name + "=" + shorten(value)
				a := l.browser.authorize(request("photoprint", name, value, "prompt", prompt))
				l.requireHarmless(t, what, a)
				location := a.Header.Get("Location")
				if !strings.HasPrefix(location, "/"+prompt) {
					continue // refused: no text, or too long
				}
				page := l.browser.get(location)
				require.Equal(t, http.StatusOK, page.StatusCode, what)
				l.requireHarmless(t, what, page)
				if prompt == "consent" && name == "state" {
					require.Equal(t, value, callback(t, l.browser.decide(a, "allow")).Get("state"), what)
				}
			}
		}
	}
}
