package gormstore

import (
	"context"
	"sync"
	"time"
)

// bell wakes those who wait for a new revision.
type bell struct {
	mu   sync.Mutex
	rung chan struct{} // closed by ring
}

func newBell() *bell { return &bell{rung: make(chan struct{})} }

// next is closed when the bell rings next.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.rung)
	b.rung = make(chan struct{})
}

// wait returns when it is time to look again, after every at the latest, or with ctx's error.
func (b *bell) wait(ctx context.Context, rung <-chan struct{}, every time.Duration) error {
	look := time.NewTimer(every)
	defer look.Stop()
	select {
	case <-look.C:
	case <-rung:
		look.Reset(gather)
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	return ctx.Err()
}

// hearing is what listens in the background, from the first AwaitRevision until Close.
type hearing struct {
	mu     sync.Mutex
	stop   context.CancelFunc // nil: not begun
	ended  chan struct{}
	closed bool
}

// hear begins to listen, where that has not begun: a command that waits for nothing needs no connection more.
func (s *Store) hear() {
	h := &s.hearing
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.listen == nil || h.closed || h.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	h.stop, h.ended = stop, ended
	go func() { defer close(ended); s.listen(ctx) }()
}

// stopListening returns when nothing listens any more.
func (s *Store) stopListening() {
	h := &s.hearing
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.stop != nil {
		h.stop()
		<-h.ended
	}
}
