package audit_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/audit"
	"gatehouse/internal/secret"
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

// chainOf is the chain in a store, under a root secret and another one; empty: none.
func chainOf(t *testing.T, s audit.Store, secrets ...string) *audit.Chain {
	t.Helper()
	pad := func(text string) []byte {
		if text == "" {
			return nil
		}
		return []byte(strings.Repeat(text, 32))
	}
	root, err := secret.New(pad(secrets[0]), pad(strings.Join(secrets[1:], "")))
	require.NoError(t, err)
	return audit.New(s, root)
}

func seal(t *testing.T, s audit.Store) {
	t.Helper()
	require.NoError(t, chainOf(t, s, "a").Seal(t.Context()))
}

// verify says what there is, without the head.
func verify(t *testing.T, s audit.Store) audit.Report {
	t.Helper()
	report, err := chainOf(t, s, "a").Verify(context.Background(), audit.Head{})
	require.NoError(t, err)
	report.Head = audit.Head{}
	return report
}

// owner is a connection of whoever owns a SQLite database, who can drop its triggers.
func owner(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", strings.TrimPrefix(dsn, "sqlite:"))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	for _, trigger := range []string{"audit_events_stay", "audit_events_sealed_once", "audit_events_new", "audit_events_once"} {
		_, err = db.Exec("DROP TRIGGER " + trigger)
		require.NoError(t, err)
	}
	return db
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
					if err := chainOf(t, store, "a").Seal(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		seal(t, s)
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
		"one is added before":      {"INSERT INTO audit_events SELECT 'zz', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, -1, hash FROM audit_events WHERE sequence = 5", "1 events have a place"},
		"one is added behind":      {"INSERT INTO audit_events SELECT 'zz', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, 99, hash FROM audit_events WHERE sequence = 5", "1 events have a place"},
		"an unsealed one is added": {"INSERT INTO audit_events SELECT 'zz', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, 6, hash FROM audit_events WHERE sequence = 5; UPDATE audit_chain SET sequence = 6", "event 6 "},
	} {
		t.Run(name, func(t *testing.T) {
			dsn := testdb.SQLite(t)
			s := open(t, dsn)
			record(t, s, 5)
			seal(t, s)
			require.Empty(t, verify(t, s).Broken)
			_, err := owner(t, dsn).Exec(c.change)
			require.NoError(t, err)
			require.Contains(t, verify(t, s).Broken, c.broken)
		})
	}
}

func TestTheDatabaseItselfRefusesToChangeOrRemoveEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		record(t, s, 2)
		seal(t, s)
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
			"INSERT INTO audit_events SELECT 'x', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, -1, '' FROM audit_events WHERE sequence = 1",
			"INSERT INTO audit_events SELECT 'x', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, 9, '' FROM audit_events WHERE sequence = 1",
			"INSERT INTO audit_events SELECT 'x', at, actor_kind, actor_id, address, action, target_kind, target_id, detail, 0, 'x' FROM audit_events WHERE sequence = 1",
		} {
			_, err := db.Exec(change)
			require.ErrorContains(t, err, "audit events are never", change)
		}
		if driver == "sqlite3" { // REPLACE removes what is in its way
			into := " SELECT 'x', at, actor_kind, actor_id, address, 'made.up', target_kind, target_id, detail, 0, '' FROM audit_events WHERE sequence = 1"
			columns := "(id, at, actor_kind, actor_id, address, action, target_kind, target_id, detail, sequence, hash)"
			for _, change := range []string{
				"INSERT OR REPLACE INTO audit_events " + columns + strings.Replace(into, "'x'", "id", 1),
				"INSERT OR REPLACE INTO audit_events (rowid, " + columns[1:] + strings.Replace(into, "'x'", "rowid, 'x'", 1),
				"UPDATE OR REPLACE audit_events SET sequence = 1, hash = 'x' WHERE sequence = 0",
				"UPDATE OR REPLACE audit_events SET rowid = 1, sequence = 3, hash = 'x' WHERE sequence = 0",
			} {
				_, err := db.Exec(change)
				require.ErrorContains(t, err, "audit events are never", change)
			}
		}
		if driver == "pgx" {
			_, err := db.Exec("TRUNCATE audit_events")
			require.ErrorContains(t, err, "audit events are never")
		}
		require.Equal(t, audit.Report{Sealed: 2, Waiting: 1}, verify(t, s))
		seal(t, s) // what waits can still be sealed
		require.Equal(t, audit.Report{Sealed: 3}, verify(t, s))
	})
}

// rewrite makes another history of the log, with hashes that fit, as whoever has the database and no secret can.
func rewrite(t *testing.T, dsn string, s *gormstore.Store) {
	t.Helper()
	db := owner(t, dsn)
	events, err := s.SealedEvents(t.Context(), 0, 100)
	require.NoError(t, err)
	var before []byte
	for _, e := range events {
		e.Actor.ID = "bo"
		before = audit.Hash(before, e)
		_, err := db.Exec("UPDATE audit_events SET actor_id = 'bo', hash = ? WHERE sequence = ?", base64.RawURLEncoding.EncodeToString(before), e.Sequence)
		require.NoError(t, err)
	}
	_, err = db.Exec("UPDATE audit_chain SET hash = ?", base64.RawURLEncoding.EncodeToString(before))
	require.NoError(t, err)
}

func TestALogThatIsRewrittenWithHashesThatFitIsNoticed(t *testing.T) {
	dsn := testdb.SQLite(t)
	s := open(t, dsn)
	record(t, s, 3)
	seal(t, s)
	rewrite(t, dsn, s)
	require.Contains(t, verify(t, s).Broken, "was not written with this GATEHOUSE_SECRET")
	record(t, s, 1)
	seal(t, s)
	require.Contains(t, verify(t, s).Broken, "was not written with this GATEHOUSE_SECRET", "sealing more does not make it good")
}

func TestAHeadThatWasKeptShowsWhetherTheChainStillHasIt(t *testing.T) {
	dsn := testdb.SQLite(t)
	s := open(t, dsn)
	record(t, s, 3)
	seal(t, s)
	chain := chainOf(t, s, "a")
	old, err := chain.Verify(t.Context(), audit.Head{})
	require.NoError(t, err)
	head, err := audit.ParseHead(old.Head.String())
	require.NoError(t, err)
	require.Equal(t, old.Head, head)
	record(t, s, 2)
	seal(t, s)
	report, err := chain.Verify(t.Context(), head)
	require.NoError(t, err)
	require.Empty(t, report.Broken)
	_, err = owner(t, dsn).Exec("DELETE FROM audit_events; UPDATE audit_chain SET sequence = 0, hash = '', mark = ''")
	require.NoError(t, err)
	require.Empty(t, verify(t, s).Broken, "an empty log is whole")
	report, err = chain.Verify(t.Context(), head)
	require.NoError(t, err)
	require.Contains(t, report.Broken, "event 3 was there")
	record(t, s, 3)
	seal(t, s)
	report, err = chain.Verify(t.Context(), head)
	require.NoError(t, err)
	require.Contains(t, report.Broken, "event 3 is not the one that --expect names")
	for _, wrong := range []string{"3", "x:y", "3:ab", "0:ab", "-1:" + old.Head.Hash} {
		_, err := audit.ParseHead(wrong)
		require.Error(t, err, wrong)
	}
}

func TestTheEndIsMarkedAnewWhileTheSecretIsRotated(t *testing.T) {
	s := open(t, testdb.SQLite(t))
	record(t, s, 1)
	seal(t, s)
	broken := func(secrets ...string) string {
		report, err := chainOf(t, s, secrets...).Verify(t.Context(), audit.Head{})
		require.NoError(t, err)
		return report.Broken
	}
	require.Empty(t, broken("b", "a"))
	require.NotEmpty(t, broken("b"))
	require.NoError(t, chainOf(t, s, "c").Seal(t.Context()), "another's end is not marked")
	require.NotEmpty(t, broken("c"))
	require.NoError(t, chainOf(t, s, "b", "a").Seal(t.Context()))
	require.Empty(t, broken("b"))
}
