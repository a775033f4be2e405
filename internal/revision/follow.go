// Package revision follows the number that grows with every write to what processes cache; see storage.Registry.
package revision

import (
	"context"
	"time"
)

// retryEvery is how long Follow lets a database be that did not answer.
const retryEvery = 500 * time.Millisecond

// Follow calls changed at once, since what was cached before may be of any age, and again after every write of whichever process,
// until ctx ends. await is AwaitRevision of storage.Registry. Where one of the two fails, both are tried again a moment later.
func Follow(ctx context.Context, await func(ctx context.Context, seen int64) (int64, error), changed func(ctx context.Context) error) {
	seen := int64(-1)
	for ctx.Err() == nil {
		now, err := await(ctx, seen)
		if err == nil {
			err = changed(ctx)
		}
		if err == nil {
			seen = now
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}
