package gormstore_test

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
	"gatehouse/storage/storagetest"
)

func TestStoreKeepsTheContractsOfPackageStorage(t *testing.T) {
	for name, newDatabase := range map[string]func(testing.TB) string{"sqlite": testdb.SQLite, "postgres": testdb.Postgres} {
		t.Run(name, func(t *testing.T) {
			storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, newDatabase(t)) })
		})
	}
}

// A pooler in transaction mode that knows no prepared statements.
func TestStoreKeepsTheContractsWithoutPreparedStatements(t *testing.T) {
	t.Parallel()
	if os.Getenv("GATEHOUSE_TEST_FAULTS") != "" {
		storagetest.Run(t, func(t *testing.T) storage.Store { return open(t, unprepared(t)) })
		return
	}
	s, c := open(t, unprepared(t)), storage.Client{
		ID: "photoprint", Name: "PhotoPrint", AccessTokenLifetime: storage.Never, RefreshTokenLifetime: storage.Lifetime(time.Hour),
		RefreshReuseGrace: 10 * time.Second, CreatedAt: time.UnixMicro(1).UTC(), UpdatedAt: time.UnixMicro(1).UTC(),
	}
	require.NoError(t, s.CreateClient(t.Context(), c))
	stored, err := s.Client(t.Context(), "photoprint")
	require.NoError(t, err)
	require.Equal(t, c, stored)
	token := newToken()
	require.NoError(t, insert(s, token))
	requireStored(t, s, token)
}

// unprepared is PostgreSQL without prepared statements, as behind a pooler in transaction mode that knows none.
func unprepared(t testing.TB) string {
	u, err := url.Parse(testdb.Postgres(t))
	require.NoError(t, err)
	query := u.Query()
	query.Set("default_query_exec_mode", "exec")
	u.RawQuery = query.Encode()
	return u.String()
}

// open opens a store with the schema migrated and closes it with the test. It takes a machine that is busy for no outage: a test of
// what is given up soon sets its own limits.
func open(t testing.TB, dsn string, options ...gormstore.Options) *gormstore.Store {
	t.Helper()
	o := gormstore.Options{Migrate: true}
	if len(options) > 0 {
		o = options[0]
	}
	s, err := gormstore.Open(t.Context(), dsn, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	s.Look(500*time.Millisecond, time.Minute)
	s.CheckPatience(time.Minute)
	return s
}
