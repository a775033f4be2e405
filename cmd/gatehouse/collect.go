package main

import (
	"context"
	"time"
)

const (
	collectEvery = 30 * time.Second
	collectBatch = 5000 // rows of a kind in one round over all kinds; the store writes them in smaller batches
)

// collect removes what has expired, in small batches, until ctx ends.
func (r *rooms) collect(ctx context.Context) {
	ticker := time.NewTicker(collectEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for {
			n, err := r.store.Collect(ctx, r.now(), collectBatch)
			r.metrics.Collected(n, err)
			if err != nil && ctx.Err() == nil {
				r.log.Warn("collecting what has expired failed, trying again later", "cause", err.Error())
			}
			if err != nil || n < collectBatch {
				break
			}
		}
	}
}
