package gormstore

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// AskToCollect asks PostgreSQL that nobody else collects until the transaction ends.
var AskToCollect = postgresDialect.collecting

// IsBusy reports whether a write was refused because another process has SQLite's file. Nothing has happened then.
var IsBusy = isBusy

// Look sets how often a store looks for the revision while it waits for one, and how long a look may take.
func (s *Store) Look(every, patience time.Duration) {
	s.limits.lookEvery, s.limits.lookPatience = every, patience
}

// CheckPatience sets how long Check may take.
func (s *Store) CheckPatience(patience time.Duration) { s.limits.checkPatience = patience }

// MigrateTo brings a new database to an earlier version of the schema.
func (s *Store) MigrateTo(ctx context.Context, version int) error {
	return s.writer.write(ctx, migratePatience, func(tx *gorm.DB) error { return s.runMigrations(tx, timeline[:version]) })
}

// Waiting is how many writes wait for SQLite's writer, behind those that it has taken.
func (s *Store) Waiting() int { return len(s.writer.(*sqliteWriter).queue) }

// Connections is how many of the pool's may be in use at a time.
func (s *Store) Connections() int { return s.pool.Stats().MaxOpenConnections }

// Write runs SQL through the writer.
func (s *Store) Write(sql string) error {
	return s.writer.write(s.db.Statement.Context, patience, func(tx *gorm.DB) error { return tx.Exec(sql).Error })
}

// WriteSlowly runs SQL in a transaction, and then something else before it commits.
func (s *Store) WriteSlowly(sql string, then func()) error {
	return s.writer.write(s.db.Statement.Context, patience, func(tx *gorm.DB) error {
		err := tx.Exec(sql).Error
		then()
		return err
	})
}

// Query runs SQL that returns one text.
func (s *Store) Query(sql string, args ...any) (text string, err error) {
	err = s.db.Raw(sql, args...).Scan(&text).Error
	return text, err
}

// ExplainIndexed returns PostgreSQL's plan for a statement, where it may neither read a whole table nor sort unless there is no
// other way. Every parameter is the number 10.
func (s *Store) ExplainIndexed(ctx context.Context, sql string, parameters int) (plan []string, err error) {
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for _, setting := range []string{"enable_seqscan", "enable_sort", "enable_incremental_sort", "enable_bitmapscan"} {
		if _, err := conn.ExecContext(ctx, "SET "+setting+" = off"); err != nil {
			return nil, err
		}
	}
	args := make([]any, parameters)
	for i := range args {
		args[i] = "10"
	}
	rows, err := conn.QueryContext(ctx, "EXPLAIN (COSTS OFF) "+sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		plan = append(plan, line)
	}
	return plan, rows.Err()
}

// Explain returns SQLite's plan for a statement.
func (s *Store) Explain(sql string, args ...any) (plan []string, err error) {
	rows, err := s.pool.Query("EXPLAIN QUERY PLAN "+sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		plan = append(plan, detail)
	}
	return plan, rows.Err()
}
