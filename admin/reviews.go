package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gatehouse/registry"
	"gatehouse/storage"
)

// maxQueue is how many mini apps the queue looks at to find the oldest. Who lets more pile up sees the oldest of these.
const maxQueue = 1000

// Waiting is a mini app that waits for a review.
type Waiting struct {
	registry.Work
	Since time.Time // when it was submitted
	Hints []registry.Hint
}

// ReviewQueue lists what is submitted, the oldest first. The cursor is made of the time and the ID.
func (h *House) ReviewQueue(ctx context.Context, c Caller, p Page) (List[Waiting], error) {
	var none List[Waiting]
	if err := h.may(c, ClientRead, Belongs{}); err != nil {
		return none, err
	}
	waiting, err := h.waiting(ctx)
	if err != nil {
		return none, err
	}
	at := func(w Waiting) string { return w.Since.UTC().Format("20060102150405.000000") + " " + w.Live.ID }
	slices.SortFunc(waiting, func(a, b Waiting) int { return cmp.Compare(at(a), at(b)) })
	list := part(p, waiting, at)
	around, err := h.surroundings(ctx)
	if err != nil {
		return none, err
	}
	for i := range list.Items {
		list.Items[i].Hints = hints(&list.Items[i].Work, around)
	}
	return list, nil
}

func (h *House) waiting(ctx context.Context) ([]Waiting, error) {
	clients, err := h.Store.FindClients(ctx, storage.ClientQuery{Status: storage.StatusSubmitted}, "", maxQueue)
	if err != nil {
		return nil, err
	}
	versions, err := h.Store.SubmittedVersions(ctx, "", maxQueue)
	if err != nil {
		return nil, err
	}
	open := make(map[string]*storage.ClientVersion, len(versions))
	for i := range versions {
		open[versions[i].ClientID] = &versions[i]
	}
	waiting := make([]Waiting, 0, len(clients))
	for _, client := range clients {
		w := Waiting{Work: registry.Work{Live: client, Version: open[client.ID]}, Since: client.UpdatedAt}
		if w.Version != nil {
			w.Since = w.Version.UpdatedAt
		} else if client.Status != storage.StatusSubmitted {
			continue // decided between the two reads
		}
		waiting = append(waiting, w)
	}
	return waiting, nil
}

// Hints says what is risky about what waits for a review, or else about what is live.
func (h *House) Hints(ctx context.Context, c Caller, w *registry.Work) ([]registry.Hint, error) {
	if err := h.may(c, ClientRead, Belongs{PublisherID: w.Live.PublisherID}); err != nil {
		return nil, err
	}
	around, err := h.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	return hints(w, around), nil
}

func hints(w *registry.Work, around registry.Surroundings) []registry.Hint {
	if w.Version != nil {
		around.Approved = &w.Live
	}
	return registry.Hints(w.Proposed(), around)
}

func (h *House) surroundings(ctx context.Context) (registry.Surroundings, error) {
	around := registry.Surroundings{Host: h.HostName}
	clients, err := h.Registry.Clients(ctx)
	if err != nil {
		return around, err
	}
	own, err := h.Registry.Scopes(ctx)
	if err != nil {
		return around, err
	}
	around.Known, around.Scopes = registry.NewKnownNames(clients), registry.NewCatalogue(own)
	return around, nil
}
