package consent

import (
	"context"
	"log/slog"
	"time"

	"gatehouse/internal/stamps"
	"gatehouse/storage"
)

// Reads knows when mini apps last read what people let them. Run must run for it to be kept. It is safe for concurrent
// use.
type Reads struct {
	store storage.Reads
	now   func() time.Time
	log   *slog.Logger
	noted stamps.Stamps[time.Time] // by Grant.ID
}

// NewReads returns the readings that store keeps.
func NewReads(store storage.Reads, log *slog.Logger, now func() time.Time) *Reads {
	return &Reads{store: store, log: log, now: now}
}

// Note notes that a mini app reads now what the grant with this ID lets it. It asks no database and waits for nothing.
func (r *Reads) Note(grantID string) { r.noted.Note(grantID, r.now()) }

// Last returns when the grants of an owner were last used to read, by Grant.ID; zero where no reading is on record. What
// this process has noted counts at once, what others have in some seconds.
func (r *Reads) Last(ctx context.Context, owner storage.Owner) (map[string]time.Time, error) {
	last, err := r.store.LastReads(ctx, owner)
	for id, at := range last {
		if noted, ok := r.noted.Noted(id); ok && noted.After(at) {
			last[id] = noted
		}
	}
	return last, err
}

// Run writes what was noted in the background until ctx ends; what is left then is written before it returns.
func (r *Reads) Run(ctx context.Context) { r.noted.Run(ctx, r.log, r.store.StampReads) }
