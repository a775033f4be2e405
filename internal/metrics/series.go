package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
)

// other stands in a label for everything that is not known, or too much.
const other = "other"

// series finds the series of a key, without the hashing and the lock of Prometheus' own vectors, and bounds how many there
// are: what would be one too many is counted under rest.
type series[K comparable, M any] struct {
	max  int
	rest K
	make func(K) M

	known atomic.Pointer[map[K]M] // never changed, only replaced
	mu    sync.Mutex              // held to replace
}

func newSeries[K comparable, M any](max int, rest K, create func(K) M) *series[K, M] {
	s := &series[K, M]{max: max, rest: rest, make: create}
	s.known.Store(&map[K]M{})
	return s
}

func (s *series[K, M]) of(key K) M {
	if m, ok := (*s.known.Load())[key]; ok {
		return m
	}
	return s.add(key)
}

func (s *series[K, M]) add(key K) M {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := *s.known.Load()
	if len(known) >= s.max {
		key = s.rest
	}
	if m, ok := known[key]; ok {
		return m
	}
	more := maps.Clone(known)
	more[key] = s.make(key)
	s.known.Store(&more)
	return more[key]
}
