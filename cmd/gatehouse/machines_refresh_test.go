package main

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/storage"
)

// A mini app whose answer was lost sends its refresh token again, and a load balancer gives it to another process.
func TestTheSameRefreshTokenGetsTheSamePairFromEveryProcess(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	m := newMachines(t, dsn, dsn)
	for range 3 { // at once
		sent := m.tokens("ana@example.com", "photoprint")["refresh_token"].(string)
		answers := make([]answer, 2*threeMachines)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i] = m.each[i%threeMachines].post("/oauth2/token", "photoprint", refreshForm(sent)) })
		}
		group.Wait()
		m.requireOnePair(answers)
	}

	sent := m.tokens("ana@example.com", "photoprint")["refresh_token"].(string)
	var answers []answer // one after the other, the last of them some seconds later
	for i := range 2 * threeMachines {
		answers = append(answers, m.each[i%threeMachines].post("/oauth2/token", "photoprint", refreshForm(sent)))
		if i == threeMachines {
			time.Sleep(3 * time.Second)
		}
	}
	pair := m.requireOnePair(answers)
	next := m.each[1].post("/oauth2/token", "photoprint", refreshForm(pair["refresh_token"].(string)))
	require.Equal(t, http.StatusOK, next.StatusCode, next.body)
	m.requireOnePair([]answer{answers[0], m.each[2].post("/oauth2/token", "photoprint", refreshForm(sent))}) // the child was used, the grace is not over

	other := m.each[0].post("/oauth2/token", "other", refreshForm(sent))
	require.Equal(t, "invalid_grant", other.json(t)["error"], "another client gets nothing by it")

	strict := m.tokens("ana@example.com", "no-grace")["refresh_token"].(string)
	require.Equal(t, http.StatusOK, m.each[0].post("/oauth2/token", "no-grace", refreshForm(strict)).StatusCode)
	require.Equal(t, "invalid_grant", m.each[1].post("/oauth2/token", "no-grace", refreshForm(strict)).json(t)["error"], "where a client has no grace")
}

// After the grace it is a replay at every process, and ends everything that came of the sign-in; another client ends nothing with it,
// nor gets anything, whenever.
func TestARefreshTokenUsedAgainAfterTheGraceEndsTheFamilyFromEveryProcess(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	m := newMachines(t, dsn, dsn)
	m.register(storage.Client{ID: "hasty", Name: "Hasty", RefreshReuseGrace: time.Second})
	m.everywhereSoon("a mini app", func(one *testServer) bool { return one.sendsToSignIn("hasty") })
	for i := range m.each {
		next := func(n int) *testServer { return m.each[(i+n)%threeMachines] }
		sent := m.tokens("ana@example.com", "hasty")["refresh_token"].(string)
		pair := next(0).post("/oauth2/token", "hasty", refreshForm(sent)).json(t)
		time.Sleep(1100 * time.Millisecond)
		require.Equal(t, "invalid_grant", next(1).post("/oauth2/token", "other", refreshForm(sent)).json(t)["error"])
		require.True(t, next(2).active("hasty", pair["access_token"]), "another client ends nothing")

		require.Equal(t, "invalid_grant", next(1).post("/oauth2/token", "hasty", refreshForm(sent)).json(t)["error"])
		for _, one := range m.each {
			require.False(t, one.active("hasty", pair["access_token"]))
		}
		require.Equal(t, "invalid_grant", next(2).post("/oauth2/token", "hasty", refreshForm(pair["refresh_token"].(string))).json(t)["error"])
	}
}

// requireOnePair wants the same tokens in all answers, and that they are good, and returns them.
func (m *machines) requireOnePair(answers []answer) map[string]any {
	m.t.Helper()
	pair := answers[0].json(m.t)
	for _, a := range answers {
		require.Equal(m.t, http.StatusOK, a.StatusCode, a.body)
		for _, member := range []string{"access_token", "refresh_token", "scope"} {
			require.Equal(m.t, pair[member], a.json(m.t)[member], member)
		}
	}
	for _, one := range m.each {
		require.True(m.t, one.active("photoprint", pair["access_token"]))
	}
	return pair
}
