package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gatehouse/storage"
)

// Action is a step of a mini app's life, named as in commands and in the paths of the admin API.
type Action string

const (
	Submit         Action = "submit"          // the developers ask for a review
	Approve        Action = "approve"         // what was submitted becomes live
	RequestChanges Action = "request-changes" // the developers may change it and submit again
	Reject         Action = "reject"          // what was submitted never becomes live
	Suspend        Action = "suspend"         // nothing works until it is reinstated; codes and tokens are dead for ever
	Reinstate      Action = "reinstate"
	Archive        Action = "archive" // the end: nothing works, and nothing leads out of it
)

// transition is one arrow of the workflow.
type transition struct {
	action  Action
	from    []string
	to      string
	reviews bool // it is about what waits for review: the client's open version where it has one, else the client
	comment bool // whoever does it has to say why
}

// workflow is every arrow there is. What is not here does not happen.
var workflow = []transition{
	{action: Submit, from: []string{storage.StatusDraft, storage.StatusChangesRequested}, to: storage.StatusSubmitted, reviews: true},
	{action: Approve, from: []string{storage.StatusSubmitted}, to: storage.StatusApproved, reviews: true},
	{action: RequestChanges, from: []string{storage.StatusSubmitted}, to: storage.StatusChangesRequested, reviews: true, comment: true},
	{action: Reject, from: []string{storage.StatusSubmitted}, to: storage.StatusRejected, reviews: true, comment: true},
	{action: Suspend, from: []string{storage.StatusApproved}, to: storage.StatusSuspended, comment: true},
	{action: Reinstate, from: []string{storage.StatusSuspended}, to: storage.StatusApproved},
	{action: Archive, from: []string{storage.StatusDraft, storage.StatusSubmitted, storage.StatusChangesRequested, storage.StatusApproved,
		storage.StatusRejected, storage.StatusSuspended}, to: storage.StatusArchived},
}

// Actions returns the actions of the workflow, in the order of a mini app's life.
func Actions() []Action {
	var actions []Action
	for _, t := range workflow {
		actions = append(actions, t.action)
	}
	return actions
}

// StatusError says that an action cannot be taken where the mini app is.
type StatusError struct {
	ClientID string
	Action   Action
	Status   string // where it is
	From     []string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s is %s; %s is possible while it is %s", e.ClientID, e.Status, e.Action, alternatives(e.From))
}

// Step is an action that somebody takes.
type Step struct {
	Action   Action
	ClientID string
	By       storage.Actor
	Comment  string
	Was      string // the Work.ETag of what they looked at; empty: whatever it is
	// Changed is what a reviewer made of what was submitted, to approve that; nil: it is approved as it is.
	Changed *storage.Client
}

// maxComment is the longest comment, in characters.
const maxComment = 2000

// Take takes a step: the mini app or its open version gets its new status, the comment goes to the notes, and the step to
// the audit log, all or nothing. It returns the mini app's status, or its open version's, afterwards. A *StatusError where
// the step is not possible, Problems where the registration or the comment breaks a rule, storage.ErrNotFound, or
// storage.ErrConflict when somebody else changed it at this moment.
func (r *Registry) Take(ctx context.Context, s Step) (status string, err error) {
	i := slices.IndexFunc(workflow, func(t transition) bool { return t.action == s.Action })
	if i < 0 {
		return "", fmt.Errorf("%q is no action of the workflow", s.Action)
	}
	t := workflow[i]
	if err := t.checkComment(s.Comment); err != nil {
		return "", err
	}
	w, err := r.Work(ctx, s.ClientID)
	if err != nil {
		return "", err
	}
	if s.Was != "" && s.Was != w.ETag() {
		return "", storage.ErrConflict
	}
	at := w.Live.Status
	if t.reviews {
		at = w.Status()
	}
	if !slices.Contains(t.from, at) {
		return at, &StatusError{ClientID: s.ClientID, Action: s.Action, Status: at, From: t.from}
	}
	proposed, err := w.reviewed(s)
	if err != nil {
		return at, err
	}
	if t.action == Submit || t.action == Approve {
		if err := r.CheckSubmission(ctx, proposed); err != nil {
			return at, err
		}
	}
	if s.Action == Approve {
		if done, err := r.mayComplete(ctx, w, s, proposed); err != nil || !done {
			return at, err
		}
	}
	return t.to, r.applyReview(ctx, r.review(t, w, s, proposed), s, at, Changed(w.Proposed(), proposed))
}

// reviewed is what a step is about: what is worked on, or what a reviewer made of it. Problems where they cannot.
func (w *Work) reviewed(s Step) (storage.Client, error) {
	if s.Changed == nil {
		return w.Proposed(), nil
	}
	c := *s.Changed
	c.ID, c.Secrets, c.Status = w.Live.ID, w.Live.Secrets, w.Live.Status
	c.TokensFrom, c.CreatedAt, c.UpdatedAt = w.Live.TokensFrom, w.Live.CreatedAt, w.Live.UpdatedAt
	if c.Public {
		c.Secrets = nil
	}
	var p Problems
	if w.Version != nil {
		for _, f := range fields {
			if slices.Contains(reserved, f.name) && !same(f.of(c), f.of(w.Live)) {
				p.add(f.name, "is not changed by a version; change it of the live mini app")
			}
		}
	}
	return c, p.Err()
}

func (t transition) checkComment(comment string) error {
	var p Problems
	switch {
	case t.comment && strings.TrimSpace(comment) == "":
		p.add("comment", "must not be empty; say why")
	case len([]rune(comment)) > maxComment:
		p.add("comment", "is longer than %d characters", maxComment)
	}
	return p.Err()
}

// review is what a step changes. proposed is what it is about.
func (r *Registry) review(t transition, w *Work, s Step, proposed storage.Client) storage.Review {
	now := r.now().UTC().Truncate(stamp)
	review := storage.Review{Note: r.note(s, now)}
	if t.action == Approve {
		review.Note.Digest = digest(proposed)
		review.Submitted = w.submitted(proposed, now)
	}
	if t.reviews && w.Version != nil {
		v := *w.Version
		v.Status, v.UpdatedAt = t.to, after(w.Version.UpdatedAt, now)
		if !v.Open() { // what was decided about
			v.Client = proposed
		}
		review.Version, review.VersionWas = &v, w.Version.UpdatedAt
		if t.action != Approve {
			return review
		}
	}
	c := w.Live
	switch t.action {
	case Approve:
		c = proposed
		c.Status = storage.StatusApproved
		if w.Version != nil {
			c.Status = w.Live.Status // a suspended mini app stays so
		} else {
			review.Version = snapshot(c, now)
		}
	case Reinstate:
		c.Status = t.to
	case Suspend, Archive:
		c.Status = t.to
		if t.action == Archive && w.Version != nil {
			v := *w.Version
			v.Status, v.UpdatedAt = t.to, after(w.Version.UpdatedAt, now)
			review.Version, review.VersionWas = &v, w.Version.UpdatedAt
		}
	default:
		c.Status = t.to
	}
	c.TokensFrom = tokensFrom(w.Live, c.Status, now)
	c.UpdatedAt = after(w.Live.UpdatedAt, now)
	review.Client, review.ClientWas = &c, w.Live.UpdatedAt
	return review
}

// submitted keeps what was submitted, closed, where a reviewer makes something else of it; nil where they do not.
func (w *Work) submitted(proposed storage.Client, now time.Time) *storage.ClientVersion {
	was := w.Proposed()
	if len(Changed(was, proposed)) == 0 {
		return nil
	}
	return &storage.ClientVersion{ID: newID(), ClientID: was.ID, Status: storage.StatusArchived, Client: was, CreatedAt: now, UpdatedAt: now}
}

// snapshot keeps what was approved, to compare the next version with.
func snapshot(c storage.Client, now time.Time) *storage.ClientVersion {
	return &storage.ClientVersion{ID: newID(), ClientID: c.ID, Status: storage.StatusApproved, Client: c, CreatedAt: now, UpdatedAt: now}
}

func (r *Registry) note(s Step, now time.Time) *storage.ReviewNote {
	return &storage.ReviewNote{ID: newID(), ClientID: s.ClientID, Author: s.By, Action: string(s.Action), Text: s.Comment, At: now}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// tokensFrom is the TokensFrom of a client that gets a status at now: another one where what it has must not outlive that. It is
// so when a client is reinstated too, for what a process issues that did not know of the suspension yet.
func tokensFrom(was storage.Client, status string, now time.Time) time.Time {
	ended := func(status string) bool { return status == storage.StatusSuspended || status == storage.StatusArchived }
	left := was.Status == storage.StatusApproved // a seed file takes it anywhere
	if status == was.Status || !left && !ended(was.Status) && !ended(status) {
		return was.TokensFrom
	}
	return after(was.TokensFrom, now)
}

// after is now, or the next tick after was: two writes within one tick, or a clock set back, are still two versions.
func after(was, now time.Time) time.Time {
	if now.After(was) {
		return now
	}
	return was.Add(stamp)
}

func (r *Registry) applyReview(ctx context.Context, review storage.Review, s Step, from string, changed []string) error {
	event := storage.AuditEvent{
		Actor: s.By, Action: "client." + string(s.Action), Target: storage.Target{Kind: "client", ID: s.ClientID}, At: review.Note.At,
		Detail: map[string]string{"from": from},
	}
	if review.Version != nil {
		event.Detail["version"] = review.Version.ID
	}
	if len(changed) > 0 {
		event.Detail["changed"] = strings.Join(changed, " ")
	}
	defer r.Forget()
	err := r.store.ApplyReview(storage.Audited(ctx, event), review)
	if errors.Is(err, storage.ErrExists) { // another version was opened meanwhile
		return storage.ErrConflict
	}
	return err
}

// CheckSubmission applies the rules for a client, and those that only count once others are to judge it. Problems, or an error
// of the store.
func (r *Registry) CheckSubmission(ctx context.Context, c storage.Client) error {
	if c.Status == storage.StatusDraft {
		c.Status = storage.StatusSubmitted // what a draft may lack
	}
	problems, err := r.problems(ctx, c)
	if err != nil {
		return err
	}
	problems = append(problems, checkPurposesThere(c)...)
	return problems.Err()
}

// Comment adds to what is said about a client, and returns the note. Problems for a comment that is empty or too long. Its event
// is the caller's.
func (r *Registry) Comment(ctx context.Context, by storage.Actor, clientID, text string) (storage.ReviewNote, error) {
	if err := (transition{comment: true}).checkComment(text); err != nil {
		return storage.ReviewNote{}, err
	}
	note := r.note(Step{ClientID: clientID, By: by, Comment: text}, r.now().UTC().Truncate(stamp))
	return *note, r.store.ApplyReview(ctx, storage.Review{Note: note})
}
