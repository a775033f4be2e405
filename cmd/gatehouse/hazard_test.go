package main

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Hazards of fosite v0.49.0 that no other test is about; docs/divergences.md has the whole list.

// F1: fosite forgets the challenge when a verifier was wrong, and then asks for none.
func TestAWrongVerifierLeavesTheChallengeStanding(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	wrong := strings.Repeat("w", 43)
	for _, client := range []string{"photoprint", "relaxed", "public"} {
		code := s.allow("ana@example.com", request(client))
		auth, pairs := client, []string{}
		if client == "public" {
			auth, pairs = "", []string{"client_id", client}
		}
		for _, verifier := range []string{wrong, "", wrong, challengeOf(testVerifier), ""} {
			a := s.post("/oauth2/token", auth, exchangeForm(code, append(pairs, "code_verifier", verifier)...))
			require.Equal(t, http.StatusBadRequest, a.StatusCode, a.body)
			require.Equal(t, "invalid_grant", a.json(t)["error"], "%s with verifier %q", client, verifier)
		}
		a := s.post("/oauth2/token", auth, exchangeForm(code, pairs...))
		require.Equal(t, http.StatusOK, a.StatusCode, "%s: the right one still works: %s", client, a.body)
	}
}

// F5: fosite takes a family down for a used token before it looks at who asks and at the MAC.
func TestAForgedTokenEndsNothing(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		code := s.allow("ana@example.com", request("no-grace"))
		first := s.post("/oauth2/token", "no-grace", exchangeForm(code)).json(t)
		used := first["refresh_token"].(string)
		second := s.post("/oauth2/token", "no-grace", refreshForm(used)).json(t)
		for _, client := range []string{"no-grace", "other"} {
			for _, spent := range []string{used, code} {
				// The row's key as a dump of the database shows it, and a MAC that is not known.
				forged := spent[:40] + strings.Repeat("A", len(spent)-40)
				forms := []url.Values{refreshForm(forged), exchangeForm(forged)}
				if client == "other" {
					forms = append(forms, refreshForm(spent), exchangeForm(spent)) // and a stranger with the real ones
				}
				for _, form := range forms {
					a := s.post("/oauth2/token", client, form)
					require.Equal(t, "invalid_grant", a.json(t)["error"])
				}
				require.Equal(t, http.StatusOK, s.post("/oauth2/revoke", client, url.Values{"token": {forged}}).StatusCode)
			}
		}
		require.True(t, s.active("no-grace", second["access_token"]))
		require.True(t, s.active("no-grace", second["refresh_token"]))
	})
}

// §2.3: fosite signs the ID token after the code is burnt and the tokens are stored.
func TestAnIDTokenThatCannotBeMadeBurnsNothing(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "odd", IDTokenAlg: "ES999"}) // no rule lets this through; a defect might
	code := s.allow("ana@example.com", request("odd"))
	a := s.post("/oauth2/token", "odd", exchangeForm(code))
	require.Equal(t, "server_error", a.json(t)["error"])
	require.NotContains(t, a.body, "ES999", "what went wrong inside is for the log")

	s.updateClient("odd", func(c *storage.Client) { c.IDTokenAlg = "ES256" })
	other := s.beside()
	a = other.post("/oauth2/token", "odd", exchangeForm(code))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
}

// §2.7: fosite swallows what goes wrong when it revokes the family of a replayed token.
func TestAReplayIsNotAnsweredBeforeItsFamilyIsDead(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	s := newTestServer(t, dsn)
	code := s.allow("ana@example.com", request("no-grace"))
	tokens := s.post("/oauth2/token", "no-grace", exchangeForm(code)).json(t)
	refresh := tokens["refresh_token"].(string)
	s.post("/oauth2/token", "no-grace", refreshForm(refresh))
	writable := testdb.ReadOnly(t, dsn)
	for name, form := range map[string]url.Values{"code": exchangeForm(code), "refresh token": refreshForm(refresh)} {
		for range 3 {
			requireAway(t, "replayed "+name, s.post("/oauth2/token", "no-grace", form))
		}
	}
	writable()
	a := untilBack(t, "replay", func() answer { return s.post("/oauth2/token", "no-grace", exchangeForm(code)) })
	require.Equal(t, "invalid_grant", a.json(t)["error"])
	require.False(t, s.active("no-grace", tokens["access_token"]))
}

// §2.9: fosite keeps iat and jti of the first token in those of a refresh.
func TestAnIDTokenOfARefreshIsMadeAfresh(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("photoprint", "nonce", "n-1"))
	s.forward(2 * time.Minute)
	first := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
	s.forward(time.Hour)
	second := s.post("/oauth2/token", "photoprint", refreshForm(first["refresh_token"].(string))).json(t)
	_, one := decodeJWT(t, first["id_token"].(string))
	_, two := decodeJWT(t, second["id_token"].(string))
	require.Equal(t, one["auth_time"], two["auth_time"], "OIDC Core §12.2")
	require.InDelta(t, one["auth_time"].(float64)+120, one["iat"].(float64), 30, "auth_time is the sign-in's, not the token's")
	require.InDelta(t, one["iat"].(float64)+3600, two["iat"].(float64), 30)
	require.Equal(t, two["iat"].(float64)+3600, two["exp"])
	for _, claim := range []string{"sub", "aud", "iss"} {
		require.Equal(t, one[claim], two[claim], claim)
	}
	require.NotContains(t, two, "nonce")
	for i, pair := range []map[string]any{first, second} {
		sum := sha256.Sum256([]byte(pair["access_token"].(string)))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:16]), []map[string]any{one, two}[i]["at_hash"], "OIDC Core §3.1.3.6")
	}
}

// §5: answers have the members of the standards and no others, and error codes are those of the RFCs.
func TestAnswersHaveOnlyTheMembersOfTheStandards(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	code := s.allow("ana@example.com", request("photoprint"))
	a := s.post("/oauth2/token", "photoprint", exchangeForm(code))
	require.ElementsMatch(t, []string{"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"}, members(a.json(t)))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "no-cache", a.Header.Get("Pragma"), "RFC 6749 §5.1")
	for _, a := range []answer{
		s.post("/oauth2/token", "photoprint", exchangeForm(code)),
		s.post("/oauth2/token", "photoprint", refreshForm("x")),
		s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"x"}}),
		s.post("/oauth2/token", "nobody", exchangeForm(code)),
		s.post("/oauth2/revoke", "photoprint", nil),
		s.post("/oauth2/introspect", "photoprint", nil),
		s.userinfo("x"),
	} {
		require.ElementsMatch(t, []string{"error", "error_description"}, members(a.json(t)))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	}
	b := s.newBrowser()
	refused := callback(t, b.authorize(request("photoprint", "prompt", "none")))
	require.ElementsMatch(t, []string{"error", "error_description", "state", "iss"}, slices.Collect(keysOf(refused)))
	s.allowIn(b, "ana@example.com", request("photoprint"))
	answered := callback(t, b.authorize(request("photoprint", "state", "")))
	require.ElementsMatch(t, []string{"code", "iss"}, slices.Collect(keysOf(answered)), "no state was sent, so none comes back")
}

func members(m map[string]any) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

func keysOf(v url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range v {
			if !yield(name) {
				return
			}
		}
	}
}

// §5: fosite's default strategies match scopes and audiences by prefix and wildcard.
func TestScopesMatchExactly(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "starred", Scopes: []storage.ClientScope{{Name: "points"}, {Name: "*"}, {Name: "points.*"}}})
	b := s.newBrowser()
	for client, scope := range map[string]string{"photoprint": "openid points_read.all", "other": "OpenID", "starred": "points.read", "relaxed": "*"} {
		require.Equal(t, "invalid_scope", callback(t, b.authorize(request(client, "scope", scope))).Get("error"), scope)
	}
	for _, scope := range []string{"catalogue.all", "cat", "Catalogue"} {
		a := s.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
		require.Equal(t, "invalid_scope", a.json(t)["error"], scope)
	}
}

// §5: a client that is registered for one method is not let in by the other.
func TestAClientUsesTheMethodThatItIsRegisteredFor(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "by-header", TokenEndpointAuthMethod: "client_secret_basic"})
	s.register(storage.Client{ID: "by-body", TokenEndpointAuthMethod: "client_secret_post"})
	for _, path := range []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"} {
		form := url.Values{"grant_type": {"client_credentials"}, "token": {"x"}}
		require.Equal(t, http.StatusOK, s.post(path, "by-header", form).StatusCode, path)
		require.Equal(t, http.StatusUnauthorized, s.post(path, "by-body", form).StatusCode, path)
		form.Set("client_secret", testSecret)
		form.Set("client_id", "by-body")
		require.Equal(t, http.StatusOK, s.post(path, "", form).StatusCode, path)
		form.Set("client_id", "by-header")
		require.Equal(t, http.StatusUnauthorized, s.post(path, "", form).StatusCode, path)
	}
}

func TestSeveralSecretsOfAClientWorkUntilEachEnds(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	end := s.now().Add(time.Hour).Truncate(time.Second)
	s.register(storage.Client{ID: "rotating", Secrets: []storage.ClientSecret{
		{ID: "old", Hash: registry.HashSecret("the-older-secret-with-more-than-32-characters"), ExpiresAt: end},
		{ID: "new", Hash: registry.HashSecret(testSecret)},
	}})
	status := func(secret string) int {
		return s.post("/oauth2/token", "", url.Values{"grant_type": {"client_credentials"}, "client_id": {"rotating"}, "client_secret": {secret}}).StatusCode
	}
	require.Equal(t, http.StatusOK, status("the-older-secret-with-more-than-32-characters"))
	require.Equal(t, http.StatusOK, status(testSecret))
	s.forward(time.Hour)
	require.Equal(t, http.StatusUnauthorized, status("the-older-secret-with-more-than-32-characters"))
	require.Equal(t, http.StatusOK, status(testSecret))
}

// F22: an unknown client and a wrong secret cannot be told apart.
func TestAnUnknownClientIsAnsweredAsAWrongSecretIs(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, path := range []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"} {
		send := func(id, secret string) answer {
			return s.post(path, "", url.Values{"grant_type": {"client_credentials"}, "token": {"x"}, "client_id": {id}, "client_secret": {secret}})
		}
		wrong := send("photoprint", "a-wrong-secret-of-at-least-32-characters")
		require.Equal(t, http.StatusUnauthorized, wrong.StatusCode)
		for name, a := range map[string]answer{
			"unknown": send("nobody", testSecret), "unknown to be": send("no body", testSecret), "suspended": send("suspended", testSecret),
			"public": send("public", testSecret), "another's secret": send("other", testSecret+"x"),
		} {
			require.Equal(t, wrong.StatusCode, a.StatusCode, name)
			require.Equal(t, wrong.body, a.body, name)
			require.Equal(t, wrong.Header.Get("WWW-Authenticate"), a.Header.Get("WWW-Authenticate"), name)
		}
	}
}

// §5: what can be registered works to the end, also where fosite has an opinion of its own about redirect URIs.
func TestEveryRedirectURIThatCanBeRegisteredWorksToTheEnd(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	b := s.newBrowser()
	for registered, sent := range map[string]string{
		"https://photoprint.example/cb?tenant=1&x": "https://photoprint.example/cb?tenant=1&x",
		"https://photoprint.example":               "https://photoprint.example",
		"https://photoprint.example/a%20b/%C3%A9":  "https://photoprint.example/a%20b/%C3%A9",
		"https://192.0.2.1:8443/":                  "https://192.0.2.1:8443/",
		"https://[2001:db8::1]/cb":                 "https://[2001:db8::1]/cb",
		"http://localhost:3000/cb":                 "http://localhost:3000/cb",
		"http://127.0.0.1/cb":                      "http://127.0.0.1:51004/cb",
		"http://127.0.0.2/cb":                      "http://127.0.0.2:51004/cb",
		"http://127.0.0.1:3000/cb?x=1":             "http://127.0.0.1:4000/cb?x=1",
		"http://[::1]:80/cb":                       "http://[::1]:51004/cb",
		"com.example.app:/cb":                      "com.example.app:/cb",
		"com.example.app://auth/cb":                "com.example.app://auth/cb",
	} {
		require.NoError(t, registry.CheckRedirectURI(registered), registered)
		id := "r" + strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, registered)
		s.register(storage.Client{ID: id, RedirectURIs: []string{registered}, FirstParty: true})
		a := b.authorize(request(id, "redirect_uri", sent))
		if strings.HasPrefix(a.Header.Get("Location"), "/login") {
			a = b.signIn(a, "ana@example.com")
		}
		location := a.Header.Get("Location")
		require.True(t, strings.HasPrefix(location, sent), "%s: %d %s", registered, a.StatusCode, location)
		added := strings.TrimPrefix(location, sent)
		require.Contains(t, "?&", added[:1])
		q, err := url.ParseQuery(added[1:])
		require.NoError(t, err)
		require.NotEmpty(t, q.Get("code"), "%s: %s", registered, location)
		a = s.post("/oauth2/token", id, exchangeForm(q.Get("code"), "redirect_uri", sent))
		require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", registered, a.body)
	}
}

// A code lives at most five minutes, whatever a client's record says.
func TestACodeLivesFiveMinutesAtMost(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.register(storage.Client{ID: "slow", CodeLifetime: storage.Lifetime(time.Hour)})
	s.register(storage.Client{ID: "quick", CodeLifetime: storage.Lifetime(time.Minute)})
	for client, lifetime := range map[string]time.Duration{"slow": 5 * time.Minute, "quick": time.Minute} {
		in, late := s.allow("ana@example.com", request(client)), s.allow("ana@example.com", request(client))
		s.forward(lifetime - 40*time.Second)
		require.Equal(t, http.StatusOK, s.post("/oauth2/token", client, exchangeForm(in)).StatusCode, client)
		s.forward(41 * time.Second)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", client, exchangeForm(late)).json(t)["error"], client)
	}
}
