package miniapp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"gatehouse/samples/miniapp"
)

func TestSignInShowsWhatWasAllowed(t *testing.T) {
	w := newWorld(t)
	page := w.signIn(nil)
	require.Contains(t, page.body, "ana@example.com")
	require.Contains(t, page.body, `data-scope="email" data-decision="allowed"`)
	require.Contains(t, page.body, `data-scope="phone" data-decision="denied"`)
	require.Contains(t, w.get("/").body, "ana@example.com", "the browser stays signed in")
}

func TestCallbackRefusesAnAnswerThatIsNotItsOwn(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"invalid_state":  func(q url.Values) { q.Set("state", "somebody-elses") },
		"invalid_issuer": func(q url.Values) { q.Set("iss", "https://evil.example") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			page := w.signIn(change)
			require.Equal(t, http.StatusBadRequest, page.status)
			require.Contains(t, page.body, `data-error="`+name+`"`)
			require.Contains(t, w.get("/").body, `id="welcome"`)
		})
	}
}

func TestCallbackRefusesTokensOfAnotherSignIn(t *testing.T) {
	for name, change := range map[string]func(*issuer){
		"a nonce of another trip":      func(i *issuer) { i.nonce = "another" },
		"an audience that is not us":   func(i *issuer) { i.audience = "another-app" },
		"userinfo of another person":   func(i *issuer) { i.userinfo["sub"] = "somebody-else" },
		"an ID token that has expired": func(i *issuer) { i.lifetime = -time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			change(w.issuer)
			require.Contains(t, w.signIn(nil).body, `data-error="sign_in_failed"`)
			require.Contains(t, w.get("/").body, `id="welcome"`)
		})
	}
}

func TestCallbackWorksOnce(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	require.Contains(t, w.get(w.lastCallback).body, `data-error="invalid_state"`)
}

func TestCallbackExplainsARefusal(t *testing.T) {
	w := newWorld(t)
	page := w.signIn(func(q url.Values) {
		q.Del("code")
		q.Set("error", "access_denied")
	})
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, `data-error="access_denied"`)
	require.Contains(t, page.body, "Nothing was shared")
}

func TestRefreshEndsTheSessionWhenAccessWasRemoved(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	w.issuer.refused = true
	require.Contains(t, w.post("/refresh").body, `data-error="access_ended"`)
	require.Contains(t, w.get("/").body, `id="welcome"`)
}

func TestEveryPageFindsOutThatAccessWasRemoved(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	w.issuer.refused, w.issuer.userinfo = true, nil
	page := w.get("/")
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, page.body, `data-error="access_ended"`)
	require.NotContains(t, page.body, "ana@example.com")
	require.Contains(t, w.get("/").body, `id="welcome"`)
}

func TestAnAccessTokenThatHasExpiredIsRenewed(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	w.issuer.expired = true
	require.Contains(t, w.get("/").body, "ana@example.com")
}

func TestLaunchAsksTheHostAppInPlaceOfTheServer(t *testing.T) {
	w := newWorld(t)
	w.began = "/launch"
	page := w.signIn(nil)
	require.Equal(t, "/host/open/photoprint", w.sentTo)
	require.Contains(t, page.body, "ana@example.com")
	require.NotContains(t, page.body, "Choose again", "the host app has its own way to choose")

	w.issuer.refused, w.issuer.userinfo = true, nil
	require.Contains(t, w.get("/").body, `href="`+w.issuer.url+`/host/apps/photoprint"`)
}

func TestSignOutRevokesTheRefreshToken(t *testing.T) {
	w := newWorld(t)
	w.signIn(nil)
	require.Contains(t, w.post("/logout").body, `id="welcome"`)
	require.Equal(t, []string{"refresh-1"}, w.issuer.revoked)
}

func TestNothingSecretIsLogged(t *testing.T) {
	w := newWorld(t)
	w.issuer.nonce = "another"
	w.signIn(nil)
	require.NotEmpty(t, w.log.String())
	for _, secret := range []string{"access-1", "refresh-1", "the-code", "the-client-secret"} {
		require.NotContains(t, w.log.String(), secret)
	}
}

// world is the app, an issuer that answers what the test wants, and a browser.
type world struct {
	t            *testing.T
	issuer       *issuer
	log          *bytes.Buffer
	base         string
	browser      *http.Client
	lastCallback string
	began        string // where a sign-in begins
	sentTo       string // the path that the last sign-in was sent to
}

type page struct {
	status int
	body   string
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, issuer: newIssuer(t), log: &bytes.Buffer{}, began: "/login"}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.base = server.URL
	app, err := miniapp.New(context.Background(), miniapp.Options{
		Issuer: w.issuer.url, ClientID: "photoprint", ClientSecret: "the-client-secret", BaseURL: server.URL, HostName: "Nimbus",
		HostURL: w.issuer.url + "/host",
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
	})
	require.NoError(t, err)
	handler = app.Handler()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	w.browser = &http.Client{Jar: jar}
	return w
}

// signIn goes to the issuer and comes back at once, with an answer that change may falsify.
func (w *world) signIn(change func(url.Values)) page {
	w.t.Helper()
	w.browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), w.issuer.url) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	res, err := w.browser.Get(w.base + w.began)
	require.NoError(w.t, err)
	res.Body.Close()
	sent, err := res.Location()
	require.NoError(w.t, err)
	w.sentTo = sent.Path
	asked := sent.Query()
	require.Equal(w.t, "S256", asked.Get("code_challenge_method"))
	if w.issuer.nonce == "" {
		w.issuer.nonce = asked.Get("nonce")
	}
	answer := url.Values{"code": {"the-code"}, "state": {asked.Get("state")}, "iss": {w.issuer.url}}
	if change != nil {
		change(answer)
	}
	w.lastCallback = "/callback?" + answer.Encode()
	return w.get(w.lastCallback)
}

func (w *world) get(path string) page {
	w.t.Helper()
	res, err := w.browser.Get(w.base + path)
	return w.read(res, err)
}

func (w *world) post(path string) page {
	w.t.Helper()
	res, err := w.browser.Post(w.base+path, "application/x-www-form-urlencoded", nil)
	return w.read(res, err)
}

func (w *world) read(res *http.Response, err error) page {
	w.t.Helper()
	require.NoError(w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return page{res.StatusCode, string(body)}
}

// issuer is an authorization server whose answers a test can bend.
type issuer struct {
	url      string
	key      *ecdsa.PrivateKey
	nonce    string
	audience string
	lifetime time.Duration
	userinfo map[string]any
	refused  bool
	expired  bool // the next answer of userinfo, once
	revoked  []string
}

func newIssuer(t *testing.T) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	i := &issuer{key: key, audience: "photoprint", lifetime: time.Hour,
		userinfo: map[string]any{"sub": "ana", "email": "ana@example.com"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{
			"issuer": i.url, "authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + "/token",
			"userinfo_endpoint": i.url + "/userinfo", "revocation_endpoint": i.url + "/revoke", "jwks_uri": i.url + "/jwks",
			"id_token_signing_alg_values_supported": []string{"ES256"},
		})
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		if i.userinfo == nil || i.expired {
			i.expired = false
			answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
			return
		}
		answer(w, http.StatusOK, i.userinfo)
	})
	mux.HandleFunc("POST /revoke", func(_ http.ResponseWriter, r *http.Request) { i.revoked = append(i.revoked, r.FormValue("token")) })
	mux.HandleFunc("POST /token", i.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func (i *issuer) token(w http.ResponseWriter, _ *http.Request) {
	if i.refused {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "1"}}, nil)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	idToken, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": i.url, "sub": "ana", "aud": i.audience, "nonce": i.nonce, "iat": now.Unix(), "exp": now.Add(i.lifetime).Unix(),
	}).Serialize()
	if err != nil {
		panic(err)
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": "access-1", "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 3600,
		"scope": "openid email", "id_token": idToken,
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
