package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// background is what processes ask for by themselves, by the first statement that is not BEGIN: the revision, what was
// last used and answered, the audit log's chain, deliveries, what has expired, and what sets up a connection.
var background = regexp.MustCompile(`(?i)\brevision\b|audit_chain|audit_events|\bdeliveries\b|client_requests|hourly_counts|grant_reads|SET "?seen_at|advisory|signing_keys|idle_in_transaction|-- ping`)

// requested returns what requests asked of the database, through whichever process, and the round trips of each.
func requested(tap *testdb.Tap) (statements []string, exchanges []testdb.Exchange) {
	for _, e := range tap.Seen() {
		first := ""
		for _, sql := range e.Statements {
			if !strings.HasPrefix(strings.ToUpper(sql), "BEGIN") {
				first = sql
				break
			}
		}
		if first == "" || background.MatchString(first) { // nothing but prepared, or none of a request's
			continue
		}
		statements = append(statements, e.Statements...)
		exchanges = append(exchanges, e)
	}
	return statements, exchanges
}

// The budget of docs/architecture.md, counted on the wire before the database, whichever process a request goes to.
func TestDatabaseBudgetHoldsThroughThreeProcesses(t *testing.T) {
	dsn := furnished.Postgres(t)
	tap := testdb.NewTap(t, dsn)
	m := newMachines(t, dsn, tap.DSN)
	b := m.newBrowser()
	m.allowIn(b, "ana@example.com", request("photoprint"))
	m.allowIn(b, "ana@example.com", request("photoprint", "scope", "email"))

	type measured struct {
		name string
		want budget
		do   func()
	}
	var code, access, refresh string
	forged := func() string { return access[:len(access)-4] + "AAAA" }
	steps := []measured{ // of one request each
		{"authorize, signed in and decided", budget{2, 1}, func() { code = callback(t, b.authorize(request("photoprint"))).Get("code") }},
		{"code exchange", budget{1, 1}, func() {
			tokens := m.post("/oauth2/token", "photoprint", exchangeForm(code)).json(t)
			access, refresh = tokens["access_token"].(string), tokens["refresh_token"].(string)
		}},
		{"refresh", budget{1, 1}, func() {
			require.Equal(t, http.StatusOK, m.post("/oauth2/token", "photoprint", refreshForm(refresh)).StatusCode)
		}},
		{"introspection", budget{1, 0}, func() { require.True(t, m.active("photoprint", access)) }},
		{"userinfo", budget{2, 0}, func() { require.Equal(t, http.StatusOK, m.userinfo(access).StatusCode) }},
		{"client credentials", budget{0, 1}, func() {
			require.Equal(t, http.StatusOK, m.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}}).StatusCode)
		}},
		{"introspection of a forged token", budget{0, 0}, func() { require.False(t, m.active("photoprint", forged())) }},
		{"refresh of a forged token", budget{0, 0}, func() {
			require.Equal(t, http.StatusBadRequest, m.post("/oauth2/token", "photoprint", refreshForm(forged())).StatusCode)
		}},
		{"exchange of a malformed code", budget{0, 0}, func() {
			require.Equal(t, http.StatusBadRequest, m.post("/oauth2/token", "photoprint", exchangeForm("abc")).StatusCode)
		}},
		{"an authorize of a browser that has not signed in", budget{0, 0}, func() {
			require.Contains(t, m.newBrowser().authorize(request("photoprint")).Header.Get("Location"), "/login")
		}},
	}
	require.Equal(t, 1, len(steps)%threeMachines, "so that each step comes to another process in the next round")
	// A process whose look at the revision was not answered in time fills its caches anew, so what was wrong is counted once more.
	wrong := map[string]string{}
	for round := 0; round < 2*threeMachines || len(wrong) > 0 && round < 10*threeMachines; round++ {
		for _, step := range steps {
			tap.Reset()
			step.do()
			if round < threeMachines { // caches are filled, and statements prepared
				continue
			}
			statements, exchanges := requested(tap)
			tooMany := slices.ContainsFunc(exchanges, func(e testdb.Exchange) bool { return e.Trips > 2 })
			at := fmt.Sprintf("%s, at the process of round %d", step.name, round%threeMachines)
			delete(wrong, at)
			if work(statements) != step.want || tooMany {
				wrong[at] = fmt.Sprintf("%v, in %+v", work(statements), exchanges)
			}
		}
	}
	require.Empty(t, wrong)
}
