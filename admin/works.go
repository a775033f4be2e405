package admin

import (
	"context"

	"gatehouse/registry"
	"gatehouse/storage"
)

// Works lists mini apps as Clients does, each with what waits beside it, in two reads.
func (h *House) Works(ctx context.Context, c Caller, f ClientFilter, p Page) (List[registry.Work], error) {
	found, err := h.Clients(ctx, c, f, p)
	if err != nil {
		return List[registry.Work]{}, err
	}
	ids := make([]string, len(found.Items))
	for i, client := range found.Items {
		ids[i] = client.ID
	}
	versions, err := h.Store.OpenVersions(ctx, ids)
	open := make(map[string]*storage.ClientVersion, len(versions))
	for i := range versions {
		open[versions[i].ClientID] = &versions[i]
	}
	works := List[registry.Work]{Next: found.Next}
	for _, client := range found.Items {
		works.Items = append(works.Items, registry.Work{Live: client, Version: open[client.ID]})
	}
	return works, err
}
