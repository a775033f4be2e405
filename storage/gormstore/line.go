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

// enter waits for a turn; the context's error when that ends first, or after patience. leave ends the turn. To watch for an end costs
// something, so only who has to wait does it.
func (l line) enter(ctx context.Context) error {
	if l.turns.TryAcquire(1) { // not past somebody who waits
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return l.turns.Acquire(ctx, 1)
}

func (l line) leave() { l.turns.Release(1) }
