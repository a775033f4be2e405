package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// faultsVariable set to 1 makes the tests of faults long: `make test-faults`. A short version of each always runs.
const faultsVariable = "GATEHOUSE_TEST_FAULTS"

// longOr is how often, or how much, a test of faults does: short always, long with `make test-faults`.
func longOr[N any](short, long N) N {
	if os.Getenv(faultsVariable) == "1" {
		return long
	}
	return short
}

// pair is what a mini app holds of one authorization, as far as it was answered.
type pair struct {
	access, refresh string
	revoked         bool
	used            []url.Values // forms that were answered with success, with codes and refresh tokens that are good once
}

// customer is a mini app that gets, refreshes and revokes tokens until its server is gone. It keeps what it was told with success, and
// what it asked last and got no answer about.
type customer struct {
	s        *testServer
	b        *browser
	client   string
	answered *atomic.Int64
	families []pair
	codes    []string
	unsure   url.Values
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
		if !ok || !m.trade(code, n) {
			return
		}
	}
}

// trade exchanges a code and refreshes what it gets, and revokes every third. It is false when an answer failed to come.
func (m *customer) trade(code string, n int) bool {
	exchange := exchangeForm(code)
	f, ok := m.token(exchange)
	if !ok {
		return false
	}
	f.used = []url.Values{exchange}
	m.families = append(m.families, f)
	last := &m.families[len(m.families)-1]
	refresh := refreshForm(f.refresh)
	if f, ok = m.token(refresh); !ok {
		m.families = m.families[:len(m.families)-1]
		return false
	}
	last.access, last.refresh, last.used = f.access, f.refresh, append(last.used, refresh)
	if n%3 != 0 {
		return true
	}
	if _, _, ok = m.post("/oauth2/revoke", url.Values{"token": {f.access}}); !ok {
		m.families = m.families[:len(m.families)-1]
		return false
	}
	last.revoked = true
	return true
}

func (m *customer) code() (string, bool) {
	response, err := m.b.Get(m.s.url + "/oauth2/authorize?" + request(m.client).Encode())
	if err != nil {
		return "", false
	}
	response.Body.Close()
	m.answered.Add(1)
	location, err := response.Location()
	if !assert.NoError(m.s.t, err, "an answer to authorize") {
		return "", false
	}
	return location.Query().Get("code"), true
}

func (m *customer) token(form url.Values) (pair, bool) {
	m.unsure = form
	status, body, ok := m.post("/oauth2/token", form)
	if !ok || status != http.StatusOK {
		return pair{}, false
	}
	m.unsure = nil
	return pairIn(answer{body: body}.json(m.s.t)), true
}

func pairIn(tokens map[string]any) pair {
	return pair{access: tokens["access_token"].(string), refresh: tokens["refresh_token"].(string)}
}

// post returns false when no whole answer came.
func (m *customer) post(path string, form url.Values) (status int, body string, ok bool) {
	a, err := m.s.try(http.DefaultClient, path, m.client, form)
	if err != nil {
		return 0, "", false
	}
	m.answered.Add(1)
	assert.Equal(m.s.t, http.StatusOK, a.StatusCode, "until it is killed the server answers: %s", a.body)
	return a.StatusCode, a.body, true
}

// try posts a form as a mini-app server does, where the answer may fail to come.
func (s *testServer) try(over *http.Client, path, clientID string, form url.Values) (answer, error) {
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, testSecret)
	response, err := over.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return answer{response, string(raw)}, err
}

// What was answered with success is so after `kill -9` the next instant, and no code or refresh token is good once more for it.
func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, start := newProcess(t, dsn)
		server, b := start(), s.newBrowser()
		for _, client := range []string{"photoprint", "no-grace"} {
			s.allowIn(b, "ana@example.com", request(client))
		}
		var answers int64
		kills := longOr(3, 100)
		for range kills {
			apps, answered := workAndKill(t, s, b, server)
			answers += answered
			server = start()
			for _, m := range apps {
				m.requireKept(t)
			}
			require.Equal(t, http.StatusOK, b.get("/account").StatusCode, "the session too")
		}
		t.Logf("%d kills after %d answers", kills, answers)
		require.NoError(t, server.Process.Signal(syscall.SIGTERM))
		require.NoError(t, server.Wait(), "and it still ends well: %s", s.log)
	})
}

// workAndKill lets several mini apps work and kills the server in the middle of it.
func workAndKill(t *testing.T, s *testServer, b *browser, server *exec.Cmd) (apps []*customer, answers int64) {
	t.Helper()
	var answered atomic.Int64
	var group sync.WaitGroup
	for i := range 8 {
		client := "photoprint"
		if i%2 == 1 {
			client = "no-grace"
		}
		apps = append(apps, &customer{s: s, b: b, client: client, answered: &answered})
		group.Go(apps[i].work)
	}
	enough := 50 + rand.Int64N(100)
	require.Eventually(t, func() bool { return answered.Load() > enough }, 60*time.Second, time.Millisecond)
	require.NoError(t, server.Process.Kill())
	group.Wait()
	server.Wait()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return apps, answered.Load()
}

// requireKept checks everything that a mini app was told.
func (m *customer) requireKept(t *testing.T) {
	t.Helper()
	if m.unsure != nil {
		m.requireGoodOnce(t, m.unsure)
	}
	for _, f := range m.families {
		require.Equal(t, !f.revoked, m.s.active(m.client, f.access))
		a := m.s.post("/oauth2/token", m.client, refreshForm(f.refresh))
		if f.revoked {
			require.Equal(t, "invalid_grant", a.json(t)["error"])
		} else {
			require.Equal(t, http.StatusOK, a.StatusCode, a.body)
			m.requireGoodOnce(t, refreshForm(f.refresh))
		}
		for _, form := range f.used {
			if m.client == "no-grace" || form.Get("code") != "" {
				a := m.s.post("/oauth2/token", m.client, form)
				require.Equal(t, "invalid_grant", a.json(t)["error"], "it was used before the kill")
			}
		}
	}
	for _, code := range m.codes {
		a := m.s.post("/oauth2/token", m.client, exchangeForm(code))
		require.Equal(t, http.StatusOK, a.StatusCode, a.body)
		a = m.s.post("/oauth2/token", m.client, exchangeForm(code))
		require.Equal(t, "invalid_grant", a.json(t)["error"])
	}
}

// requireGoodOnce uses a code or a refresh token twice. It may have been used before; no two of the answers are different pairs.
func (m *customer) requireGoodOnce(t *testing.T, form url.Values) {
	t.Helper()
	first, second := m.s.post("/oauth2/token", m.client, form), m.s.post("/oauth2/token", m.client, form)
	for _, a := range []answer{first, second} {
		if a.StatusCode != http.StatusOK {
			require.Equal(t, "invalid_grant", a.json(t)["error"], a.body)
		}
	}
	if first.StatusCode != http.StatusOK || second.StatusCode != http.StatusOK {
		return
	}
	require.Equal(t, "photoprint", m.client, "the other has no grace")
	require.Equal(t, "refresh_token", form.Get("grant_type"), "a code is good once")
	require.Equal(t, pairIn(first.json(t)), pairIn(second.json(t)))
}

// A server that dies after it has committed a refresh, before the client has read all of the answer: the client asks again and gets
// the pair that was made, from whatever process comes after.
func TestARefreshWhoseAnswerWasLostInAKillGivesTheSamePair(t *testing.T) {
	t.Parallel()
	furnished.Each(t, func(t *testing.T, dsn string) {
		s, start := newProcess(t, dsn)
		server := start()
		for range longOr(2, 20) {
			had := pairIn(s.tokens("ana@example.com", "photoprint"))
			lost := s.post("/oauth2/token", "photoprint", refreshForm(had.refresh)) // nobody but the test has seen it
			require.NoError(t, server.Process.Kill())
			server.Wait()
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			server = start()
			for range 2 {
				again := s.post("/oauth2/token", "photoprint", refreshForm(had.refresh))
				require.Equal(t, http.StatusOK, again.StatusCode, again.body)
				require.Equal(t, pairIn(lost.json(t)), pairIn(again.json(t)))
			}
			require.True(t, s.active("photoprint", pairIn(lost.json(t)).access))
		}
	})
}
