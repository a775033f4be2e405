package gormstore_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/testdb"
	"gatehouse/storage"
	"gatehouse/storage/gormstore"
)

// requireFix opens a database that cannot be opened and wants one sentence with the fix.
func requireFix(t *testing.T, dsn string, says ...string) {
	t.Helper()
	_, err := gormstore.Open(t.Context(), dsn, gormstore.Options{Migrate: true})
	require.ErrorIs(t, err, storage.ErrUnavailable)
	for _, part := range says {
		require.ErrorContains(t, err, part)
	}
	require.NotContains(t, err.Error(), "\n")
	require.NotContains(t, err.Error(), "hidden")
}

func TestOpenSaysWhatToDoWithAFileThatItCannotUse(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600))
	requireFix(t, "sqlite:"+text, text, "file is not a database; name another file")
	requireFix(t, "sqlite:"+folder, folder, "readable and writable")

	if os.Getuid() == 0 {
		return // whom no mode stops
	}
	path := filepath.Join(folder, "gatehouse.db")
	require.NoError(t, os.WriteFile(path, nil, 0o400))
	requireFix(t, "sqlite:"+path, "attempt to write a readonly database; make the file and its folder writable")
}

func TestOpenSaysWhatToDoWithoutPostgres(t *testing.T) {
	const nobody = "127.0.0.1:1" // a port that no system gives away
	requireFix(t, "postgres://me:hidden@"+nobody+"/x", nobody, "connection refused", "is it running there?")
}

func TestOpenSaysWhatToDoWithAWrongPostgresDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, dsn string) {
		u, err := url.Parse(dsn)
		if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
			t.Skip("PostgreSQL only")
		}
		u.Path = "/nowhere"
		requireFix(t, u.String(), `database "nowhere" does not exist; create the database, or correct its name`)
	})
}
