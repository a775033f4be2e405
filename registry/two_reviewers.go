package registry

import (
	"context"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// mayComplete reports whether an approval makes the mini app live. Where the operator wants two people for sensitive
// scopes, the first one's is written down, and the second's completes it. Problems when the same person approves again.
func (r *Registry) mayComplete(ctx context.Context, w *Work, s Step) (bool, error) {
	sensitive, err := r.sensitive(ctx, w.Proposed())
	if err != nil || !r.TwoReviewers || len(sensitive) == 0 {
		return err == nil, err
	}
	notes, err := r.store.ReviewNotes(ctx, s.ClientID)
	if err != nil {
		return false, err
	}
	for _, note := range slices.Backward(notes) {
		switch {
		case note.Action == string(Submit):
			return false, r.approveFirst(ctx, s)
		case note.Action != string(Approve):
		case note.Author.Kind == s.By.Kind && note.Author.ID == s.By.ID:
			return false, Problems{{Field: "approve", Text: fmt.Sprintf("you have approved it already; a second person has to, because it asks for %s", alternatives(sensitive))}}
		default:
			return true, nil
		}
	}
	return false, r.approveFirst(ctx, s)
}

func (r *Registry) approveFirst(ctx context.Context, s Step) error {
	now := r.now().UTC().Truncate(stamp)
	event := storage.AuditEvent{Actor: s.By, Action: "client.approve-first", Target: storage.Target{Kind: "client", ID: s.ClientID}, At: now}
	return r.store.ApplyReview(storage.Audited(ctx, event), storage.Review{Note: r.note(s, now)})
}

// sensitive returns the names of a client's sensitive scopes.
func (r *Registry) sensitive(ctx context.Context, c storage.Client) (names []string, err error) {
	catalogue, err := r.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range c.Scopes {
		if known := catalogue.Scope(s.Name); known != nil && known.Sensitive {
			names = append(names, s.Name)
		}
	}
	return names, nil
}
