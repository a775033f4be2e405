package admin

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"gatehouse/identity"
	"gatehouse/registry"
	"gatehouse/storage"
)

const publisherKind = "publisher"

// Publishers lists publishers: all, or to a developer their own.
func (h *House) Publishers(ctx context.Context, c Caller, p Page) (List[storage.Publisher], error) {
	var none List[storage.Publisher]
	id := func(p storage.Publisher) string { return p.ID }
	if c.Sees(PublisherRead) {
		return paged(p, func(after string, limit int) ([]storage.Publisher, error) {
			return h.Store.Publishers(ctx, after, limit)
		}, id)
	}
	if err := h.may(c, PublisherRead, Belongs{PublisherID: first(c.Publishers)}); err != nil {
		return none, err
	}
	return paged(p, func(after string, limit int) (own []storage.Publisher, err error) {
		for _, id := range c.Publishers { // in order
			if id <= after || len(own) == limit {
				continue
			}
			publisher, err := h.Store.Publisher(ctx, id)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			own = append(own, publisher)
		}
		return own, nil
	}, id)
}

// Publisher returns a publisher. Who may not read it learns that there is none.
func (h *House) Publisher(ctx context.Context, c Caller, id string) (storage.Publisher, error) {
	if err := h.may(c, PublisherRead, Belongs{PublisherID: id}); err != nil {
		if slices.Contains(c.Roles, storage.RoleDeveloper) {
			return storage.Publisher{}, fmt.Errorf("publisher %q: %w", id, storage.ErrNotFound)
		}
		return storage.Publisher{}, err
	}
	return h.Store.Publisher(ctx, id)
}

// SavePublisher stores a publisher in place of what it was; nil: a new one. Whether it is verified stays; see
// VerifyPublisher. It returns the publisher as it is then. Errors as SaveCompany.
func (h *House) SavePublisher(ctx context.Context, c Caller, p storage.Publisher, was *storage.Publisher) (storage.Publisher, error) {
	if err := h.may(c, PublisherSave, Belongs{}); err != nil {
		return p, err
	}
	p.Verified, p.VerifiedAt = false, time.Time{}
	if was != nil {
		p.Verified, p.VerifiedAt = was.Verified, was.VerifiedAt
	}
	p.Developers = slices.Clone(p.Developers)
	for i, developer := range p.Developers {
		if email, err := identity.CanonicalEmail(developer); err == nil {
			p.Developers[i] = email
		}
	}
	if err := registry.CheckPublisher(p).Err(); err != nil {
		return p, err
	}
	return p, h.replacePublisher(ctx, c, PublisherSave, p, was, savedPublisher(was, p)...)
}

// VerifyPublisher says that a publisher is who they say, or that it is not known any more. Nothing happens where that is what
// is said already.
func (h *House) VerifyPublisher(ctx context.Context, c Caller, was storage.Publisher, verified bool) error {
	if err := h.may(c, PublisherVerify, Belongs{}); err != nil {
		return err
	}
	if was.Verified == verified {
		return nil
	}
	p := was
	p.Verified, p.VerifiedAt = verified, time.Time{}
	if verified {
		p.VerifiedAt = h.now()
	}
	return h.replacePublisher(ctx, c, PublisherVerify, p, &was, "verified", fmt.Sprint(verified))
}

// DeletePublisher removes a publisher that no mini app is of; else ErrInUse.
func (h *House) DeletePublisher(ctx context.Context, c Caller, was storage.Publisher) error {
	if err := h.may(c, PublisherDelete, Belongs{}); err != nil {
		return err
	}
	clients, err := h.Store.FindClients(ctx, storage.ClientQuery{Publishers: []string{was.ID}}, "", 1)
	if err != nil {
		return err
	}
	if len(clients) > 0 {
		return fmt.Errorf("%w: %s answers for %s; give that to another publisher or delete it first", ErrInUse, was.ID, clients[0].ID)
	}
	defer h.Registry.Forget()
	if err := h.Store.DeletePublisher(h.audited(ctx, c, PublisherDelete, publisherKind, was.ID), was); err != nil {
		return fmt.Errorf("publisher %q: %w", was.ID, err)
	}
	return nil
}

func (h *House) replacePublisher(ctx context.Context, c Caller, do Capability, p storage.Publisher, was *storage.Publisher, detail ...string) error {
	if was != nil && reflect.DeepEqual(p, *was) {
		return nil
	}
	defer h.Registry.Forget()
	if err := h.Store.ReplacePublisher(h.audited(ctx, c, do, publisherKind, p.ID, detail...), p, was); err != nil {
		return fmt.Errorf("publisher %q: %w", p.ID, err)
	}
	return nil
}
