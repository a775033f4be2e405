package identity_test

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/identity"
	"gatehouse/internal/secret"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func opened(t *testing.T, dsn string) *gormstore.Store {
	store, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestASetupLinkIsGoodForHalfAnHourAtEveryServerAndUntilThereIsAnAdmin(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		store, now := opened(t, dsn), time.Now()
		root, err := secret.New([]byte(strings.Repeat("k", 32)), nil)
		require.NoError(t, err)
		clock := func() time.Time { return now }
		server := func() *identity.Setup {
			people := identity.NewPeople(identity.PeopleOptions{Users: store, Failures: store, Passwords: identity.NewPasswords(64 << 20), Now: clock})
			return identity.NewSetup(root, store, people, clock)
		}
		token := func(s *identity.Setup) string {
			link, _ := s.Link("https://id.example")
			u, err := url.Parse(link)
			require.NoError(t, err)
			require.Equal(t, "/setup", u.Path)
			return u.Query().Get("token")
		}
		one, other := server(), server()
		tokens := []string{token(one), token(other)}
		require.NoError(t, other.Check(t.Context(), tokens[0]))
		require.ErrorIs(t, one.Check(t.Context(), "x"+tokens[0]), identity.ErrSetupLink)
		require.ErrorIs(t, one.Check(t.Context(), ""), identity.ErrSetupLink)

		now = now.Add(identity.SetupLifetime - time.Minute)
		require.NoError(t, one.Check(t.Context(), tokens[0]))
		late := token(one)
		now = now.Add(time.Minute)
		require.ErrorIs(t, one.Check(t.Context(), tokens[0]), identity.ErrSetupLink)
		require.NoError(t, one.Check(t.Context(), late))

		var work sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			work.Go(func() {
				s := []*identity.Setup{one, other}[i%2]
				_, errs[i] = s.Create(t.Context(), late, string(rune('a'+i))+"@example.com", "correct horse battery staple", "192.0.2.7")
			})
		}
		work.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				require.True(t, errors.Is(err, identity.ErrSetupLink), err)
			}
		}
		require.Equal(t, 1, made)
		users, err := store.Users(t.Context(), "", 10)
		require.NoError(t, err)
		require.Len(t, users, 1)
		require.Equal(t, []string{storage.RoleAdmin}, users[0].Roles)
		require.ErrorIs(t, one.Check(t.Context(), late), identity.ErrSetupLink)
		events, err := store.AuditEvents(t.Context(), storage.AuditFilter{Action: "user.create"}, "", 10)
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, users[0].ID, events[0].Target.ID)
	})
}
