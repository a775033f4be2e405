// Package activity notes what happened lately: the answers that clients got, and how often people signed in, decided, and
// clients got tokens. It notes in memory, bounded, and writes in the background, so that no request waits or costs a
// statement more; a process that is killed loses some seconds of it.
package activity

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"gatehouse/storage"
)

const (
	writeEvery = 2 * time.Second // how often what was noted is written
	lastWrite  = 3 * time.Second // how long writing may go on at the end
)

// Log is what was noted and not written yet. A nil one notes nothing. It is safe for concurrent use.
type Log struct {
	// Counted, where it is set, is told of everything that Count counts. Set it before the first use.
	Counted func(storage.Counter)

	store storage.Activity
	log   *slog.Logger
	now   func() time.Time

	mu       sync.Mutex
	requests requests
	counts   map[storage.HourCount]int64 // N is 0 in the keys
}

// New returns an empty log.
func New(store storage.Activity, log *slog.Logger, now func() time.Time) *Log {
	return &Log{store: store, log: log, now: now}
}

// Request notes an answer that a client got now; ID and At are filled in. It is left out where too many came that anybody
// can have sent, or one who has a code or token of theirs.
func (l *Log) Request(r storage.ClientRequest) {
	if l == nil {
		return
	}
	now := l.now().UTC().Truncate(time.Microsecond)
	l.mu.Lock()
	defer l.mu.Unlock()
	bounded := !r.Proven || r.Holder != ""
	if bounded && !l.requests.mayClaim(claimant{r.ClientID, r.Holder}, now) {
		return
	}
	r.ID, r.At = uuid.Must(uuid.NewV7()).String(), now
	l.requests.add(r)
}

// Count notes that something happened now.
func (l *Log) Count(c storage.Counter) {
	if l == nil {
		return
	}
	if l.Counted != nil {
		l.Counted(c)
	}
	hour := l.now().UTC().Truncate(time.Hour)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(storage.HourCount{Hour: hour, Counter: c, N: 1})
}

func (l *Log) add(c storage.HourCount) {
	if l.counts == nil {
		l.counts = map[storage.HourCount]int64{}
	}
	l.counts[storage.HourCount{Hour: c.Hour, Counter: c.Counter}] += c.N
}

// Run writes what was noted, in the background, until ctx ends; what is left then is written before it returns, if that takes no
// longer than lastWrite.
func (l *Log) Run(ctx context.Context) {
	writing, end := context.WithCancel(context.WithoutCancel(ctx)) // what is being written when ctx ends would be lost
	defer end()
	context.AfterFunc(ctx, func() { time.AfterFunc(lastWrite, end) })
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.write(writing)
		case <-ctx.Done():
			l.write(writing)
			return
		}
	}
}

// write writes what was noted. Counts that could not be written are noted again; requests are not, since newer ones come.
func (l *Log) write(ctx context.Context) {
	requests, counts := l.take()
	if len(requests) > 0 {
		if err := l.store.AddRequests(ctx, requests); err != nil {
			l.log.WarnContext(ctx, "last requests of clients not written", "requests", len(requests), "err", err)
		}
	}
	if len(counts) == 0 {
		return
	}
	if err := l.store.AddCounts(ctx, counts); err != nil {
		l.log.WarnContext(ctx, "counts not written", "err", err)
		l.putBack(counts)
	}
}

func (l *Log) take() ([]storage.ClientRequest, []storage.HourCount) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var counts []storage.HourCount
	for key, n := range l.counts {
		key.N = n
		counts = append(counts, key)
	}
	l.counts = nil
	return l.requests.take(), counts
}

// maxHours bounds the counts that are kept while the database is away, in hours.
const maxHours = 48

func (l *Log) putBack(counts []storage.HourCount) {
	oldest := l.now().Add(-maxHours * time.Hour)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range counts {
		if c.Hour.After(oldest) {
			l.add(c)
		}
	}
}
