package main

import (
	"context"
	"database/sql"
	"net/url"
	"runtime"

	_ "github.com/mattn/go-sqlite3"
)

type tokenID [16]byte

type row struct {
	id                      tokenID
	hash                    [32]byte
	clientID, userID, scope string
	issued, expires         int64
}

const schema = `
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS tokens (
    id BLOB PRIMARY KEY, hash BLOB NOT NULL, client_id TEXT NOT NULL, user_id TEXT NOT NULL, scope TEXT NOT NULL,
    issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
) WITHOUT ROWID`

// groupLimit bounds how many rows share one commit.
const groupLimit = 256

// rows is the table: a pool of connections that read, and one goroutine that writes for everybody.
type rows struct {
	read   *sql.Stmt
	writes chan insertion
}

type insertion struct {
	row  row
	done chan error
}

func openRows(path string) (*rows, error) {
	dsn := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String() + "?_synchronous=FULL&_busy_timeout=5000&_cache_size=-16000"
	w, err := openWriter(dsn)
	if err != nil {
		return nil, err
	}
	readers, err := sql.Open("sqlite3", dsn+"&_query_only=on")
	if err != nil {
		return nil, err
	}
	connections := max(4, 2*runtime.NumCPU())
	readers.SetMaxOpenConns(connections)
	readers.SetMaxIdleConns(connections)
	r := &rows{writes: make(chan insertion, groupLimit)}
	if r.read, err = readers.Prepare(`SELECT hash, client_id, user_id, scope, issued_at, expires_at FROM tokens WHERE id = ?`); err != nil {
		return nil, err
	}
	go r.write(w)
	return r, nil
}

func (r *rows) find(ctx context.Context, id tokenID) (t row, err error) {
	var hash []byte
	err = r.read.QueryRowContext(ctx, id[:]).Scan(&hash, &t.clientID, &t.userID, &t.scope, &t.issued, &t.expires)
	return t, err
}

// insert returns when the row is durable.
func (r *rows) insert(t row) error {
	done := make(chan error, 1)
	r.writes <- insertion{t, done}
	return <-done
}

// write commits whatever is waiting, together.
func (r *rows) write(w *writer) {
	for first := range r.writes {
		group := []insertion{first}
		for more := true; more && len(group) < groupLimit; {
			select {
			case next := <-r.writes:
				group = append(group, next)
			default:
				more = false
			}
		}
		err := w.commit(group)
		for _, i := range group {
			i.done <- err
		}
	}
}

// writer is the only connection that writes, with its statements.
type writer struct{ begin, insert, commits, rollback *sql.Stmt }

func openWriter(dsn string) (*writer, error) {
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		return nil, err
	}
	w := &writer{}
	for text, statement := range map[string]**sql.Stmt{
		`BEGIN IMMEDIATE`: &w.begin, `COMMIT`: &w.commits, `ROLLBACK`: &w.rollback,
		`INSERT INTO tokens (id, hash, client_id, user_id, scope, issued_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`: &w.insert,
	} {
		if *statement, err = db.Prepare(text); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *writer) commit(group []insertion) error {
	if _, err := w.begin.Exec(); err != nil {
		return err
	}
	for _, i := range group {
		t := i.row
		if _, err := w.insert.Exec(t.id[:], t.hash[:], t.clientID, t.userID, t.scope, t.issued, t.expires); err != nil {
			_, _ = w.rollback.Exec()
			return err
		}
	}
	_, err := w.commits.Exec()
	return err
}
