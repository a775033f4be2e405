package gormstore_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// watcher is a store that waits for the revision and counts its looks.
type watcher struct {
	*gormstore.Store
	looks atomic.Int32
}

func watch(t *testing.T, dsn string) *watcher {
	t.Helper()
	w := &watcher{}
	w.Store = open(t, dsn, gormstore.Options{Migrate: true, Statement: func(_ context.Context, sql string) {
		if strings.HasPrefix(sql, "SELECT") && strings.Contains(sql, "revision") {
			w.looks.Add(1)
		}
	}})
	return w
}

// sees returns how often the store has looked when it sees that another one wrote after the first look: once, where the look was late.
func (w *watcher) sees(t *testing.T, writing *gormstore.Store) (looks int) {
	t.Helper()
	seen, err := w.Revision(t.Context())
	require.NoError(t, err)
	w.looks.Store(0)
	saw := make(chan error, 1)
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	go func() {
		is, err := w.AwaitRevision(ctx, seen)
		if err == nil && is <= seen {
			err = context.Canceled
		}
		saw <- err
	}()
	require.Eventually(t, func() bool { return w.looks.Load() > 0 }, time.Minute, time.Millisecond)
	for {
		require.NoError(t, writing.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
		select {
		case err := <-saw:
			require.NoError(t, err)
			return int(w.looks.Load())
		case <-time.After(5 * time.Second): // a writer that takes too long to tell of a write leaves it
		}
	}
}

// hears waits until the store listens, and proves that it is told: by itself it does not look again. What it is told of first may be
// its own connection.
func (w *watcher) hears(t *testing.T, writing *gormstore.Store) {
	t.Helper()
	w.Look(time.Hour, time.Minute)
	told := 0
	for n := 0; told < 2; n++ {
		require.Less(t, n, 100, "every look is late")
		if w.sees(t, writing) > 1 {
			told++
		}
	}
}

func TestAWriteIsSeenByAnotherProcess(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		writing, waiting := open(t, dsn), watch(t, dsn)
		for range 3 {
			waiting.sees(t, writing)
		}
		if strings.HasPrefix(dsn, "postgres") {
			waiting.hears(t, writing)
		}
	})
}

const listeners = `SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`

func TestALostListenerComesBack(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	writing, waiting := open(t, dsn), watch(t, dsn)
	listener := func(is func(pid string) bool, says string) (pid string) {
		t.Helper()
		require.Eventually(t, func() bool {
			var err error
			pid, err = writing.Query(listeners)
			return err == nil && is(pid)
		}, 60*time.Second, 10*time.Millisecond, says)
		return pid
	}
	waiting.hears(t, writing)
	last := ""
	another := func(pid string) bool { return pid != "" && pid != last && !strings.Contains(pid, " ") }
	for range 2 {
		last = listener(another, "one listens, and it is not the one that was lost")
		_, err := writing.Query("SELECT pg_terminate_backend(" + last + ")::text")
		require.NoError(t, err)
		waiting.sees(t, writing) // what was written while nobody listened
		waiting.hears(t, writing)
	}
	listener(another, "one listens again")
	require.NoError(t, waiting.Close())
	listener(func(pid string) bool { return pid == "" }, "a store that is closed listens no more")
}

// PgBouncer in transaction mode takes LISTEN and delivers nothing, and some databases that speak PostgreSQL's protocol
// know neither LISTEN nor NOTIFY.
func TestWritesAreSeenWhereNobodyCanListen(t *testing.T) {
	t.Parallel()
	refuse := func(word string) func(sql string) bool {
		return func(sql string) bool { return strings.Contains(sql, word) }
	}
	for name, set := range map[string]func(*testdb.Tap){
		"LISTEN is refused":             func(p *testdb.Tap) { p.Refuse(refuse("LISTEN")) },
		"NOTIFY is refused":             func(p *testdb.Tap) { p.Refuse(refuse("pg_notify")) },
		"notifications are not carried": func(p *testdb.Tap) { p.Deaf = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tap := testdb.NewTap(t, testdb.Postgres(t))
			set(tap)
			writing, waiting := open(t, tap.DSN), watch(t, tap.DSN)
			for range 3 {
				waiting.sees(t, writing)
			}
			waiting.Look(time.Hour, time.Minute) // so that it sees only what it hears of
			told := 0
			for range 3 {
				seen, err := waiting.Revision(t.Context())
				require.NoError(t, err)
				ctx, end := context.WithTimeout(t.Context(), time.Second)
				saw := make(chan error, 1)
				waiting.looks.Store(0)
				go func() { _, err := waiting.AwaitRevision(ctx, seen); saw <- err }()
				require.Eventually(t, func() bool { return waiting.looks.Load() > 0 }, 60*time.Second, time.Millisecond)
				require.NoError(t, writing.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
				if err := <-saw; err == nil && waiting.looks.Load() > 1 { // else its first look was late
					told++
				}
				end()
			}
			require.Less(t, told, 3, "it hears of every write, not only of its own connection")
		})
	}
}

// A network that was cut tells nobody: what a process then asks on the connections that it has is never answered.
func TestALookThatIsNotAnsweredFailsSoonAndTheNextOneSeesTheWrite(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	tap := testdb.NewTap(t, dsn)
	writing, waiting := open(t, dsn), watch(t, tap.DSN)
	waiting.hears(t, writing)
	seen, err := waiting.Revision(t.Context())
	require.NoError(t, err)
	tap.Silence()
	require.NoError(t, writing.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	waiting.Look(time.Hour, 750*time.Millisecond)
	began := time.Now()
	_, err = waiting.AwaitRevision(t.Context(), seen)
	require.ErrorIs(t, err, storage.ErrUnavailable, "so that whoever keeps something drops it")
	require.Less(t, time.Since(began), 8*time.Second)
	require.ErrorContains(t, err, "not known after 750ms", "a look has less time than other reads")
	waiting.Look(time.Hour, 5*time.Second) // for a new connection
	require.Eventually(t, func() bool {
		is, err := waiting.AwaitRevision(t.Context(), seen)
		return err == nil && is > seen
	}, 2*time.Minute, 10*time.Millisecond)
}
