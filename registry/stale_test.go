package registry_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// A process whose connections are dead, which nobody told it, cannot see a suspension. It does not go on with what it kept.
func TestWhatCannotBeLookedUpIsKeptForTwoSecondsAtMost(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	tap := testdb.NewTap(t, dsn)
	store := newStore(t, dsn)
	require.NoError(t, store.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	other := registry.New(store, time.Now)
	require.NoError(t, other.Create(t.Context(), mini()))
	behind := newStore(t, tap.DSN)
	r := registry.New(behind, time.Now)
	var group sync.WaitGroup
	for range 8 { // so that the pool has more than one connection to find dead
		group.Go(func() {
			for range 50 {
				_, _ = behind.Store.Client(t.Context(), "photoprint")
			}
		})
	}
	group.Wait()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	defer func() { stop(); <-ended }()
	time.Sleep(200 * time.Millisecond) // it has looked
	was, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)

	tap.Silence()
	suspended := *was
	suspended.Status = storage.StatusSuspended
	require.NoError(t, other.Update(t.Context(), suspended, was.UpdatedAt))
	time.Sleep(2 * time.Second)
	asking, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if now, err := r.Client(asking, "photoprint"); err == nil {
		require.Equal(t, storage.StatusSuspended, now.Status)
	}
	require.Eventually(t, func() bool {
		asking, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		now, err := r.Client(asking, "photoprint")
		return err == nil && now.Status == storage.StatusSuspended
	}, 20*time.Second, 10*time.Millisecond, "new connections work")
}
