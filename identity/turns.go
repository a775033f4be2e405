package identity

import (
	"context"
	"fmt"
	"hash/maphash"
)

// turns lets only so many attempts with the same key go on at once, in this process. Without it, attempts that start
// together would all see the count from before the first of them failed. Keys share a fixed number of queues.
type turns struct {
	seed   maphash.Seed
	queues [512]chan struct{}
}

func newTurns(atOnce int) *turns {
	t := &turns{seed: maphash.MakeSeed()}
	for i := range t.queues {
		t.queues[i] = make(chan struct{}, atOnce)
	}
	return t
}

// take waits for a turn and returns how to end it; the context's error when that ends first.
func (t *turns) take(ctx context.Context, key string) (done func(), err error) {
	queue := t.queues[maphash.String(t.seed, key)%uint64(len(t.queues))]
	select {
	case queue <- struct{}{}:
		return func() { <-queue }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a turn: %w", ctx.Err())
	}
}
