package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gatehouse/storage"
)

// mayComplete reports whether an approval makes proposed live. Where the operator wants two people for sensitive scopes, the
// first one's is written down with what they approved, and another person's approval of the same completes it; an approval of
// something else is a first one again. Problems when the same person approves the same again, or no person approves.
func (r *Registry) mayComplete(ctx context.Context, w *Work, s Step, proposed storage.Client) (bool, error) {
	sensitive, err := r.TwoApprove(ctx, proposed)
	if err != nil || len(sensitive) == 0 {
		return err == nil, err
	}
	person := s.By.PersonID()
	if person == "" {
		return false, Problems{{Field: "approve", Text: fmt.Sprintf("two people have to, because it asks for %s; sign in to the console, or use a person's API key", strings.Join(sensitive, ", "))}}
	}
	notes, err := r.sinceSubmission(ctx, s.ClientID)
	if err != nil {
		return false, err
	}
	again, same := false, digest(proposed)
	for _, note := range notes {
		if note.Action != string(Approve) || note.Digest != same {
			continue
		}
		switch note.Author.PersonID() {
		case "":
		case person:
			again = true
		default:
			return true, nil
		}
	}
	if again {
		return false, Problems{{Field: "approve", Text: fmt.Sprintf("you have approved it already; a second person has to, because it asks for %s", strings.Join(sensitive, ", "))}}
	}
	return false, r.approveFirst(ctx, w, s, proposed)
}

// sinceSubmission returns what was said about a client since it was last submitted, the newest first.
func (r *Registry) sinceSubmission(ctx context.Context, clientID string) (all []storage.ReviewNote, err error) {
	const many = 100
	for before := ""; ; before = all[len(all)-1].ID {
		notes, err := r.store.LastNotes(ctx, clientID, before, many)
		if err != nil {
			return nil, err
		}
		submitted := slices.IndexFunc(notes, func(n storage.ReviewNote) bool { return n.Action == string(Submit) })
		if submitted >= 0 {
			return append(all, notes[:submitted]...), nil
		}
		if all = append(all, notes...); len(notes) < many {
			return all, nil
		}
	}
}

// approveFirst writes down that somebody approved proposed, and keeps what they changed, for the second one to see. The state
// moves by it, so that of two who approve at once one looks again.
func (r *Registry) approveFirst(ctx context.Context, w *Work, s Step, proposed storage.Client) error {
	now, changed := r.now().UTC().Truncate(stamp), Changed(w.Proposed(), proposed)
	review := storage.Review{Note: r.note(s, now), Submitted: w.submitted(proposed, now)}
	review.Note.Digest = digest(proposed)
	if w.Version != nil {
		v := reworked(*w.Version, w.Proposed(), proposed, w.Live)
		v.UpdatedAt = after(v.UpdatedAt, now)
		review.Version, review.VersionWas = &v, w.Version.UpdatedAt
	} else {
		proposed.UpdatedAt = after(w.Live.UpdatedAt, now)
		review.Client, review.ClientWas = &proposed, w.Live.UpdatedAt
	}
	event := storage.AuditEvent{Actor: s.By, Action: "client.approve-first", Target: storage.Target{Kind: "client", ID: s.ClientID}, At: now}
	if len(changed) > 0 {
		event.Detail = map[string]string{"changed": strings.Join(changed, " ")}
	}
	defer r.Forget()
	err := r.store.ApplyReview(storage.Audited(ctx, event), review)
	if errors.Is(err, storage.ErrExists) {
		return storage.ErrConflict
	}
	return err
}

// digest names what a registration says: two that differ in nothing have the same.
func digest(c storage.Client) string {
	sum := sha256.New()
	for _, f := range fields {
		value := f.of(c)
		if empty(value) {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			panic(err) // it was read from JSON, or is text and numbers
		}
		fmt.Fprintf(sum, "%s %s\n", f.name, text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// TwoApprove returns the scopes because of which two people have to approve a registration; none where one may.
func (r *Registry) TwoApprove(ctx context.Context, c storage.Client) (sensitive []string, err error) {
	if !r.TwoReviewers {
		return nil, nil
	}
	catalogue, err := r.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range c.Scopes {
		if known := catalogue.Scope(s.Name); known != nil && known.Sensitive {
			sensitive = append(sensitive, s.Name)
		}
	}
	return sensitive, nil
}
