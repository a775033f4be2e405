package gormstore

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gatehouse/internal/metrics"
	"gatehouse/internal/traces"
	"gatehouse/storage"
)

// watch is who counts what the store does: nobody before Store.Watch.
type watch struct {
	metrics atomic.Pointer[metrics.Metrics]
}

// Watch counts statements, commits and the use of connections from now on. Call it once.
func (s *Store) Watch(m *metrics.Metrics) {
	if m == nil {
		return
	}
	m.Pool("gatehouse", s.pool)
	s.watch.metrics.Store(m)
}

// begin is for what takes time: nil, and no look at the clock, where nobody counts.
func (w *watch) begin() (*metrics.Metrics, time.Time) {
	m := w.metrics.Load()
	if m == nil {
		return nil, time.Time{}
	}
	return m, time.Now()
}

// statement counts one that began then.
func statement(m *metrics.Metrics, began time.Time, sql string) {
	if m != nil {
		m.Statement(sql, time.Since(began))
	}
}

// turn counts writes of which it is the turn, together.
func (w *watch) turn(group []*job) {
	m := w.metrics.Load()
	if m == nil || len(group) == 0 {
		return
	}
	m.Group(len(group))
	now := time.Now()
	for _, j := range group {
		if !j.queued.IsZero() {
			m.Queued(now.Sub(j.queued))
		}
	}
}

// traced begins the span of a unit of work, which has all of it: waiting for its turn, statements and commit.
func (s *Store) traced(ctx context.Context) (context.Context, *traces.Span) {
	ctx, span := traces.Start(ctx, "unit of work")
	span.Set("db.system.name", s.dialect.name)
	return ctx, span
}

// ended ends a span with what came of its work, which it returns.
func ended(span *traces.Span, err error) error {
	if span == nil {
		return err
	}
	switch {
	case err == nil:
	case errors.Is(err, storage.ErrUnavailable):
		span.Fail("unavailable")
	case errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrExists):
		span.Set("gatehouse.unit", "refused") // an answer about the data: nothing happened
	default:
		span.Fail("other")
	}
	span.End()
	return err
}
