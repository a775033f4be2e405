package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// liar is an OpenID provider that can answer whatever a test wants.
type liar struct {
	t        testing.TB
	url      string
	key      *ecdsa.PrivateKey
	asked    atomic.Int64 // how often its metadata was read
	metadata map[string]any
	claims   map[string]any              // of the ID token; what the request asked for is put in
	sign     func(claims []byte) string  // default: as it should be
	token    func(w http.ResponseWriter) // default: the ID token
	userinfo map[string]any
}

func newLiar(t testing.TB, listener net.Listener) *liar {
	t.Helper()
	if listener == nil {
		var err error
		listener, err = net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	l := &liar{t: t, url: "http://" + listener.Addr().String(), key: key}
	l.honest()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		l.asked.Add(1)
		l.write(w, l.metadata)
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		l.write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) { l.token(w) })
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { l.write(w, l.userinfo) })
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(server.Close)
	return l
}

// honest makes it answer as it should.
func (l *liar) honest() {
	l.metadata = map[string]any{"issuer": l.url, "authorization_endpoint": l.url + "/authorize", "token_endpoint": l.url + "/token",
		"jwks_uri": l.url + "/jwks", "userinfo_endpoint": l.url + "/userinfo", "id_token_signing_alg_values_supported": []string{"ES256"}}
	l.claims = map[string]any{"iss": l.url, "sub": "liar-1", "aud": "nimbus", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(),
		"email": "liar@elsewhere.example"}
	l.userinfo = nil
	l.sign = func(claims []byte) string { return l.signed(l.key, claims) }
	l.token = func(w http.ResponseWriter) {
		claims, err := json.Marshal(l.claims)
		require.NoError(l.t, err)
		l.write(w, map[string]any{"access_token": "a-token", "token_type": "Bearer", "id_token": l.sign(claims)})
	}
}

func (l *liar) write(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func (l *liar) signed(key any, claims []byte) string {
	alg := jose.ES256
	if _, symmetric := key.([]byte); symmetric {
		alg = jose.HS256
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	require.NoError(l.t, err)
	signature, err := signer.Sign(claims)
	require.NoError(l.t, err)
	text, err := signature.CompactSerialize()
	require.NoError(l.t, err)
	return text
}

// signIn goes to the provider in b and comes back with its answer.
func (l *liar) signIn(b *browser, a answer) answer {
	l.t.Helper()
	leaving := b.get(button(a))
	asked, err := leaving.Location()
	require.NoError(l.t, err, leaving.body)
	query := asked.Query()
	if _, set := l.claims["nonce"]; !set {
		l.claims["nonce"] = query.Get("nonce")
	}
	require.Equal(l.t, "S256", query.Get("code_challenge_method"))
	return b.get(query.Get("redirect_uri") + "?" + url.Values{"code": {"a-code-of-the-liar"}, "state": {query.Get("state")}}.Encode())
}

func TestAnIDTokenThatProvesNothingSignsNobodyIn(t *testing.T) {
	t.Parallel()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	encoded := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	servers := func() (*liar, *testServer) {
		l := newLiar(t, nil)
		return l, newTestServer(t, furnished.SQLite(t), withUpstreams(t, upstreamEntry("second", l.url, ", link_verified_email: true")))
	}
	l, own := servers()
	for name, test := range map[string]struct {
		lie  func(l *liar)
		code string // empty: somebody is signed in
	}{
		"the truth":              {func(*liar) {}, ""},
		"another nonce":          {func(l *liar) { l.claims["nonce"] = "another" }, "upstream_failed"},
		"no nonce":               {func(l *liar) { l.claims["nonce"] = "" }, "upstream_failed"},
		"another issuer":         {func(l *liar) { l.claims["iss"] = "https://evil.example" }, "upstream_failed"},
		"another audience":       {func(l *liar) { l.claims["aud"] = "another" }, "upstream_failed"},
		"two audiences, no azp":  {func(l *liar) { l.claims["aud"] = []string{"nimbus", "another"} }, "upstream_failed"},
		"another azp":            {func(l *liar) { l.claims["azp"] = "another" }, "upstream_failed"},
		"two audiences, our azp": {func(l *liar) { l.claims["aud"] = []string{"nimbus", "another"}; l.claims["azp"] = "nimbus" }, ""},
		"expired":                {func(l *liar) { l.claims["exp"] = time.Now().Add(-time.Hour).Unix() }, "upstream_failed"},
		"another at_hash":        {func(l *liar) { l.claims["at_hash"] = "AAAA" }, "upstream_failed"},
		"no subject":             {func(l *liar) { delete(l.claims, "sub") }, "upstream_failed"},
		"a subject with a NUL":   {func(l *liar) { l.claims["sub"] = "a\x00b" }, "upstream_failed"},
		"another key":            {func(l *liar) { l.sign = func(c []byte) string { return l.signed(stranger, c) } }, "upstream_failed"},
		"unsigned": {func(l *liar) {
			l.sign = func(c []byte) string { return encoded(`{"alg":"none"}`) + "." + encoded(string(c)) + "." }
		}, "upstream_failed"},
		"unsigned, and it says so": {func(l *liar) {
			l.metadata["id_token_signing_alg_values_supported"] = []string{"none"}
			l.sign = func(c []byte) string { return encoded(`{"alg":"none"}`) + "." + encoded(string(c)) + "." }
		}, "upstream_failed"},
		"signed by the client's secret": {func(l *liar) {
			l.metadata["id_token_signing_alg_values_supported"] = []string{"HS256"}
			l.sign = func(c []byte) string { return l.signed([]byte(testSecret), c) }
		}, "upstream_failed"},
		"no ID token": {func(l *liar) {
			l.token = func(w http.ResponseWriter) { l.write(w, map[string]any{"access_token": "a", "token_type": "Bearer"}) }
		}, "upstream_failed"},
		"a refusal": {func(l *liar) {
			l.token = func(w http.ResponseWriter) { w.WriteHeader(400); l.write(w, map[string]any{"error": "invalid_grant"}) }
		}, "upstream_failed"},
		"a failure":                   {func(l *liar) { l.token = func(w http.ResponseWriter) { w.WriteHeader(503) } }, "upstream_unavailable"},
		"no JSON":                     {func(l *liar) { l.token = func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) } }, "upstream_failed"},
		"keys elsewhere":              {func(l *liar) { l.metadata["jwks_uri"] = "http://169.254.169.254/keys" }, "upstream_unavailable"},
		"codes to a cloud's metadata": {func(l *liar) { l.metadata["token_endpoint"] = "http://169.254.169.254/token" }, "upstream_unavailable"},
		"userinfo about somebody else": {func(l *liar) {
			delete(l.claims, "email")
			l.userinfo = map[string]any{"sub": "liar-2", "email": "ana@example.com", "email_verified": true}
		}, "upstream_failed"},
		"userinfo without a subject": {func(l *liar) {
			delete(l.claims, "email")
			l.userinfo = map[string]any{"email": "ana@example.com"}
		}, "upstream_failed"},
		"signed in, in the future": {func(l *liar) { l.claims["auth_time"] = time.Now().Add(time.Hour).Unix() }, "upstream_failed"},
		"signed in, never":         {func(l *liar) { l.claims["auth_time"] = 1e300 }, "upstream_failed"},
		"signed in, no number":     {func(l *liar) { l.claims["auth_time"] = json.RawMessage("1e400") }, "upstream_failed"},
		"another clock's minute":   {func(l *liar) { l.claims["auth_time"] = time.Now().Add(30 * time.Second).Unix() }, ""},
		"e-mail as a list":         {func(l *liar) { l.claims["email"] = []string{"a@example.com"} }, "upstream_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			l, own := l, own
			l.honest()
			l.claims["sub"], l.claims["email"] = name, rand.Text()+"@elsewhere.example" // of somebody new userinfo is asked too
			truth := maps.Clone(l.metadata)
			test.lie(l)
			if !reflect.DeepEqual(truth, l.metadata) { // which a server reads once
				l, own = servers()
				test.lie(l)
			}
			b := own.newBrowser()
			a := l.signIn(b, b.get("/login"))
			if test.code == "" {
				require.Equal(t, "/account", a.Header.Get("Location"), a.body)
				return
			}
			require.Equal(t, http.StatusBadGateway, a.StatusCode, a.Header.Get("Location"))
			require.Contains(t, a.body, `data-error="`+test.code+`"`)
			if test.code == "upstream_unavailable" {
				own.forward(restOver)
			}
			require.NotContains(t, own.log.String(), "a-code-of-the-liar")
			require.NotContains(t, own.log.String(), testSecret)
			require.NotEqual(t, http.StatusOK, b.get("/account").StatusCode)
		})
	}
}

// A language tag has 35 characters at most (RFC 5646 §4.4.1).
func TestALocaleThatIsNoLanguageTagIsNotKept(t *testing.T) {
	t.Parallel()
	for locale, kept := range map[string]string{"de-CH": "de-CH", "en-x-" + strings.Repeat("abcdefgh-", 5000) + "a": "", "no language": ""} {
		l := newLiar(t, nil)
		own := newTestServer(t, furnished.SQLite(t), withUpstreams(t, upstreamEntry("second", l.url, "")))
		l.claims["locale"] = locale
		b := own.newBrowser()
		require.Equal(t, "/account", l.signIn(b, b.get("/login")).Header.Get("Location"))
		u, err := own.store.LinkedUser(t.Context(), l.url, "liar-1")
		require.NoError(t, err)
		require.Equal(t, kept, u.Locale)
	}
}

func TestWhoIsToSignInAnewMustHaveDoneSoAtTheProvider(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pairs []string
		ago   time.Duration // since they signed in there; negative: it does not say
		good  bool
	}{
		"prompt=login, long ago":   {[]string{"prompt", "login"}, time.Hour, false},
		"prompt=login, not said":   {[]string{"prompt", "login"}, -1, false},
		"prompt=login, now":        {[]string{"prompt", "login"}, 0, true},
		"max_age=600, an hour ago": {[]string{"max_age", "600"}, time.Hour, false},
		"max_age=600, a minute":    {[]string{"max_age", "600"}, time.Minute, true},
		"max_age=600, not said":    {[]string{"max_age", "600"}, -1, false},
		"nothing asked":            {nil, time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLiar(t, nil)
			own := newTestServer(t, furnished.SQLite(t), withUpstreams(t, upstreamEntry("second", l.url, "")))
			authTime := time.Now().Add(-test.ago).Unix()
			if test.ago >= 0 {
				l.claims["auth_time"] = authTime
			}
			b := own.newBrowser()
			a := l.signIn(b, b.follow(b.authorize(request("photoprint", test.pairs...))))
			if !test.good {
				require.Equal(t, http.StatusForbidden, a.StatusCode, a.Header.Get("Location"))
				require.Contains(t, a.body, `data-error="upstream_stale"`)
				return
			}
			require.Equal(t, http.StatusSeeOther, a.StatusCode, a.body)
			require.NotEmpty(t, callback(t, b.decide(b.follow(a), "allow")).Get("code"))
			u, err := own.store.LinkedUser(t.Context(), l.url, "liar-1")
			require.NoError(t, err)
			sessions, err := own.store.UserSessions(t.Context(), u.ID, own.now())
			require.NoError(t, err)
			require.Equal(t, authTime, sessions[0].AuthTime.Unix(), "mini apps are told when it was")
		})
	}
}

// The metadata is somebody else's word too.
func TestAProviderThatNamesItselfOtherwiseIsNotAsked(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(l *liar){
		"another issuer":       func(l *liar) { l.metadata["issuer"] = "https://accounts.example" },
		"a script to go to":    func(l *liar) { l.metadata["authorization_endpoint"] = "javascript:alert(1)" },
		"plain http to go to":  func(l *liar) { l.metadata["authorization_endpoint"] = "http://accounts.example/authorize" },
		"nothing to go to":     func(l *liar) { delete(l.metadata, "authorization_endpoint") },
		"metadata of no JSON":  func(l *liar) { l.metadata = map[string]any{"issuer": 1} },
		"metadata over 64 KiB": func(l *liar) { l.metadata["x"] = string(make([]byte, 70<<10)) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLiar(t, nil)
			own := newTestServer(t, furnished.SQLite(t), withUpstreams(t, upstreamEntry("second", l.url, "")))
			lie(l)
			b := own.newBrowser()
			began := time.Now()
			for range 3 {
				a := b.get(button(b.get("/login")))
				require.Equal(t, http.StatusBadGateway, a.StatusCode, a.Header.Get("Location"))
				require.Contains(t, a.body, `data-error="upstream_unavailable"`)
			}
			if time.Since(began) < restOver-time.Second {
				require.EqualValues(t, 1, l.asked.Load(), "it is left alone for a moment")
			}
		})
	}
}
