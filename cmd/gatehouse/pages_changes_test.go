package main

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// changes notices each row that is written to a SQLite database, by whomever.
type changes struct {
	t  *testing.T
	db *sql.DB
}

func watchChanges(t *testing.T, dsn string) changes {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_busy_timeout=10000")
	require.NoError(t, err)
	closeAtEnd(t, db)
	db.SetMaxOpenConns(1)
	var tables []string
	rows, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'`)
	require.NoError(t, err)
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	require.Contains(t, tables, "clients")
	_, err = db.Exec(`CREATE TABLE noticed (what TEXT NOT NULL)`)
	require.NoError(t, err)
	for _, table := range tables {
		for _, how := range []string{"INSERT", "UPDATE", "DELETE"} {
			if table == "sessions" && how == "UPDATE" {
				continue // when it was last seen
			}
			_, err := db.Exec(fmt.Sprintf(`CREATE TRIGGER "noticed %[1]s %[2]s" AFTER %[2]s ON "%[1]s" BEGIN INSERT INTO noticed VALUES ('%[2]s %[1]s'); END`, table, how))
			require.NoError(t, err)
		}
	}
	return changes{t, db}
}

// forget begins anew.
func (c changes) forget() {
	c.t.Helper()
	_, err := c.db.Exec(`DELETE FROM noticed`)
	require.NoError(c.t, err)
}

// noticed is what was written since, such as "INSERT clients".
func (c changes) noticed() (all []string) {
	c.t.Helper()
	rows, err := c.db.Query(`SELECT DISTINCT what FROM noticed`)
	require.NoError(c.t, err)
	defer rows.Close()
	for rows.Next() {
		var what string
		require.NoError(c.t, rows.Scan(&what))
		all = append(all, what)
	}
	require.NoError(c.t, rows.Err())
	return all
}
