package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTokenRefusesMalformedRequests(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	send := func(method, target, contentType, body string) answer {
		r, err := http.NewRequest(method, s.url+target, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", contentType)
		r.SetBasicAuth("photoprint", testSecret)
		return do(t, http.DefaultClient, r)
	}
	const form = "application/x-www-form-urlencoded"
	good := "grant_type=client_credentials"
	for _, c := range []struct {
		name, method, target, contentType, body string
		status                                  int
		code                                    string
	}{
		{"GET", "GET", "", form, "", 405, "invalid_request"},
		{"parameters in the query (F16)", "POST", "?client_id=photoprint", form, good, 400, "invalid_request"},
		{"JSON", "POST", "", "application/json", `{"grant_type":"client_credentials"}`, 400, "invalid_request"},
		{"multipart (F25)", "POST", "", "multipart/form-data; boundary=x", "--x--", 400, "invalid_request"},
		{"nothing", "POST", "", form, "", 400, "invalid_request"},
		{"no grant type", "POST", "", form, "code=x", 400, "invalid_request"},
		{"unknown grant type (F20)", "POST", "", form, "grant_type=password&username=a&password=b", 400, "unsupported_grant_type"},
		{"a parameter twice (F10)", "POST", "", form, good + "&scope=a&scope=b", 400, "invalid_request"},
		{"NUL", "POST", "", form, good + "&scope=%00", 400, "invalid_request"},
		{"bad UTF-8", "POST", "", form, good + "&scope=%ff", 400, "invalid_request"},
		{"bad escape", "POST", "", form, good + "&scope=%", 400, "invalid_request"},
		{"too large", "POST", "", form, good + "&x=" + strings.Repeat("y", 64<<10), 413, "invalid_request"},
		{"no code", "POST", "", form, "grant_type=authorization_code", 400, "invalid_request"},
		{"no refresh token", "POST", "", form, "grant_type=refresh_token", 400, "invalid_request"},
		{"a code that is none", "POST", "", form, "grant_type=authorization_code&code=abc", 400, "invalid_grant"},
		{"a refresh token that is none (F20)", "POST", "", form, "grant_type=refresh_token&refresh_token=abc", 400, "invalid_grant"},
		{"a scope that needs a person", "POST", "", form, good + "&scope=email", 400, "invalid_scope"},
		{"a scope that is not registered", "POST", "", form, good + "&scope=superapp", 400, "invalid_scope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := send(c.method, "/oauth2/token"+c.target, c.contentType, c.body)
			require.Equal(t, c.status, a.StatusCode, a.body)
			require.Equal(t, c.code, a.json(t)["error"])
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
			require.Equal(t, "application/json", a.Header.Get("Content-Type"))
		})
	}
}

func TestClientAuthenticationTakesOneRegisteredMethod(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	basic := func(id, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
	}
	for _, c := range []struct {
		name, header string
		form         url.Values
		status       int
		code         string
	}{
		{"basic", basic("photoprint", testSecret), url.Values{}, 200, ""},
		{"post", "", url.Values{"client_id": {"photoprint"}, "client_secret": {testSecret}}, 200, ""},
		{"basic with the same client_id", basic("photoprint", testSecret), url.Values{"client_id": {"photoprint"}}, 200, ""},
		{"nothing", "", url.Values{}, 401, "invalid_client"},
		{"wrong secret", basic("photoprint", "wrong"), url.Values{}, 401, "invalid_client"},
		{"a longer secret (F22)", basic("photoprint", testSecret+"x"), url.Values{}, 401, "invalid_client"},
		{"unknown client", basic("nobody", testSecret), url.Values{}, 401, "invalid_client"},
		{"unapproved client", basic("suspended", testSecret), url.Values{}, 401, "invalid_client"},
		{"empty secret", basic("photoprint", ""), url.Values{}, 401, "invalid_client"},
		{"no secret", "", url.Values{"client_id": {"photoprint"}}, 401, "invalid_client"},
		{"header and body disagree (F9)", basic("photoprint", testSecret), url.Values{"client_id": {"other"}}, 401, "invalid_client"},
		{"header and a wrong body", basic("photoprint", testSecret), url.Values{"client_secret": {"wrong"}}, 401, "invalid_client"},
		{"header and body both (F9)", basic("photoprint", testSecret), url.Values{"client_secret": {testSecret}}, 400, "invalid_request"},
		{"bearer", "Bearer x", url.Values{"client_id": {"photoprint"}, "client_secret": {testSecret}}, 401, "invalid_client"},
		{"not base64", "Basic %%%", url.Values{}, 401, "invalid_client"},
		{"public with a secret", "", url.Values{"client_id": {"public"}, "client_secret": {testSecret}}, 401, "invalid_client"},
		{"an assertion", "", url.Values{"client_assertion": {"x"}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}, 401, "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.form.Set("grant_type", "client_credentials")
			r, _ := http.NewRequest(http.MethodPost, s.url+"/oauth2/token", strings.NewReader(c.form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.header != "" {
				r.Header.Set("Authorization", c.header)
			}
			a := do(t, http.DefaultClient, r)
			require.Equal(t, c.status, a.StatusCode, a.body)
			if c.code != "" {
				require.Equal(t, c.code, a.json(t)["error"])
			}
			if c.status == http.StatusUnauthorized {
				require.Contains(t, a.Header.Get("WWW-Authenticate"), "Basic", "F11")
			}
		})
	}
}

func TestClientCredentialsHaveNoPersonAndNoRefreshToken(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}, "scope": {"catalogue"}}).json(t)
	require.Nil(t, tokens["refresh_token"])
	require.Equal(t, "catalogue", tokens["scope"])
	seen := s.post("/oauth2/introspect", "photoprint", url.Values{"token": {tokens["access_token"].(string)}}).json(t)
	require.Equal(t, "client", seen["token_kind"])
	require.Equal(t, "photoprint", seen["sub"])

	none := s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}}).json(t)
	require.Nil(t, none["scope"], "none asked is none")
	a := s.userinfo(none["access_token"])
	require.Equal(t, http.StatusForbidden, a.StatusCode)
	require.Equal(t, "insufficient_scope", a.json(t)["error"])
	for _, path := range []string{"/oauth2/token/user", "/oauth2/token/company"} {
		a = s.post(path, "photoprint", url.Values{"grant_type": {"client_credentials"}})
		require.Equal(t, "invalid_grant", a.json(t)["error"], path)
	}
	host := s.post("/oauth2/token", "host", url.Values{"grant_type": {"client_credentials"}, "scope": {"superapp admin"}})
	require.Equal(t, http.StatusOK, host.StatusCode, host.body)
}

func (s *testServer) userinfo(token any) answer {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+"/oauth2/userinfo", nil)
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+token.(string))
	return do(s.t, http.DefaultClient, r)
}

func TestACodeIsBoundToItsClientItsRedirectURIAndItsVerifier(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("photoprint"))
	wrong := strings.Repeat("w", 43)
	for _, c := range []struct {
		name, client string
		form         url.Values
	}{
		{"another client", "other", exchangeForm(code)},
		{"another redirect_uri", "photoprint", exchangeForm(code, "redirect_uri", "https://photoprint.example/other")},
		{"no redirect_uri", "photoprint", exchangeForm(code, "redirect_uri", "")},
		{"a wrong verifier", "photoprint", exchangeForm(code, "code_verifier", wrong)},
		{"no verifier after a wrong one (F1)", "photoprint", exchangeForm(code, "code_verifier", "")},
		{"the challenge as verifier", "photoprint", exchangeForm(code, "code_verifier", challengeOf(testVerifier))},
		{"a short verifier", "photoprint", exchangeForm(code, "code_verifier", "short")},
		{"the code cut", "photoprint", exchangeForm(code[:len(code)-1])},
		{"the code as refresh token", "photoprint", refreshForm(code)},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.post("/oauth2/token", c.client, c.form)
			require.Equal(t, http.StatusBadRequest, a.StatusCode, a.body)
			require.Equal(t, "invalid_grant", a.json(t)["error"])
		})
	}
	a := s.post("/oauth2/token/company", "photoprint", exchangeForm(code))
	require.Equal(t, "invalid_grant", a.json(t)["error"])
	a = s.post("/oauth2/token", "photoprint", exchangeForm(code))
	require.Equal(t, http.StatusOK, a.StatusCode, "none of it burnt the code: %s", a.body)
}

func TestAVerifierWithoutAChallengeIsRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("relaxed", "code_challenge", "", "code_challenge_method", ""))
	require.Equal(t, "invalid_grant", s.post("/oauth2/token", "relaxed", exchangeForm(code)).json(t)["error"])
	a := s.post("/oauth2/token", "relaxed", exchangeForm(code, "code_verifier", ""))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)

	code = s.allow("ana@example.com", request("relaxed"))
	a = s.post("/oauth2/token", "relaxed", exchangeForm(code, "code_verifier", ""))
	require.Equal(t, "invalid_grant", a.json(t)["error"], "a challenge that was sent binds")
}

func TestACodeExpires(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("photoprint"))
	s.forward(5 * time.Minute)
	require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])
}

func TestReplayOfACodeTakesTheWholeFamilyDown(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		code := s.allow("ana@example.com", request("photoprint"))
		first := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		second := s.post("/oauth2/token", "photoprint", refreshForm(first["refresh_token"].(string))).json(t)

		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "other", exchangeForm(code)).json(t)["error"])
		require.True(t, s.active("photoprint", second["access_token"]), "another client's attempt changes nothing")

		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["error"])
		for _, token := range []any{first["access_token"], second["access_token"], second["refresh_token"]} {
			require.False(t, s.active("photoprint", token))
		}
	})
}

func TestReplayOfAPublicClientsCodeNeedsItsVerifier(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("public"))
	form := exchangeForm(code, "client_id", "public")
	tokens := s.post("/oauth2/token", "", form).json(t)
	stranger := exchangeForm(code, "client_id", "public", "code_verifier", strings.Repeat("w", 43))
	require.Equal(t, "invalid_grant", s.post("/oauth2/token", "", stranger).json(t)["error"])
	require.Equal(t, http.StatusOK, s.userinfo(tokens["access_token"]).StatusCode, "a stranger cannot take the family down")
	require.Equal(t, "invalid_grant", s.post("/oauth2/token", "", form).json(t)["error"])
	require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)
}

func TestRefreshRotatesAndNarrowsButNeverWidens(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	tokens := s.tokens("ana@example.com", "photoprint", "scope", "openid email profile")
	refresh := tokens["refresh_token"].(string)

	a := s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"openid phone"}})
	require.Equal(t, "invalid_scope", a.json(t)["error"], "F8")
	a = s.post("/oauth2/token", "other", refreshForm(refresh))
	require.Equal(t, "invalid_grant", a.json(t)["error"])

	narrowed := s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "scope": {"email"}}).json(t)
	require.Equal(t, "email", narrowed["scope"])
	require.Nil(t, narrowed["id_token"])
	require.NotContains(t, s.userinfo(narrowed["access_token"]).json(t), "name")
	require.NotEqual(t, refresh, narrowed["refresh_token"])
	require.True(t, s.active("photoprint", tokens["access_token"]), "the old access token lives on")

	full := s.post("/oauth2/token", "photoprint", refreshForm(narrowed["refresh_token"].(string))).json(t)
	require.Equal(t, "openid email profile", full["scope"], "narrowing one does not narrow the next")
	require.NotEmpty(t, full["id_token"])
}

func TestARefreshMayBeRepeatedWithinTheGraceAndEndsTheFamilyAfterIt(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		refresh := s.tokens("ana@example.com", "photoprint")["refresh_token"].(string)
		first := s.post("/oauth2/token", "photoprint", refreshForm(refresh)).json(t)
		s.post("/oauth2/token", "photoprint", refreshForm(first["refresh_token"].(string))) // the child is used already
		s.forward(5 * time.Second)
		form := refreshForm(refresh)
		form.Set("scope", "email")
		again := s.post("/oauth2/token", "photoprint", form).json(t)
		for _, member := range []string{"access_token", "refresh_token", "scope"} {
			require.Equal(t, first[member], again[member], member)
		}
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "other", refreshForm(refresh)).json(t)["error"])
		s.forward(time.Minute)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(refresh)).json(t)["error"])
		require.False(t, s.active("photoprint", first["access_token"]), "reuse takes the family down")
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(refresh)).json(t)["error"])
	})
}

func TestLifetimesAreThoseOfTheClientAndTheKind(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	never := s.tokens("ana@example.com", "never")
	require.NotContains(t, never, "expires_in")
	s.forward(5 * 365 * 24 * time.Hour)
	seen := s.post("/oauth2/introspect", "never", url.Values{"token": {never["access_token"].(string)}}).json(t)
	require.Equal(t, true, seen["active"])
	require.NotContains(t, seen, "exp")
	require.False(t, s.active("never", never["refresh_token"]))
}

func TestIDTokensAreSignedAsTheClientAsksAndCarryTheNonce(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for client, alg := range map[string]string{"photoprint": "ES256", "pairwise": "RS256"} {
		tokens := s.tokens("ana@example.com", client, "nonce", "n") // one character is enough (F21)
		header, claims := decodeJWT(t, tokens["id_token"].(string))
		require.Equal(t, alg, header["alg"])
		require.Equal(t, "n", claims["nonce"])
		require.Equal(t, client, claims["aud"])
		require.Equal(t, s.url, claims["iss"])
		require.NotEmpty(t, claims["auth_time"])
		require.NotEmpty(t, claims["at_hash"])
		require.Equal(t, s.userinfo(tokens["access_token"]).json(t)["sub"], claims["sub"])
		isUserID := claims["sub"] == s.users["ana@example.com"].ID
		require.Equal(t, client == "photoprint", isUserID, "a pairwise sub is not the user's ID")
	}
}

func decodeJWT(t testing.TB, token string) (header, claims map[string]any) {
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, into))
	}
	return header, claims
}
