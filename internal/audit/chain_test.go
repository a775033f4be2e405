package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/audit"
	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

func open(t *testing.T, dsn string) *gormstore.Store {
	t.Helper()
	s, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func record(t *testing.T, s *gormstore.Store, n int) {
	t.Helper()
	for i := range n {
		e := storage.AuditEvent{
			Actor: storage.Actor{Kind: storage.ActorUser, ID: "ana", Address: "192.0.2.1"}, Action: "client.approve",
			Target: storage.Target{Kind: "client", ID: fmt.Sprint("c", i)}, Detail: map[string]string{"from": "submitted", "a": "b"},
		}
		require.NoError(t, s.Record(storage.Audited(t.Context(), e)))
	}
}

func verify(t *testing.T, s *gormstore.Store) audit.Report {
	t.Helper()
	report, err := audit.Verify(context.Background(), s)
	require.NoError(t, err)
	return report
}

func TestSealingWhileOthersWriteAndSealLeavesOneWholeChain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		other := s
		if strings.HasPrefix(dsn, "postgres") {
			other = open(t, dsn)
		}
		require.Equal(t, audit.Report{}, verify(t, s))
		var group sync.WaitGroup
		for _, store := range []*gormstore.Store{s, other} {
			group.Go(func() { record(t, store, 50) })
			group.Go(func() {
				for range 20 {
					if err := audit.Seal(t.Context(), store); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		require.NoError(t, audit.Seal(t.Context(), s))
		require.Equal(t, audit.Report{Sealed: 100}, verify(t, s))
		record(t, s, 3)
		require.Equal(t, audit.Report{Sealed: 100, Waiting: 3}, verify(t, s), "the tail that is not sealed is told")
	})
}

func TestAChangeBehindTheServersBackIsNoticed(t *testing.T) {
	for name, c := range map[string]struct{ change, broken string }{
		"an event is changed":      {"UPDATE audit_events SET target_id = 'x' WHERE sequence = 3", "event 3 "},
		"a detail is changed":      {"UPDATE audit_events SET detail = '{}' WHERE sequence = 5", "event 5 "},
		"an event is taken out":    {"DELETE FROM audit_events WHERE sequence = 4", "event 4 is missing"},
		"the last one is":          {"DELETE FROM audit_events WHERE sequence = 5", "from 5 to 5 are missing"},
		"the last ones, hidden":    {"DELETE FROM audit_events WHERE sequence > 3; UPDATE audit_chain SET sequence = 3", "the last event is not"},
		"two are exchanged":        {"UPDATE audit_events SET sequence = 9 WHERE sequence = 2; UPDATE audit_events SET sequence = 2 WHERE sequence = 3; UPDATE audit_events SET sequence = 3 WHERE sequence = 9", "event 2 "},
		"a time is moved":          {"UPDATE audit_events SET at = at + 1 WHERE sequence = 1", "event 1 "},
		"an unsealed one is added": {"INSERT INTO audit_events SELECT 'zz', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, 6, hash FROM audit_events WHERE sequence = 5; UPDATE audit_chain SET sequence = 6", "event 6 "},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := testdb.SQLite(t)
			s := open(t, dsn)
			record(t, s, 5)
			require.NoError(t, audit.Seal(t.Context(), s))
			require.Empty(t, verify(t, s).Broken)
			db, err := sql.Open("sqlite3", strings.TrimPrefix(dsn, "sqlite:"))
			require.NoError(t, err)
			defer db.Close()
			for _, trigger := range []string{"audit_events_stay", "audit_events_sealed_once"} { // as whoever owns the database can
				_, err = db.Exec("DROP TRIGGER " + trigger)
				require.NoError(t, err)
			}
			_, err = db.Exec(c.change)
			require.NoError(t, err)
			require.Contains(t, verify(t, s).Broken, c.broken)
		})
	}
}

func TestTheDatabaseItselfRefusesToChangeOrRemoveEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		record(t, s, 2)
		require.NoError(t, audit.Seal(t.Context(), s))
		record(t, s, 1)
		driver, source := "sqlite3", strings.TrimPrefix(dsn, "sqlite:")
		if strings.HasPrefix(dsn, "postgres") {
			driver, source = "pgx", dsn
		}
		db, err := sql.Open(driver, source)
		require.NoError(t, err)
		defer db.Close()
		for _, change := range []string{
			"DELETE FROM audit_events WHERE sequence = 2",
			"DELETE FROM audit_events WHERE sequence = 0",
			"UPDATE audit_events SET target_id = 'x' WHERE sequence = 1",
			"UPDATE audit_events SET actor_id = 'x', sequence = 3 WHERE sequence = 0",
			"UPDATE audit_events SET detail = '{}' WHERE sequence = 0",
			"UPDATE audit_events SET sequence = 0, hash = '' WHERE sequence = 2",
			"UPDATE audit_events SET hash = 'x' WHERE sequence = 1",
		} {
			_, err := db.Exec(change)
			require.ErrorContains(t, err, "audit events are never", change)
		}
		if driver == "pgx" {
			_, err := db.Exec("TRUNCATE audit_events")
			require.ErrorContains(t, err, "audit events are never")
		}
		require.Equal(t, audit.Report{Sealed: 2, Waiting: 1}, verify(t, s))
		require.NoError(t, audit.Seal(t.Context(), s), "what waits can still be sealed")
		require.Equal(t, audit.Report{Sealed: 3}, verify(t, s))
	})
}
