package keys_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/authz/keys"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
)

// lateStore hands the next read on only when it is told to.
type lateStore struct {
	storage.Store
	mu         sync.Mutex
	skip       int // reads to let pass before
	read, goOn chan struct{}
}

func (s *lateStore) Keys(ctx context.Context) ([]storage.Key, error) {
	found, err := s.Store.Keys(ctx)
	s.mu.Lock()
	held := s.skip == 0
	s.skip--
	s.mu.Unlock()
	if held {
		close(s.read)
		<-s.goOn
	}
	return found, err
}

// Load reads twice, and the second time is for good.
func TestALateReadDoesNotBringAStolenKeyBack(t *testing.T) {
	store := &lateStore{Store: open(t, testdb.SQLite(t)), skip: -1, read: make(chan struct{}), goOn: make(chan struct{})}
	s := keys.New(store, root(t, 'a', 0), time.Hour, time.Now)
	require.NoError(t, s.Load(t.Context()))
	stolen := kids(t, s)

	store.mu.Lock()
	store.skip = 1
	store.mu.Unlock()
	loaded, rotated := make(chan error, 1), make(chan error, 1)
	go func() { loaded <- s.Load(t.Context()) }()
	<-store.read
	go func() { rotated <- s.Rotate(t.Context(), true) }()
	require.Eventually(t, func() bool {
		found, err := store.Store.Keys(t.Context())
		return err == nil && len(found) == 2*len(stolen)
	}, 60*time.Second, time.Millisecond, "rotated, in the database")
	select {
	case err := <-rotated: // not before the late read is loaded
		t.Errorf("the new keys were loaded past an earlier read: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(store.goOn)
	require.NoError(t, <-loaded)
	if !t.Failed() {
		require.NoError(t, <-rotated)
	}
	require.Len(t, kids(t, s), 2*len(stolen), "the new keys are there")
}
