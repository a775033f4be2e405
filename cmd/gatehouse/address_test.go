package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// raw sends a request whose target is written as it is, without a client that would tidy it up.
func (s *testServer) raw(t *testing.T, method, target string, headers ...string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(60*time.Second)))
	lines := []string{method + " " + target + " HTTP/1.1", "Connection: close", "Content-Length: 0"}
	if len(headers) == 0 || headers[0] != "Host" {
		lines = append(lines, "Host: gatehouse")
	}
	for i := 0; i < len(headers); i += 2 {
		lines = append(lines, headers[i]+": "+headers[i+1])
	}
	_, err = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response, string(body)}
}

// No path, however it is written, leads to another server or gets a 500, and no redirect repeats a POST (RFC 9110
// §15.4.8).
func TestNoPathLeadsElsewhere(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, path := range []string{
		"//evil.example", "http://evil.example/", "*", "//evil.example/", "//evil.example/..", "//evil.example/%2e%2e", "///evil.example//", "/./login", "/login/", "//login",
		"/login/../login", `/\evil.example`, "/%5cevil.example", "/%2f%2fevil.example", "/%2F/evil.example/..", "/oauth2//authorize", "/oauth2/authorize/",
		"/.//evil.example", "/..//evil.example", "/static/", "/static", "/static//evil.example", "/static/../../etc/passwd", "/static/%2e%2e/x",
		"/account/", "/account//apps", "/%00", "/%ff", "/%zz", "/a%0d%0aSet-Cookie:%20evil=1", "/" + strings.Repeat("a/", 2000), "/.well-known/../login",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			a := s.raw(t, method, path, "Sec-Fetch-Site", "same-origin")
			require.Less(t, a.StatusCode, 500, "%s %s", method, path)
			require.NotContains(t, strings.Join(a.Header.Values("Set-Cookie"), " "), "evil", "%s %s", method, path)
			location := a.Header.Get("Location")
			if location == "" {
				continue
			}
			u, err := url.Parse(location)
			require.NoError(t, err)
			require.Empty(t, u.Host+u.Scheme, "%s %s leads to %s", method, path, location)
			require.NotEqual(t, http.StatusTemporaryRedirect, a.StatusCode, "%s %s", method, path)
			require.NotEqual(t, http.StatusPermanentRedirect, a.StatusCode, "%s %s", method, path)
			require.True(t, strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") && !strings.HasPrefix(location, `/\`), "%s leads to %s", path, location)
		}
	}
}

// What a proxy or an attacker says about our name changes no link (the issuer is a setting).
func TestForwardedHeadersChangeNoLink(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	lies := []string{"Host", "evil.example", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "host=evil.example;proto=https",
		"X-Forwarded-Server", "evil.example", "X-Original-Host", "evil.example", "X-Forwarded-Prefix", "/evil.example", "X-Original-URL", "/evil.example", "X-Rewrite-URL", "/evil.example"}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/login", "/signup", "/oauth2/authorize",
		"/oauth2/authorize?" + request("photoprint").Encode(), "/oauth2/authorize?" + request("photoprint", "prompt", "none").Encode(), "/account", "/", "/nothing"} {
		a := s.raw(t, http.MethodGet, path, lies...)
		require.NotContains(t, a.body, "evil.example", path)
		require.NotContains(t, strings.Join(append(a.Header.Values("Location"), a.Header.Values("Set-Cookie")...), " "), "evil.example", path)
	}
	require.Contains(t, s.raw(t, http.MethodGet, "/.well-known/openid-configuration", lies...).body, `"issuer":"`+s.url+`"`)
}

// RFC 6749 §3.1: a parameter without a value is not there.
func TestAnEmptyParameterIsAbsent(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	empty := "&nonce=&max_age=&prompt=&response_mode=&request=&request_uri=&registration=&id_token_hint=&ui_locales=&login_hint=&x="
	a := b.agree(b.get("/oauth2/authorize?"+request("photoprint").Encode()+empty), "ana@example.com")
	code := callback(t, a).Get("code")
	form := exchangeForm(code)
	for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "refresh_token", "x"} {
		form.Set(name, "")
	}
	tokens := s.post("/oauth2/token", "photoprint", form)
	require.Equal(t, http.StatusOK, tokens.StatusCode, tokens.body)
	require.Equal(t, "invalid_request", s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {""}}).json(t)["error"])
	require.Equal(t, "invalid_request", s.post("/oauth2/introspect", "photoprint", url.Values{"token": {""}}).json(t)["error"])
	require.Equal(t, "invalid_request", callback(t, b.authorize(url.Values{"client_id": {"photoprint"}, "redirect_uri": {testCallback}, "response_type": {""}})).Get("error"))
}

// RFC 6749 §5.2: what has expired is an invalid grant, and nobody's family ends for it.
func TestARefreshTokenExpires(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.forward(0)
	tokens := s.tokens("ana@example.com", "photoprint")
	first := s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)
	s.forward(29 * 24 * time.Hour)
	second := s.post("/oauth2/token", "photoprint", refreshForm(first["refresh_token"].(string)))
	require.Equal(t, http.StatusOK, second.StatusCode, "its lifetime slides: %s", second.body)
	s.forward(29 * 24 * time.Hour)
	require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", refreshForm(second.json(t)["refresh_token"].(string))).StatusCode)
	s.forward(2 * 24 * time.Hour)
	a := s.post("/oauth2/token", "photoprint", refreshForm(s.tokens("ana@example.com", "other")["refresh_token"].(string)))
	require.Equal(t, "invalid_grant", a.json(t)["error"])
	late := s.tokens("ana@example.com", "photoprint")["refresh_token"].(string)
	s.forward(30 * 24 * time.Hour)
	a = s.post("/oauth2/token", "photoprint", refreshForm(late))
	require.Equal(t, http.StatusBadRequest, a.StatusCode)
	require.Equal(t, "invalid_grant", a.json(t)["error"])
}
