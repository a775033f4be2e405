package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"time"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// busyTimeout is how long SQLite waits for another process that is writing, such as a command beside the server.
const busyTimeout = 5 * time.Second

// checkpointPages is how many pages of 4 KiB the WAL has when they are copied to the file, each once however often it was written.
// SQLite's own choice is 1000.
const checkpointPages = 4000

var sqliteDialect = dialect{
	name:     "sqlite",
	jsonEach: "json_each(?)",
	schema:   func(ddl string) string { return ddl },
	token:    selectToken,
	unique: func(err error) bool {
		var e sqlite3.Error
		return errors.As(err, &e) &&
			(e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
	},
	explain: explainSQLite,
}

// openSQLite opens the file at path with one connection that writes and a pool of connections that only read. In WAL
// mode they do not wait for each other.
func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("sqlite needs the path of a file: sqlite:PATH")
	}
	dsn := sqlitePrefix + path
	if err := createPrivate(path); err != nil {
		return nil, explainSQLite(dsn, err)
	}
	w, err := openSQLiteWriter(ctx, sqlitePool(path, "_foreign_keys=on", 1, o.observer()), o.watch)
	if err != nil {
		return nil, explainSQLite(dsn, err)
	}
	readers := sqlitePool(path, "_query_only=on", max(4, 2*runtime.NumCPU()), o.observer())
	db, err := openGorm(sqlite.New(sqlite.Config{Conn: readers}))
	if err != nil {
		w.close()
		readers.Close()
		return nil, explainSQLite(dsn, err)
	}
	return &Store{db: db, pool: readers, line: newLine(readers), writer: w, dialect: sqliteDialect, log: o.Log, bell: newBell()}, nil
}

// createPrivate makes a new database file that only its owner can read. An existing file is left alone: opening and
// closing it here would drop the locks that this process may hold on it.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// sqlitePool uses SQLite without its own locks: database/sql gives a connection to one goroutine at a time.
func sqlitePool(path, option string, connections int, observe observer) *sql.DB {
	file := url.URL{Scheme: "file", Opaque: url.PathEscape(path)}
	dsn := fmt.Sprintf("%s?%s&_mutex=no&_synchronous=FULL&_busy_timeout=%d&_stmt_cache_size=64&_cache_size=-16000",
		file.String(), option, busyTimeout.Milliseconds())
	pool := sql.OpenDB(&sqliteConnector{dsn: dsn, driver: &sqlite3.SQLiteDriver{}, observe: observe})
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool
}

// openSQLiteWriter takes the pool's only connection for good.
func openSQLiteWriter(ctx context.Context, pool *sql.DB, counts *watch) (*sqliteWriter, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	if err = useWAL(ctx, conn); err == nil {
		_, err = conn.ExecContext(ctx, fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages))
	}
	if err == nil {
		var db *gorm.DB
		if db, err = openGorm(sqlite.New(sqlite.Config{Conn: conn})); err == nil {
			return startSQLiteWriter(pool, conn, db, counts), nil
		}
	}
	return nil, errors.Join(err, conn.Close(), pool.Close())
}

// useWAL turns the file to WAL, which it then stays. Several processes may be making the same new file, and SQLite
// does not wait by itself when they all do this at once.
func useWAL(ctx context.Context, conn *sql.Conn) error {
	for deadline := time.Now().Add(busyTimeout); ; time.Sleep(10 * time.Millisecond) {
		_, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL")
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
	}
}

func isBusy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}
