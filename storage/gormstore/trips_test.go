package gormstore_test

import (
	"maps"
	"slices"
	"strconv"
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
	// In the first rounds statements are prepared, on a connection that has not met them. A connection that was idle for a second,
	// on a slow machine, is pinged before it is used: that case is looked at in a later round.
	counted := map[string]bool{}
	for round := range 20 {
		token, next := newToken(), newToken()
		grant := storage.Grant{ID: "g" + strconv.Itoa(round), Owner: owner, ClientID: "c", State: storage.GrantActive, Version: 1}
		session := storage.Session{ID: "s" + strconv.Itoa(round), UserID: "ana", AuthTime: now, CreatedAt: now, SeenAt: now}
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
			trips, pinged := 0, false
			for _, e := range tap.Seen() {
				pinged = pinged || strings.Contains(strings.Join(e.Statements, ";"), "ping")
				trips += e.Trips
			}
			counted[c.name] = counted[c.name] || round >= 2 && !pinged
			if round >= 2 && !pinged {
				require.Equal(t, c.trips, trips, "%s: %q", c.name, tap.Seen())
			}
		}
		if len(counted) > 0 && !slices.Contains(slices.Collect(maps.Values(counted)), false) {
			return
		}
	}
	t.Fatalf("the machine is too slow to count the round trips: %v", counted)
}
