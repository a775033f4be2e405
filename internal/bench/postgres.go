package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

// serverVariable names the variable with the URL of a PostgreSQL that may be filled; scripts/with-postgresql sets it.
const serverVariable = "GATEHOUSE_TEST_POSTGRES"

const notMeasured = "Not measured: PostgreSQL is not installed, or this was not run through scripts/with-postgresql.\n"

// newDatabase makes an empty database, and returns an empty text where there is no server. It ends with the server, which is
// there for the measurement alone.
func newDatabase(ctx context.Context) (string, error) {
	server := os.Getenv(serverVariable)
	if server == "" {
		return "", nil
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL", serverVariable)
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	name := "gatehouse_bench_" + strings.ToLower(rand.Text())
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// durability returns what PostgreSQL says about itself.
func durability(ctx context.Context, dsn string) (text string, err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, `SELECT 'PostgreSQL ' || current_setting('server_version') || ', synchronous_commit=' ||
		current_setting('synchronous_commit') || ', fsync=' || current_setting('fsync')`).Scan(&text)
	return text, err
}

// postgreSQL measures every operation there. Targets are set for SQLite only.
func postgreSQL(ctx context.Context, o *options) (string, error) {
	dsn, err := newDatabase(ctx)
	if err != nil {
		return "", err
	}
	if dsn == "" {
		return "## What a request costs on PostgreSQL\n\n" + notMeasured, nil
	}
	said, err := durability(ctx, dsn)
	if err != nil {
		return "", err
	}
	house, err := o.open(ctx, o.gatehouse, dsn, o.crowd(), 4, nil)
	if err != nil {
		return "", err
	}
	defer house.close()
	var subjects []*subject
	for _, op := range operations {
		subjects = append(subjects, house.subject(op))
	}
	found, err := inTurns(ctx, subjects, o)
	if err != nil {
		return "", err
	}
	allocated, err := o.allocations(ctx, subjects)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("## What a request costs on PostgreSQL\n\n%s, on the same machine; its own processor time is not in the figures. %s\n%s",
		said, o.settings(), o.figures(found, subjects, allocated)), nil
}
