package identity

import (
	"context"
	"sync"
	"time"

	"gatehouse/storage"
)

const (
	seenEvery  = time.Minute     // a session's SeenAt moves at most once in this time
	flushEvery = 5 * time.Second // how often what was noted is written
	maxSeen    = 10_000          // sessions noted between two flushes; more are noted next time
)

// seen collects when sessions were last seen, so that no request waits for writing it.
type seen struct {
	mu      sync.Mutex
	waiting map[string]sighting
}

type sighting struct {
	at      time.Time
	address string
}

// note remembers that a session was seen, if its record is old enough for a new stamp.
func (s *seen) note(record storage.Session, at time.Time, address string) {
	if at.Sub(record.SeenAt) < seenEvery {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[string]sighting{}
	}
	if _, known := s.waiting[record.ID]; known || len(s.waiting) < maxSeen {
		s.waiting[record.ID] = sighting{at, address}
	}
}

func (s *seen) take() map[string]sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.waiting
	s.waiting = nil
	return taken
}

// Run writes when sessions were last seen, in the background, until ctx ends; what is left then is written before it
// returns.
func (s *Sessions) Run(ctx context.Context) {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.flush(last)
			return
		}
	}
}

// flush writes what was noted. A stamp that cannot be written is given up: the next request notes it anew.
func (s *Sessions) flush(ctx context.Context) {
	for id, sighting := range s.seen.take() {
		if err := s.store.TouchSession(ctx, id, sighting.at, sighting.address); err != nil {
			s.log.WarnContext(ctx, "last-seen stamps not written", "err", err)
			return
		}
	}
}
