package main

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// The database away, refusing writes, and gone between two statements: real databases that really fail.

// live is a server in the middle of its work, with everything that a client or a browser may come back with.
type live struct {
	*testServer
	browser *browser // signed in
	consent string   // a consent page that is open in it
	login   string   // a sign-in page that is open in another one
	other   *browser

	code, access, refresh string
}

func newLive(s *testServer) *live {
	l := &live{testServer: s, browser: s.newBrowser(), other: s.newBrowser()}
	code, _ := s.allowIn(l.browser, "ana@example.com", request("photoprint"))
	tokens := s.post("/oauth2/token", "photoprint", exchangeForm(code)).json(s.t)
	l.access, l.refresh = tokens["access_token"].(string), tokens["refresh_token"].(string)
	l.code = l.newCode()
	l.consent = l.browser.authorize(request("photoprint", "scope", "openid email phone")).Header.Get("Location")
	l.login = l.other.authorize(request("photoprint")).Header.Get("Location")
	return l
}

func (l *live) newCode() string {
	a := untilBack(l.t, "authorize", func() answer { return l.browser.authorize(request("photoprint")) })
	return callback(l.t, a).Get("code")
}

// calls are the requests of mini-app servers, by name: those that write and those that only read.
func (l *live) calls() (writes, reads map[string]func() answer) {
	credentials := url.Values{"grant_type": {"client_credentials"}}
	token := func() url.Values { return url.Values{"token": {l.access}} }
	writes = map[string]func() answer{
		"code exchange":      func() answer { return l.post("/oauth2/token", "photoprint", exchangeForm(l.code)) },
		"refresh":            func() answer { return l.post("/oauth2/token", "photoprint", refreshForm(l.refresh)) },
		"client credentials": func() answer { return l.post("/oauth2/token", "photoprint", credentials) },
		"revocation":         func() answer { return l.post("/oauth2/revoke", "photoprint", token()) },
	}
	reads = map[string]func() answer{
		"introspection": func() answer { return l.post("/oauth2/introspect", "photoprint", token()) },
		"userinfo":      func() answer { return l.userinfo(l.access) },
	}
	return writes, reads
}

// pages are the requests of browsers.
func (l *live) pages() (writes, reads map[string]func() answer) {
	writes = map[string]func() answer{
		"authorize": func() answer { return l.browser.authorize(request("photoprint")) },
	}
	reads = map[string]func() answer{
		"authorize that asks": func() answer { return l.browser.authorize(request("photoprint", "prompt", "consent")) },
		"silent authorize": func() answer {
			return l.browser.authorize(request("photoprint", "prompt", "none", "scope", "openid phone"))
		},
		"consent":        func() answer { return l.browser.get(l.consent) },
		"account":        func() answer { return l.browser.get("/account") },
		"connected apps": func() answer { return l.browser.get("/account/apps") },
		"export":         func() answer { return l.browser.get("/account/export") },
	}
	return writes, reads
}

// requireAway checks that an answer says "later" and nothing else: not inactive, not done, not refused.
func requireAway(t testing.TB, name string, a answer) {
	t.Helper()
	require.Equal(t, http.StatusServiceUnavailable, a.StatusCode, "%s: %s", name, a.body)
	require.NotEmpty(t, a.Header.Get("Retry-After"), name)
	require.Contains(t, a.Header.Get("Cache-Control"), "no-store", name)
	require.Empty(t, a.Header.Get("Location"), name)
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		require.Contains(t, a.body, `data-error="temporarily_unavailable"`, name)
		return
	}
	require.Equal(t, "temporarily_unavailable", a.json(t)["error"], name)
	require.NotContains(t, a.body, "active", name)
}

func requireAllAway(t *testing.T, sets ...map[string]func() answer) {
	t.Helper()
	for _, calls := range sets {
		for name, call := range calls {
			requireAway(t, name, call())
		}
	}
}

func (s *testServer) readiness() int {
	return s.newBrowser().get("/readyz").StatusCode
}

// untilBack repeats a call that is told to come back later, as a client does, until it gets another answer.
func untilBack(t testing.TB, name string, call func() answer) answer {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; {
		a := call()
		if a.StatusCode != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return a
		}
		requireAway(t, name, a)
	}
}

// requireBack waits until the server has noticed by itself that the database is there again, and then all of it works.
func (l *live) requireBack(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return l.readiness() == http.StatusOK }, 60*time.Second, 20*time.Millisecond)
	writes, reads := l.calls()
	for name, call := range reads {
		a := untilBack(t, name, call)
		require.Equal(t, http.StatusOK, a.StatusCode, "the token is as alive as it was: %s", a.body)
		require.NotContains(t, a.body, `"active":false`)
	}
	for _, name := range []string{"code exchange", "refresh", "revocation"} {
		a := untilBack(t, name, writes[name])
		require.Equal(t, http.StatusOK, a.StatusCode, "no %s that was answered 503 has burnt anything: %s", name, a.body)
	}
	require.False(t, l.active("photoprint", l.access))
	require.NotEmpty(t, l.newCode())
}

func (l *live) requireAllAway(t *testing.T) {
	t.Helper()
	writes, reads := l.calls()
	pageWrites, pageReads := l.pages()
	requireAllAway(t, writes, reads, pageWrites, pageReads)
	requireAway(t, "sign-in", l.signInLate())
	cold := l.post("/oauth2/token", "other", url.Values{"grant_type": {"client_credentials"}})
	requireAway(t, "a client that was never asked for", cold)
	requireAway(t, "authorize of such a client", l.browser.authorize(request("relaxed")))

	require.Equal(t, http.StatusServiceUnavailable, l.readiness())
	for _, path := range []string{"/healthz", "/.well-known/openid-configuration", "/.well-known/jwks.json", "/login"} {
		require.Equal(t, http.StatusOK, l.newBrowser().get(path).StatusCode, "%s needs no database", path)
	}
	forged := l.access[:len(l.access)-8] + "AAAAAAAA"
	require.Equal(t, http.StatusUnauthorized, l.userinfo(forged).StatusCode, "nor does refusing a forged token")
}

// signInLate sends the sign-in form that is open in the other browser.
func (l *live) signInLate() answer {
	location, err := url.Parse(l.login)
	require.NoError(l.t, err)
	return l.other.submit("/login", url.Values{
		"interaction": {location.Query().Get("interaction")}, "username": {"ana@example.com"}, "password": {testPassword},
	})
}

func TestADatabaseThatIsAwayIs503AndComesBackWithoutARestart(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	l := newLive(newTestServer(t, dsn))
	reconnect := testdb.Disconnect(t, dsn)
	l.requireAllAway(t)
	reconnect()
	l.requireBack(t)
}

func TestADatabaseThatIsClosedIs503(t *testing.T) {
	t.Parallel()
	l := newLive(newTestServer(t, furnished.SQLite(t)))
	require.NoError(t, l.store.Close())
	l.requireAllAway(t)
}

// A standby, a full disk, a backup that holds the lock: what only reads goes on.
func TestADatabaseThatRefusesWritesAnswersReadsAndIs503ForTheRest(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		l := newLive(newTestServer(t, dsn))
		writable := refuseWrites(t, dsn)
		writes, reads := l.calls()
		pageWrites, pageReads := l.pages()
		for name, call := range pageReads {
			require.Less(t, untilBack(t, name, call).StatusCode, 400, name)
		}
		for name, call := range reads {
			a := untilBack(t, name, call)
			require.Equal(t, http.StatusOK, a.StatusCode, "%s: %s", name, a.body)
			require.NotContains(t, a.body, `"active":false`)
		}
		var group sync.WaitGroup // each waits as long as the database is given
		for _, calls := range []map[string]func() answer{writes, pageWrites, {"sign-in": l.signInLate}} {
			for name, call := range calls {
				group.Go(func() { requireAway(t, name, call()) })
			}
		}
		group.Go(func() { require.Equal(t, http.StatusServiceUnavailable, l.readiness()) })
		group.Wait()
		writable()
		l.requireBack(t)
	})
}

// refuseWrites makes PostgreSQL a read-only server, and takes the write lock of a SQLite file as another process may.
func refuseWrites(t *testing.T, dsn string) (writable func()) {
	path, isSQLite := strings.CutPrefix(dsn, "sqlite:")
	if !isSQLite {
		return testdb.ReadOnly(t, dsn)
	}
	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.Exec("BEGIN IMMEDIATE")
	require.NoError(t, err)
	return func() {
		_, err := db.Exec("ROLLBACK")
		require.NoError(t, err)
	}
}

// Wherever within an exchange or a refresh the database goes away, the answer is 503 and nothing is burnt.
func TestADatabaseThatGoesAwayWithinARequestBurnsNothing(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	l := newLive(newTestServer(t, dsn))
	calls, reads := l.calls()
	introspect := reads["introspection"]
	for _, name := range []string{"code exchange", "refresh", "revocation"} {
		for n := 1; ; n++ {
			l.access, l.refresh = l.freshPair()
			l.code = l.newCode()
			a, reached := l.cutAt(dsn, n, calls[name])
			if !reached {
				require.Equal(t, http.StatusOK, a.StatusCode, a.body)
				require.Greater(t, n, 2, "%s has a read and a write", name)
				break
			}
			requireAway(t, name, a)
			seen := untilBack(t, "introspection", introspect).json(t)
			require.Equal(t, true, seen["active"], "%s cut at statement %d", name, n)
			a = untilBack(t, name, calls[name])
			require.Equal(t, http.StatusOK, a.StatusCode, "%s cut at statement %d, then again: %s", name, n, a.body)
		}
	}
}

// Nor is the one URL of a person, wherever within opening it the database goes away: the same one works afterwards.
func TestADatabaseThatGoesAwayWhileATicketIsOpenedBurnsNothing(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	s, ways := tickets(t, dsn)
	l := &live{testServer: s}
	for name, way := range ways {
		for n := 1; ; n++ {
			require.Eventually(t, func() bool { return l.readiness() == http.StatusOK }, 60*time.Second, 20*time.Millisecond)
			path, to, who := way()
			b := s.newBrowser()
			a, reached := l.cutAt(dsn, n, func() answer { return b.get(path) })
			if !reached {
				require.Equal(t, to, a.Header.Get("Location"), a.body)
				require.Greater(t, n, 5, "%s has reads, and a transaction that spends it and begins a session", name)
				break
			}
			requireAway(t, name, a)
			a = untilBack(t, name, func() answer { return b.get(path) })
			require.Equal(t, http.StatusSeeOther, a.StatusCode, "%s cut at statement %d, then again: %s", name, n, a.body)
			require.Equal(t, to, a.Header.Get("Location"))
			require.True(t, b.is(who))
			require.Equal(t, http.StatusBadRequest, untilBack(t, name, func() answer { return s.newBrowser().get(path) }).StatusCode)
		}
	}
}

func (l *live) freshPair() (access, refresh string) {
	code := l.newCode()
	tokens := untilBack(l.t, "exchange", func() answer { return l.post("/oauth2/token", "photoprint", exchangeForm(code)) }).json(l.t)
	return tokens["access_token"].(string), tokens["refresh_token"].(string)
}

// cutAt takes the database away just before the n-th statement of a call, and brings it back after it.
func (l *live) cutAt(dsn string, n int, call func() answer) (a answer, reached bool) {
	var seen atomic.Int64
	reconnect := func() {}
	cut := func(string) {
		if seen.Add(1) == int64(n) {
			reconnect = testdb.Disconnect(l.t, dsn)
		}
	}
	l.count.before.Store(&cut)
	a = call()
	l.count.before.Store(nil)
	reconnect()
	return a, seen.Load() >= int64(n)
}
