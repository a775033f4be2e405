package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// Two Gatehouse processes as partners of each other, over real HTTP: whole flows, as the other systems see them.

// neighbour is a server that is a process of its own. What it calls goes by its door, where it is counted.
type neighbour struct {
	*testServer
	dsn, addr string
	door      *door
	process   *exec.Cmd
}

// door hands requests on to a server and counts them.
type door struct {
	*httptest.Server
	passed atomic.Int64
}

func newDoor(t *testing.T, addr string) *door {
	t.Helper()
	d := &door{}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.passed.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

// newNeighbours returns two servers on empty databases of the same sort. They know each other's doors, and do not run.
func newNeighbours(t *testing.T, dsn string) (a, b *neighbour) {
	t.Helper()
	other := testdb.SQLite
	if !strings.HasPrefix(dsn, "sqlite:") {
		other = testdb.Postgres
	}
	return newNeighbour(t, dsn), newNeighbour(t, other(t))
}

func newNeighbour(t *testing.T, dsn string) *neighbour {
	t.Helper()
	n := &neighbour{dsn: dsn, addr: freeAddress(t)}
	n.testServer = &testServer{t: t, url: "http://" + n.addr, log: &lockedBuffer{}, clock: &atomic.Int64{}, users: map[string]storage.User{}}
	n.door = newDoor(t, n.addr)
	n.open()
	n.fixtures(n.now)
	return n
}

// open opens the server's database, beside the server where it runs.
func (n *neighbour) open() {
	n.t.Helper()
	store, err := gormstore.Open(n.t.Context(), n.dsn, gormstore.Options{Migrate: true})
	require.NoError(n.t, err)
	n.t.Cleanup(func() { _ = store.Close() })
	n.store = store
}

// start runs the server; before, it ends the one that runs.
func (n *neighbour) start(allowPrivate string) {
	n.t.Helper()
	n.stop()
	n.process = exec.Command(os.Args[0])
	n.process.Args = []string{"gatehouse", "serve"} // see TestMain
	n.process.Env = append(os.Environ(), "GATEHOUSE_DATABASE="+n.dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret,
		"GATEHOUSE_LISTEN="+n.addr, "GATEHOUSE_ISSUER="+n.url, "GATEHOUSE_ALLOW_PRIVATE_NETWORK="+allowPrivate)
	n.process.Stderr = n.log
	require.NoError(n.t, n.process.Start())
	n.t.Cleanup(n.stop)
	require.Eventually(n.t, n.ready, 60*time.Second, 10*time.Millisecond, "the server does not get ready")
}

func (n *neighbour) stop() {
	if n.process == nil {
		return
	}
	_ = n.process.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(20*time.Second, func() { _ = n.process.Process.Kill() })
	_ = n.process.Wait()
	kill.Stop()
	n.process = nil
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// passes runs f and wants that many requests to have come through a door meanwhile.
func (d *door) passes(t *testing.T, want int64, f func()) {
	t.Helper()
	before := d.passed.Load()
	f()
	require.Equal(t, want, d.passed.Load()-before, "requests through the door")
}

// GAM: the super app makes a code and brings it to the mini app's server, which brings it back, learns who the person
// is and answers with its own token, which reaches the host app unchanged.
func TestTwoProcessesCompleteTheWholeGAMFlow(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		super, mini := newNeighbours(t, dsn)
		for id, subject := range map[string]string{"shop": "public", "private": "pairwise"} {
			super.register(storage.Client{
				ID: id, Name: "Shop", SubjectType: subject, Scopes: scopesOf("user_email!", "user_first_name!", "user_external_id"),
				Dialects: dialects(t, "gam", map[string]any{"signin_url": mini.door.URL + "/oauth/gam/signin", "signin_secret": sealed(t, id, testSecret)}),
			})
			mini.register(storage.Client{
				ID: id + "-here", Name: "Shop", Scopes: scopesOf("user_email", "user_first_name", "user_guid"),
				Dialects: dialects(t, "gam", map[string]any{"superapp": map[string]any{
					"url": super.door.URL, "client_id": id, "client_secret": sealed(t, id+"-here", testSecret),
				}}),
			})
		}
		eva := super.join(identity.NewUser{Email: "eva@example.com", EmailVerified: true, FirstName: "Eva"}).ID // whom the mini app has never seen
		super.start("true")
		mini.start("true")
		host, browser := super.hostToken("eva@example.com"), super.newBrowser()

		mini.door.passes(t, 0, func() {
			a := super.superapp("shop/access-token", host, "")
			require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
			require.Equal(t, "consent_required", a.json(t)["error"])
		})
		super.allowIn(browser, "eva@example.com", request("shop", "scope", "user_email user_first_name user_external_id"))
		var token, guid string
		mini.door.passes(t, 1, func() {
			super.door.passes(t, 2, func() {
				a := super.superapp("shop/access-token", host, "")
				require.Equal(t, http.StatusOK, a.StatusCode, "%s\n%s\n%s", a.body, super.log, mini.log)
				got := a.json(t)
				token, guid = got["access_token"].(string), got["user_guid"].(string)
				require.Equal(t, map[string]any{
					"access_token": token, "token_type": "Bearer", "expires_in": 1800.0, "refresh_token": "",
					"scope": "user_email+user_first_name", "user_guid": guid,
				}, got, "what the super app shares and the mini app wants")
			})
		})
		require.NotEqual(t, eva, guid, "the mini app's own person")
		require.True(t, mini.active("shop-here", token), "it is the mini app's token")
		require.False(t, super.active("shop", token))
		info := mini.send(http.MethodGet, "/oauth/gam/v2.0/userinfo", "", "Authorization", token)
		require.Equal(t, map[string]any{"guid": "", "email": "eva@example.com", "verified_email": true, "first_name": "Eva"}, info.json(t))
		linked, err := mini.store.LinkedUser(t.Context(), super.door.URL, eva)
		require.NoError(t, err)
		require.Equal(t, guid, linked.ID)

		people := mini.people()
		again := super.superapp("shop/access-token", host, "").json(t)
		require.Equal(t, guid, again["user_guid"], "the same person")
		require.NotEqual(t, token, again["access_token"])
		require.Equal(t, people, mini.people())

		browser.atApps("shop", "disconnect")
		mini.door.passes(t, 0, func() {
			require.Equal(t, "consent_required", super.superapp("shop/access-token", host, "").json(t)["error"])
			browser.decide(browser.authorize(request("shop", "scope", "user_email user_first_name")), "deny")
			a := super.superapp("shop/access-token", host, "")
			require.Equal(t, http.StatusForbidden, a.StatusCode, a.body)
		})
		require.True(t, mini.active("shop-here", token), "what the mini app issued is the mini app's")

		super.requireDoNotShare(t, mini, browser, host, eva)
		super.requireNoGAMBeyond(t, mini, browser, host)
		for _, n := range []*neighbour{super, mini} {
			n.logLacks(host, token, testSecret)
		}
	})
}

// requireDoNotShare signs in to a mini app that is told no user IDs.
func (super *neighbour) requireDoNotShare(t *testing.T, mini *neighbour, browser *browser, host, eva string) {
	t.Helper()
	super.allowIn(browser, "eva@example.com", request("private", "scope", "user_email user_first_name user_external_id"))
	a := super.superapp("private/access-token", host, "")
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	require.NotContains(t, a.body, eva)
	subject := super.post("/oauth2/introspect", "private", url.Values{"token": {
		super.post("/oauth2/token", "private", exchangeForm(super.allowAgain(browser, "private"))).json(t)["access_token"].(string),
	}}).json(t)["sub"].(string)
	require.NotEqual(t, eva, subject)
	linked, err := mini.store.LinkedUser(t.Context(), super.door.URL, subject)
	require.NoError(t, err, "the external_id is the pairwise identifier")
	require.Equal(t, linked.ID, a.json(t)["user_guid"])
	require.Empty(t, linked.Email, "it is another person than the one that the other mini app knows, who has the address")
}

// allowAgain gets a code for what was allowed before.
func (n *neighbour) allowAgain(b *browser, clientID string) string {
	n.t.Helper()
	return callback(n.t, b.authorize(request(clientID, "scope", "user_email"))).Get("code")
}

// requireNoGAMBeyond wants neither side to call a private network that it may not.
func (super *neighbour) requireNoGAMBeyond(t *testing.T, mini *neighbour, browser *browser, host string) {
	t.Helper()
	mini.start("false")
	super.door.passes(t, 0, func() {
		a := super.superapp("private/access-token", host, "")
		require.Equal(t, http.StatusBadGateway, a.StatusCode, a.body)
	})
	super.start("false")
	mini.door.passes(t, 0, func() {
		a := super.superapp("private/access-token", host, "")
		require.Equal(t, http.StatusBadGateway, a.StatusCode, a.body)
		require.Equal(t, "mini_app_failed", a.json(t)["error"])
	})
}

// Boxo: the host app hands an auth code to the platform, which gets the person's data for it and brings them to the mini
// app.
func TestTwoProcessesCompleteTheWholeBoxoFlow(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, dsn string) {
		hostApp, platform := newNeighbours(t, dsn)
		miniApp := newPeer(t)
		miniApp.answers("/boxo/token", 200, miniAnswer, "Content-Type", "application/json")
		settings := map[string]any{"app_id": "boxo-app", "authorization_prefix": "Hostapp", "required_fields": []string{"email", "first_name"}}
		c := storage.Client{ID: "boxo-client", Name: "Boxo", PKCE: "optional", SubjectType: "pairwise", Scopes: scopesOf("email!", "profile!", "points_read"), Dialects: dialects(t, "boxo", settings)}
		hostApp.register(c)
		settings["platform"] = map[string]any{
			"access_token_url": hostApp.door.URL + "/api/get_access_token/", "user_data_url": hostApp.door.URL + "/api/get_user_data/",
			"token_url": miniApp.URL + "/boxo/token", "app_secret": sealed(t, "boxo-client", appSecret),
		}
		c.Dialects = dialects(t, "boxo", settings)
		platform.register(c)
		hostApp.start("true")
		platform.start("true")
		browser := hostApp.newBrowser()
		hostApp.allowIn(browser, "ana@example.com", request("boxo-client", "scope", "email profile points_read"))
		host := hostApp.hostToken("ana@example.com")
		code := func() string {
			a := hostApp.superapp("boxo-client/code", host, "")
			require.Equal(t, http.StatusCreated, a.StatusCode, a.body)
			return a.json(t)["code"].(string)
		}
		connect := func(code string, headers ...string) answer {
			return platform.connect(strings.Replace(connectBody, "the-auth-code", code, 1), headers...)
		}

		good := code()
		hostApp.door.passes(t, 0, func() {
			requireBoxo(t, "ACCESS_DENIED", connect(good, "Authorization", "Token "+pairOf("boxo-client", "wrong")), "a wrong secret")
		})
		hostApp.door.passes(t, 2, func() {
			a := connect(good)
			require.Equal(t, http.StatusOK, a.StatusCode, "%s\n%s\n%s", a.body, hostApp.log, platform.log)
			require.Equal(t, map[string]any{"auth_token": "the-mini-apps-token", "refresh_token": "to-refresh-it"}, a.json(t))
		})
		asked := miniApp.asked()
		require.Equal(t, []string{"POST /boxo/token"}, lines(asked))
		require.Equal(t, "Basic "+pairOf("boxo-app", appSecret), asked[0].header.Get("Authorization"))
		require.Equal(t, "boxo-app", asked[0].header.Get("X-Miniapp-App-ID"))
		require.Equal(t, "boxo-client", asked[0].header.Get("X-Hostapp-Client-ID"))
		var data map[string]any
		require.NoError(t, json.Unmarshal([]byte(asked[0].body), &data))
		reference := data["reference"].(string)
		require.NotEqual(t, hostApp.users["ana@example.com"].ID, reference)
		require.Equal(t, map[string]any{
			"reference": reference, "email": "ana@example.com", "first_name": "Ana", "custom_attributes": map[string]any{"points": 120.0},
		}, data)
		require.Equal(t, true, hostApp.consentOf(reference).json(t)["consent"])

		requireBoxo(t, "INVALID_AUTH_CODE", connect(good), "a used code")
		requireBoxo(t, "INVALID_AUTH_CODE", connect("nonsense"), "no code")
		require.Empty(t, miniApp.asked())
		miniApp.answers("/boxo/token", 200, `{"error_code":"INVALID_USER_DATA"}`)
		requireBoxo(t, "INVALID_USER_DATA", connect(code()), "the mini app refuses")
		require.Len(t, miniApp.asked(), 1)

		late := code()
		browser.atApps("boxo-client", "disconnect")
		a := connect(late)
		require.Equal(t, http.StatusBadRequest, a.StatusCode, a.body)
		require.Contains(t, []any{"INVALID_AUTH_CODE", "ACCESS_DENIED"}, a.json(t)["error_code"], "the person has taken it back")
		require.Equal(t, false, hostApp.consentOf(reference).json(t)["consent"])

		hostApp.allow("bo@example.com", request("boxo-client", "scope", "email profile"))
		host = hostApp.hostToken("bo@example.com")
		requireBoxo(t, "INVALID_USER_DATA", connect(code()), "the e-mail address is not verified")
		require.Empty(t, miniApp.asked())

		platform.start("false")
		hostApp.door.passes(t, 0, func() {
			requireBoxo(t, "UNEXPECTED_RESPONSE_ERROR", connect(code()), "a private network")
			requireBoxo(t, "UNEXPECTED_RESPONSE_ERROR", platform.connect(strings.Replace(directBody, `"email"`, `"first_name":"U","email"`, 1)), "a private network")
		})
		require.Empty(t, miniApp.asked())
		for _, n := range []*neighbour{hostApp, platform} {
			n.logLacks(host, good, testSecret, appSecret, pairOf("boxo-client", testSecret), pairOf("boxo-app", appSecret), "the-mini-apps-token", reference)
		}
	})
}
