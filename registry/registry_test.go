package registry_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// counted is a real store whose reads of clients are counted, and can be held up between the read and its answer.
type counted struct {
	*gormstore.Store
	reads  atomic.Int64
	pages  atomic.Int64
	after  func() // called once a client was read
	listed func() // called once a page of clients was read
	opened func() // called once the open versions of clients were read
}

func (c *counted) OpenVersions(ctx context.Context, clientIDs []string) ([]storage.ClientVersion, error) {
	versions, err := c.Store.OpenVersions(ctx, clientIDs)
	if c.opened != nil {
		c.opened()
	}
	return versions, err
}

func (c *counted) Clients(ctx context.Context, after string, limit int) ([]storage.Client, error) {
	c.pages.Add(1)
	clients, err := c.Store.Clients(ctx, after, limit)
	if c.listed != nil {
		c.listed()
	}
	return clients, err
}

func (c *counted) Client(ctx context.Context, id string) (storage.Client, error) {
	c.reads.Add(1)
	client, err := c.Store.Client(ctx, id)
	if c.after != nil {
		c.after()
	}
	return client, err
}

func newStore(t *testing.T, dsn string) *counted {
	t.Helper()
	s, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return &counted{Store: s}
}

func newRegistry(t *testing.T) (*registry.Registry, *counted) {
	t.Helper()
	s := newStore(t, testdb.SQLite(t))
	require.NoError(t, s.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	return registry.New(s, time.Now), s
}

func TestClientIsReadOnceAndShared(t *testing.T) {
	r, s := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	first, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	second, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Same(t, first, second)
	require.EqualValues(t, 1, s.reads.Load())
	require.Equal(t, "PhotoPrint", first.Name)
	require.Equal(t, "approved", first.Status)
	require.False(t, first.CreatedAt.IsZero())
}

func TestUnknownClientsAreRememberedButNotWithoutEnd(t *testing.T) {
	r, s := newRegistry(t)
	for range 3 {
		_, err := r.Client(t.Context(), "nobody")
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
	require.EqualValues(t, 1, s.reads.Load())
	_, err := r.Client(t.Context(), "not an ID'; --")
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.EqualValues(t, 1, s.reads.Load(), "what cannot be an ID is not looked up")

	for i := range 1100 {
		_, err := r.Client(t.Context(), fmt.Sprint("nobody-", i))
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
	reads := s.reads.Load()
	_, err = r.Client(t.Context(), "nobody")
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.Equal(t, reads+1, s.reads.Load(), "old ones are forgotten")
}

func TestAnUnknownClientIsFoundOnceItIsCreated(t *testing.T) {
	r, _ := newRegistry(t)
	_, err := r.Client(t.Context(), "photoprint")
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoError(t, r.Create(t.Context(), mini()))
	_, err = r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
}

func TestOwnWritesAreSeenAtOnce(t *testing.T) {
	r, _ := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	was, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	changed := *was
	changed.Status = storage.StatusSuspended
	require.NoError(t, r.Update(t.Context(), changed, was.UpdatedAt))
	now, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, storage.StatusSuspended, now.Status)
	require.Equal(t, storage.StatusApproved, was.Status, "what was handed out does not change")
	require.True(t, now.UpdatedAt.After(was.UpdatedAt))
	require.ErrorIs(t, r.Update(t.Context(), changed, was.UpdatedAt), storage.ErrConflict)
}

func TestAReadThatRacesWithAWriteLeavesNothingStale(t *testing.T) {
	r, s := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	s.after = func() { // another request has changed the client after it was read here and before it is kept
		s.after = nil
		c, err := s.Store.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		was := c.UpdatedAt
		c.Name = "Renamed"
		require.NoError(t, r.Update(t.Context(), c, was))
	}
	old, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, "PhotoPrint", old.Name, "the read began before the write")
	fresh, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, "Renamed", fresh.Name)
}

func TestWritesOfOtherProcessesAreSeen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		here, there := newStore(t, dsn), newStore(t, dsn)
		require.NoError(t, there.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
		require.NoError(t, there.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co"}))
		r, other := registry.New(here, time.Now), registry.New(there, time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		seen := func(see func() bool) { require.Eventually(t, see, 60*time.Second, 10*time.Millisecond) }

		_, err := r.Client(t.Context(), "photoprint")
		require.ErrorIs(t, err, storage.ErrNotFound)
		require.NoError(t, other.Create(t.Context(), mini()))
		seen(func() bool { _, err := r.Client(t.Context(), "photoprint"); return err == nil })

		p, err := r.Publisher(t.Context(), "printco")
		require.NoError(t, err)
		require.False(t, p.Verified)
		require.NoError(t, there.SavePublisher(t.Context(), storage.Publisher{ID: "printco", Name: "Print Co", Verified: true}))
		seen(func() bool { p, err := r.Publisher(t.Context(), "printco"); return err == nil && p.Verified })

		_, err = r.Scope(t.Context(), "later")
		require.ErrorIs(t, err, storage.ErrNotFound)
		require.NoError(t, there.SaveScope(t.Context(), storage.Scope{Name: "later"}))
		seen(func() bool { _, err := r.Scope(t.Context(), "later"); return err == nil })

		cancel()
		<-ended
	})
}

func TestScopesAreBuiltInFirst(t *testing.T) {
	r, _ := newRegistry(t)
	scopes, err := r.Scopes(t.Context())
	require.NoError(t, err)
	require.Len(t, scopes, len(registry.BuiltInScopes)+1)
	require.Equal(t, "points_read", scopes[len(scopes)-1].Name)
	email, err := r.Scope(t.Context(), "email")
	require.NoError(t, err)
	require.Equal(t, []string{"email", "email_verified"}, email.Claims)
}

func TestCreateRefusesWhatBreaksARule(t *testing.T) {
	r, s := newRegistry(t)
	c := mini()
	c.PublisherID = "nobody"
	c.Scopes = append(c.Scopes, storage.ClientScope{Name: "nonsense"})
	var problems registry.Problems
	require.ErrorAs(t, r.Create(t.Context(), c), &problems)
	require.Len(t, problems, 2)
	require.Equal(t, "publisher", problems[1].Field)
	_, err := s.Store.Client(t.Context(), c.ID)
	require.ErrorIs(t, err, storage.ErrNotFound)

	require.NoError(t, r.Create(t.Context(), mini()))
	require.ErrorIs(t, r.Create(t.Context(), mini()), storage.ErrExists)
}

func TestRotateSecretKeepsTheOldOnesForAWhile(t *testing.T) {
	_, s := newRegistry(t)
	now := time.Now().UTC()
	r := registry.New(s, func() time.Time { return now })
	require.NoError(t, r.Create(t.Context(), mini()))
	first, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", time.Hour)
	require.NoError(t, err)
	live := func(secret string, at time.Time) bool {
		c, err := r.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		return works(t, c, secret, at)
	}
	original := "ssssssssssssssssssssssssssssssss"
	require.True(t, live(original, now))
	require.True(t, live(first, now))
	require.False(t, live(original, now.Add(time.Hour)))
	require.True(t, live(first, now.Add(time.Hour)))

	second, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", 24*time.Hour)
	require.NoError(t, err)
	require.False(t, live(original, now), "two work at a time")
	require.True(t, live(first, now.Add(23*time.Hour)))
	again, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", 48*time.Hour)
	require.NoError(t, err)
	require.True(t, live(second, now.Add(47*time.Hour)))
	require.False(t, live(first, now))
	require.True(t, live(again, now))

	third, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", 0)
	require.NoError(t, err)
	for _, old := range []string{original, first, second} {
		require.False(t, live(old, now))
	}
	require.True(t, live(third, now))
}

// works reports whether a secret proves the client at a time.
func works(t *testing.T, c *storage.Client, secret string, at time.Time) bool {
	t.Helper()
	ok, err := registry.New(newStore(t, testdb.SQLite(t)), func() time.Time { return at }).Authenticate(t.Context(), c, []string{secret})
	require.NoError(t, err)
	return ok
}

func TestRotateSecretRemembersTheLastThatItRetired(t *testing.T) {
	r, s := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	var all []string
	for range 8 {
		secret, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", 0)
		require.NoError(t, err)
		all = append(all, secret)
	}
	c, err := s.Store.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Len(t, c.Secrets, 6)
	require.Len(t, registry.LiveSecrets(c, time.Now()), 1)
	for i, secret := range all {
		require.Equal(t, i >= 2, registry.HadSecret(&c, secret), "secret %d", i)
	}
	require.True(t, works(t, &c, all[7], time.Now()))
	require.False(t, works(t, &c, all[6], time.Now()))
}

func TestRotateSecretStartsOverWhenSomebodyElseWrote(t *testing.T) {
	r, s := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	s.after = func() {
		s.after = nil
		c, err := s.Store.Client(t.Context(), "photoprint")
		require.NoError(t, err)
		was := c.UpdatedAt
		c.Name = "Renamed"
		require.NoError(t, r.Update(t.Context(), c, was))
	}
	secret, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", 0)
	require.NoError(t, err)
	c, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, "Renamed", c.Name)
	require.True(t, works(t, c, secret, time.Now()))
}

func TestRotateSecretRefusesAPublicClient(t *testing.T) {
	r, _ := newRegistry(t)
	c := mini()
	c.Public, c.Secrets, c.TokenEndpointAuthMethod = true, nil, ""
	require.NoError(t, r.Create(t.Context(), c))
	_, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), c.ID, 0)
	var problems registry.Problems
	require.ErrorAs(t, err, &problems)
	_, err = r.RotateSecret(t.Context(), outbound(t, "root", ""), "nobody", 0)
	require.ErrorIs(t, err, storage.ErrNotFound)
}

func TestRotateSecretRefusesAnArchivedClientAndTwoSecretsForLong(t *testing.T) {
	r, s := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	for _, keep := range []time.Duration{-time.Second, registry.MaxKeepOld + time.Second} {
		var problems registry.Problems
		_, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", keep)
		require.ErrorAs(t, err, &problems, keep)
		require.Equal(t, "keep_old", problems[0].Field)
		_, err = r.RotateSecretOnce(t.Context(), outbound(t, "root", ""), "photoprint", keep, time.Now())
		require.ErrorAs(t, err, &problems, keep)
	}
	_, err := r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", registry.MaxKeepOld)
	require.NoError(t, err)
	take(t, r, registry.Archive, reviewer)
	was, err := s.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	_, err = r.RotateSecret(t.Context(), outbound(t, "root", ""), "photoprint", 0)
	var problems registry.Problems
	require.ErrorAs(t, err, &problems)
	require.Equal(t, "status", problems[0].Field)
	is, err := s.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, was.Secrets, is.Secrets)
}

func TestAnOutageIsNotRemembered(t *testing.T) {
	r, s := newRegistry(t)
	require.NoError(t, r.Create(t.Context(), mini()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Client(ctx, "photoprint")
	require.Error(t, err)
	require.False(t, errors.Is(err, storage.ErrNotFound))
	_, err = r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.EqualValues(t, 2, s.reads.Load())
}
