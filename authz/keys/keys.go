// Package keys makes, rotates, retires and publishes the keys that sign ID tokens, and signs with them.
//
// There is one key per algorithm (ES256 and RS256) in each generation. A key is in the JWKS before it signs and stays
// there as long as a token that it signed can live, so a rotation while serving breaks no token. Private keys are
// stored sealed under the root secret.
package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/internal/revision"
	"gatehouse/internal/secret"
	"gatehouse/storage"
)

// Algorithms are the algorithms that every generation has a key for; the first is the default.
var Algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256}

// Lead is how long a new key is published before it signs. Whoever caches the JWKS as long as MaxAge allows has it by then.
const Lead = MaxAge

// MaxAge is how long the JWKS may be cached.
const MaxAge = 5 * time.Minute

// margin is how much longer than the longest token life a retired key is published, for clocks that differ.
const margin = time.Hour

// Store is what the keys need from storage.
type Store interface {
	storage.Keys
	AwaitRevision(ctx context.Context, seen int64) (int64, error)
}

// Set is the signing keys of this server. It is safe for concurrent use.
type Set struct {
	store    Store
	sealer   *secret.Sealer
	lifetime time.Duration
	now      func() time.Time
	loading  sync.Mutex // from the read until it is loaded, so that no earlier read is loaded after a later one
	loaded   atomic.Pointer[generations]
}

// Info describes a key, without anything secret.
type Info struct {
	ID         string    `json:"kid"`
	Algorithm  string    `json:"alg"`
	Generation int       `json:"generation"`
	CreatedAt  time.Time `json:"created_at"`
	ActiveFrom time.Time `json:"active_from"`
	RetiredAt  time.Time `json:"retired_at,omitzero"`
}

// New returns the keys in store, sealed under root. lifetime is the longest life of a token that they sign: a retired
// key is published that much longer. Load must succeed before the set can sign.
func New(store Store, root secret.Root, lifetime time.Duration, now func() time.Time) *Set {
	return &Set{store: store, sealer: root.Sealer("signing key"), lifetime: lifetime, now: now}
}

// Load reads the keys, makes the first generation when there is none, removes those that no token needs any more, and
// seals anew what is sealed under the other root secret.
func (s *Set) Load(ctx context.Context) error {
	stored, err := s.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if len(stored) == 0 {
		// That another process was first is no error: its keys are as good.
		if err := s.insert(ctx, 1, s.now()); err != nil && !errors.Is(err, storage.ErrExists) {
			return err
		}
		return s.reload(ctx)
	}
	if err := s.reseal(ctx, stored); err != nil {
		return err
	}
	if err := s.prune(ctx, stored); err != nil {
		return err
	}
	return s.reload(ctx)
}

// Check reads the keys and opens them, and changes nothing: it makes none, removes none, and seals none anew.
func (s *Set) Check(ctx context.Context) error { return s.reload(ctx) }

// Rotate makes a new generation after the one that this process knows as the newest. It signs after Lead, or at once when
// immediately is set, which is for a key that was stolen: relying parties that cached the JWKS have to fetch it again. Processes
// that rotate at the same moment rotate once; but one that has to do so at once does not take keys for its own that still wait.
func (s *Set) Rotate(ctx context.Context, immediately bool) error {
	if !s.Ready() {
		if err := s.reload(ctx); err != nil {
			return err
		}
	}
	for generation := s.loaded.Load().newest() + 1; ; generation++ {
		activeFrom := s.now()
		if !immediately && generation > 1 {
			activeFrom = activeFrom.Add(Lead)
		}
		err := s.insert(ctx, generation, activeFrom)
		if err != nil && !errors.Is(err, storage.ErrExists) {
			return err
		}
		if reloadErr := s.reload(ctx); reloadErr != nil {
			return reloadErr
		}
		if err == nil || !immediately || s.loaded.Load().signs(generation, s.now()) {
			return nil
		}
	}
}

// insert stores a generation. storage.ErrExists when another process was first.
func (s *Set) insert(ctx context.Context, generation int, activeFrom time.Time) error {
	made := make([]storage.Key, 0, len(Algorithms))
	for _, alg := range Algorithms {
		k, err := generate(alg, s.sealer)
		if err != nil {
			return err
		}
		k.Generation, k.CreatedAt, k.ActiveFrom = generation, s.now(), activeFrom
		made = append(made, k)
	}
	if err := s.store.InsertKeys(ctx, made, activeFrom); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

// reseal seals under the current root secret what was sealed under the other one.
func (s *Set) reseal(ctx context.Context, stored []storage.Key) error {
	changed := map[string][]byte{}
	for _, k := range stored {
		if s.sealer.Current(k.Sealed) {
			continue
		}
		plain, err := s.sealer.Open(k.Sealed, k.ID)
		if err != nil {
			return unopenable(k.ID, err)
		}
		changed[k.ID] = s.sealer.Seal(plain, k.ID)
	}
	if len(changed) == 0 {
		return nil
	}
	if err := s.store.ReplaceSealed(ctx, changed, nil); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

func unopenable(id string, err error) error {
	return fmt.Errorf("signing key %s cannot be opened: set GATEHOUSE_SECRET, or GATEHOUSE_SECRET_PREVIOUS during a rotation, to the secret that it was sealed under: %w", id, err)
}

// prune deletes retired keys that no living token was signed with.
func (s *Set) prune(ctx context.Context, stored []storage.Key) error {
	var gone []string
	for _, k := range stored {
		if !k.RetiredAt.IsZero() && s.now().After(k.RetiredAt.Add(s.lifetime+margin)) {
			gone = append(gone, k.ID)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.store.DeleteKeys(ctx, gone); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	return nil
}

func (s *Set) reload(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	stored, err := s.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	g, err := open(stored, s.sealer)
	if err != nil {
		return err
	}
	s.loaded.Store(g)
	return nil
}

// Run follows what other processes do to the keys, and removes retired ones, until ctx ends. An unreachable database is
// met again at the next look.
func (s *Set) Run(ctx context.Context) {
	var work sync.WaitGroup
	work.Go(func() { revision.Follow(ctx, s.store.AwaitRevision, s.reload) })
	work.Go(func() { s.clean(ctx) })
	work.Wait()
}

func (s *Set) clean(ctx context.Context) {
	hourly := time.NewTicker(time.Hour)
	defer hourly.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hourly.C:
			_ = s.Load(ctx) // again in an hour
		}
	}
}

// Ready reports whether the set can sign.
func (s *Set) Ready() bool { return s.loaded.Load() != nil }

// List describes all keys, the newest first.
func (s *Set) List() []Info {
	g := s.loaded.Load()
	if g == nil {
		return nil
	}
	infos := slices.Clone(g.infos)
	slices.Reverse(infos)
	return infos
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517 §5).
func (s *Set) JWKS() []byte { return s.loaded.Load().jwks }
