package gormstore

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"gatehouse/storage"
)

// patience is how long one read or one write may take before the database counts as unavailable.
const patience = 10 * time.Second

// migratePatience is the same for a migration, which may have to rewrite every row.
const migratePatience = 6 * time.Hour

// checkPatience is the same for Check, which must answer soon.
const checkPatience = 2 * time.Second

// limits bound what must be soon, see revision.go and checkPatience.
type limits struct{ lookEvery, lookPatience, checkPatience time.Duration }

var _ storage.Store = (*Store)(nil)

// Options are the choices of Open. The zero value opens an existing schema and logs to slog.Default.
type Options struct {
	// Migrate brings the schema up to date first.
	Migrate bool
	// AnySchema opens the database whatever its schema is, for `gatehouse migrate`: only Status, Migrate and Close
	// may be called then.
	AnySchema bool
	Log       *slog.Logger
	// Statement, when set, is called before every statement that is sent to the database, on the goroutine that sends
	// it; it may sleep. Transactions show as BEGIN…, COMMIT, ROLLBACK…, SAVEPOINT… and RELEASE….
	Statement func(ctx context.Context, sql string)

	watch *watch // set by Open
}

// Store is a storage.Store. It is safe for concurrent use.
type Store struct {
	db      *gorm.DB // reads
	pool    *sql.DB  // what db reads from
	line    line     // of those who need a connection of it
	writer  writer
	dialect dialect
	log     *slog.Logger
	salt    []byte // see failures.go
	watch   *watch
	bell    *bell // rings when there may be a new revision
	limits  limits

	listen  func(context.Context) // hears what rings the bell, until the context ends; nil: the database tells nothing
	hearing hearing
}

// writer is how a database takes writes.
type writer interface {
	// write runs do in a transaction and returns once that is durable. It may run do again after a failure, always
	// from the state before it. A context that ends while do waits for its turn withdraws it; later it changes nothing,
	// but PostgreSQL gives up on do after limit.
	write(ctx context.Context, limit time.Duration, do func(tx *gorm.DB) error) error
	// apply does the same for the statements of a unit of work.
	apply(ctx context.Context, steps []step) error
	// close waits for writes under way and ends.
	close() error
}

// dialect is what one database spells differently.
type dialect struct {
	name       string
	forShare   string                  // ends a SELECT whose row must stay as it is until the transaction ends
	forUpdate  string                  // ends a SELECT whose row nobody else may change or lock until the transaction ends
	skipLocked string                  // ends a SELECT of rows to change that others may be changing too
	jsonEach   string                  // the members of a JSON object, a parameter, as rows of key and value
	schemaLock string                  // keeps other migrations away until the transaction ends
	collecting string                  // asks, as a boolean, that nobody else collects until the transaction ends; empty: nobody can
	notify     string                  // tells who listens that there is a new revision; empty: nobody does
	readOnly   string                  // asks whether writes are refused
	schema     func(ddl string) string // rewrites a migration
	token      string                  // selectToken
	// explain says what to do about an error of opening dsn. An error that is not the driver's stays as it is.
	explain func(dsn string, err error) error
	unique  func(err error) bool // a unique constraint was violated
}

// Open opens the database that dsn names, `sqlite:PATH` or `postgres://…`, and checks its schema.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Statement == nil {
		o.Statement = func(context.Context, string) {}
	}
	o.watch = new(watch)
	s, err := connect(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	s.watch, s.limits = o.watch, limits{lookEvery, lookPatience, checkPatience}
	if err := s.prepare(ctx, o); err != nil {
		s.Close()
		return nil, s.dialect.explain(dsn, err)
	}
	return s, nil
}

func connect(ctx context.Context, dsn string, o Options) (*Store, error) {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		return openPostgres(ctx, dsn, o)
	}
	return nil, fmt.Errorf("the database must be sqlite:PATH or postgres://…, not %q", scheme+":")
}

// prepare makes or checks the schema and readies everything that needs it.
func (s *Store) prepare(ctx context.Context, o Options) error {
	if o.Migrate {
		if err := s.Migrate(ctx); err != nil {
			return err
		}
	}
	if o.AnySchema {
		return nil
	}
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if err := status.Usable(); err != nil {
		return err
	}
	s.salt, err = s.failureSalt(ctx)
	return err
}

// Close waits for writes under way, which stay durable, and closes the database.
func (s *Store) Close() error {
	s.stopListening()
	err := s.writer.close()
	if closeErr := s.pool.Close(); err == nil {
		err = closeErr
	}
	return err
}

// bounded is the context of a hot read, which finds rows by their key. On PostgreSQL it ends after patience, or with ctx. On SQLite
// such a read takes microseconds and waits for no other machine: to watch for its end would cost more than the read. Whoever waits
// for a connection before is watched, see line.
func (s *Store) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.dialect.name == sqliteDialect.name && ctx.Err() == nil {
		return context.WithoutCancel(ctx), func() {}
	}
	return context.WithTimeout(ctx, patience)
}

// turn waits in line for a hot read and returns the context to read with, and how to end the turn.
func (s *Store) turn(ctx context.Context) (reading context.Context, leave func(), err error) {
	reading, cancel := s.bounded(ctx)
	if err := s.line.enter(ctx); err != nil {
		cancel()
		return nil, nil, translate(ctx, s.dialect, err)
	}
	return reading, func() { s.line.leave(); cancel() }, nil
}

// read runs one plain gorm read.
func (s *Store) read(ctx context.Context, do func(db *gorm.DB) error) error {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.line.enter(bounded); err != nil {
		return translate(ctx, s.dialect, err)
	}
	defer s.line.leave()
	return translate(ctx, s.dialect, do(s.db.WithContext(bounded)))
}

// write runs do in a transaction, and stores the events of ctx in it; see writer and storage.Audited.
func (s *Store) write(ctx context.Context, do func(tx *gorm.DB) error) error {
	ctx, span := s.traced(ctx)
	return ended(span, translate(ctx, s.dialect, s.writer.write(ctx, patience, audited(ctx, answering(ctx, do)))))
}

// openGorm puts gorm on a connection pool. It does not log, because statements carry people's data, does not wrap
// single statements in transactions, and names the columns it selects, so that a newer process may add some.
func openGorm(d gorm.Dialector) (*gorm.DB, error) {
	return gorm.Open(d, &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		QueryFields:            true,
	})
}
