package gormstore

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"gatehouse/storage"
)

// A write is promised to be seen within two seconds, also where nobody tells of it, one look just missed it and the next one gets no
// answer: whoever keeps something knows by then that it may be old.
func TestAWriteIsSeenWithinTwoSeconds(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"), Options{Migrate: true})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	synctest.Test(t, func(t *testing.T) {
		b := newBell()
		began := time.Now()
		require.NoError(t, b.wait(t.Context(), b.next(), s.limits.lookEvery))
		require.Less(t, time.Since(began)+s.limits.lookPatience, 2*time.Second)
		require.LessOrEqual(t, s.limits.checkPatience, 2*time.Second, "so that /readyz says it as soon")

		rung := b.next()
		b.ring()
		began = time.Now()
		require.NoError(t, b.wait(t.Context(), rung, time.Hour))
		require.Equal(t, gather, time.Since(began), "where the database tells of it")
	})
}

// Who would wait behind somebody who came later could wait for ever. That a store keeps to the line, another test shows.
func TestTheLineServesThemAsTheyCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := line{semaphore.NewWeighted(1)}
		require.NoError(t, l.enter(t.Context()))
		var order []int
		for n := range 20 {
			go func() {
				if l.enter(t.Context()) == nil {
					order = append(order, n) // nobody else is inside
					l.leave()
				}
			}()
			synctest.Wait()
		}
		require.Empty(t, order, "nobody gets in while it is taken")
		l.leave()
		synctest.Wait()
		require.Len(t, order, 20)
		require.IsIncreasing(t, order)
	})
}

// waits are the ways to wait for a connection of a store all of whose connections are taken.
func waits(t *testing.T) map[string]func(context.Context) error {
	full := line{semaphore.NewWeighted(1)}
	require.NoError(t, full.enter(t.Context()))
	s := &Store{line: full, dialect: postgresDialect, writer: &postgresWriter{line: full, watch: new(watch)}}
	return map[string]func(context.Context) error{
		"a hot read":     func(ctx context.Context) error { _, _, err := s.turn(ctx); return err },
		"a read":         func(ctx context.Context) error { return s.read(ctx, nil) },
		"a write":        func(ctx context.Context) error { return s.write(ctx, nil) },
		"a unit of work": func(ctx context.Context) error { return s.Apply(ctx, storage.Unit{storage.RevokeFamily{}}) },
	}
}

// Whoever waits for a connection is told after ten seconds that the database is away, also where nobody waits with them. Who goes away
// before leaves the line at once.
func TestNobodyWaitsLongerForAConnectionThanForTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, wait := range waits(t) {
			began := time.Now()
			require.ErrorIs(t, wait(t.Context()), storage.ErrUnavailable, name)
			require.Equal(t, 10*time.Second, time.Since(began), name)

			ctx, leave := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, leave)
			began = time.Now()
			require.ErrorIs(t, wait(ctx), context.Canceled, name)
			require.Equal(t, time.Second, time.Since(began), name)
		}
	})
}
