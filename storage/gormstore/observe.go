package gormstore

import (
	"context"
	"database/sql/driver"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/mattn/go-sqlite3"

	"gatehouse/internal/metrics"
)

// observer sees every statement: before it is sent, see Options.Statement, and how long it took, see Store.Watch.
type observer struct {
	statement func(ctx context.Context, sql string)
	*watch
}

func (o Options) observer() observer { return observer{o.Statement, o.watch} }

// before hands a statement to Options.Statement. The transaction statements that pgx sends by itself are spelled like this
// package's own.
func (o observer) before(ctx context.Context, sql string) {
	sql = strings.TrimSpace(sql)
	if strings.HasPrefix(sql, "begin") || sql == "commit" || sql == "rollback" {
		sql = strings.ToUpper(sql)
	}
	o.statement(ctx, sql)
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
	counts, began := c.observe.begin()
	result, err := c.SQLiteConn.ExecContext(ctx, sql, args)
	statement(counts, began, sql)
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *observedConn) QueryContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Rows, error) {
	c.observe.before(ctx, sql)
	counts, began := c.observe.begin()
	rows, err := c.SQLiteConn.QueryContext(ctx, sql, args)
	if found, ok := rows.(*sqlite3.SQLiteRows); ok && counts != nil {
		return &observedRows{found, counts, began, sql}, err
	}
	return rows, err
}

// observedRows count a query when its rows have been read: SQLite finds them one by one.
type observedRows struct {
	*sqlite3.SQLiteRows
	counts *metrics.Metrics
	began  time.Time
	sql    string
}

// Close implements driver.Rows.
func (r *observedRows) Close() error {
	statement(r.counts, r.began, r.sql)
	return r.SQLiteRows.Close()
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
	return t.began(ctx, data.SQL)
}

// timing is what one end of a query leaves for the other.
type timing struct {
	counts *metrics.Metrics
	began  time.Time
	sql    string
}

type timingKey struct{}

func (t postgresTracer) began(ctx context.Context, sql string) context.Context {
	counts, began := t.observe.begin()
	if counts == nil {
		return ctx
	}
	return context.WithValue(ctx, timingKey{}, timing{counts, began, sql})
}

func (t postgresTracer) ended(ctx context.Context) {
	if is, ok := ctx.Value(timingKey{}).(timing); ok {
		statement(is.counts, is.began, is.sql)
	}
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t postgresTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	t.ended(ctx)
}

// TraceBatchStart implements pgx.BatchTracer.
func (t postgresTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	for _, q := range data.Batch.QueuedQueries {
		t.observe.before(ctx, q.SQL)
	}
	return t.began(ctx, metrics.Batch)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (t postgresTracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (t postgresTracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	t.ended(ctx)
}
