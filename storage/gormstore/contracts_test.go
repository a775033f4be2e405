package gormstore_test

import (
	"testing"

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

// open opens a store with the schema migrated and closes it with the test.
func open(t testing.TB, dsn string, options ...gormstore.Options) *gormstore.Store {
	t.Helper()
	o := gormstore.Options{Migrate: true}
	if len(options) > 0 {
		o = options[0]
	}
	s, err := gormstore.Open(t.Context(), dsn, o)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}
