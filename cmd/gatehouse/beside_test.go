package main

import (
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

// beside starts one more server process on the same database, as a second machine or the same one after a restart: it
// has the same issuer and listens elsewhere. Cookies ignore ports, so a browser takes its own along.
func (s *testServer) beside(settings ...func(*config.Config)) *testServer {
	s.t.Helper()
	return s.start(s.now, settings...)
}

// besideAt does it on a machine whose clock is off.
func (s *testServer) besideAt(off time.Duration) *testServer {
	s.t.Helper()
	return s.start(func() time.Time { return s.now().Add(off) })
}

func (s *testServer) start(now func() time.Time, settings ...func(*config.Config)) *testServer {
	s.t.Helper()
	cfg := testConfig("", s.url)
	for _, set := range settings {
		set(cfg)
	}
	a, err := wire(s.t.Context(), cfg, s.store, slog.New(slog.DiscardHandler), now)
	require.NoError(s.t, err)
	server := httptest.NewServer(a.Handler)
	closeAtEnd(s.t, closer(server.Close))
	other := *s
	other.url, other.run = server.URL, a.Run
	return &other
}
