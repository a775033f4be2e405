package gormstore

import (
	"context"
	"database/sql"

	"golang.org/x/sync/semaphore"
)

// line is where everybody waits who needs a connection of a pool, and is served as they came. database/sql hands a connection that
// becomes free to any of those who wait for one, so that under load some would wait very long.
type line struct{ turns *semaphore.Weighted }

func newLine(pool *sql.DB) line {
	return line{semaphore.NewWeighted(int64(pool.Stats().MaxOpenConnections))}
}

// enter waits for a turn; the context's error when it ends first. leave ends it.
func (l line) enter(ctx context.Context) error { return l.turns.Acquire(ctx, 1) }

func (l line) leave() { l.turns.Release(1) }
