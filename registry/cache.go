package registry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"gatehouse/storage"
)

const (
	maxFound  = 20_000 // records kept of one kind
	maxAbsent = 1_024  // unknown keys kept of one kind, so that asking for them cannot fill the memory
)

// generation is what was read between two invalidations. A read keeps to the generation that it began with: when the
// cache is invalidated while it runs, its answer goes into a generation that nobody asks any more, so a stale record
// cannot outlive an invalidation.
type generation struct {
	clients       shelf[storage.Client]
	publishers    shelf[storage.Publisher]
	catalogue     shelf[Catalogue]                    // one item, under the empty key
	allClients    shelf[[]*storage.Client]            // likewise
	allPublishers shelf[map[string]storage.Publisher] // likewise, by ID
	index         *derived[dialectIndex]
	known         *derived[KnownNames]
}

func newGeneration() *generation {
	return &generation{index: newDerived[dialectIndex](), known: newDerived[KnownNames]()}
}

// derived is what is made of many records: once, however many wait for it.
type derived[T any] struct {
	made   atomic.Pointer[T]
	making chan struct{} // held by whoever makes it
}

func newDerived[T any]() *derived[T] { return &derived[T]{making: make(chan struct{}, 1)} }

// get returns what there is, or what create makes.
func (d *derived[T]) get(ctx context.Context, create func() (*T, error)) (*T, error) {
	if made := d.made.Load(); made != nil {
		return made, nil
	}
	if err := enter(ctx, d.making); err != nil {
		return nil, err
	}
	defer func() { <-d.making }()
	if made := d.made.Load(); made != nil { // while this one waited
		return made, nil
	}
	made, err := create()
	if err == nil {
		d.made.Store(made)
	}
	return made, err
}

// shelf keeps the records of one kind that were asked for, and which keys have none.
type shelf[T any] struct {
	mu     sync.RWMutex
	found  map[string]*T
	absent map[string]struct{}
}

// get returns the record under key, from the shelf or else from read. Only storage.ErrNotFound is remembered of errors.
func (s *shelf[T]) get(ctx context.Context, key string, read func(context.Context, string) (T, error)) (*T, error) {
	if item, known := s.look(key); known {
		if item == nil {
			return nil, storage.ErrNotFound
		}
		return item, nil
	}
	item, err := read(ctx, key)
	if err != nil {
		if errors.Is(err, storage.ErrNotFound) {
			s.putAbsent(key)
		}
		return nil, err
	}
	s.put(key, &item)
	return &item, nil
}

// look returns what the shelf knows about key; nil and true when it knows that there is nothing.
func (s *shelf[T]) look(key string) (item *T, known bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if item, ok := s.found[key]; ok {
		return item, true
	}
	_, known = s.absent[key]
	return nil, known
}

func (s *shelf[T]) put(key string, item *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil || len(s.found) >= maxFound {
		s.found = make(map[string]*T)
	}
	s.found[key] = item
}

func (s *shelf[T]) putAbsent(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.absent == nil || len(s.absent) >= maxAbsent {
		s.absent = make(map[string]struct{})
	}
	s.absent[key] = struct{}{}
}
