package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/identity"
	"gatehouse/internal/config"
	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// The vendors' wire formats: testdata/dialects/README.md says what a transcript is, transcript_*_test.go how it runs.

var transcripts = filepath.Join("..", "..", "testdata", "dialects")

func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(transcripts, "*", "*.txtar"))
	require.NoError(t, err)
	testdb.Each(t, func(t *testing.T, dsn string) {
		seedTranscripts(t, dsn)
		for _, file := range files {
			name, _ := filepath.Rel(transcripts, strings.TrimSuffix(file, ".txtar"))
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				raw, err := os.ReadFile(file)
				require.NoError(t, err)
				steps, err := parseTranscript(raw)
				require.NoError(t, err)
				newPlay(t, testdb.Copy(t, dsn)).run(steps)
			})
		}
	})
}

func TestEveryVendorHasTranscripts(t *testing.T) {
	t.Parallel()
	p := newPlay(t, testdb.SQLite(t))
	vendors := map[string]bool{}
	for _, route := range p.rooms.formats {
		if route.Dialect != "" {
			vendors[route.Dialect] = true
		}
	}
	folders, err := os.ReadDir(transcripts)
	require.NoError(t, err)
	for _, folder := range folders {
		if folder.IsDir() {
			vendors[folder.Name()] = true
		}
	}
	for vendor := range vendors {
		files, err := filepath.Glob(filepath.Join(transcripts, vendor, "*.txtar"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "testdata/dialects/%s has no transcripts", vendor)
	}
}

// A room's README says of every error, and of every contradiction in the vendor's text, which transcript shows it.
func TestEveryTranscriptIsNamedInARoomAndEveryNamedOneIsThere(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(transcripts, "*", "*.txtar"))
	require.NoError(t, err)
	unnamed := map[string]bool{}
	for _, file := range files {
		name, _ := filepath.Rel(transcripts, file)
		unnamed[filepath.ToSlash(name)] = true
	}
	there := maps.Clone(unnamed)
	rooms, err := filepath.Glob(filepath.Join("..", "..", "authz", "dialect", "*", "README.md"))
	require.NoError(t, err)
	named := regexp.MustCompile("`[a-z0-9/-]+\\.txtar`")
	for _, room := range append(rooms, filepath.Join("..", "..", "superapp", "partner", "README.md")) {
		text, err := os.ReadFile(room)
		require.NoError(t, err)
		require.Contains(t, string(text), "nothing\n\nTranscripts are in ", "%s has no table of what the vendor's text leaves open", room)
		for _, name := range named.FindAllString(string(text), -1) {
			name = strings.Trim(name, "`")
			if !strings.Contains(name, "/") {
				name = filepath.Base(filepath.Dir(room)) + "/" + name
			}
			require.True(t, there[name], "%s names %s, which is not in testdata/dialects", room, name)
			delete(unnamed, name)
		}
	}
	require.Empty(t, unnamed, "no README of a room names these")
}

// seedTranscripts fills a database with the fixtures and with what a server makes at its first start, and closes it.
func seedTranscripts(t *testing.T, dsn string) {
	t.Helper()
	cfg := testConfig(dsn, "http://127.0.0.1")
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	root, err := cfg.Root()
	require.NoError(t, err)
	s, err := seed.Read([]string{filepath.Join(transcripts, "fixtures.yaml")}, nil)
	require.NoError(t, err)
	plan, err := s.Plan(t.Context(), seed.Target{
		Store: store, Registry: registry.New(store, time.Now), Passwords: identity.NewPasswords(passwordMemory),
		Outbound: registry.NewOutbound(root), Now: time.Now,
	})
	require.NoError(t, err)
	require.NoError(t, plan.Apply(t.Context()))
	_, err = furnish(t.Context(), cfg, store, slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now)
	require.NoError(t, err)
}

// play is one transcript as it runs: a server of its own, and what has been learned so far.
type play struct {
	*testServer
	dsn      string
	rooms    *rooms
	tap      *tap
	names    learned
	browsers map[string]*browser
	recover  func() // brings the database back
	panics   bool   // the next request is to
	peer     *peer  // the other servers that this one calls; nil: nobody is there
}

// newPlay starts a server whose clock stands still, with the routes of the vendors tapped.
func newPlay(t *testing.T, dsn string) *play {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := testConfig(dsn, "http://"+listener.Addr().String())
	cfg.PathPrefixes = []string{"/chef", "/virtual_dir"}
	cfg.AllowPrivateNetwork = true
	log := &lockedBuffer{}
	p := &play{
		testServer: &testServer{t: t, url: cfg.Issuer, log: log, clock: &atomic.Int64{}, users: map[string]storage.User{}},
		dsn:        dsn, tap: &tap{}, browsers: map[string]*browser{},
		names: learned{"ISSUER": cfg.Issuer, "SECRET": testSecret, "PASSWORD": testPassword, "NUL": "\x00", "MIB": strings.Repeat("a", 1<<20)},
	}
	handler := slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
	p.openServer(cfg, slog.New(handler))
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: p.rooms.handler()}}
	server.Start()
	closeAtEnd(t, closer(server.Close))
	return p
}

func (p *play) openServer(cfg *config.Config, log *slog.Logger) {
	p.t.Helper()
	store, err := gormstore.Open(p.t.Context(), p.dsn, gormstore.Options{Migrate: true, Log: log})
	require.NoError(p.t, err)
	closeAtEnd(p.t, store)
	p.store = store
	started := time.Now().UTC().Truncate(time.Microsecond) // as the databases keep it
	now := func() time.Time { return started.Add(time.Duration(p.clock.Load())) }
	p.rooms, err = furnish(context.WithoutCancel(p.t.Context()), cfg, store, log, now)
	require.NoError(p.t, err)
	p.reg = p.rooms.registry
	for i := range p.rooms.formats {
		p.tap.into(&p.rooms.formats[i])
	}
}

// run plays the steps and holds the log against what was learned.
func (p *play) run(steps []step) {
	p.t.Helper()
	defer func() {
		if p.recover != nil { // else the database cannot be dropped
			p.recover()
		}
	}()
	for _, s := range steps {
		p.play(s)
	}
	noted := p.noted()
	for name, value := range p.names {
		if p.names.secret(name) && strings.Contains(p.log.String(), value) {
			p.t.Errorf("the server has logged the value of $%s", name)
		}
		if p.names.secret(name) && strings.Contains(noted, value) {
			p.t.Errorf("the server has noted the value of $%s", name)
		}
	}
}

// noted is what is noted of the last requests of all clients, as JSON.
func (p *play) noted() string {
	p.t.Helper()
	if p.recover != nil {
		p.recover()
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	cancel()
	p.rooms.activity.Run(ctx)
	clients, err := p.store.Clients(p.t.Context(), "", 1000)
	require.NoError(p.t, err)
	var all []storage.ClientRequest
	for _, c := range clients {
		requests, err := p.store.LastRequests(p.t.Context(), c.ID)
		require.NoError(p.t, err)
		all = append(all, requests...)
	}
	text, err := json.Marshal(all)
	require.NoError(p.t, err)
	return string(text)
}

func (p *play) play(s step) {
	p.t.Helper()
	for _, line := range s.setup {
		if err := p.setUp(line); err != nil {
			p.t.Fatalf("line %q: %v", line, err)
		}
	}
	switch {
	case s.request == "":
	case s.parallel > 0:
		p.playParallel(s)
	default:
		for range s.times {
			p.playOne(s)
		}
	}
}

func (p *play) playOne(s step) {
	p.t.Helper()
	p.tap.forget()
	if err := p.tellPeer(s.calls); err != nil {
		p.t.Fatalf("calls of %q: %v", firstLine(s.request), err)
	}
	a := p.send(s.request)
	fail := func(part string, err error) {
		if err != nil {
			p.t.Fatalf("%s of %q: %v\n\nthe answer:\n%s", part, firstLine(s.request), err, a)
		}
	}
	if s.params != nil {
		fail("params", p.tap.matchParams(*s.params, p.names))
	}
	fail("calls", p.matchCalls(s.calls))
	if s.members != nil {
		fail("members", p.tap.matchMembers(*s.members, p.names))
	}
	fail("answer", a.manners(s.request, p.panics))
	fail("answer", a.match(s.answer, p.names))
	p.panics = false
}

// playParallel sends a request several times at once and wants the answer once and the other one every other time.
func (p *play) playParallel(s step) {
	p.t.Helper()
	answers := make([]wireAnswer, s.parallel)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = p.send(s.request) })
	}
	group.Wait() // what an answer teaches changes the names that requests are made with
	good := 0
	for _, a := range answers {
		tried := p.names.clone()
		err := a.match(s.answer, tried)
		if err == nil {
			good++
			p.names = tried
			continue
		}
		if otherErr := a.match(s.others, p.names); otherErr != nil {
			p.t.Errorf("an answer is neither the one (%v) nor the other (%v):\n%s", err, otherErr, a)
		}
	}
	if good != 1 {
		p.t.Errorf("%d of %d requests were answered as only one should be", good, s.parallel)
	}
}

func firstLine(text string) string { line, _, _ := strings.Cut(text, "\n"); return line }
