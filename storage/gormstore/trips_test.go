package gormstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// How often a process waits for PostgreSQL is what a database in another building costs, counted on the wire.
func TestAUnitOfWorkIsTwoRoundTripsAtMost(t *testing.T) {
	t.Parallel()
	tap := testdb.NewTap(t, testdb.Postgres(t))
	s := open(t, tap.DSN)
	now := time.Now()
	owner := storage.Owner{UserID: "ana"}
	require.NoError(t, s.CreateUser(t.Context(), storage.User{ID: "ana"}))
	apply := func(unit ...storage.Op) func() error {
		return func() error { return s.Apply(t.Context(), unit) }
	}
	for round := range 3 { // in the first ones statements are prepared, on a connection that has not met them
		token, next := newToken(), newToken()
		grant := storage.Grant{ID: "g" + string(rune('0'+round)), Owner: owner, ClientID: "c", State: storage.GrantActive, Version: 1}
		session := storage.Session{ID: "s" + string(rune('0'+round)), UserID: "ana", AuthTime: now, CreatedAt: now, SeenAt: now}
		for _, c := range []struct {
			name  string
			do    func() error
			trips int
			wants error
		}{
			{"a grant, and a code for it", apply(storage.SaveGrant{Grant: grant}, storage.HoldGrant{ID: grant.ID}, storage.InsertToken{Token: token}), 2, nil},
			{"a token that is spent for others", apply(storage.SpendToken{Key: token.TokenKey, At: now}, storage.InsertToken{Token: next}), 2, nil},
			{"one that was spent already", apply(storage.SpendToken{Key: token.TokenKey, At: now}, storage.InsertToken{Token: newToken()}), 2, storage.ErrConflict},
			{"a family that is revoked", apply(storage.RevokeFamily{Family: next.Family, At: now}), 1, nil},
			{"a session that begins", apply(storage.StartSession{Session: session}), 2, nil},
			{"a grant that ends", apply(storage.EndGrant{ID: grant.ID, At: now}), 1, nil},
			{"a token that is read", func() error { _, err := s.Token(t.Context(), token.TokenKey); return err }, 1, nil},
			{"a session that is read", func() error { _, _, err := s.Session(t.Context(), session.ID, now); return err }, 1, nil},
			{"a grant that is read", func() error { _, err := s.Grant(t.Context(), owner, "c"); return err }, 1, storage.ErrNotFound},
		} {
			tap.Reset()
			require.ErrorIs(t, c.do(), c.wants, c.name)
			trips := 0
			for _, e := range tap.Seen() {
				require.NotContains(t, strings.Join(e.Statements, ";"), "ping", "the connection was idle for a second: the machine is too slow for this test")
				trips += e.Trips
			}
			if round == 2 {
				require.Equal(t, c.trips, trips, "%s: %q", c.name, tap.Seen())
			}
		}
	}
}
