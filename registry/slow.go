package registry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/storage"
)

const (
	slowPatience = time.Second // how long a request waits to have its secret compared
	maxGuesses   = 10          // wrong secrets of one client within guessWindow
	guessWindow  = time.Minute
	maxProven    = 20_000 // secrets remembered
)

var (
	errSlowBusy    = fmt.Errorf("%w: too many client secrets are being compared with slow hashes", storage.ErrUnavailable)
	errSlowGuesses = fmt.Errorf("%w: too many wrong secrets were tried on a client with a slow hash", storage.ErrUnavailable)
)

// slowSecrets compares secrets with hashes that are slow on purpose, which anybody who knows a client_id can ask for.
// Three limits keep that from becoming an outage: a client has one comparison at a time, and only so many wrong ones in a
// minute; all clients together have as many at a time as there are processors; and what was proven once is remembered, so
// that rightful clients neither wait nor count. What is remembered is a digest of hash and secret, which stays true
// whatever becomes of the client: a hash that the client no longer has is not asked about.
type slowSecrets struct {
	room chan struct{} // all clients' comparisons

	mu      sync.Mutex
	proven  map[[sha256.Size]byte]struct{}
	clients map[string]*guesses // of the current window; only registered clients with slow hashes
	began   time.Time           // of the window
}

// guesses are what was tried on one client.
type guesses struct {
	turn  chan struct{} // the client's comparison
	wrong atomic.Int64
}

func newSlowSecrets() *slowSecrets {
	return &slowSecrets{
		room:    make(chan struct{}, runtime.GOMAXPROCS(0)),
		proven:  make(map[[sha256.Size]byte]struct{}),
		clients: make(map[string]*guesses),
	}
}

// match reports whether one of the secrets belongs to one of the hashes. An error means that they were not compared.
func (s *slowSecrets) match(ctx context.Context, clientID string, hashes, secrets []string, now time.Time) (bool, error) {
	if s.remembers(hashes, secrets) {
		return true, nil
	}
	g := s.guessesOf(clientID, now)
	if g.wrong.Load() >= maxGuesses {
		return false, errSlowGuesses
	}
	ctx, cancel := context.WithTimeoutCause(ctx, slowPatience, errSlowBusy)
	defer cancel()
	if err := enter(ctx, g.turn); err != nil {
		return false, err
	}
	defer func() { <-g.turn }()
	switch { // while this one waited
	case s.remembers(hashes, secrets):
		return true, nil
	case g.wrong.Load() >= maxGuesses:
		return false, errSlowGuesses
	}
	if err := enter(ctx, s.room); err != nil {
		return false, err
	}
	defer func() { <-s.room }()
	if s.compare(hashes, secrets) {
		return true, nil
	}
	g.wrong.Add(1)
	return false, nil
}

// enter waits for a place; the context's cause when it ends first.
func enter(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// compare does the work, and remembers a secret that matches.
func (s *slowSecrets) compare(hashes, secrets []string) bool {
	for _, hash := range hashes {
		for _, secret := range secrets {
			if VerifySecret(hash, secret) {
				s.remember(hash, secret)
				return true
			}
		}
	}
	return false
}

func (s *slowSecrets) remembers(hashes, secrets []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hash := range hashes {
		for _, secret := range secrets {
			if _, ok := s.proven[digestOf(hash, secret)]; ok {
				return true
			}
		}
	}
	return false
}

func (s *slowSecrets) remember(hash, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.proven) >= maxProven {
		clear(s.proven)
	}
	s.proven[digestOf(hash, secret)] = struct{}{}
}

// digestOf tells pairs apart: no hash that can be imported contains a NUL.
func digestOf(hash, secret string) [sha256.Size]byte {
	return sha256.Sum256([]byte(hash + "\x00" + secret))
}

// guessesOf returns what was tried on a client in the current window, which is the same for all clients.
func (s *slowSecrets) guessesOf(clientID string, now time.Time) *guesses {
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.began); age < 0 || age >= guessWindow {
		clear(s.clients)
		s.began = now
	}
	g := s.clients[clientID]
	if g == nil {
		g = &guesses{turn: make(chan struct{}, 1)}
		s.clients[clientID] = g
	}
	return g
}
