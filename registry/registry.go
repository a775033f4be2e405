package registry

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"gatehouse/internal/revision"
	"gatehouse/storage"
)

// stamp is the unit of UpdatedAt: what every database keeps exactly.
const stamp = time.Microsecond

// Store is what the registry needs of storage.Registry.
type Store interface {
	Client(ctx context.Context, id string) (storage.Client, error)
	Clients(ctx context.Context, after string, limit int) ([]storage.Client, error)
	CreateClient(ctx context.Context, c storage.Client) error
	RegisterClient(ctx context.Context, c storage.Client, r storage.Registration, now time.Time) error
	UpdateClient(ctx context.Context, c storage.Client, was time.Time) error
	OpenVersion(ctx context.Context, clientID string) (storage.ClientVersion, error)
	OpenVersions(ctx context.Context, clientIDs []string) ([]storage.ClientVersion, error)
	ApplyReview(ctx context.Context, r storage.Review) error
	LastNotes(ctx context.Context, clientID, before string, limit int) ([]storage.ReviewNote, error)
	LiveNames(ctx context.Context) ([]storage.ClientNames, error)
	Publisher(ctx context.Context, id string) (storage.Publisher, error)
	Publishers(ctx context.Context, after string, limit int) ([]storage.Publisher, error)
	Scopes(ctx context.Context) ([]storage.Scope, error)
	AwaitRevision(ctx context.Context, seen int64) (int64, error)
}

// Registry reads through a cache and writes through the rules. It is safe for concurrent use.
type Registry struct {
	// TwoReviewers says that who asks for sensitive scopes is approved by two people. Set it before the first use.
	TwoReviewers bool
	// Forgotten, where it is set, is called whenever what was cached is dropped. Set it before the first use.
	Forgotten func()

	store   Store
	now     func() time.Time
	current atomic.Pointer[generation]
	slow    *slowSecrets
	decoy   string // the hash that is compared with where there is no client, so that the answer takes as long as for one
}

// New returns a registry on store. Start Run beside it where other processes write too.
func New(store Store, now func() time.Time) *Registry {
	r := &Registry{store: store, now: now, slow: newSlowSecrets(), decoy: HashSecret(GenerateSecret())}
	r.Forget()
	return r
}

// Client returns the client with this ID, shared and not to be changed. storage.ErrNotFound when there is none; an ID
// that no client can have is not even looked up.
func (r *Registry) Client(ctx context.Context, id string) (*storage.Client, error) {
	if !validClientID(id) {
		return nil, storage.ErrNotFound
	}
	return r.current.Load().clients.get(ctx, id, r.store.Client)
}

// Clients returns all clients in ID order, shared and not to be changed.
func (r *Registry) Clients(ctx context.Context) ([]*storage.Client, error) {
	all, err := r.current.Load().allClients.get(ctx, "", func(ctx context.Context, _ string) ([]*storage.Client, error) {
		var all []*storage.Client
		err := r.eachClient(ctx, func(c *storage.Client) error { all = append(all, c); return nil })
		return all, err
	})
	if err != nil {
		return nil, err
	}
	return *all, nil
}

// Publisher returns the publisher with this ID, shared and not to be changed. storage.ErrNotFound when there is none.
func (r *Registry) Publisher(ctx context.Context, id string) (*storage.Publisher, error) {
	if id == "" {
		return nil, storage.ErrNotFound
	}
	return r.current.Load().publishers.get(ctx, id, r.store.Publisher)
}

// Publishers returns all publishers by their IDs, shared and not to be changed: for who needs more than a few.
func (r *Registry) Publishers(ctx context.Context) (map[string]storage.Publisher, error) {
	all, err := r.current.Load().allPublishers.get(ctx, "", func(ctx context.Context, _ string) (map[string]storage.Publisher, error) {
		all := make(map[string]storage.Publisher)
		for after := ""; ; {
			page, err := r.store.Publishers(ctx, after, clientsPage)
			if err != nil {
				return nil, err
			}
			for _, p := range page {
				all[p.ID], after = p, p.ID
			}
			if len(page) < clientsPage {
				return all, nil
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return *all, nil
}

// Scope returns a built-in scope or one of the operator's, shared and not to be changed. storage.ErrNotFound when the
// catalogue has none of this name.
func (r *Registry) Scope(ctx context.Context, name string) (*storage.Scope, error) {
	catalogue, err := r.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	if s := catalogue.Scope(name); s != nil {
		return s, nil
	}
	return nil, storage.ErrNotFound
}

// Scopes returns the whole catalogue, built-in scopes first and then the operator's by name; not to be changed.
func (r *Registry) Scopes(ctx context.Context) ([]storage.Scope, error) {
	catalogue, err := r.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	return catalogue.Scopes(), nil
}

func (r *Registry) catalogue(ctx context.Context) (*Catalogue, error) {
	return r.current.Load().catalogue.get(ctx, "", func(ctx context.Context, _ string) (Catalogue, error) {
		scopes, err := r.store.Scopes(ctx)
		if err != nil {
			return Catalogue{}, err
		}
		return *NewCatalogue(scopes), nil
	})
}

// Forget drops everything that was cached. Whoever writes publishers or scopes past the registry calls it to be seen at
// once in this process.
func (r *Registry) Forget() {
	r.current.Store(newGeneration())
	if r.Forgotten != nil {
		r.Forgotten()
	}
}

// Run watches for writes of other processes and forgets what was cached when there was one, or when the database does not
// say: a suspension that cannot be seen must not be overlooked for longer than one that can. It returns when ctx ends.
func (r *Registry) Run(ctx context.Context) {
	await := func(ctx context.Context, seen int64) (int64, error) {
		now, err := r.store.AwaitRevision(ctx, seen)
		r.Forget()
		return now, err
	}
	revision.Follow(ctx, await, func(context.Context) error { return nil })
}

// Create stores a new client: what is empty gets its default (see Defaults), then it is checked. Problems when it breaks
// a rule, storage.ErrExists when its ID is taken.
func (r *Registry) Create(ctx context.Context, c storage.Client) error {
	c = Defaults(c)
	if err := r.check(ctx, c); err != nil {
		return err
	}
	c.CreatedAt = r.now().UTC().Truncate(stamp)
	c.UpdatedAt = c.CreatedAt
	c.TokensFrom = c.CreatedAt // there may have been another client of this ID, whose tokens are dead for ever
	defer r.Forget()           // also after an error: it may be unknown whether the write happened
	if err := r.store.CreateClient(ctx, c); err != nil {
		return fmt.Errorf("client %q: %w", c.ID, err)
	}
	return nil
}

// CreateWithPurposes is Create for everybody but seed files, in which purposes may be left out: a client that is approved at once
// has to say why it wants what people are asked to share.
func (r *Registry) CreateWithPurposes(ctx context.Context, c storage.Client) error {
	if c = Defaults(c); c.Status == storage.StatusApproved {
		if err := r.CheckSubmission(ctx, c); err != nil {
			return err
		}
	}
	return r.Create(ctx, c)
}

// Update replaces a client if its UpdatedAt still is was, under the same defaults and rules as Create. Problems,
// storage.ErrNotFound, or storage.ErrConflict when somebody else changed it meanwhile.
func (r *Registry) Update(ctx context.Context, c storage.Client, was time.Time) error {
	c = Defaults(c)
	if err := r.check(ctx, c); err != nil {
		return err
	}
	old, err := r.store.Client(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("client %q: %w", c.ID, err)
	}
	c.TokensFrom = tokensFrom(old, c.Status, r.now().UTC().Truncate(stamp))
	return r.update(ctx, c, was)
}

func (r *Registry) update(ctx context.Context, c storage.Client, was time.Time) error {
	c.UpdatedAt = after(was, r.now().UTC().Truncate(stamp))
	defer r.Forget()
	if err := r.store.UpdateClient(ctx, c, was); err != nil {
		return fmt.Errorf("client %q: %w", c.ID, err)
	}
	return nil
}

func (r *Registry) check(ctx context.Context, c storage.Client) error {
	problems, err := r.problems(ctx, c)
	if err != nil {
		return err
	}
	return problems.Err()
}

// problems applies the rules, and those that are about other records: the publisher exists, and no other client stands for
// the same mini app of a super app.
func (r *Registry) problems(ctx context.Context, c storage.Client) (Problems, error) {
	catalogue, err := r.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	problems := CheckClient(c, catalogue)
	if err := problems.checkMiniApp(ctx, r, &c); err != nil {
		return nil, err
	}
	if c.PublisherID != "" {
		_, err := r.store.Publisher(ctx, c.PublisherID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			problems.add("publisher", "%q is not known; create the publisher first", c.PublisherID)
		case err != nil:
			return nil, err
		}
	}
	return problems, nil
}
