package testdb_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
)

func TestPostgresGivesEachTestAnEmptyDatabaseAndDropsIt(t *testing.T) {
	var first string
	t.Run("while it runs", func(t *testing.T) {
		first = testdb.Postgres(t)
		second := testdb.Postgres(t)
		require.NotEqual(t, first, second)
		conn, err := pgx.Connect(context.Background(), first)
		require.NoError(t, err, "and a connection that is left open does not keep it")
		t.Cleanup(func() { conn.Close(context.Background()) })
	})
	if first == "" {
		t.Skip("no server")
	}
	_, err := pgx.Connect(context.Background(), first)
	require.ErrorContains(t, err, "does not exist")
}

func TestSQLiteNamesAFileThatDoesNotExist(t *testing.T) {
	path, ok := strings.CutPrefix(testdb.SQLite(t), "sqlite:")
	require.True(t, ok)
	require.True(t, filepath.IsAbs(path))
	_, err := os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}
