package admin

import (
	"context"

	"gatehouse/storage"
)

// ClientRequests returns the last answers that a mini app got from the protocol's endpoints, the newest first: with what
// exactly was wrong, and nothing that is a secret or a person's. Developers see those of their own mini apps. Who may not
// read the mini app learns that there is none (storage.ErrNotFound).
func (h *House) ClientRequests(ctx context.Context, c Caller, id string) ([]storage.ClientRequest, error) {
	if _, err := h.work(ctx, c, ClientRead, id); err != nil {
		return nil, err
	}
	return h.Store.LastRequests(ctx, id)
}
