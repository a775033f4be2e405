package main

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage/gormstore"
)

// What becomes of processes while the schema goes forward.

func sqlOn(t *testing.T, dsn, statements string, args ...any) {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statements, args...)
	require.NoError(t, err)
}

func schemaOf(t *testing.T, dsn string) gormstore.Status {
	t.Helper()
	s, err := gormstore.Open(t.Context(), dsn, gormstore.Options{AnySchema: true})
	require.NoError(t, err)
	defer s.Close()
	status, err := s.Status(t.Context())
	require.NoError(t, err)
	return status
}

// firstSchema makes an empty database what the first release left, with a person and a mini app.
func firstSchema(t *testing.T, dsn string) {
	t.Helper()
	ddl, err := os.ReadFile(filepath.Join("..", "..", "storage", "gormstore", "migrations", "0001_records.sql"))
	require.NoError(t, err)
	sqlOn(t, dsn, strings.NewReplacer("TEXT", `TEXT COLLATE "C"`, "BLOB", "BYTEA", " WITHOUT ROWID", "").Replace(string(ddl))+`;
CREATE TABLE migrations (id TEXT PRIMARY KEY);
INSERT INTO migrations VALUES ('0001_records');
CREATE TABLE schema_info (id SMALLINT PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, min_compatible INTEGER NOT NULL);
INSERT INTO schema_info VALUES (1, 1, 1);
INSERT INTO publishers (id, name, verified, verified_at, developers) VALUES ('printco', 'Print Co', FALSE, 0, '[]')`)
}

func TestProcessesThatStartAtOnceMakeOneSchemaAndOneSetOfKeys(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(t *testing.T, dsn string){
		"on an empty database":        func(*testing.T, string) {},
		"on one of the first release": firstSchema,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := testdb.Postgres(t)
			before(t, dsn)
			m := launchMachines(t, dsn, "GATEHOUSE_MIGRATE=auto")
			m.awaitAll()
			status := schemaOf(t, dsn)
			require.NoError(t, status.Usable())
			require.Equal(t, status.Program, status.Version)
			require.LessOrEqual(t, strings.Count(m.log.String(), "schema migrated"), 1, m.log)
			keys := jwks(m.each[0])
			require.Equal(t, 2, strings.Count(keys, `"kid"`), keys)
			m.everywhereSoon("the keys", func(one *testServer) bool { return jwks(one) == keys })
			m.open(dsn)
			m.everywhereSoon("a mini app", func(one *testServer) bool { return one.sendsToSignIn("photoprint") })
			m.wholeFlow()
		})
	}
}

// A later release's migration, as its `gatehouse migrate up` leaves it: this release is the old program on it.
const (
	laterMigration = `
ALTER TABLE tokens ADD COLUMN later TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN later BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN later TEXT NOT NULL DEFAULT 'x';
ALTER TABLE sessions ADD COLUMN later BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN later TEXT NOT NULL DEFAULT '';
CREATE TABLE later (id TEXT PRIMARY KEY);
INSERT INTO migrations VALUES ('9999_later');
UPDATE schema_info SET version = version + 1`
	breakingMigration = `
DROP TABLE later;
INSERT INTO migrations VALUES ('9999_later_still');
UPDATE schema_info SET version = version + 1, min_compatible = version + 1`
)

func TestAnOldProgramGoesOnWorkingOnANewerSchemaAndSaysWhenItCannot(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	m := newMachines(t, dsn, dsn, "GATEHOUSE_MIGRATE=auto")
	b := m.newBrowser()
	before := m.tokens("ana@example.com", "photoprint")
	code, _ := m.allowIn(b, "ana@example.com", request("photoprint"))

	sqlOn(t, dsn, laterMigration)
	require.Equal(t, http.StatusOK, m.post("/oauth2/token", "photoprint", exchangeForm(code)).StatusCode)
	require.Equal(t, http.StatusOK, m.post("/oauth2/token", "photoprint", refreshForm(before["refresh_token"].(string))).StatusCode)
	m.wholeFlow()
	m.reviewed(t)
	m.restart(0, dsn, "GATEHOUSE_MIGRATE=auto") // as when its machine is replaced during the upgrade
	m.restart(1, dsn)
	m.wholeFlow()
	status := schemaOf(t, dsn)
	require.Equal(t, status.Program+1, status.Version, "it leaves the newer schema as it is")
	for _, one := range m.each {
		require.Equal(t, http.StatusOK, one.newBrowser().get("/readyz").StatusCode)
	}

	sqlOn(t, dsn, breakingMigration)
	for _, one := range m.each {
		a := one.newBrowser().get("/readyz")
		require.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
		require.Contains(t, a.body, "does not fit this program")
		require.NotEmpty(t, a.Header.Get("Retry-After"))
		require.Equal(t, http.StatusOK, one.newBrowser().get("/healthz").StatusCode, "so that nobody kills it while it drains")
	}
	for _, migrate := range []string{"", "auto"} {
		log := m.failsToStart(dsn, "GATEHOUSE_MIGRATE="+migrate)
		require.Contains(t, log, "run a newer gatehouse")
		require.NotContains(t, log, "panic")
	}
}

func TestServeNamesTheCommandWhereTheSchemaIsOldAndItMayNotMigrate(t *testing.T) {
	t.Parallel()
	dsn := testdb.Postgres(t)
	m := launchMachines(t, dsn, "GATEHOUSE_MIGRATE=")
	for _, process := range m.procs {
		require.Error(t, process.Wait())
	}
	require.Contains(t, m.log.String(), "gatehouse migrate up")
	firstSchema(t, dsn)
	require.Contains(t, m.failsToStart(dsn, "GATEHOUSE_MIGRATE="), "gatehouse migrate up")
	require.Equal(t, 1, schemaOf(t, dsn).Version, "it changes nothing by itself")
}

// restart ends a process as its service manager does, and starts it again.
func (m *machines) restart(i int, dsn string, settings ...string) {
	m.t.Helper()
	one := m.each[i]
	require.NoError(m.t, m.procs[i].Process.Signal(os.Interrupt))
	require.NoError(m.t, m.procs[i].Wait())
	one.program = m.program
	m.procs[i] = one.launch(dsn, strings.TrimPrefix(one.url, "http://"), m.url, settings...)
	one.awaitReady()
}

// failsToStart starts one more process, which must end by itself, and returns what it said.
func (m *machines) failsToStart(dsn string, settings ...string) string {
	m.t.Helper()
	one := *m.testServer
	one.log = &lockedBuffer{}
	process := one.launch(dsn, freeAddress(m.t.(*testing.T)), m.url, settings...)
	ctx, cancel := context.WithTimeout(m.t.Context(), 60*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	select {
	case err := <-ended:
		require.Error(m.t, err)
	case <-ctx.Done():
		require.Fail(m.t, "it goes on", one.log.String())
	}
	return one.log.String()
}
