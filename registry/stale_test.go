package registry_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/registry"
	"gatehouse/storage"
)

// lookout is a store on which each wait for the revision waits for the test first.
type lookout struct {
	*counted
	asks, goOn chan struct{}
	err        error // of the last one
}

func (l *lookout) AwaitRevision(ctx context.Context, seen int64) (revision int64, err error) {
	select {
	case l.asks <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case <-l.goOn:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	revision, l.err = l.counted.AwaitRevision(ctx, seen)
	return revision, l.err
}

// A process whose connections are dead, which nobody told it, cannot see a suspension. It does not go on with what it kept once a look
// got no answer; how soon that is, the store promises.
func TestWhatCannotBeLookedUpIsKeptNoLongerThanUntilALookFails(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	tap := testdb.NewTap(t, dsn)
	store := newStore(t, dsn)
	require.NoError(t, store.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	other := registry.New(store, time.Now)
	require.NoError(t, other.Create(t.Context(), mini()))
	behind := &lookout{counted: newStore(t, tap.DSN), asks: make(chan struct{}), goOn: make(chan struct{})}
	r := registry.New(behind, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	defer func() { stop(); <-ended }()
	<-behind.asks
	behind.goOn <- struct{}{}
	<-behind.asks // so it has looked once, and looks for the next time when it is told to
	was, err := r.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, storage.StatusApproved, was.Status)

	tap.Silence()
	suspended := *was
	suspended.Status = storage.StatusSuspended
	require.NoError(t, other.Update(t.Context(), suspended, was.UpdatedAt))
	behind.goOn <- struct{}{}
	<-behind.asks // so it has met the answer, and none comes after it
	require.ErrorIs(t, behind.err, storage.ErrUnavailable)
	tap.Cut() // so that new connections take the place of the dead ones
	var now *storage.Client
	require.Eventually(t, func() bool {
		now, err = r.Client(t.Context(), "photoprint")
		return err == nil
	}, 60*time.Second, 10*time.Millisecond)
	require.Equal(t, storage.StatusSuspended, now.Status)
}
