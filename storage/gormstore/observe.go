package gormstore

import (
	"context"
	"database/sql/driver"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/mattn/go-sqlite3"
)

// observer is called before each statement, see Options.Statement.
type observer func(ctx context.Context, sql string)

// before hands a statement to the observer. The transaction statements that pgx sends by itself are spelled like this
// package's own.
func (o observer) before(ctx context.Context, sql string) {
	sql = strings.TrimSpace(sql)
	if strings.HasPrefix(sql, "begin") || sql == "commit" || sql == "rollback" {
		sql = strings.ToUpper(sql)
	}
	o(ctx, sql)
}

// sqliteConnector opens SQLite connections that tell the observer what they run.
type sqliteConnector struct {
	dsn     string
	driver  *sqlite3.SQLiteDriver
	observe observer
}

// Connect implements driver.Connector.
func (c *sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &observedConn{conn.(*sqlite3.SQLiteConn), c.observe}, nil
}

// Driver implements driver.Connector.
func (c *sqliteConnector) Driver() driver.Driver { return c.driver }

// observedConn reports the two ways in which this package sends statements: it prepares none by itself, because the
// driver keeps statements prepared by their text, and it writes its own BEGIN and COMMIT.
type observedConn struct {
	*sqlite3.SQLiteConn
	observe observer
}

// ExecContext implements driver.ExecerContext.
func (c *observedConn) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	c.observe.before(ctx, sql)
	return c.SQLiteConn.ExecContext(ctx, sql, args)
}

// QueryContext implements driver.QueryerContext.
func (c *observedConn) QueryContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Rows, error) {
	c.observe.before(ctx, sql)
	return c.SQLiteConn.QueryContext(ctx, sql, args)
}

// postgresTracer tells the observer what a PostgreSQL connection runs.
type postgresTracer struct{ observe observer }

var (
	_ pgx.QueryTracer = postgresTracer{}
	_ pgx.BatchTracer = postgresTracer{}
)

// TraceQueryStart implements pgx.QueryTracer.
func (t postgresTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t.observe.before(ctx, data.SQL)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t postgresTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (t postgresTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, q := range data.Batch.QueuedQueries {
		t.observe.before(ctx, q.SQL)
	}
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (t postgresTracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (t postgresTracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
