package admin

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"gatehouse/storage"
)

// AuditEvents lists what was done, the newest first.
func (h *House) AuditEvents(ctx context.Context, c Caller, f storage.AuditFilter, p Page) (List[storage.AuditEvent], error) {
	if err := h.may(c, AuditRead, Belongs{}); err != nil {
		return List[storage.AuditEvent]{}, err
	}
	return paged(p, func(before string, limit int) ([]storage.AuditEvent, error) {
		return h.Store.AuditEvents(ctx, f, before, limit)
	}, func(e storage.AuditEvent) string { return e.ID })
}

// AuditLog is everything that was done and f is about, the newest first, read page by page while it is ranged over. What
// cannot be read is an error here, or ends the sequence with one.
func (h *House) AuditLog(ctx context.Context, c Caller, f storage.AuditFilter) (iter.Seq2[storage.AuditEvent, error], error) {
	page, err := h.AuditEvents(ctx, c, f, Page{Limit: MaxPage})
	if err != nil {
		return nil, err
	}
	return func(yield func(storage.AuditEvent, error) bool) {
		for page, err := page, err; ; page, err = h.AuditEvents(ctx, c, f, Page{After: page.Next, Limit: MaxPage}) {
			if err != nil {
				yield(storage.AuditEvent{}, err)
				return
			}
			for _, e := range page.Items {
				if !yield(e, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
		}
	}, nil
}

// AuditQuery is which events are asked for, as people write it; what is empty does not matter.
type AuditQuery struct {
	Actor  string // KIND:ID
	Action string // one, or with a final dot all that begin with it
	Target string // KIND or KIND:ID
	Since  time.Time
	Until  time.Time
}

// actorKinds are what an actor can be.
var actorKinds = []storage.ActorKind{storage.ActorUser, storage.ActorClient, storage.ActorAPIKey, storage.ActorCommand, storage.ActorServer}

// Filter is the query as the store takes it; false where Actor is not KIND:ID with a kind that there is.
func (q AuditQuery) Filter() (f storage.AuditFilter, ok bool) {
	f = storage.AuditFilter{Action: q.Action, Since: q.Since, Until: q.Until}
	kind, id, _ := strings.Cut(q.Actor, ":")
	f.Actor = storage.Actor{Kind: storage.ActorKind(kind), ID: id}
	f.Target.Kind, f.Target.ID, _ = strings.Cut(q.Target, ":")
	return f, q.Actor == "" || slices.Contains(actorKinds, f.Actor.Kind) && id != ""
}
