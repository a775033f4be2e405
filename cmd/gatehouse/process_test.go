package main

import (
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// `gatehouse serve` as a process of its own, which can be killed.

// newProcess fills a database and returns how to start a server on it, with settings as NAME=VALUE. Each start is the same server
// again.
func newProcess(t *testing.T, dsn string, settings ...string) (s *testServer, start func() *exec.Cmd) {
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
		return s.serve(dsn, addr, s.url, settings...)
	}
}

var given sync.Map // by address, those that freeAddress has returned

// freeAddress is an address on loopback that nobody listens on at this moment. Its port is none that the system gives away by
// itself (on Linux from 32768 on), so no connection and no other listener of these tests gets it meanwhile.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(20_000+mathrand.IntN(12_000)))
		if err == nil {
			require.NoError(t, listener.Close())
			if _, taken := given.LoadOrStore(listener.Addr().String(), true); !taken {
				return listener.Addr().String()
			}
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

// serve starts a process that answers at s.url and waits until it does.
func (s *testServer) serve(dsn, listen, issuer string, settings ...string) *exec.Cmd {
	s.t.Helper()
	server := s.launch(dsn, listen, issuer, settings...)
	s.awaitReady()
	return server
}

// launch starts a process and waits for nothing.
func (s *testServer) launch(dsn, listen, issuer string, settings ...string) *exec.Cmd {
	s.t.Helper()
	program := s.program
	if program == "" {
		program = os.Args[0] // see TestMain
	}
	server := exec.Command(program)
	server.Args = []string{"gatehouse", "serve"}
	server.Env = append(environment(dsn, listen, issuer), settings...)
	server.Stderr = s.log
	require.NoError(s.t, server.Start())
	s.t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	return server
}

// environment is what a server is told.
func environment(dsn, listen, issuer string) []string {
	return append(os.Environ(), "GATEHOUSE_DATABASE="+dsn, "GATEHOUSE_SECRET="+testConfig("", "").Secret,
		"GATEHOUSE_LISTEN="+listen, "GATEHOUSE_ISSUER="+issuer, "GATEHOUSE_ALLOW_PRIVATE_NETWORK=true")
}

func (s *testServer) awaitReady() {
	s.t.Helper()
	require.Eventually(s.t, s.ready, 60*time.Second, 10*time.Millisecond, "the server does not get ready: %s", s.log)
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
				for at := time.Since(began); !refused() && at < 2*soon(); at = time.Since(began) {
					accepted = at
				}
				t.Logf("%s is accepted at the other process for %s", name, accepted)
				assert.Less(t, accepted, soon(), name)
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
