package gormstore

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

const begin = "BEGIN ISOLATION LEVEL READ COMMITTED"

// attempts bounds how often a transaction is run again that PostgreSQL gave up on, to break a deadlock for example.
const attempts = 5

// postgresWriter leaves it to the database to order the writes of any number of processes.
type postgresWriter struct {
	pool  *sql.DB
	line  line
	db    *gorm.DB
	watch *watch

	mu     sync.RWMutex // held for reading while writing
	closed bool
}

func (w *postgresWriter) write(ctx context.Context, limit time.Duration, do func(tx *gorm.DB) error) error {
	return w.retry(ctx, limit, func(conn *sql.Conn, ctx context.Context) error {
		db := w.db.WithContext(ctx)
		db.Statement.ConnPool = conn
		return db.Transaction(do, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	})
}

// apply sends BEGIN and the steps in one round trip and COMMIT in a second one, when their results are known.
func (w *postgresWriter) apply(ctx context.Context, steps []step) error {
	return w.retry(ctx, patience, func(conn *sql.Conn, ctx context.Context) error {
		return conn.Raw(func(driverConn any) error {
			return runUnit(ctx, driverConn.(*stdlib.Conn).Conn(), steps)
		})
	})
}

func (w *postgresWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return nil
}

// retry runs a transaction on a connection until it is not rolled back for the sake of another one. The caller's
// context counts until a connection is free; from then on a failure leaves it unknown what happened.
func (w *postgresWriter) retry(ctx context.Context, limit time.Duration, transact func(*sql.Conn, context.Context) error) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	waiting, stopWaiting := context.WithTimeout(ctx, patience)
	defer stopWaiting()
	counts, began := w.watch.begin()
	if err := w.line.enter(waiting); err != nil {
		return err
	}
	defer w.line.leave()
	conn, err := w.pool.Conn(waiting)
	if err != nil {
		return err
	}
	if counts != nil {
		counts.Queued(time.Since(began))
	}
	defer conn.Close()
	running, stop := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer stop()
	for n := 1; ; n++ {
		err := transact(conn, running)
		if n == attempts || !hasState(err, serializationFailure, deadlockDetected) {
			return translate(context.Background(), postgresDialect, err)
		}
		time.Sleep(rand.N(time.Duration(n) * 10 * time.Millisecond))
	}
}

func runUnit(ctx context.Context, conn *pgx.Conn, steps []step) error {
	committed, err := sendSteps(ctx, conn, steps)
	if committed {
		return err
	}
	if err == nil {
		_, err = conn.Exec(ctx, "COMMIT")
		return err
	}
	if _, rollbackErr := conn.Exec(ctx, "ROLLBACK"); rollbackErr != nil {
		conn.Close(ctx) // so that the pool does not hand out a connection in the middle of a transaction
	}
	return err
}

// sendSteps sends BEGIN and the steps, and COMMIT as well when no step has a condition.
func sendSteps(ctx context.Context, conn *pgx.Conn, steps []step) (committed bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(begin)
	unconditional := true
	for _, s := range steps {
		batch.Queue(s.sql, s.args...)
		unconditional = unconditional && !s.must
	}
	if unconditional {
		batch.Queue("COMMIT")
	}
	results := conn.SendBatch(ctx, batch)
	defer func() {
		if closeErr := results.Close(); err == nil {
			committed, err = unconditional && closeErr == nil, closeErr
		}
	}()
	if _, err := results.Exec(); err != nil {
		return false, err
	}
	for _, s := range steps {
		tag, err := results.Exec()
		if err != nil {
			return false, err
		}
		if err := s.check(tag.RowsAffected()); err != nil {
			return false, err
		}
	}
	return unconditional, nil
}
