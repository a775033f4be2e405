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
	own, err := h.Registry.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	around := registry.Surroundings{Host: h.HostName, Scopes: registry.NewCatalogue(own)}
	return hints(w, around), nil
}
