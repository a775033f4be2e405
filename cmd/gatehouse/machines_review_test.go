package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// soon is how long other processes may take to see what one of them wrote: two seconds, where the tests of faults have the machine
// for themselves. Beside other tests the machine itself may take some seconds more.
func soon() time.Duration { return longOr(20*time.Second, 2*time.Second) }

// everywhereSoon wants what is so at every process soon.
func (m *machines) everywhereSoon(what string, is func(one *testServer) bool) {
	m.t.Helper()
	began := time.Now()
	for _, one := range m.each {
		require.Eventually(m.t, func() bool { return is(one) }, 60*time.Second, 5*time.Millisecond, "%s is not known at %s", what, one.url)
	}
	require.Less(m.t, time.Since(began), soon(), what)
	m.t.Logf("%s is known everywhere after %s", what, time.Since(began))
}

// sendsToSignIn reports whether an authorization request of the client is one.
func (s *testServer) sendsToSignIn(clientID string) bool {
	return strings.Contains(s.newBrowser().authorize(request(clientID)).Header.Get("Location"), "/login")
}

// reviewed lets a reviewer approve a mini app in the console, suspend and reinstate it, each page and each form at
// another process.
func (m *machines) reviewed(t *testing.T) {
	t.Helper()
	m.submitted("fresh", "Fresh app")
	m.everywhereSoon("a mini app that waits", func(one *testServer) bool { return !one.sendsToSignIn("fresh") })
	b, page := m.inConsole("/admin/apps/fresh", storage.RoleReviewer, storage.RoleAdmin)
	done := b.press(page, "review", "approve")
	require.Equal(t, http.StatusSeeOther, done.StatusCode, "%s\n%s", done.body, m.log)
	m.everywhereSoon("an approved mini app", func(one *testServer) bool { return one.sendsToSignIn("fresh") })
	require.NotContains(t, b.get(done.Header.Get("Location")).body, `value="approve"`, "what was done is shown by the next process")

	operator := m.staff("rita@example.com", storage.RoleAdmin)
	a := m.api(operator, http.MethodPost, "/clients/fresh/suspend", map[string]any{"comment": "because"})
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	m.everywhereSoon("a suspension", func(one *testServer) bool { return !one.sendsToSignIn("fresh") })
	a = m.api(operator, http.MethodPost, "/clients/fresh/reinstate", nil)
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	m.everywhereSoon("its end", func(one *testServer) bool { return one.sendsToSignIn("fresh") })
}

// developed lets a developer register a mini app step by step, each page and each form at another process. What a process
// shows of a registration that another one stored a moment ago is what was stored.
func (m *machines) developed(t *testing.T) {
	t.Helper()
	b := m.aDeveloper("ana@example.com", "printers")
	page := b.led(b.fill(b.get("/developer/new"), "step", "name", "Kiosk", "client_uri", "https://kiosk.example/", "contacts", "dev@kiosk.example", "then", "next"))
	at := strings.TrimSuffix(page.Request.URL.Path, "/redirects")
	page = b.led(b.fill(page, "step", "redirect_uris", "https://kiosk.example/cb", "then", "next"))
	b.led(b.fill(page, "step", "use:openid", "required", "use:email", "required", "then", "next"))
	b.led(b.fill(b.get(at+"/data"), "step", "purpose:email:en", "To send you what you bought"))
	b.led(b.fill(b.get(at+"/review"), "submit"))
	require.Equal(t, storage.StatusSubmitted, m.status(strings.TrimPrefix(at, "/developer/apps/")))
}

func jwks(s *testServer) string { return s.newBrowser().get("/.well-known/jwks.json").body }

// What one process writes is seen by the others within two seconds: where the database tells them, and where a pooler
// keeps its notifications back.
func TestEveryProcessSeesWhatAnotherOneWroteWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"by LISTEN": false, "by looking": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := furnished.Postgres(t)
			tap := testdb.NewTap(t, dsn)
			tap.Deaf = deaf
			m := newMachines(t, dsn, tap.DSN)
			operator := m.staff("olga@example.com", storage.RoleAdmin)
			was := jwks(m.each[0])
			m.everywhereSoon("the keys", func(one *testServer) bool { return jwks(one) == was })
			for range 2 {
				m.keysRotate(operator)
			}
			m.scopeChanges(operator)
			m.reviewed(t)
		})
	}
}

// keysRotate rotates at one process. All publish the new keys soon, and the same ones.
func (m *machines) keysRotate(operator string) {
	m.t.Helper()
	before := jwks(m.each[0])
	a := m.api(operator, http.MethodPost, "/keys/rotate", nil)
	require.Less(m.t, a.StatusCode, 300, a.body)
	m.everywhereSoon("new keys", func(one *testServer) bool {
		now := jwks(one)
		return now != before && now == jwks(m.each[0])
	})
}

// scopeChanges gives a scope of the operator's another title, which consent pages show.
func (m *machines) scopeChanges(operator string) {
	m.t.Helper()
	b := m.newBrowser()
	consent := b.signIn(b.authorize(request("photoprint", "scope", "openid email points_read")), "ana@example.com").Header.Get("Location")
	require.Contains(m.t, consent, "/consent")
	m.everywhereSoon("the old title", func(one *testServer) bool { return strings.Contains(b.get(one.url+consent).body, "Your points") })
	a := m.api(operator, http.MethodGet, "/scopes/points_read", nil)
	a = m.api(operator, http.MethodPatch, "/scopes/points_read", map[string]any{"title": map[string]any{"en": "How much you have collected"}}, "If-Match", a.Header.Get("ETag"))
	require.Equal(m.t, http.StatusOK, a.StatusCode, a.body)
	m.everywhereSoon("a new title", func(one *testServer) bool {
		return strings.Contains(b.get(one.url+consent).body, "How much you have collected")
	})
}

// Operators, or a schedule on every machine, who rotate at the same moment make no generation twice, and no process is
// left with other keys than the rest.
func TestProcessesThatRotateKeysAtOnceAgreeOnThem(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	m := newMachines(t, dsn, dsn)
	operator := m.staff("olga@example.com", storage.RoleAdmin)
	before := m.signingKeys()
	var group sync.WaitGroup
	for _, one := range m.each {
		group.Go(func() { one.api(operator, http.MethodPost, "/keys/rotate", nil) })
	}
	group.Wait()
	made := m.signingKeys()[len(before):]
	require.NotEmpty(t, made)
	require.LessOrEqual(t, len(made), 2*threeMachines)
	seen := map[string]bool{}
	for _, k := range made {
		name := fmt.Sprint(k.Generation, k.Algorithm)
		require.False(t, seen[name], name)
		seen[name] = true
	}
	m.everywhereSoon("all keys", func(one *testServer) bool {
		set := jwks(one)
		return !slices.ContainsFunc(made, func(k storage.Key) bool { return !strings.Contains(set, k.ID) })
	})
	m.wholeFlow()
}
