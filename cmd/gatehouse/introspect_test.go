package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIntrospectionShowsAClientItsOwnTokensAndAResourceServerAll(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.tokens("ana@example.com", "photoprint")
	access := url.Values{"token": {tokens["access_token"].(string)}}

	own := s.post("/oauth2/introspect", "photoprint", access).json(t)
	require.Equal(t, true, own["active"])
	require.Equal(t, "Bearer", own["token_type"])
	require.Equal(t, "user", own["token_kind"])
	require.Equal(t, "openid email", own["scope"])
	require.Equal(t, "photoprint", own["client_id"])
	require.Equal(t, s.url, own["iss"])
	require.EqualValues(t, 15*24*3600, own["exp"].(float64)-own["iat"].(float64))
	require.NotContains(t, own, "username")

	all := s.post("/oauth2/introspect", "resource", access).json(t)
	require.Equal(t, "ana@example.com", all["username"])
	a := s.post("/oauth2/introspect", "other", access)
	require.Equal(t, `{"active":false}`, strings.TrimSpace(a.body), "F4")

	refresh := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {tokens["refresh_token"].(string)}, "token_type_hint": {"access_token"}}).json(t)
	require.Equal(t, true, refresh["active"], "a wrong hint is only a hint")
	require.NotContains(t, refresh, "token_type")
	require.EqualValues(t, 30*24*3600, refresh["exp"].(float64)-refresh["iat"].(float64), "the refresh token's own expiry")
}

func TestIntrospectionAnswersInactiveAboutAnythingElse(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("photoprint"))
	access := s.tokens("ana@example.com", "photoprint")["access_token"].(string)
	for name, token := range map[string]string{
		"a code": code, "garbage": "abc", "another key half": "gat_AAAA" + access[8:], "a suffix": access + "A", "NUL": "gat_\u0001",
	} {
		a := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {token}})
		require.Equal(t, http.StatusOK, a.StatusCode, name)
		require.Equal(t, `{"active":false}`, strings.TrimSpace(a.body), name)
	}
	s.forward(15 * 24 * time.Hour)
	require.False(t, s.active("photoprint", access))
}

func TestIntrospectionNeedsAClientsSecret(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	access := s.tokens("ana@example.com", "photoprint")["access_token"].(string)
	a := s.post("/oauth2/introspect", "", url.Values{"token": {access}, "client_id": {"public"}})
	require.Equal(t, http.StatusUnauthorized, a.StatusCode)
	r, _ := http.NewRequest(http.MethodPost, s.url+"/oauth2/introspect", strings.NewReader("token="+access))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+access)
	a = do(t, http.DefaultClient, r)
	require.Equal(t, http.StatusUnauthorized, a.StatusCode, "a user's bearer token is no credential here")
	a = s.post("/oauth2/introspect", "photoprint", url.Values{"x": {"y"}})
	require.Equal(t, "invalid_request", a.json(t)["error"])
}

func TestRevocationEndsTheFamilyOfItsOwnClientOnly(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		for _, which := range []string{"access_token", "refresh_token"} {
			tokens := s.tokens("ana@example.com", "photoprint")
			form := url.Values{"token": {tokens[which].(string)}, "token_type_hint": {"refresh_token"}}
			a := s.post("/oauth2/revoke", "other", form)
			require.Equal(t, http.StatusBadRequest, a.StatusCode)
			require.Equal(t, "unauthorized_client", a.json(t)["error"])
			require.True(t, s.active("photoprint", tokens["access_token"]), "nothing changes")

			for range 2 {
				require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "photoprint", form).StatusCode)
			}
			require.False(t, s.active("photoprint", tokens["access_token"]))
			require.False(t, s.active("photoprint", tokens["refresh_token"]))
			require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)["error"])
		}
	})
}

func TestRevocationOfWhatIsNoTokenIsDoneAlready(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	access := s.tokens("ana@example.com", "photoprint")["access_token"].(string)
	forged := access[:len(access)-10] + "AAAAAAAAAA"
	require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", "photoprint", url.Values{"token": {forged}}).StatusCode)
	require.True(t, s.active("photoprint", access), "the row's key alone revokes nothing (F6)")
	a := s.post("/oauth2/revoke", "photoprint", url.Values{"x": {"y"}})
	require.Equal(t, "invalid_request", a.json(t)["error"])
	require.Equal(t, http.StatusUnauthorized, s.post("/oauth2/revoke", "", url.Values{"token": {access}}).StatusCode)
}

func TestAPublicClientRevokesItsOwnToken(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("public"))
	tokens := s.post("/oauth2/token", "", exchangeForm(code, "client_id", "public")).json(t)
	a := s.post("/oauth2/revoke", "", url.Values{"token": {tokens["access_token"].(string)}, "client_id": {"public"}})
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)
}

func TestUserinfoTakesAnAccessTokenFromTheHeaderOrTheBody(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.tokens("ana@example.com", "photoprint", "scope", "openid email points_read")
	access := tokens["access_token"].(string)
	claims := s.userinfo(access).json(t)
	require.Equal(t, map[string]any{
		"sub": s.users["ana@example.com"].ID, "email": "ana@example.com", "email_verified": true, "points": 120.0,
	}, claims)
	a := s.post("/oauth2/userinfo", "", url.Values{"access_token": {access}})
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)

	for name, want := range map[string]struct {
		target, header string
		form           url.Values
		status         int
		challenge      string
	}{
		"nothing":            {"", "", nil, 401, `Bearer realm="gatehouse"`},
		"in the query (F19)": {"?access_token=" + access, "", nil, 400, "invalid_request"},
		"twice":              {"", "Bearer " + access, url.Values{"access_token": {access}}, 400, "invalid_request"},
		"a refresh token":    {"", "Bearer " + tokens["refresh_token"].(string), nil, 401, "invalid_token"},
		"garbage":            {"", "Bearer abc", nil, 401, "invalid_token"},
		"a suffix":           {"", "Bearer " + access + "A", nil, 401, "invalid_token"},
	} {
		method := http.MethodGet
		if want.form != nil {
			method = http.MethodPost
		}
		r, _ := http.NewRequest(method, s.url+"/oauth2/userinfo"+want.target, strings.NewReader(want.form.Encode()))
		if want.form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if want.header != "" {
			r.Header.Set("Authorization", want.header)
		}
		a := do(t, http.DefaultClient, r)
		require.Equal(t, want.status, a.StatusCode, name)
		require.Contains(t, a.Header.Get("WWW-Authenticate"), want.challenge, name)
		if name == "nothing" {
			require.NotContains(t, a.Header.Get("WWW-Authenticate"), "error", "RFC 6750 §3.1")
		}
	}
}

func TestScriptsOfOtherOriginsMayUseWhatTakesItsOwnCredentials(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for path, open := range map[string]bool{
		"/oauth2/token": true, "/oauth2/revoke": true, "/oauth2/userinfo": true, "/.well-known/jwks.json": true,
		"/.well-known/openid-configuration": true, "/.well-known/oauth-authorization-server": true,
		"/oauth2/introspect": false, "/oauth2/authorize": false, "/login": false, "/consent": false,
	} {
		r, _ := http.NewRequest(http.MethodOptions, s.url+path, nil)
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		a := do(t, http.DefaultClient, r)
		want := ""
		if open {
			want = "*"
		}
		require.Equal(t, want, a.Header.Get("Access-Control-Allow-Origin"), path)
		require.Empty(t, a.Header.Get("Access-Control-Allow-Credentials"), path)
	}
}

func TestMetadataNamesWhatIsMounted(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		r, _ := http.NewRequest(http.MethodGet, s.url+path, nil)
		m := do(t, http.DefaultClient, r).json(t)
		for member, want := range map[string]string{
			"authorization_endpoint": "/oauth2/authorize", "token_endpoint": "/oauth2/token", "jwks_uri": "/.well-known/jwks.json",
			"introspection_endpoint": "/oauth2/introspect", "revocation_endpoint": "/oauth2/revoke", "userinfo_endpoint": "/oauth2/userinfo",
		} {
			require.Equal(t, s.url+want, m[member])
			r, _ := http.NewRequest(http.MethodGet, s.url+want, nil)
			require.NotEqual(t, http.StatusNotFound, do(t, http.DefaultClient, r).StatusCode, want)
		}
		require.Equal(t, []any{"S256"}, m["code_challenge_methods_supported"])
		require.Equal(t, true, m["authorization_response_iss_parameter_supported"])
	}
}
