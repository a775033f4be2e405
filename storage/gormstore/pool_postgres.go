package gormstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

// postgresConnections is how many connections one server process may hold, beside the one on which it listens: three
// processes fit into PostgreSQL's default of 100.
const postgresConnections = 30

// abandonTransactions has the database end a transaction in which nothing happens: that of a machine that lost its power or its
// network, which closes no connection. It would hold its locks, such as that of the row that every write to clients shares, until
// TCP gives up, by default after two hours. A write of ours takes no longer than patience. What an operator has set stays.
const abandonTransactions = `SELECT set_config('idle_in_transaction_session_timeout', '15s', FALSE)
WHERE current_setting('idle_in_transaction_session_timeout') = '0'`

// SQLSTATE codes, PostgreSQL documentation, appendix A.
const (
	uniqueViolation      = "23505"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

var postgresDialect = dialect{
	name:       "postgres",
	forShare:   " FOR SHARE",
	forUpdate:  " FOR UPDATE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	jsonEach:   "jsonb_each_text(CAST(? AS JSONB))",
	schemaLock: "SELECT pg_advisory_xact_lock(7235419680)",
	collecting: "SELECT pg_try_advisory_xact_lock(7235419681)",
	notify:     notifyRevision,
	readOnly:   "SELECT current_setting('transaction_read_only') = 'on'",
	// IDs are compared byte by byte, as on SQLite, whatever the database's collation is.
	token:   strings.ReplaceAll(selectToken, "BLOB", "BYTEA"),
	schema:  strings.NewReplacer("TEXT", `TEXT COLLATE "C"`, "BLOB", "BYTEA", " WITHOUT ROWID", "").Replace,
	unique:  func(err error) bool { return hasState(err, uniqueViolation) },
	explain: explainPostgres,
}

// openPostgres opens a pool of connections; dsn is a URL as libpq has them.
func openPostgres(ctx context.Context, dsn string, o Options) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("the database's URL is wrong: %w; correct GATEHOUSE_DATABASE", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	config.Tracer = postgresTracer{o.observer()}
	bell := newBell()
	config.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) { bell.ring() }
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(prepareConnection))
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db, err := openGorm(postgres.New(postgres.Config{Conn: pool}))
	if err == nil {
		err = pool.PingContext(ctx)
	}
	if err != nil {
		pool.Close()
		return nil, explainPostgres(dsn, translate(ctx, postgresDialect, err))
	}
	listener := &listener{config: config, bell: bell, log: o.Log}
	line := newLine(pool)
	return &Store{
		db: db, pool: pool, line: line, writer: &postgresWriter{pool: pool, line: line, db: db, watch: o.watch}, dialect: postgresDialect, log: o.Log, bell: bell, listen: listener.run,
	}, nil
}

// prepareConnection sets up a new connection of the pool. A database that has no such setting goes on without.
func prepareConnection(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.PgConn().Exec(ctx, abandonTransactions).ReadAll()
	if conn.IsClosed() {
		return err
	}
	return nil
}

func hasState(err error, states ...string) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	for _, state := range states {
		if e.Code == state {
			return true
		}
	}
	return false
}
