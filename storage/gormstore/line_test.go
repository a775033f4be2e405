package gormstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// hall is a store all of whose connections that read are taken, each in the middle of a read.
type hall struct {
	*gormstore.Store
	t      *testing.T
	shut   atomic.Bool
	inside atomic.Int64
	open   chan struct{} // takes one for each read that may go on
	group  sync.WaitGroup
}

func fullHall(t *testing.T, dsn string) *hall {
	h := &hall{t: t, open: make(chan struct{})}
	h.Store = open(t, dsn, gormstore.Options{Migrate: true, Statement: func(_ context.Context, sql string) {
		if h.shut.Load() && strings.Contains(sql, "FROM tokens") {
			h.inside.Add(1)
			<-h.open
		}
	}})
	h.shut.Store(true)
	t.Cleanup(func() { h.shut.Store(false); close(h.open); h.group.Wait() })
	for range h.Connections() {
		h.group.Go(func() {
			for h.inside.Load() < int64(h.Connections()) && errors.Is(h.look(context.Background()), storage.ErrUnavailable) {
				continue // it did not get as far as to read
			}
		})
	}
	require.Eventually(t, func() bool { return h.inside.Load() == int64(h.Connections()) }, 60*time.Second, time.Millisecond)
	return h
}

func (h *hall) look(ctx context.Context) error {
	_, err := h.Token(ctx, newToken().TokenKey)
	return err
}

// Each read that ends lets in the one that came first, whatever else waits. A busy machine may let one come later than the test asked
// it to, so a few that overtook are no failure; of those that are drawn by lot one half would have.
func TestWhoWaitsForAConnectionIsServedAsTheyCame(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := fullHall(t, dsn)
		var mu sync.Mutex
		var order []int
		for n := range 20 {
			h.group.Go(func() {
				require.ErrorIs(t, h.askForNobody(context.Background()), storage.ErrNotFound)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, n)
			})
			time.Sleep(5 * time.Millisecond) // until it stands in line
		}
		require.Empty(t, order, "nobody gets in while all connections are taken")
		h.open <- struct{}{} // one at a time, on the one connection that is free now
		require.Eventually(t, func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == 20 }, 60*time.Second, time.Millisecond)
		overtook := 0
		for i, n := range order {
			for _, later := range order[i:] {
				if later < n {
					overtook++
				}
			}
		}
		require.Less(t, overtook, 20*19/2/4, "%v", order)
	})
}

// A request whose client went away, or whose time is over, leaves the line at once and takes nobody's turn with it.
func TestWhoGoesAwayWaitsForNoConnection(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		h := fullHall(t, dsn)
		for name, read := range h.reads() {
			ctx, leave := context.WithCancel(t.Context())
			soon, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
			left, late := make(chan error, 1), make(chan error, 1)
			h.group.Go(func() { left <- read(ctx) })
			h.group.Go(func() { late <- read(soon) })
			time.Sleep(5 * time.Millisecond)
			require.Empty(t, left, name)
			leave()
			for _, one := range []chan error{left, late} {
				err := <-one
				require.Error(t, err, name)
				require.NotErrorIs(t, err, storage.ErrNotFound, name)
				require.NotErrorIs(t, err, storage.ErrUnavailable, "%s: it was not the store that sent it away", name)
			}
			end()
		}
		h.open <- struct{}{}
		require.ErrorIs(t, h.askForNobody(t.Context()), storage.ErrNotFound, "the line goes on")
	})
}

// reads are the hot reads, by name.
func (h *hall) reads() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"a token":    h.look,
		"a user":     h.askForNobody,
		"a session":  func(ctx context.Context) error { _, _, err := h.Session(ctx, "s", time.Now()); return err },
		"a grant":    func(ctx context.Context) error { _, err := h.Grant(ctx, storage.Owner{UserID: "u"}, "c"); return err },
		"a link":     func(ctx context.Context) error { _, err := h.LinkedUser(ctx, "i", "s"); return err },
		"an API key": func(ctx context.Context) error { _, _, err := h.APIKey(ctx, "k"); return err },
		"last reads": func(ctx context.Context) error { _, err := h.LastReads(ctx, storage.Owner{UserID: "u"}); return err },
	}
}

// askForNobody reads what stands in no table of tokens.
func (h *hall) askForNobody(ctx context.Context) error {
	_, err := h.User(ctx, "nobody")
	return err
}
