// Package testdb gives tests real databases: a SQLite file of their own, and a PostgreSQL database of their own on the
// server that GATEHOUSE_TEST_POSTGRES names. The command testdb/pg starts such a server around another command:
//
//	go run ./internal/testdb/pg -- go test ./...
package testdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// ServerVariable names the environment variable with the postgres:// URL of a server on which tests may create
	// databases.
	ServerVariable = "GATEHOUSE_TEST_POSTGRES"
	// RequireVariable names the environment variable that, set to 1, makes a missing server a failure.
	RequireVariable = "GATEHOUSE_TEST_REQUIRE"
)

// Each runs test twice, as the subtests "sqlite" and "postgres", each with the DSN of a new and empty database. They run
// beside each other: what follows Each in the same function is done before them.
func Each(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	each(t, test, SQLite, Postgres)
}

func each(t *testing.T, test func(t *testing.T, dsn string), sqlite, postgres func(t testing.TB) string) {
	t.Helper()
	on := func(name string, database func(t testing.TB) string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, database(t))
		})
	}
	on("sqlite", sqlite)
	on("postgres", postgres)
}

// SQLite returns the DSN of a SQLite file that does not exist yet, in a folder that ends with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Postgres returns the DSN of a new, empty PostgreSQL database that is dropped with the test. Without a server the
// test is skipped, or fails when GATEHOUSE_TEST_REQUIRE is 1.
func Postgres(t testing.TB) string {
	t.Helper()
	return create(t, requireServer(t), "")
}

// RequirePostgres does to a test that starts a server of its own what Postgres does where there is none.
func RequirePostgres(t testing.TB) {
	t.Helper()
	requireServer(t)
}

// requireServer returns the server's URL, or ends the test.
func requireServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv(ServerVariable)
	if server == "" {
		missingServer(t)
	}
	return server
}

// create makes a database that is dropped with the test and returns its DSN.
func create(t testing.TB, server, options string) string {
	t.Helper()
	dsn, name := createKept(t, server, options)
	t.Cleanup(func() { admin(t, server, drop(name)) })
	return dsn
}

// createKept makes a database that stays.
func createKept(t testing.TB, server, options string) (dsn, name string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", ServerVariable)
	}
	name = "gatehouse_test_" + strings.ToLower(rand.Text())
	admin(t, server, "CREATE DATABASE "+name+options)
	u.Path = "/" + name
	query := u.Query()
	query.Set("connect_timeout", "60") // a server that many tests share may be busy, and is not away; our own default is 5 s
	u.RawQuery = query.Encode()
	return u.String(), name
}

func drop(name string) string { return "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)" }

func missingServer(t testing.TB) {
	t.Helper()
	const say = "NOT TESTED ON POSTGRESQL: " + ServerVariable +
		" is not set; run: go run ./internal/testdb/pg -- go test ./..."
	if os.Getenv(RequireVariable) == "1" {
		t.Fatal(say)
	}
	t.Skip(say)
}

// objectInUse is an SQLSTATE code, PostgreSQL documentation, appendix A.
const objectInUse = "55006"

func admin(t testing.TB, server, statement string) {
	t.Helper()
	if err := execute(server, statement); err != nil {
		t.Fatal(err)
	}
}

// execute runs a statement again while a database is in use: the server itself waits only five seconds for connections that end, and
// those of a busy machine take longer.
func execute(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connecting to %s: %w", ServerVariable, err)
	}
	defer conn.Close(ctx)
	for {
		_, err := conn.Exec(ctx, statement)
		if err == nil {
			return nil
		}
		if refused, is := errors.AsType[*pgconn.PgError](err); !is || refused.Code != objectInUse {
			return fmt.Errorf("%s: %w", statement, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
