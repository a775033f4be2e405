package admin

import (
	"context"
	"errors"
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

// Delivery returns a delivery. storage.ErrNotFound also for one that c may not read.
func (h *House) Delivery(ctx context.Context, c Caller, id string) (storage.Delivery, error) {
	d, _, err := h.delivery(ctx, c, id)
	return d, err
}

// delivery is Delivery, and whose the mini app is.
func (h *House) delivery(ctx context.Context, c Caller, id string) (d storage.Delivery, owner Belongs, err error) {
	if d, err = h.Store.Delivery(ctx, id); err != nil {
		return d, owner, err
	}
	switch client, err := h.Registry.Client(ctx, d.ClientID); {
	case err == nil:
		owner.PublisherID = client.PublisherID
	case !isNotFound(err):
		return d, owner, err
	}
	if h.may(c, DeliveryRead, owner) != nil {
		return storage.Delivery{}, owner, fmt.Errorf("delivery %q: %w", id, storage.ErrNotFound)
	}
	return d, owner, nil
}

// RefusedError says, in words for whoever asked, why what is there cannot be had done to it as it is.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return e.Text }

// RetryDelivery sends a delivery again that was given up, and returns it as it was. A *RefusedError for one that was not, and for
// one after which a newer one tells anew what it said. Who may not read it learns that there is none.
func (h *House) RetryDelivery(ctx context.Context, c Caller, id string) (storage.Delivery, error) {
	d, owner, err := h.delivery(ctx, c, id)
	if err != nil {
		return d, err
	}
	if err := h.may(c, DeliveryRetry, owner); err != nil {
		return d, err
	}
	err = h.Store.RetryDelivery(h.audited(ctx, c, DeliveryRetry, deliveryKind, id, "client", d.ClientID), id, h.now())
	newer, superseded := errors.AsType[*storage.SupersededError](err)
	switch {
	case superseded:
		err = &RefusedError{"this delivery is not sent again: " + newer.By + " is newer and tells anew what it said, so that the mini app would take an old state for the present one; if that one was given up too, retry it instead"}
	case errors.Is(err, storage.ErrConflict):
		err = &RefusedError{"this delivery was not given up: it has arrived, or is sent again by itself"}
	}
	return d, err
}
