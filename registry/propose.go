package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gatehouse/storage"
)

// Propose saves what developers want their mini app to be. One that is not live yet becomes so at once; of one that is, only
// what needs no review does, and the rest waits as its open version, with the status draft. was is the Work.ETag of what they
// changed; empty: whatever it is. It returns the names of the keys that wait for a review. Problems, a *StatusError while it is
// under review or at its end, storage.ErrNotFound or storage.ErrConflict.
func (r *Registry) Propose(ctx context.Context, by storage.Actor, c storage.Client, was string) (waiting []string, err error) {
	w, err := r.Work(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	if was != "" && was != w.ETag() {
		return nil, storage.ErrConflict
	}
	switch w.Status() {
	case storage.StatusDraft, storage.StatusChangesRequested, storage.StatusApproved, storage.StatusSuspended:
	default:
		return nil, &StatusError{ClientID: c.ID, Action: "update", Status: w.Status(), From: []string{
			storage.StatusDraft, storage.StatusChangesRequested, storage.StatusApproved, storage.StatusSuspended}}
	}
	c.Secrets, c.Status = w.Live.Secrets, w.Live.Status
	c.TokensFrom, c.CreatedAt = w.Live.TokensFrom, w.Live.CreatedAt
	if c.Public {
		c.Secrets = nil
	}
	c = Defaults(c)
	if err := r.check(ctx, c); err != nil {
		return nil, err
	}
	review := r.proposal(w, c)
	changed := Changed(w.Proposed(), c)
	if len(changed) == 0 {
		return Changed(w.Live, c), nil
	}
	event := storage.AuditEvent{
		Actor: by, Action: "client.update", Target: storage.Target{Kind: "client", ID: c.ID},
		Detail: map[string]string{"changed": strings.Join(changed, " ")},
	}
	defer r.Forget()
	if err := r.store.ApplyReview(storage.Audited(ctx, event), review); err != nil {
		if errors.Is(err, storage.ErrExists) {
			err = storage.ErrConflict
		}
		return nil, fmt.Errorf("client %q: %w", c.ID, err)
	}
	if review.Version == nil {
		return nil, nil
	}
	return Changed(*w.after(review), c), nil
}

// after is the live mini app once a review is applied.
func (w *Work) after(review storage.Review) *storage.Client {
	if review.Client != nil {
		return review.Client
	}
	return &w.Live
}

// proposal is what saving c changes. Of a live mini app, contacts alone need no review.
func (r *Registry) proposal(w *Work, c storage.Client) storage.Review {
	now := r.now().UTC().Truncate(stamp)
	if w.Version == nil && !w.wasApproved() {
		c.UpdatedAt = after(w.Live.UpdatedAt, now)
		return storage.Review{Client: &c, ClientWas: w.Live.UpdatedAt}
	}
	live := w.Live
	live.Contacts = c.Contacts
	review := storage.Review{}
	if len(Changed(live, w.Live)) > 0 {
		live.UpdatedAt = after(w.Live.UpdatedAt, now)
		review.Client, review.ClientWas = &live, w.Live.UpdatedAt
	}
	switch {
	case w.Version != nil:
		v := reworked(*w.Version, w.Proposed(), c, live)
		v.UpdatedAt = after(v.UpdatedAt, now)
		review.Version, review.VersionWas = &v, w.Version.UpdatedAt
	case len(Changed(live, c)) > 0:
		review.Version = &storage.ClientVersion{ID: newID(), ClientID: c.ID, Status: storage.StatusDraft, Client: c, Base: &live, CreatedAt: now, UpdatedAt: now}
	}
	return review
}

// Discard drops what waits beside a live mini app. storage.ErrNotFound when nothing does.
func (r *Registry) Discard(ctx context.Context, by storage.Actor, clientID string) error {
	w, err := r.Work(ctx, clientID)
	switch {
	case err != nil:
		return err
	case w.Version == nil:
		return storage.ErrNotFound
	}
	v := *w.Version
	v.Status, v.UpdatedAt = storage.StatusArchived, after(w.Version.UpdatedAt, r.now().UTC().Truncate(stamp))
	event := storage.AuditEvent{Actor: by, Action: "client.discard", Target: storage.Target{Kind: "client", ID: clientID}, Detail: map[string]string{"version": v.ID}}
	return r.store.ApplyReview(storage.Audited(ctx, event), storage.Review{Version: &v, VersionWas: w.Version.UpdatedAt})
}
