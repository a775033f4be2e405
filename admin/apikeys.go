package admin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

const (
	apiKeyKind = "api_key"
	// APIKeyPrefix is what every API key begins with, so that one that got lost is found: gak_<id>_<secret>.
	APIKeyPrefix = "gak_"

	maxKeyName = 80
	// MaxAPIKeys is how many keys a person may have that have not expired.
	MaxAPIKeys = 50
)

// NewAPIKey is a key to create.
type NewAPIKey struct {
	Name      string
	Rights    []string  // capabilities, or kind.*, or *
	ExpiresAt time.Time // zero: never
	UserID    string    // whose it is; empty: the caller's. Who is no person has to say
}

// APIKeys lists the keys of programs: all, or to who is no admin their own.
func (h *House) APIKeys(ctx context.Context, c Caller, p Page) (List[storage.APIKey], error) {
	owner := ""
	if !c.Sees(APIKeyRead) {
		owner = c.UserID
		if err := h.may(c, APIKeyRead, Belongs{UserID: owner}); err != nil {
			return List[storage.APIKey]{}, err
		}
	}
	return paged(p, func(after string, limit int) ([]storage.APIKey, error) {
		return h.Store.APIKeys(ctx, owner, after, limit)
	}, func(k storage.APIKey) string { return k.ID })
}

// CreateAPIKey makes a key and returns it with its value, this once. It can do no more than its person may whenever it is used,
// and no more and no longer than the key it is made with. Who is no admin makes keys of their own. registry.Problems where it
// cannot be.
func (h *House) CreateAPIKey(ctx context.Context, c Caller, n NewAPIKey) (k storage.APIKey, value string, err error) {
	if n.UserID == "" {
		n.UserID = c.UserID
	}
	if err := h.may(c, APIKeyCreate, Belongs{UserID: n.UserID}); err != nil {
		return k, "", err
	}
	if err := h.checkAPIKey(ctx, c, n); err != nil {
		return k, "", err
	}
	k = storage.APIKey{
		ID: strings.ToLower(rand.Text()), Name: n.Name, UserID: n.UserID, Rights: n.Rights, CreatedAt: h.now(),
		ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	value = APIKeyPrefix + k.ID + "_" + registry.GenerateSecret()
	k.Hash = hashKey(value)
	ctx = h.audited(ctx, c, APIKeyCreate, apiKeyKind, k.ID, "user", k.UserID, "rights", strings.Join(k.Rights, " "))
	return k, value, h.Store.CreateAPIKey(ctx, k)
}

func (h *House) checkAPIKey(ctx context.Context, c Caller, n NewAPIKey) error {
	var p registry.Problems
	if n.Name == "" || len([]rune(n.Name)) > maxKeyName || strings.ContainsFunc(n.Name, unprintable) {
		p = append(p, registry.Problem{Field: "name", Text: fmt.Sprintf("must say in 1 to %d characters what the key is for", maxKeyName)})
	}
	if len(n.Rights) == 0 {
		p = append(p, registry.Problem{Field: "rights", Text: "must not be empty; name what the key may do, as in client.read or client.*"})
	}
	switch {
	case !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(h.Now()):
		p = append(p, registry.Problem{Field: "expires_at", Text: "is in the past"})
	case !c.KeyEnds.IsZero() && (n.ExpiresAt.IsZero() || n.ExpiresAt.After(c.KeyEnds)):
		p = append(p, registry.Problem{Field: "expires_at", Text: "must not be later than the end of the key that asks, which is " + c.KeyEnds.UTC().Format(time.RFC3339)})
	}
	var holder *Caller
	switch u, err := h.Store.User(ctx, n.UserID); {
	case n.UserID == "":
		p = append(p, registry.Problem{Field: "user_id", Text: "is missing; a key can do what a person can, so say whose it is"})
	case isNotFound(err):
		p = append(p, registry.Problem{Field: "user_id", Text: "is nobody's"})
	case err != nil:
		return err
	default:
		holder = &Caller{Roles: u.Roles}
		live, err := h.Store.LiveAPIKeys(ctx, n.UserID, h.now())
		if err != nil {
			return err
		}
		if live >= MaxAPIKeys {
			p = append(p, registry.Problem{Field: "user_id", Text: fmt.Sprintf("has %d keys, which is the most that a person may have; delete one that is not used", live)})
		}
	}
	for i, right := range n.Rights {
		if text := badRight(c, holder, right); text != "" {
			p = append(p, registry.Problem{Field: fmt.Sprintf("rights[%d]", i), Text: text})
		}
	}
	return p.Err()
}

// badRight says what is wrong with a right of a key that c makes for holder, who may be unknown; nothing where nothing is. One
// that covers more than holder may do, as * does, is good for what they may at the moment of its use.
func badRight(c Caller, holder *Caller, right string) string {
	covered := slices.DeleteFunc(slices.Clone(Rules), func(r Rule) bool { return !Covers([]string{right}, r.Capability) })
	if len(covered) == 0 {
		return fmt.Sprintf("%q is no right; use the name of one, as in client.read, all of a kind, as in client.*, or *", right)
	}
	may := func(r Rule) bool { return holder.Might(r.Capability) == nil }
	if holder != nil && !slices.ContainsFunc(covered, may) {
		return fmt.Sprintf("%q is for %s, which the person whose key it is is not; leave it out", right, whose(covered[0]))
	}
	if c.Rights != nil && slices.ContainsFunc(covered, func(r Rule) bool { return !Covers(c.Rights, r.Capability) }) {
		return fmt.Sprintf("%q is more than the key that asks may do", right)
	}
	return ""
}

// DeleteAPIKey removes a key; it works no more. Who may not read it learns that there is none.
func (h *House) DeleteAPIKey(ctx context.Context, c Caller, id string) error {
	if !c.Sees(APIKeyDelete) {
		if err := h.may(c, APIKeyDelete, Belongs{UserID: c.UserID}); err != nil {
			return err
		}
		if k, _, err := h.Store.APIKey(ctx, id); err != nil || k.UserID != c.UserID {
			return errors.Join(err, fmt.Errorf("API key %q: %w", id, storage.ErrNotFound))
		}
	}
	return h.Store.DeleteAPIKey(h.audited(ctx, c, APIKeyDelete, apiKeyKind, id), id)
}

// seenEvery is how often it is noted that a key was used.
const seenEvery = time.Minute

// KeyHolder returns who acts by an API key. storage.ErrNotFound for a value that is no key, or of one that has expired or
// whose person is gone.
func (h *House) KeyHolder(ctx context.Context, value, address string) (Caller, error) {
	id, _, _ := strings.Cut(strings.TrimPrefix(value, APIKeyPrefix), "_")
	k, u, err := h.Store.APIKey(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	now := h.Now()
	if subtle.ConstantTimeCompare(k.Hash, hashKey(value)) != 1 || !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt) {
		return Caller{}, storage.ErrNotFound
	}
	if now.Sub(k.SeenAt) >= seenEvery {
		h.seen.Note(k.ID, h.now())
	}
	c, err := h.Person(ctx, u, time.Time{}, address)
	c.Actor.Kind, c.Actor.ID, c.Actor.Person = storage.ActorAPIKey, k.ID, k.UserID
	c.Rights, c.KeyEnds = append([]string{}, k.Rights...), k.ExpiresAt // nil rights would be no key
	return c, err
}

func hashKey(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}

// Run stamps in the background when API keys were used, until ctx ends.
func (h *House) Run(ctx context.Context) {
	h.seen.Run(ctx, h.Log, func(ctx context.Context, noted map[string]time.Time) error {
		for id, at := range noted {
			if err := h.Store.TouchAPIKey(ctx, id, at); err != nil {
				return err
			}
		}
		return nil
	})
}
