package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"gatehouse/consent"
	"gatehouse/registry"
	"gatehouse/storage"
)

// The host's backend gets a person's token by an assertion that it signs (RFC 7523 §2.1).

// hostKey registers the client "backend" with a public key, and returns the key.
type hostKey struct {
	alg jose.SignatureAlgorithm
	key any
}

func (s *testServer) hostKey() hostKey {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(s.t, err)
	s.register(storage.Client{ID: "backend", Name: "Host's server", FirstParty: true, JWKS: jwksOf(s.t, jose.JSONWebKey{Key: key.Public(), KeyID: "k1"}),
		GrantTypes: []string{"client_credentials", registry.GrantJWTBearer}})
	return hostKey{jose.ES256, key}
}

func jwksOf(t testing.TB, keys ...jose.JSONWebKey) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	require.NoError(t, err)
	return raw
}

func (k hostKey) sign(t testing.TB, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: k.key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	compact, err := signed.CompactSerialize()
	require.NoError(t, err)
	return compact
}

// claims are those of a good assertion; pairs override them, and nil removes.
func (s *testServer) claims(subject, id string, pairs ...any) map[string]any {
	c := map[string]any{"iss": "backend", "sub": subject, "aud": s.url, "exp": s.now().Add(time.Minute).Unix(), "jti": id}
	for i := 0; i < len(pairs); i += 2 {
		if c[pairs[i].(string)] = pairs[i+1]; pairs[i+1] == nil {
			delete(c, pairs[i].(string))
		}
	}
	return c
}

func (s *testServer) assert(assertion string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{"grant_type": {registry.GrantJWTBearer}, "assertion": {assertion}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return s.post("/oauth2/token", "backend", form)
}

func TestAnAssertionOfTheHostGetsThePersonsToken(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		key := s.hostKey()
		s.backend("backend").knows(hana)
		signed := key.sign(t, s.claims("u-1", "j-1"))
		a := s.assert(signed, "scope", "superapp")
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		require.Equal(t, "superapp", a.json(t)["scope"])
		require.NotContains(t, a.json(t), "refresh_token", "RFC 7521 §4.1")
		require.EqualValues(t, 3600, a.json(t)["expires_in"], "RFC 7521 §4.1: not much longer than the assertion")
		token := a.json(t)["access_token"].(string)
		app := hostApp{s, token}
		require.Equal(t, "none", app.get("/apps/photoprint/sharing")["status"])
		require.Equal(t, true, app.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)["allowed"])
		require.Equal(t, http.StatusForbidden, backend{s, token}.call("sessions", `{"external_id":"u-1"}`).StatusCode, "it is the person's, not the client's")

		all := s.assert(key.sign(t, s.claims("u-1", "j-2", "aud", []string{s.url})))
		require.Equal(t, http.StatusOK, all.StatusCode, all.body)
		require.NotContains(t, all.json(t)["scope"], "admin")
		require.NotContains(t, all.json(t)["scope"], "user_session")
		require.Contains(t, all.json(t)["scope"], "superapp")
		require.Equal(t, http.StatusNoContent, app.call(http.MethodPost, "/logout", "").StatusCode)
		require.False(t, s.active("backend", token))
		s.logLacks(signed, token)
	})
}

func TestAnAssertionIsGoodOnce(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		key := s.hostKey()
		s.backend("backend").knows(hana)
		for round := range 3 {
			signed := key.sign(t, s.claims("u-1", fmt.Sprint("j-", round)))
			var good, used atomic.Int32
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					switch a := s.assert(signed, "scope", "superapp"); {
					case a.StatusCode == http.StatusOK:
						good.Add(1)
					case a.StatusCode == http.StatusBadRequest && strings.Contains(a.body, "invalid_grant"):
						used.Add(1)
					}
				})
			}
			group.Wait()
			require.EqualValues(t, 1, good.Load())
			require.EqualValues(t, 19, used.Load())
		}
		resigned := key.sign(t, s.claims("u-1", "j-0", "exp", s.now().Add(5*time.Minute).Unix()))
		require.Equal(t, "invalid_grant", s.assert(resigned).json(t)["error"], "another assertion with a jti that was used")
	})
}

// A process whose clock is ahead must not forget what one that is behind would still take.
func TestAMarkOfAnAssertionIsKeptAlsoByAProcessWhoseClockIsAhead(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		key := s.hostKey()
		s.backend("backend").knows(hana)
		signed := key.sign(t, s.claims("u-1", "j-1"))
		require.Equal(t, http.StatusOK, s.assert(signed).StatusCode)
		_, err := s.store.Collect(t.Context(), s.now().Add(time.Hour), 1000)
		require.NoError(t, err)
		require.Equal(t, "invalid_grant", s.assert(signed).json(t)["error"])
	})
}

func TestAMarkOfAnAssertionOutlivesItAndIsCollectedThen(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s := newTestServer(t, dsn)
		key := s.hostKey()
		s.backend("backend").knows(hana)
		signed := key.sign(t, s.claims("u-1", "j-1"))
		require.Equal(t, http.StatusOK, s.assert(signed).StatusCode)
		for range 13 {
			s.forward(10 * time.Second)
			_, err := s.store.Collect(t.Context(), s.now(), 1000)
			require.NoError(t, err)
			require.Equal(t, "invalid_grant", s.assert(signed).json(t)["error"])
		}
		var n int
		for range 2 { // the mark, and the access token once it has expired
			s.forward(time.Hour)
			collected, err := s.store.Collect(t.Context(), s.now(), 1000)
			require.NoError(t, err)
			n += collected
		}
		require.NotZero(t, n)
		require.Equal(t, "invalid_grant", s.assert(signed).json(t)["error"], "it has expired for good")
	})
}

func TestAnAssertionThatIsNotGoodGetsNothing(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	key := s.hostKey()
	host := s.backend("backend")
	host.knows(hana)
	u := host.knows(`{"external_id":"closed"}`)
	require.NoError(t, s.store.SetDisabled(t.Context(), u.ID, true, s.now()))
	s.backend("host").knows(`{"external_id":"of-another-host"}`)
	now := s.now().Unix()
	bad := map[string]string{
		"nothing signed": "x", "dots": "..", "very long": strings.Repeat("a", 10<<10),
		"another key": func() hostKey {
			other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			require.NoError(t, err)
			return hostKey{jose.ES256, other}
		}().sign(t, s.claims("u-1", "j")),
		"alg none":                      base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(encoded(t, s.claims("u-1", "j"))) + ".",
		"HMAC with the client's secret": hostKey{jose.HS256, []byte(testSecret)}.sign(t, s.claims("u-1", "j")),
	}
	good := key.sign(t, s.claims("u-1", "j"))
	parts := strings.Split(good, ".")
	bad["other claims under the signature"] = parts[0] + "." + base64.RawURLEncoding.EncodeToString(encoded(t, s.claims("u-2", "j"))) + "." + parts[2]
	bad["without its signature"] = parts[0] + "." + parts[1] + "."
	for name, pairs := range map[string][]any{
		"no iss": {"iss", nil}, "another iss": {"iss", "host"}, "no sub": {"sub", nil}, "an empty sub": {"sub", ""}, "a number as sub": {"sub", 1},
		"the client itself": {"sub", "backend"}, "nobody": {"sub", "u-2"}, "another host's": {"sub", "of-another-host"}, "closed": {"sub", "closed"},
		"an e-mail address": {"sub", "ana@example.com"}, "NUL": {"sub", "u-1\x00"},
		"no aud": {"aud", nil}, "another aud": {"aud", "https://evil.example"}, "also another aud": {"aud", []string{s.url, "https://evil.example"}}, "no one's aud": {"aud", []string{}},
		"no exp": {"exp", nil}, "expired": {"exp", now - 61}, "far away": {"exp", now + 3600}, "exp as text": {"exp", "9999999999"},
		"not yet": {"nbf", now + 120}, "issued later": {"iat", now + 120}, "no jti": {"jti", nil}, "an empty jti": {"jti", ""}, "a long jti": {"jti", strings.Repeat("j", 256)},
	} {
		bad[name] = key.sign(t, s.claims("u-1", "j", pairs...))
	}
	for name, assertion := range bad {
		a := s.assert(assertion)
		require.Equal(t, http.StatusBadRequest, a.StatusCode, "%s: %s", name, a.body)
		require.Equal(t, "invalid_grant", a.json(t)["error"], name)
	}
	for name, c := range map[string]struct {
		a    answer
		code string
	}{
		"no assertion":           {s.assert(""), "invalid_request"},
		"a scope for companies":  {s.assert(good, "scope", "user_session"), "invalid_scope"},
		"a scope for operators":  {s.assert(good, "scope", "superapp admin"), "invalid_scope"},
		"a scope of nobody":      {s.assert(good, "scope", "nothing"), "invalid_scope"},
		"a client without it":    {s.post("/oauth2/token", "host", url.Values{"grant_type": {registry.GrantJWTBearer}, "assertion": {good}}), "unauthorized_client"},
		"a client without proof": {s.post("/oauth2/token", "", url.Values{"grant_type": {registry.GrantJWTBearer}, "assertion": {good}, "client_id": {"backend"}}), "invalid_client"},
		"for companies":          {s.post("/oauth2/token/company", "backend", url.Values{"grant_type": {registry.GrantJWTBearer}, "assertion": {good}}), "invalid_grant"},
	} {
		require.Equal(t, c.code, c.a.json(t)["error"], name)
	}
	require.Equal(t, http.StatusOK, s.assert(good).StatusCode, "and nothing of all this has burnt it")
}

func encoded(t testing.TB, claims map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(maps.Clone(claims))
	require.NoError(t, err)
	return raw
}

func TestAnAssertionIsTakenByTheKeysThatAreMeantForIt(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	s.hostKey()
	s.backend("backend").knows(hana)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		alg  jose.SignatureAlgorithm
		jwk  jose.JSONWebKey
		good bool
	}{
		"PS256":              {jose.PS256, jose.JSONWebKey{Key: long.Public(), KeyID: "k1"}, true},
		"RS256":              {jose.RS256, jose.JSONWebKey{Key: long.Public(), KeyID: "k1", Use: "sig", Algorithm: "RS256"}, true},
		"another alg":        {jose.RS256, jose.JSONWebKey{Key: long.Public(), KeyID: "k1", Algorithm: "PS256"}, false},
		"for encryption":     {jose.RS256, jose.JSONWebKey{Key: long.Public(), KeyID: "k1", Use: "enc"}, false},
		"another kid":        {jose.RS256, jose.JSONWebKey{Key: long.Public(), KeyID: "k2"}, false},
		"an alg that is not": {jose.RS512, jose.JSONWebKey{Key: long.Public(), KeyID: "k1"}, false},
	} {
		s.updateClient("backend", func(c2 *storage.Client) { c2.JWKS = jwksOf(t, c.jwk) })
		a := s.beside().assert(hostKey{c.alg, long}.sign(t, s.claims("u-1", name)))
		require.Equal(t, c.good, a.StatusCode == http.StatusOK, "%s: %s", name, a.body)
	}
}

func TestTheMetadataSayThatAssertionsAreTaken(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	for _, path := range []string{"oauth-authorization-server", "openid-configuration"} {
		require.Contains(t, s.newBrowser().get("/.well-known/" + path).json(t)["grant_types_supported"], registry.GrantJWTBearer)
	}
}

// An assertion says who the person is, and nothing about what they allow: the host cannot take back a refusal of theirs.
func TestAnAssertionAllowsNothingThatThePersonRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	key := s.hostKey()
	s.backend("backend").knows(hana)
	first := s.assert(key.sign(t, s.claims("u-1", "1")))
	require.Equal(t, http.StatusOK, first.StatusCode, first.body)
	known, err := s.store.LinkedUser(t.Context(), "client:backend", "u-1")
	require.NoError(t, err)
	person := known.ID

	client, err := s.store.Client(t.Context(), "backend")
	require.NoError(t, err)
	owner := storage.Owner{UserID: person}
	grant, err := s.store.Grant(t.Context(), owner, "backend")
	require.NoError(t, err)
	deny := consent.Deny(&grant, client.Scopes, consent.Act{Owner: owner, Client: &client, By: person, At: s.now()})
	require.NoError(t, s.store.Apply(t.Context(), deny))
	refused := s.assert(key.sign(t, s.claims("u-1", "2")))
	require.Equal(t, "access_denied", refused.json(t)["error"])
	is, err := s.store.Grant(t.Context(), owner, "backend")
	require.NoError(t, err)
	require.Empty(t, is.AllowedScopes())
}

// A lifetime that the operator set shorter stays, and one without an end is none.
func TestATokenByAnAssertionLivesAnHourAtMost(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	key := s.hostKey()
	s.backend("backend").knows(hana)
	for lifetime, want := range map[storage.Lifetime]float64{storage.Never: 3600, storage.Lifetime(time.Minute): 60, storage.Lifetime(24 * time.Hour): 3600} {
		s.updateClient("backend", func(c *storage.Client) { c.AccessTokenLifetime = lifetime })
		signed := key.sign(t, s.claims("u-1", "j-"+time.Duration(lifetime).String()))
		s := s.beside()
		a := s.assert(signed, "scope", "superapp")
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		require.Equal(t, want, a.json(t)["expires_in"])
		token := a.json(t)["access_token"]
		require.True(t, s.active("backend", token))
		s.forward(time.Hour)
		require.False(t, s.active("backend", token))
	}
}
