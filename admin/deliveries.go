package admin

import (
	"context"
	"fmt"

	"gatehouse/storage"
)

const deliveryKind = "delivery"

// DeliveryFilter says which deliveries to list; what is zero does not matter.
type DeliveryFilter struct {
	State  storage.DeliveryState
	Client string
}

// Deliveries lists what mini apps' servers are told: of all, or to a developer of their own mini apps.
func (h *House) Deliveries(ctx context.Context, c Caller, f DeliveryFilter, p Page) (List[storage.Delivery], error) {
	query := storage.DeliveryQuery{State: f.State, ClientID: f.Client}
	if !c.Sees(DeliveryRead) {
		query.Publishers = c.Publishers
		if err := h.may(c, DeliveryRead, Belongs{PublisherID: first(c.Publishers)}); err != nil {
			return List[storage.Delivery]{}, err
		}
	}
	return paged(p, func(after string, limit int) ([]storage.Delivery, error) {
		return h.Store.FindDeliveries(ctx, query, after, limit)
	}, func(d storage.Delivery) string { return d.ID })
}

// RetryDelivery sends a delivery again that was given up, and returns it as it was. storage.ErrConflict for one that was not.
// Who may not read it learns that there is none.
func (h *House) RetryDelivery(ctx context.Context, c Caller, id string) (storage.Delivery, error) {
	d, err := h.Store.Delivery(ctx, id)
	if err != nil {
		return d, err
	}
	owner := Belongs{}
	switch client, err := h.Registry.Client(ctx, d.ClientID); {
	case err == nil:
		owner.PublisherID = client.PublisherID
	case !isNotFound(err):
		return d, err
	}
	if h.may(c, DeliveryRead, owner) != nil {
		return storage.Delivery{}, fmt.Errorf("delivery %q: %w", id, storage.ErrNotFound)
	}
	if err := h.may(c, DeliveryRetry, owner); err != nil {
		return d, err
	}
	return d, h.Store.RetryDelivery(h.audited(ctx, c, DeliveryRetry, deliveryKind, id, "client", d.ClientID), id, h.now())
}
