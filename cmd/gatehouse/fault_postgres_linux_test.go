package main

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/internal/testdb/cluster"
)

// slowestAnswer bounds how long anybody waits for 503: a statement or a connection is given up after 10 s, and the rest is for a
// machine that is busy.
const slowestAnswer = 18 * time.Second

// patron is the load on a server while its database comes and goes: mini apps that look at tokens, refresh them and revoke them.
type patron struct {
	*testServer
	t       *testing.T
	client  *http.Client
	b       *browser
	stop    atomic.Bool
	away    atomic.Int64 // answers with 503
	good    atomic.Int64 // with 200
	slowest atomic.Int64 // ns

	mu      sync.Mutex
	revoked []string // was answered with success
}

// ask sends a request and wants 200 or 503 within a bounded time; ok is true for 200.
func (p *patron) ask(path string, form url.Values) (a answer, ok bool) {
	began := time.Now()
	a, err := p.try(p.client, path, "photoprint", form)
	if !assert.NoError(p.t, err) {
		p.stop.Store(true)
		return a, false
	}
	for took := int64(time.Since(began)); ; {
		was := p.slowest.Load()
		if took <= was || p.slowest.CompareAndSwap(was, took) {
			break
		}
	}
	if a.StatusCode == http.StatusServiceUnavailable {
		assert.NotEmpty(p.t, a.Header.Get("Retry-After"))
		assert.NotContains(p.t, a.body, "active")
		p.away.Add(1)
		time.Sleep(20 * time.Millisecond)
		return a, false
	}
	p.good.Add(1)
	return a, a.StatusCode == http.StatusOK
}

// looks asks again and again about a token that nobody revokes.
func (p *patron) looks(access string) {
	for !p.stop.Load() {
		if a, ok := p.ask("/oauth2/introspect", url.Values{"token": {access}}); ok {
			assert.Equal(p.t, true, a.json(p.t)["active"], "a live token")
		} else {
			assert.Equal(p.t, http.StatusServiceUnavailable, a.StatusCode, a.body)
		}
	}
}

// refreshes goes on with its tokens as long as it is told what came of it, and begins anew where it was not told in time.
func (p *patron) refreshes() {
	for !p.stop.Load() {
		held, ok := p.newPair()
		for ok && !p.stop.Load() {
			var a answer
			asked := time.Now()
			if a, ok = p.ask("/oauth2/token", refreshForm(held.refresh)); ok {
				held = pairIn(a.json(p.t))
				continue
			}
			for again := 1; !ok && a.StatusCode == http.StatusServiceUnavailable && !p.stop.Load(); again++ {
				a, ok = p.ask("/oauth2/token", refreshForm(held.refresh))
			}
			if ok {
				held = pairIn(a.json(p.t))
				continue
			}
			if !p.stop.Load() { // made once, and asked for again after the grace
				assert.Equal(p.t, "invalid_grant", a.json(p.t)["error"])
				assert.Greater(p.t, time.Since(asked), 9*time.Second, a.body)
			}
		}
	}
}

// revokes ends tokens and keeps those of which it was told that they are.
func (p *patron) revokes() {
	for !p.stop.Load() {
		held, ok := p.newPair()
		if !ok {
			continue
		}
		for !p.stop.Load() {
			a, ok := p.ask("/oauth2/revoke", url.Values{"token": {held.access}})
			if ok {
				p.mu.Lock()
				p.revoked = append(p.revoked, held.access)
				p.mu.Unlock()
				break
			}
			p.wantAway(a)
		}
	}
}

func (p *patron) newPair() (pair, bool) {
	response, err := p.b.Get(p.url + "/oauth2/authorize?" + request("photoprint").Encode())
	if !assert.NoError(p.t, err) {
		p.stop.Store(true)
		return pair{}, false
	}
	response.Body.Close()
	location, err := response.Location()
	if err != nil {
		assert.Equal(p.t, http.StatusServiceUnavailable, response.StatusCode)
		time.Sleep(20 * time.Millisecond)
		return pair{}, false
	}
	a, ok := p.ask("/oauth2/token", exchangeForm(location.Query().Get("code")))
	if !ok {
		p.wantAway(a)
		return pair{}, false
	}
	return pairIn(a.json(p.t)), true
}

// wantAway wants 503 of an answer that was not 200: nothing else is wrong.
func (p *patron) wantAway(a answer) {
	if a.Response != nil { // nil: none came, which was told
		assert.Equal(p.t, http.StatusServiceUnavailable, a.StatusCode, a.body)
	}
}

// A PostgreSQL that is stopped, crashes, or answers nothing any more, under load: 503 within a bounded time and the truth afterwards,
// by the same process.
func TestPostgresThatStopsOrFreezesUnderLoadIs503AndComesBack(t *testing.T) {
	t.Parallel()
	testdb.RequirePostgres(t)
	database, err := cluster.Start(true, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, database.Stop()) })
	s, start := newProcess(t, database.URL())
	server := start()
	p := &patron{testServer: s, t: t, client: &http.Client{Timeout: 3 * slowestAnswer}, b: s.newBrowser()}
	live := make([]pair, 3)
	for i := range live {
		code, _ := s.allowIn(p.b, "ana@example.com", request("photoprint"))
		live[i] = pairIn(s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t))
	}
	var group sync.WaitGroup
	for i := range live {
		group.Go(func() { p.looks(live[i].access) })
		group.Go(p.refreshes)
		group.Go(p.revokes)
	}
	t.Cleanup(func() { p.stop.Store(true); group.Wait() })

	for round := range longOr(1, 4) {
		for _, fault := range []struct {
			name       string
			begin, end func() error
		}{
			{"stopped", func() error { return database.Halt(syscall.SIGINT) }, database.Resume},
			{"crashed", func() error { return database.Halt(syscall.SIGQUIT) }, database.Resume},
			{"frozen", database.Freeze, database.Thaw},
		} {
			p.suffer(fmt.Sprintf("%s, round %d", fault.name, round), fault.begin, fault.end)
		}
	}
	p.stop.Store(true)
	group.Wait()
	for i := range live {
		require.True(t, s.active("photoprint", live[i].access))
		require.Equal(t, http.StatusOK, s.post("/oauth2/token", "photoprint", refreshForm(live[i].refresh)).StatusCode)
	}
	require.NotEmpty(t, p.revoked)
	for _, access := range p.revoked {
		require.False(t, s.active("photoprint", access), "its revocation was answered with 200")
	}
	t.Logf("%d answers of 200, %d of 503, %d revocations; the slowest took %s", p.good.Load(), p.away.Load(), len(p.revoked), time.Duration(p.slowest.Load()))
	require.Less(t, time.Duration(p.slowest.Load()), longOr(60*time.Second, slowestAnswer))
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	require.NoError(t, server.Wait(), "the same process: %s", s.log)
}

// suffer begins a fault under load, waits until everybody has felt it, and ends it.
func (p *patron) suffer(name string, begin, end func() error) {
	p.t.Helper()
	good := p.good.Load()
	require.Eventually(p.t, func() bool { return p.good.Load() > good+50 }, 60*time.Second, time.Millisecond, name)
	away := p.away.Load()
	require.NoError(p.t, begin())
	ended := false
	defer func() {
		if !ended {
			_ = end()
		}
	}()
	require.Eventually(p.t, func() bool { return !p.ready() }, longOr(60*time.Second, 5*time.Second), 20*time.Millisecond, "%s: /readyz says so", name)
	require.Eventually(p.t, func() bool { return p.away.Load() > away+9 }, longOr(60*time.Second, slowestAnswer), 10*time.Millisecond, "%s: 503", name)
	require.NoError(p.t, end())
	ended = true
	began := time.Now()
	require.Eventually(p.t, p.ready, longOr(60*time.Second, 20*time.Second), 20*time.Millisecond, "%s: /readyz comes back", name)
	good = p.good.Load()
	require.Eventually(p.t, func() bool { return p.good.Load() > good+50 }, longOr(60*time.Second, slowestAnswer), time.Millisecond, "%s: and so do all", name)
	p.t.Logf("%s: back after %s", name, time.Since(began))
}
