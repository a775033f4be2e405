package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// Several `gatehouse serve` on one PostgreSQL database, behind a proxy.

// machines are processes behind a proxy; requests to url go to the proxy.
type machines struct {
	*testServer
	proxy *roundRobin
	each  []*testServer // the processes, past the proxy
	procs []*exec.Cmd
}

const threeMachines = 3

// newMachines starts three processes on a database with the fixtures. The tests' own store goes to the database at dsn,
// the processes' at through, which may be a tap of the same.
func newMachines(t *testing.T, dsn, through string, settings ...string) *machines {
	t.Helper()
	m := launchMachines(t, through, settings...)
	m.awaitAll()
	m.open(dsn)
	return m
}

// launchMachines starts three processes at once and waits for nothing.
func launchMachines(t *testing.T, dsn string, settings ...string) *machines {
	t.Helper()
	m := &machines{proxy: newRoundRobin(t)}
	m.testServer = &testServer{t: t, url: m.proxy.URL, log: &lockedBuffer{}, clock: &atomic.Int64{}, users: map[string]storage.User{}}
	for range threeMachines {
		addr := freeAddress(t)
		one := *m.testServer
		one.url = "http://" + addr
		m.each = append(m.each, &one)
		m.procs = append(m.procs, one.launch(dsn, addr, m.url, settings...))
		m.proxy.add(t, one.url)
	}
	return m
}

func (m *machines) awaitAll() {
	m.t.Helper()
	for _, one := range m.each {
		one.awaitReady()
	}
}

// open opens the database for the test, with the fixtures.
func (m *machines) open(dsn string) {
	m.t.Helper()
	store, err := gormstore.Open(m.t.Context(), dsn, gormstore.Options{})
	require.NoError(m.t, err)
	closeAtEnd(m.t, store)
	for _, s := range append([]*testServer{m.testServer}, m.each...) {
		s.store, s.reg = store, registry.New(store, s.now)
	}
	m.fixtures(m.now)
}

// roundRobin is a load balancer that gives each request to the next process, on a connection of its own.
type roundRobin struct {
	*httptest.Server
	transport *http.Transport

	mu       sync.Mutex
	backends []*url.URL
	turn     int
	served   []string // which process got each request
}

func newRoundRobin(t *testing.T) *roundRobin {
	t.Helper()
	p := &roundRobin{transport: &http.Transport{DisableKeepAlives: true}}
	p.Server = httptest.NewServer(p)
	closeAtEnd(t, closer(p.Close))
	return p
}

func (p *roundRobin) add(t *testing.T, backend string) {
	t.Helper()
	u, err := url.Parse(backend)
	require.NoError(t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backends = append(p.backends, u)
}

// ServeHTTP implements http.Handler.
func (p *roundRobin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	backend := p.next()
	forward := httputil.ReverseProxy{Transport: p.transport, Rewrite: func(pr *httputil.ProxyRequest) {
		pr.SetURL(backend)
		pr.Out.Host = pr.In.Host
		pr.SetXForwarded()
	}}
	forward.ServeHTTP(w, r)
}

func (p *roundRobin) next() *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	backend := p.backends[p.turn%len(p.backends)]
	p.turn++
	p.served = append(p.served, backend.Host)
	return backend
}

// took returns how many requests each process got.
func (p *roundRobin) took() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := map[string]int{}
	for _, host := range p.served {
		took[host]++
	}
	return took
}

// alternated reports whether no process got two requests in a row.
func (p *roundRobin) alternated() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(slices.Compact(slices.Clone(p.served))) == len(p.served)
}

// wholeFlow goes through everything that people, mini apps, the host app and reviewers do. Whatever follows a decision of
// a reviewer may take two seconds to be known everywhere.
func (m *machines) wholeFlow() {
	t := m.t.(*testing.T)
	t.Helper()
	b := m.newBrowser()
	asked := request("photoprint", "scope", "openid email profile offline_access")
	code, _ := m.allowIn(b, "ana@example.com", asked)
	a := m.post("/oauth2/token", "photoprint", exchangeForm(code))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	tokens := a.json(t)
	refreshed := m.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
	require.Equal(t, http.StatusOK, refreshed.StatusCode, refreshed.body)
	again := m.post("/oauth2/token", "photoprint", refreshForm(tokens["refresh_token"].(string)))
	require.Equal(t, http.StatusOK, again.StatusCode, again.body)
	for _, member := range []string{"access_token", "refresh_token", "scope"} {
		require.Equal(t, refreshed.json(t)[member], again.json(t)[member], "a lost answer is given again by another process")
	}
	access := refreshed.json(t)["access_token"]
	require.Equal(t, "ana@example.com", m.userinfo(access).json(t)["email"])
	require.True(t, m.active("photoprint", access))
	silent := b.authorize(request("photoprint", "prompt", "none", "id_token_hint", tokens["id_token"].(string)))
	require.NotEmpty(t, callback(t, silent).Get("code"), "signed by one process, verified by another one")

	h := m.hostApp("ana@example.com")
	h.decides("photoprint", `{"decision":"allow","scopes":["openid","email"]}`)
	shared := h.tokens("photoprint", "openid email")
	require.True(t, m.active("photoprint", shared["access_token"]))

	revoked := m.post("/oauth2/revoke", "photoprint", url.Values{"token": {refreshed.json(t)["refresh_token"].(string)}})
	require.Equal(t, http.StatusOK, revoked.StatusCode, revoked.body)
	for range threeMachines {
		require.False(t, m.active("photoprint", access), "revoked everywhere")
	}

	target, form := formOf(t, b.get("/logout"), "sign-out")
	require.Equal(t, http.StatusSeeOther, b.submit(target, form).StatusCode)
	for range threeMachines {
		require.Contains(t, b.authorize(asked).Header.Get("Location"), "/login", "signed out everywhere")
	}
}

func TestWholeFlowsGoThroughThreeProcesses(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	m := newMachines(t, dsn, dsn)
	m.wholeFlow()
	m.reviewed(t)
	m.developed(t)
	require.True(t, m.proxy.alternated())
	took := m.proxy.took()
	require.Len(t, took, threeMachines)
	for host, n := range took {
		require.Greater(t, n, 15, host)
	}
	m.requireNoError()
}

// requireNoError wants no error in the logs, but of a process that was asked for its readiness and could not say it in time.
func (m *machines) requireNoError() {
	m.t.Helper()
	for line := range strings.Lines(m.log.String()) {
		if !strings.Contains(line, `"msg":"not ready"`) {
			require.NotContains(m.t, line, `"level":"ERROR"`)
		}
	}
}
