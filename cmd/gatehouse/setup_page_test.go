package main

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
)

func TestTheFirstAdminIsLedToTheConsole(t *testing.T) {
	t.Parallel()
	s := newTestServer(t, furnished.SQLite(t))
	cfg := testConfig("", s.url)
	root, err := cfg.Root()
	require.NoError(t, err)
	people := identity.NewPeople(identity.PeopleOptions{
		Users: s.store, Failures: s.store, Passwords: identity.NewPasswords(passwordMemory), Now: s.now, Log: slog.New(slog.DiscardHandler),
	})
	link, _ := identity.NewSetup(root, s.store, people, s.now).Link(s.url)
	b := s.newBrowser()
	action, form := formOf(t, b.get(link), "set-up")
	form.Set("email", "first@example.com")
	form.Set("password", testPassword)
	done := b.submit(action, form)
	require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
	require.Equal(t, "/admin", done.Header.Get("Location"))
	at := b.follow(done)
	require.Contains(t, at.Header.Get("Location"), "/admin/", "where the work is")
	require.Equal(t, http.StatusOK, b.follow(at).StatusCode)
}
