package main

import (
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// `gatehouse serve` as a process of its own, which can be killed.

// newProcess fills a database and returns how to start a server on it. Each start is the same server again.
func newProcess(t *testing.T, dsn string) (s *testServer, start func() *exec.Cmd) {
	t.Helper()
	addr := freeAddress(t)
	s = &testServer{t: t, url: "http://" + addr, log: &lockedBuffer{}, clock: &atomic.Int64{}, users: map[string]storage.User{}}
	var err error
	s.store, err = gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	s.fixtures(s.now)
	require.NoError(t, s.store.Close())
	return s, func() *exec.Cmd {
		t.Helper()
		return s.serve(dsn, addr, s.url)
	}
}

// freeAddress is an address on loopback that nobody listens on at this moment. Its port is none that the system gives away by
// itself (on Linux from 32768 on), so no connection and no other listener of these tests gets it meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20_000+mathrand.IntN(12_000)))
		if err == nil {
			require.NoError(t, listener.Close())
			return listener.Addr().String()
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

// serve starts a process that answers at s.url and waits until it does.
func (s *testServer) serve(dsn, listen, issuer string) *exec.Cmd {
	s.t.Helper()
	server := exec.Command(os.Args[0])
	server.Args = []string{"gatehouse", "serve"} // see TestMain
	server.Env = append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret,
		"GATEHOUSE_LISTEN="+listen, "GATEHOUSE_ISSUER="+issuer, "GATEHOUSE_ALLOW_PRIVATE_NETWORK=true")
	server.Stderr = s.log
	require.NoError(s.t, server.Start())
	s.t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	require.Eventually(s.t, s.ready, 60*time.Second, 10*time.Millisecond, "the server does not get ready")
	return server
}

// anotherProcess starts a second process of the same server on the same database, at an address of its own.
func (s *testServer) anotherProcess(dsn string) *testServer {
	s.t.Helper()
	another, addr := *s, freeAddress(s.t.(*testing.T))
	another.url = "http://" + addr
	another.serve(dsn, addr, s.url)
	return &another
}

func (s *testServer) ready() bool {
	response, err := http.Get(s.url + "/readyz")
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// pair is what a mini app holds of one authorization, as far as it was answered.
type pair struct {
	access, refresh string
	revoked         bool
}

// customer is a mini app that gets, refreshes and revokes tokens until its server is gone. It keeps what it was told with success, and
// forgets what it asked and got no answer about.
type customer struct {
	s        *testServer
	b        *browser
	answered *atomic.Int64
	families []pair
	codes    []string
}

// work goes on until an answer fails to come.
func (m *customer) work() {
	for n := 0; ; n++ {
		spare, ok := m.code()
		if !ok {
			return
		}
		m.codes = append(m.codes, spare)
		code, ok := m.code()
		if !ok {
			return
		}
		f, ok := m.token(exchangeForm(code))
		if !ok {
			return
		}
		m.families = append(m.families, f)
		last := &m.families[len(m.families)-1]
		if f, ok = m.token(refreshForm(f.refresh)); !ok {
			return // done or not done: the refresh token that it has is good for both
		}
		*last = f
		if n%3 != 0 {
			continue
		}
		if _, _, ok = m.post("/oauth2/revoke", url.Values{"token": {f.access}}); !ok {
			m.families = m.families[:len(m.families)-1]
			return
		}
		last.revoked = true
	}
}

func (m *customer) code() (string, bool) {
	response, err := m.b.Get(m.s.url + "/oauth2/authorize?" + request("photoprint").Encode())
	if err != nil {
		return "", false
	}
	response.Body.Close()
	m.answered.Add(1)
	location, err := response.Location()
	return location.Query().Get("code"), err == nil
}

func (m *customer) token(form url.Values) (pair, bool) {
	status, body, ok := m.post("/oauth2/token", form)
	if !ok || status != http.StatusOK {
		return pair{}, false
	}
	tokens := answer{body: body}.json(m.s.t)
	return pair{access: tokens["access_token"].(string), refresh: tokens["refresh_token"].(string)}, true
}

// post returns false when no whole answer came.
func (m *customer) post(path string, form url.Values) (status int, body string, ok bool) {
	r, err := http.NewRequest(http.MethodPost, m.s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", false
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("photoprint", testSecret)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", false
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", false
	}
	m.answered.Add(1)
	return response.StatusCode, string(raw), true
}

// How long a mini app goes on reading at one server after the person disconnected it at another one. Nothing is cached
// that would have to be told, so it is the time that a request takes; 2 s is what everybody is promised.
func TestADisconnectIsKnownToAnotherProcessWithinTwoSeconds(t *testing.T) {
	dsn := furnished.Postgres(t)
	s, start := newProcess(t, dsn)
	start()
	another, b := s.anotherProcess(dsn), s.newBrowser()
	for range 5 {
		code, _ := s.allowIn(b, "ana@example.com", request("photoprint"))
		tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
		code, _ = s.allowIn(b, "ana@example.com", request("photoprint"))
		refresh := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)["refresh_token"].(string)
		refusals := map[string]func() bool{
			"introspection": func() bool { return !another.active("photoprint", tokens["access_token"]) },
			"userinfo":      func() bool { return another.userinfo(tokens["access_token"]).StatusCode == http.StatusUnauthorized },
			"refresh": func() bool {
				a := another.post("/oauth2/token", "photoprint", refreshForm(refresh))
				if a.StatusCode == http.StatusOK {
					refresh = a.json(t)["refresh_token"].(string)
				}
				return a.StatusCode == http.StatusBadRequest
			},
		}
		for name, refused := range refusals {
			require.False(t, refused(), name)
		}
		action, form := formOf(t, b.get("/account/apps"), "app-photoprint")
		form.Set("action", "disconnect")

		began := time.Now()
		require.Equal(t, http.StatusSeeOther, b.submit(action, form).StatusCode)
		var group sync.WaitGroup
		for name, refused := range refusals {
			group.Go(func() {
				var accepted time.Duration // when the last call that is not refused begins: a machine may take its time to answer it
				for at := time.Since(began); !refused() && at < 10*time.Second; at = time.Since(began) {
					accepted = at
				}
				t.Logf("%s is accepted at the other process for %s", name, accepted)
				assert.Less(t, accepted, 2*time.Second, name)
			})
		}
		require.False(t, s.active("photoprint", tokens["access_token"]), "in the same process it is the next call")
		require.Equal(t, http.StatusUnauthorized, s.userinfo(tokens["access_token"]).StatusCode)
		require.Equal(t, "invalid_grant", s.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string))).json(t)["error"])
		group.Wait()
		for name, refused := range refusals {
			require.True(t, refused(), "%s stays refused", name)
		}
	}
}

// What was answered with success is so after `kill -9` the next instant.
func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, start := newProcess(t, dsn)
		server, b := start(), s.newBrowser()
		s.allowIn(b, "ana@example.com", request("photoprint"))
		for range 3 {
			apps := workAndKill(t, s, b, server)
			server = start()
			for _, m := range apps {
				m.requireKept(t)
			}
			require.Equal(t, http.StatusOK, b.get("/account").StatusCode, "the session too")
		}
		require.NoError(t, server.Process.Signal(syscall.SIGTERM))
		require.NoError(t, server.Wait(), "and it still ends well: %s", s.log)
	})
}

// workAndKill lets several mini apps work and kills the server in the middle of it.
func workAndKill(t *testing.T, s *testServer, b *browser, server *exec.Cmd) []*customer {
	t.Helper()
	var answered atomic.Int64
	var group sync.WaitGroup
	apps := make([]*customer, 8)
	for i := range apps {
		apps[i] = &customer{s: s, b: b, answered: &answered}
		group.Go(apps[i].work)
	}
	require.Eventually(t, func() bool { return answered.Load() > 150 }, 60*time.Second, time.Millisecond)
	require.NoError(t, server.Process.Kill())
	group.Wait()
	server.Wait()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return apps
}

// requireKept checks everything that a mini app was told.
func (m *customer) requireKept(t *testing.T) {
	t.Helper()
	for _, f := range m.families {
		require.Equal(t, !f.revoked, m.s.active("photoprint", f.access))
		a := m.s.post("/oauth2/token", "photoprint", refreshForm(f.refresh))
		if f.revoked {
			require.Equal(t, "invalid_grant", a.json(t)["error"])
		} else {
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		}
	}
	for _, code := range m.codes {
		a := m.s.post("/oauth2/token", "photoprint", exchangeForm(code))
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	}
}
