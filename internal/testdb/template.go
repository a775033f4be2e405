package testdb

import (
	"os"
	"strings"
	"sync"
	"testing"
)

// Template is a database of either kind that is filled once and copied for every test that begins with what it holds.
// Filling one takes a server a second under the race detector, most of it for keys and passwords; copying it does not.
type Template struct {
	fill func(t testing.TB, dsn string)

	mu       sync.Mutex
	sqlite   []byte // the file, nil before the first copy
	postgres string // the name of the database, empty before the first copy
}

// NewTemplate returns a template of what fill puts into an empty database. fill closes the database before it returns.
func NewTemplate(fill func(t testing.TB, dsn string)) *Template { return &Template{fill: fill} }

// Each is like the function Each, on copies.
func (m *Template) Each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	each(t, test, m.SQLite, m.Postgres)
}

// SQLite returns the DSN of a file that is a copy, in a folder that ends with the test.
func (m *Template) SQLite(t testing.TB) string {
	t.Helper()
	dsn := SQLite(t)
	if err := os.WriteFile(fileOf(dsn), m.file(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return dsn
}

// Postgres is like the function Postgres, with a copy.
func (m *Template) Postgres(t testing.TB) string {
	t.Helper()
	server := requireServer(t)
	return create(t, server, " TEMPLATE "+m.database(t, server))
}

// Drop removes what was copied from the PostgreSQL server. It is called after the last test.
func (m *Template) Drop() error {
	if m.postgres == "" {
		return nil
	}
	return execute(os.Getenv(ServerVariable), drop(m.postgres))
}

func (m *Template) file(t testing.TB) []byte {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sqlite == nil {
		dsn := SQLite(t)
		m.fill(t, dsn)
		m.sqlite = read(t, fileOf(dsn))
	}
	return m.sqlite
}

func (m *Template) database(t testing.TB, server string) string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.postgres == "" {
		dsn, name := createKept(t, server, "")
		m.fill(t, dsn)
		m.postgres = name
	}
	return m.postgres
}

func fileOf(dsn string) string { return strings.TrimPrefix(dsn, "sqlite:") }
