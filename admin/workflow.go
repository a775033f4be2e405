package admin

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/registry"
	"gatehouse/storage"
)

// actionCapabilities are what the steps of the workflow ask for.
var actionCapabilities = map[registry.Action]Capability{
	registry.Submit: ClientSubmit, registry.Approve: ClientApprove, registry.RequestChanges: ClientRequestChanges, registry.Reject: ClientReject,
	registry.Suspend: ClientSuspend, registry.Reinstate: ClientReinstate, registry.Archive: ClientArchive,
}

// CapabilityOf is what a step of the workflow asks for; empty for a step that there is not.
func CapabilityOf(a registry.Action) Capability { return actionCapabilities[a] }

// CheckSubmission says, as registry.Problems, what keeps a mini app from being submitted; nil when nothing does.
func (h *House) CheckSubmission(ctx context.Context, c Caller, id string) error {
	w, err := h.work(ctx, c, ClientRead, id)
	if err != nil {
		return err
	}
	return h.Registry.CheckSubmission(ctx, w.Proposed())
}

// TakeStep takes a step of the workflow, in the name of c whatever Step.By is; see registry.Take. It returns the status that the
// mini app, or what waits beside it, has then.
func (h *House) TakeStep(ctx context.Context, c Caller, s registry.Step) (status string, err error) {
	do, known := actionCapabilities[s.Action]
	if !known {
		return "", storage.ErrNotFound
	}
	w, err := h.work(ctx, c, do, s.ClientID)
	if err != nil {
		return "", err
	}
	if s.Action == registry.Approve && c.works(w.Live, w.Proposed(), asChanged(s)) {
		return "", fmt.Errorf("%w: you develop for its publisher; a reviewer who does not has to approve it", ErrForbidden)
	}
	if s.Changed != nil {
		changed, proposed := *s.Changed, w.Proposed()
		changed.ID = proposed.ID
		if err := h.mayMove(c, proposed.PublisherID, changed.PublisherID); err != nil {
			return "", err
		}
		if err := h.Secrets.SealSettings(&changed, &proposed); err != nil {
			return "", err
		}
		if !c.Sees(ClientUpdate) {
			changed.FirstParty, changed.ResourceServer = proposed.FirstParty, proposed.ResourceServer
		}
		s.Changed = &changed
	}
	s.By = c.Actor
	return h.Registry.Take(ctx, s)
}

// asChanged is what a step makes live; nothing where a reviewer changes nothing.
func asChanged(s registry.Step) storage.Client {
	if s.Changed == nil {
		return storage.Client{}
	}
	return *s.Changed
}

// mayMove says why c may not take a mini app from a publisher to another: who approves it says what is in it, not whose it is.
func (h *House) mayMove(c Caller, from, to string) error {
	if from == to {
		return nil
	}
	if err := h.may(c, ClientUpdate, Belongs{PublisherID: from}); err != nil {
		return err
	}
	return h.may(c, ClientUpdate, Belongs{PublisherID: to})
}

// works reports whether a reviewer is a developer of any of these registrations' publishers: nobody approves their own work, but
// an admin, who may do everything.
func (c Caller) works(registrations ...storage.Client) bool {
	return !c.Operator && !slices.Contains(c.Roles, storage.RoleAdmin) && slices.ContainsFunc(registrations, func(r storage.Client) bool { return slices.Contains(c.Publishers, r.PublisherID) })
}

// DiscardVersion drops what waits beside a live mini app.
func (h *House) DiscardVersion(ctx context.Context, c Caller, id string) error {
	if _, err := h.work(ctx, c, ClientDiscard, id); err != nil {
		return err
	}
	return h.Registry.Discard(ctx, c.Actor, id)
}

// Comment adds to what developers and reviewers say about a mini app, and returns the note.
func (h *House) Comment(ctx context.Context, c Caller, id, text string) (storage.ReviewNote, error) {
	if _, err := h.work(ctx, c, ClientComment, id); err != nil {
		return storage.ReviewNote{}, err
	}
	return h.Registry.Comment(h.audited(ctx, c, ClientComment, clientKind, id), c.Actor, id, text)
}

// ClientNotes lists what developers and reviewers said about a mini app, the oldest first.
func (h *House) ClientNotes(ctx context.Context, c Caller, id string, p Page) (List[storage.ReviewNote], error) {
	if _, err := h.work(ctx, c, ClientRead, id); err != nil {
		return List[storage.ReviewNote]{}, err
	}
	return paged(p, func(after string, limit int) ([]storage.ReviewNote, error) {
		return h.Store.ReviewNotes(ctx, id, after, limit)
	}, func(n storage.ReviewNote) string { return n.ID })
}

// LastNotes returns the newest DefaultPage of what developers and reviewers said about a mini app, the oldest of them first.
func (h *House) LastNotes(ctx context.Context, c Caller, id string) ([]storage.ReviewNote, error) {
	if _, err := h.work(ctx, c, ClientRead, id); err != nil {
		return nil, err
	}
	notes, err := h.Store.LastNotes(ctx, id, "", DefaultPage)
	slices.Reverse(notes)
	return notes, err
}

// PastVersion is a version of a mini app beside the one that was approved before it.
type PastVersion struct {
	storage.ClientVersion
	Before *storage.Client // nil: none was
}

// ClientVersions lists what was approved, discarded or refused of a mini app, and what waits, the newest first.
func (h *House) ClientVersions(ctx context.Context, c Caller, id string, p Page) (List[PastVersion], error) {
	if _, err := h.work(ctx, c, ClientRead, id); err != nil {
		return List[PastVersion]{}, err
	}
	versions, err := paged(p, func(before string, limit int) ([]storage.ClientVersion, error) {
		return h.Store.ClientVersions(ctx, id, "", before, limit)
	}, func(v storage.ClientVersion) string { return v.ID })
	if err != nil || len(versions.Items) == 0 {
		return List[PastVersion]{}, err
	}
	earlier, err := h.Store.ClientVersions(ctx, id, storage.StatusApproved, versions.Items[len(versions.Items)-1].ID, 1)
	if err != nil {
		return List[PastVersion]{}, err
	}
	var approved *storage.Client
	if len(earlier) > 0 {
		approved = &earlier[0].Client
	}
	past := List[PastVersion]{Items: make([]PastVersion, len(versions.Items)), Next: versions.Next}
	for i, v := range slices.Backward(versions.Items) {
		past.Items[i] = PastVersion{v, approved}
		if v.Status == storage.StatusApproved {
			approved = &v.Client
		}
	}
	return past, nil
}
