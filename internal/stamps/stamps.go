// Package stamps keeps in memory what was noted about something, such as when it was last used, until it is written in
// the background: no request waits for a stamp, and what is noted often is written once.
package stamps

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	writeEvery = 5 * time.Second // how often what was noted is written
	lastWrite  = 3 * time.Second // how long writing may go on at the end
	maxNoted   = 10_000          // things noted between two writes; more are noted next time
)

// Stamps has the last note about each thing, until a round after it was written. The zero value is ready. It is safe for
// concurrent use.
type Stamps[V any] struct {
	mu    sync.Mutex
	noted map[string]V
	taken map[string]V // what was written last, or is being written
}

// Note notes v about key, in place of what was noted about it before.
func (s *Stamps[V]) Note(key string, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(key, v)
}

func (s *Stamps[V]) note(key string, v V) {
	if s.noted == nil {
		s.noted = map[string]V{}
	}
	if _, known := s.noted[key]; known || len(s.noted) < maxNoted {
		s.noted[key] = v
	}
}

// Noted returns what was noted about key. It stays until one round after it was written, so that whoever read the store just before
// the write still finds it here.
func (s *Stamps[V]) Noted(key string) (v V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok = s.noted[key]; !ok {
		v, ok = s.taken[key]
	}
	return v, ok
}

// Run calls write with what was noted, in the background, until ctx ends; what is left then is written before it returns.
// What write fails to write is written the next time. write gets every key once, and may meet one again after an error.
func (s *Stamps[V]) Run(ctx context.Context, log *slog.Logger, write func(ctx context.Context, noted map[string]V) error) {
	ticker := time.NewTicker(writeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.flush(ctx, log, write)
			ticker.Reset(writeEvery) // a write that took long is not followed by the next one at once, see Noted
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			s.flush(last, log, write)
			return
		}
	}
}

func (s *Stamps[V]) flush(ctx context.Context, log *slog.Logger, write func(ctx context.Context, noted map[string]V) error) {
	taken := s.take()
	if len(taken) == 0 {
		return
	}
	if err := write(ctx, taken); err != nil {
		log.WarnContext(ctx, "stamps not written", "err", err)
		s.putBack(taken)
	}
}

func (s *Stamps[V]) take() map[string]V {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noted, s.taken = nil, s.noted
	return s.taken
}

// putBack notes what was taken, but for what was noted anew.
func (s *Stamps[V]) putBack(taken map[string]V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, v := range taken {
		if _, newer := s.noted[key]; !newer {
			s.note(key, v)
		}
	}
}
