package gormstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// promised is how soon every process sees what another one wrote.
const promised = 2 * time.Second

// awaits returns how long it takes until a store sees that another one wrote.
func awaits(t *testing.T, waiting, writing *gormstore.Store) time.Duration {
	t.Helper()
	seen, err := waiting.Revision(t.Context())
	require.NoError(t, err)
	woken := make(chan error, 1)
	go func() {
		is, err := waiting.AwaitRevision(t.Context(), seen)
		if err == nil && is <= seen {
			err = context.Canceled
		}
		woken <- err
	}()
	time.Sleep(50 * time.Millisecond) // so that it has looked
	began := time.Now()
	require.NoError(t, writing.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	require.NoError(t, <-woken)
	return time.Since(began)
}

// hears waits until a store listens, and proves that it is told: sooner than it would look.
func hears(t *testing.T, waiting, writing *gormstore.Store) {
	t.Helper()
	for range 40 { // a connection that was lost is opened again soon
		if awaits(t, waiting, writing) < 200*time.Millisecond {
			return
		}
	}
	require.Fail(t, "it is not told, it only looks")
}

func TestAWriteIsSeenByAnotherProcessWithinTwoSeconds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		writing, waiting := open(t, dsn), open(t, dsn)
		for range 3 {
			require.Less(t, awaits(t, waiting, writing), promised)
		}
		if strings.HasPrefix(dsn, "postgres") {
			hears(t, waiting, writing)
		}
	})
}

const listeners = `SELECT coalesce(string_agg(pid::text, ' '), '') FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`

func TestALostListenerComesBack(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	writing, waiting := open(t, dsn), open(t, dsn)
	hears(t, waiting, writing)
	first, err := writing.Query(listeners)
	require.NoError(t, err)
	require.NotEmpty(t, first)
	for range 2 {
		_, err = writing.Query("SELECT pg_terminate_backend(" + first + ")::text")
		require.NoError(t, err)
		require.Less(t, awaits(t, waiting, writing), promised, "while nobody listens")
		hears(t, waiting, writing)
		again, err := writing.Query(listeners)
		require.NoError(t, err)
		require.NotContains(t, []string{"", first}, again)
		first = again
	}
	require.NoError(t, waiting.Close())
	require.Eventually(t, func() bool {
		left, err := writing.Query(listeners)
		return err == nil && left == ""
	}, 5*time.Second, 10*time.Millisecond, "a store that is closed listens no more")
}

// PgBouncer in transaction mode takes LISTEN and delivers nothing, and some databases that speak PostgreSQL's protocol
// know neither LISTEN nor NOTIFY.
func TestWritesAreSeenWithinTwoSecondsWhereNobodyCanListen(t *testing.T) {
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
			writing, waiting := open(t, tap.DSN), open(t, tap.DSN)
			slow := 0
			for range 3 {
				took := awaits(t, waiting, writing)
				require.Less(t, took, promised)
				if took > 300*time.Millisecond {
					slow++
				}
			}
			require.NotZero(t, slow, "somebody heard it after all")
		})
	}
}

// A network that was cut tells nobody: what a process then asks on the connections that it has is never answered.
func TestALookThatIsNotAnsweredFailsSoonAndTheNextOneSeesTheWrite(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	tap := testdb.NewTap(t, dsn)
	writing, waiting := open(t, dsn), open(t, tap.DSN)
	hears(t, waiting, writing)
	seen, err := waiting.Revision(t.Context())
	require.NoError(t, err)
	tap.Silence()
	require.NoError(t, writing.SaveScope(t.Context(), storage.Scope{Name: "points_read"}))
	began := time.Now()
	_, err = waiting.AwaitRevision(t.Context(), seen)
	require.ErrorIs(t, err, storage.ErrUnavailable, "so that whoever keeps something drops it")
	require.Less(t, time.Since(began), promised)
	require.Eventually(t, func() bool {
		is, err := waiting.AwaitRevision(t.Context(), seen)
		return err == nil && is > seen
	}, 5*time.Second, 10*time.Millisecond)
}
