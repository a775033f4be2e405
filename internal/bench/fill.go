package main

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The rows are as long as real ones, a family each of an access token, and of a refresh token in every second one. For growth they
// live for another 1 to 15 days, so that nothing is collected while it is measured.

const tokenColumns = `INSERT INTO tokens (family_id, kind, generation, hash, client_id, grant_id, user_id, company_id, scope, session,
	issued_at, expires_at, state, spent_at, secret_id, keep_until, given_by, tokens_from) `

const microsPerDay = 24 * 60 * 60 * 1_000_000

// fillSQLite adds so many tokens in the order of the primary key, without waiting for the disk; they expire within two weeks from
// then on, counted from now. Nothing else has the file open.
func fillSQLite(ctx context.Context, dsn string, tokens int, then time.Duration) error {
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_journal_mode=OFF&_synchronous=OFF&_cache_size=-500000")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, `
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1),
		f AS MATERIALIZED (SELECT randomblob(16) AS id, i, ?2 + ?4 + abs(random()) % (14 * ?3) AS ends FROM n)
		`+tokenColumns+`
		SELECT id, 2 + i % 2, 1, randomblob(32), 'bench', lower(hex(randomblob(16))), lower(hex(randomblob(16))), '', 'email', randomblob(48),
			?2, ends, 1, 0, '', ends, NULL, 0
		FROM f ORDER BY id`, tokens, time.Now().UnixMicro(), int64(microsPerDay), then.Microseconds())
	return err
}

func fillPostgres(ctx context.Context, dsn string, tokens int) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `
		WITH f AS (SELECT uuid_send(gen_random_uuid()) AS id, i, $2::bigint + $3 + (random() * 14 * $3)::bigint AS ends FROM generate_series(1, $1::bigint) AS n(i))
		`+tokenColumns+`
		SELECT id, 2 + i % 2, 1, sha256(id), 'bench', md5(i::text), md5((-i)::text), '', 'email', sha256(id) || substr(id, 1, 16),
			$2, ends, 1, 0, '', ends, NULL, 0
		FROM f ORDER BY id`, tokens, time.Now().UnixMicro(), int64(microsPerDay))
	if err != nil {
		return err
	}
	// What filling leaves to do is done before anything is measured.
	for _, rest := range []string{"VACUUM ANALYZE tokens", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, rest); err != nil {
			return err
		}
	}
	return nil
}
