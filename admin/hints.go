package admin

import (
	"context"

	"gatehouse/registry"
)

// DraftHints says what reviewers will look at that the developers of a mini app can see for themselves: it compares with
// nothing of others.
func (h *House) DraftHints(ctx context.Context, c Caller, w *registry.Work) ([]registry.Hint, error) {
	if err := h.may(c, ClientRead, Belongs{PublisherID: w.Live.PublisherID}); err != nil {
		return nil, err
	}
	around, err := h.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	return hints(w, around), nil
}

// Hints says what is risky about what waits for a review, or else about what is live.
func (h *House) Hints(ctx context.Context, c Caller, w *registry.Work) ([]registry.Hint, error) {
	if err := h.may(c, ReviewRead, Belongs{PublisherID: w.Live.PublisherID}); err != nil {
		return nil, err
	}
	around, err := h.allAround(ctx)
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

// surroundings is what a registration is compared with, but for the mini apps of others.
func (h *House) surroundings(ctx context.Context) (registry.Surroundings, error) {
	own, err := h.Registry.Scopes(ctx)
	return registry.Surroundings{Host: h.HostName, Scopes: registry.NewCatalogue(own)}, err
}

// allAround is surroundings, and the names of all mini apps.
func (h *House) allAround(ctx context.Context) (registry.Surroundings, error) {
	around, err := h.surroundings(ctx)
	if err != nil {
		return around, err
	}
	around.Known, err = h.Registry.KnownNames(ctx)
	return around, err
}
