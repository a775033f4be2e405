package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The records that lists are measured on.

// sizes are how many of each there are; the names are those in testdata/lists.sql.
var sizes = map[string]int{
	"clients": 10_000, "publishers": 500, "versions": 1_000, "companies": 1_000, "people": 1_000_000, "sessions": 200_000, "events": 1_000_000,
	"deliveries": 100_000,
}

// constraint matches the indexes that come with a constraint, which stay while rows are added.
var constraint = regexp.MustCompile(`CREATE UNIQUE INDEX \w+_(pkey|key) `)

// fill adds the records of testdata/lists.sql to a PostgreSQL database with the fixtures. Indexes are made afterwards: that is
// several times as fast.
func fill(b testing.TB, dsn string, sizes map[string]int) {
	b.Helper()
	ctx := b.Context()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(b, err)
	defer conn.Close(ctx)
	run := func(sql string) {
		b.Helper()
		_, err := conn.PgConn().Exec(ctx, sql).ReadAll()
		require.NoError(b, err, sql[:min(len(sql), 200)])
	}
	rows, err := conn.Query(ctx, "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
	require.NoError(b, err)
	var drop, create []string
	var name, definition string
	_, err = pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		if !constraint.MatchString(definition) {
			drop, create = append(drop, "DROP INDEX "+name), append(create, definition)
		}
		return nil
	})
	require.NoError(b, err)
	raw, err := os.ReadFile("testdata/lists.sql")
	require.NoError(b, err)
	text := string(raw)
	for name, n := range sizes {
		text = strings.ReplaceAll(text, ":"+name, fmt.Sprint(n))
	}
	run("SET synchronous_commit = off; SET session_replication_role = replica; SET maintenance_work_mem = '256MB'; SET work_mem = '64MB'")
	run(strings.Join(drop, "; "))
	for statement := range strings.SplitSeq(text, ";\n") {
		run(statement)
	}
	run(strings.Join(create, "; "))
	run("VACUUM ANALYZE")
}
