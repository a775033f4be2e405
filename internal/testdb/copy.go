package testdb

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Copy returns the DSN of a new database that begins with what the one of dsn holds. Nobody may have that one open. The
// copy ends with the test.
func Copy(t testing.TB, dsn string) string {
	t.Helper()
	if from, isFile := strings.CutPrefix(dsn, "sqlite:"); isFile {
		return "sqlite:" + copyFile(t, from)
	}
	server, template := locate(t, dsn)
	return create(t, server, " TEMPLATE "+template)
}

func copyFile(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(to, read(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// read returns a file of SQLite, which is whole only while nobody has it open.
func read(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		t.Fatalf("%s is still open", path)
	}
	return raw
}

// locate returns the server's URL and the name of the database of a DSN of Postgres.
func locate(t testing.TB, dsn string) (server, name string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("the database's URL is none")
	}
	return os.Getenv(ServerVariable), strings.TrimPrefix(u.Path, "/")
}
