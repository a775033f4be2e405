package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"gatehouse/storage"
)

// groupLimit bounds how many writes share one commit, and so how long the first of them waits for the others.
const groupLimit = 256

var errClosed = errors.New("the store is closed")

// sqliteWriter is the only writer of this process. One goroutine takes all writes that are waiting, runs them one after
// another in one transaction, each in a savepoint of its own, and commits once for all of them (group commit): the
// commit's sync to disk, which costs more than everything else, is shared. Nobody is answered before the commit.
//
// Writes run on the writer's own context, so that a caller that goes away does not interrupt its neighbours. After an
// error that is not an answer about the data, everything is rolled back and each write is run again alone.
type sqliteWriter struct {
	pool  *sql.DB
	conn  *sql.Conn
	db    *gorm.DB // on conn
	queue chan *job
	ended chan struct{}
	watch *watch

	mu     sync.RWMutex // held for reading while queueing
	closed bool
}

// job is one waiting write.
type job struct {
	ctx   context.Context // the caller's values, never its end
	do    func(ctx context.Context) error
	bare  bool // do changes nothing before it has asked everything, and says in wrote whether it has
	wrote bool
	taken atomic.Bool // by the writer, which will run it, or by the caller, which has gone
	done  chan error

	queued time.Time // zero where nobody counts
}

func startSQLiteWriter(pool *sql.DB, conn *sql.Conn, db *gorm.DB, counts *watch) *sqliteWriter {
	w := &sqliteWriter{pool: pool, conn: conn, db: db, queue: make(chan *job, groupLimit), ended: make(chan struct{}), watch: counts}
	go w.run()
	return w
}

func (w *sqliteWriter) write(ctx context.Context, _ time.Duration, do func(tx *gorm.DB) error) error {
	return w.wait(ctx, &job{do: func(ctx context.Context) error { return do(w.db.WithContext(ctx)) }})
}

// wait queues a job and returns its answer. A caller that goes away before its turn leaves nothing behind.
func (w *sqliteWriter) wait(ctx context.Context, j *job) error {
	j.ctx, j.done = context.WithoutCancel(ctx), make(chan error, 1)
	_, j.queued = w.watch.begin()
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return handedOver(err)
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return handedOver(<-j.done)
	}
}

func (w *sqliteWriter) apply(ctx context.Context, steps []step) error {
	j := &job{bare: askFirst(steps)}
	j.do = func(ctx context.Context) error {
		j.wrote = false
		return w.conn.Raw(func(conn any) error {
			return guarded(func() error { // a panic through Raw would close the connection
				for _, s := range steps {
					if err := s.run(ctx, conn.(*observedConn)); err != nil {
						return err
					}
					j.wrote = j.wrote || !s.query
				}
				return nil
			})
		})
	}
	return w.wait(ctx, j)
}

func (w *sqliteWriter) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close lets everything that is queued be written first.
func (w *sqliteWriter) close() error {
	w.mu.Lock()
	already := w.closed
	w.closed = true
	w.mu.Unlock()
	if already {
		return nil
	}
	close(w.queue)
	<-w.ended
	return errors.Join(w.conn.Close(), w.pool.Close())
}

func (w *sqliteWriter) run() {
	defer close(w.ended)
	for first := range w.queue {
		group := w.waiting(first)
		w.watch.turn(group)
		w.serve(group)
	}
}

// waiting takes first and whatever else is waiting, except writes whose callers have gone.
func (w *sqliteWriter) waiting(first *job) []*job {
	var group []*job
	for next, ok := first, true; ok; {
		if next.taken.CompareAndSwap(false, true) {
			group = append(group, next)
		}
		if len(group) == groupLimit {
			return group
		}
		select {
		case next, ok = <-w.queue:
		default:
			return group
		}
	}
	return group
}

// serve writes a group and answers each of its jobs.
func (w *sqliteWriter) serve(group []*job) {
	if len(group) > 1 {
		answers, err := w.together(group)
		if err != nil {
			w.refuse(group, err)
			return
		}
		if answers != nil {
			for i, j := range group {
				j.done <- answers[i]
			}
			return
		}
	}
	for i, j := range group {
		began, err := w.alone(j)
		if !began {
			w.refuse(group[i:], err)
			return
		}
		j.done <- err
	}
}

// refuse answers a group whose transaction could not begin, and everybody who waits, because another process has the file: they would
// wait for the same lock, each group for as long again.
func (w *sqliteWriter) refuse(group []*job, err error) {
	for _, j := range group {
		j.done <- err
	}
	for {
		select {
		case j, ok := <-w.queue:
			if !ok {
				return
			}
			if j.taken.CompareAndSwap(false, true) {
				j.done <- err
			}
		default:
			return
		}
	}
}

// together runs a group in one transaction and returns the answer of each; none, when nothing has happened and each is to be run
// alone. It fails when the transaction could not begin.
func (w *sqliteWriter) together(group []*job) (answers []error, err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	for _, j := range group {
		undone, err := w.member(j)
		if !undone {
			w.exec("ROLLBACK") // fails when SQLite has done so by itself
			return nil, nil
		}
		answers = append(answers, err)
	}
	if err := w.exec("COMMIT"); err != nil {
		w.exec("ROLLBACK")
		return nil, nil
	}
	return answers, nil
}

// member runs a job among others and reports whether it left all of its changes or none. A bare one needs no savepoint for that:
// its refusal has nothing to undo.
func (w *sqliteWriter) member(j *job) (undone bool, err error) {
	if j.bare {
		err := w.do(j)
		return err == nil || isCondition(err) && !j.wrote, err
	}
	err = w.inSavepoint(j)
	return err == nil || isCondition(err), err
}

func (w *sqliteWriter) inSavepoint(j *job) error {
	if err := w.exec("SAVEPOINT job"); err != nil {
		return err
	}
	err := w.do(j)
	if isCondition(err) {
		if err := w.exec("ROLLBACK TO job"); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if releaseErr := w.exec("RELEASE job"); releaseErr != nil {
		return releaseErr
	}
	return err
}

// alone runs one job in a transaction of its own and reports whether that could begin.
func (w *sqliteWriter) alone(j *job) (began bool, err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return false, err
	}
	if err := w.do(j); err != nil {
		w.exec("ROLLBACK")
		return true, err
	}
	if err := w.exec("COMMIT"); err != nil {
		w.exec("ROLLBACK")
		return true, err
	}
	return true, nil
}

// do runs a job's own statements. Its errors are translated here, because an answer about the data is undone by
// itself and anything else takes the whole group back, a panic too.
func (w *sqliteWriter) do(j *job) error {
	return translate(j.ctx, sqliteDialect, guarded(func() error { return j.do(j.ctx) }))
}

func (w *sqliteWriter) exec(statement string) error {
	if _, err := w.conn.ExecContext(context.Background(), statement); err != nil {
		return fmt.Errorf("%w: %s: %w", storage.ErrUnavailable, statement, err)
	}
	return nil
}
