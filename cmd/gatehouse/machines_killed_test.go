package main

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

// A process that is killed in the middle of a migration leaves nothing of it, and holds up nobody who waits to migrate.
func TestAProcessThatIsKilledWhileItMigratesLeavesTheSchemaToTheOthers(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	firstSchema(t, dsn)
	tap := testdb.NewTap(t, dsn)
	ready, reached := make(chan struct{}), make(chan struct{})
	var once sync.Once
	tap.Refuse(func(sql string) bool {
		if strings.Contains(sql, "CREATE TABLE audit_events") {
			once.Do(func() { close(reached); <-ready })
		}
		return false
	})
	killed := &testServer{t: t, url: "http://" + freeAddress(t), log: &lockedBuffer{}}
	process := killed.launch(tap.DSN, strings.TrimPrefix(killed.url, "http://"), killed.url, "GATEHOUSE_MIGRATE=auto")
	<-reached
	m := launchMachines(t, dsn, "GATEHOUSE_MIGRATE=auto") // they wait for the one that migrates
	require.Equal(t, 1, schemaOf(t, dsn).Version)
	require.NoError(t, process.Process.Kill())
	require.Error(t, process.Wait())
	close(ready)
	m.awaitAll()
	status := schemaOf(t, dsn)
	require.Equal(t, status.Program, status.Version)
	require.Equal(t, 1, strings.Count(m.log.String(), "schema migrated"), m.log)
	m.open(dsn)
	m.everywhereSoon("a mini app", func(one *testServer) bool { return one.sendsToSignIn("photoprint") })
	m.wholeFlow()
}
