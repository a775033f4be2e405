package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
	"gatehouse/registry"
	"gatehouse/storage"
)

// Somebody else's server, which answers as it is told and remembers what it was asked.

type peer struct {
	*httptest.Server
	mu      sync.Mutex
	replies map[string]reply
	got     []received
}

// reply is how a peer answers at a path. A status of 0 is 200.
type reply struct {
	status int
	body   string
	header map[string]string
}

// received is a request that a peer got. line is its method and path.
type received struct {
	line, body string
	header     http.Header
}

// newPeer starts a server that answers 404 where it was told nothing. The log of s never holds what it is sent.
func newPeer(t testing.TB) *peer {
	t.Helper()
	p := &peer{replies: map[string]reply{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, received{r.Method + " " + r.URL.Path, string(body), r.Header.Clone()})
	reply, told := p.replies[r.URL.Path]
	if !told {
		http.NotFound(w, r)
		return
	}
	for name, value := range reply.header {
		w.Header().Set(name, value)
	}
	if reply.status != 0 {
		w.WriteHeader(reply.status)
	}
	_, _ = io.WriteString(w, reply.body)
}

// answers says how the peer answers at a path from now on.
func (p *peer) answers(path string, status int, body string, headers ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := reply{status: status, body: body, header: map[string]string{}}
	for i := 0; i < len(headers); i += 2 {
		r.header[headers[i]] = headers[i+1]
	}
	p.replies[path] = r
}

// asked returns what the peer was asked since the last time.
func (p *peer) asked() []received {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

// lines returns the methods and paths of requests.
func lines(got []received) []string {
	all := make([]string, len(got))
	for i, r := range got {
		all[i] = r.line
	}
	return all
}

// privateNetworks lets a server call the peers of a test.
func privateNetworks(cfg *config.Config) { cfg.AllowPrivateNetwork = true }

// sealed is an outbound secret of a client as its record keeps it.
func sealed(t testing.TB, clientID, value string) string {
	t.Helper()
	root, err := testConfig("", "").Root()
	require.NoError(t, err)
	return registry.NewOutbound(root).Seal(clientID, value)
}

// dialects are a client's settings for one dialect.
func dialects(t testing.TB, name string, settings map[string]any) map[string]json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(settings)
	require.NoError(t, err)
	return map[string]json.RawMessage{name: raw}
}

// scopesOf are registered scopes, those with a ! at their end required.
func scopesOf(names ...string) []storage.ClientScope {
	var scopes []storage.ClientScope
	for _, name := range names {
		plain, required := strings.CutSuffix(name, "!")
		scopes = append(scopes, storage.ClientScope{Name: plain, Required: required})
	}
	return scopes
}

// send makes a request. headers are names and values.
func (s *testServer) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return do(s.t, http.DefaultClient, r)
}

// people counts the accounts.
func (s *testServer) people() int {
	s.t.Helper()
	users, err := s.store.Users(s.t.Context(), "", 1000)
	require.NoError(s.t, err)
	return len(users)
}

// logLacks fails where the server has logged one of these.
func (s *testServer) logLacks(secrets ...string) {
	s.t.Helper()
	log := s.log.String()
	for _, secret := range secrets {
		require.NotEmpty(s.t, secret)
		require.NotContains(s.t, log, secret)
	}
}

// newTarpit starts a server that takes a request and says nothing until the test is over. It returns a URL there.
func newTarpit(t *testing.T) string {
	t.Helper()
	over := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	t.Cleanup(s.Close) // waits for the handler
	t.Cleanup(func() { close(over) })
	return s.URL + "/"
}
