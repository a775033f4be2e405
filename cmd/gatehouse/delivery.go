package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/storage"
)

// deliveryEntry is how a delivery is printed. It does not say whose grant it is about: an operator who looks why a
// receiver fails need not know.
type deliveryEntry struct {
	ID        string    `json:"id"`
	ClientID  string    `json:"client_id"`
	Event     string    `json:"event"`
	State     string    `json:"state"`
	Attempts  int       `json:"attempts"`
	CreatedAt time.Time `json:"created_at"`
	DueAt     time.Time `json:"due_at,omitzero"`
	SettledAt time.Time `json:"settled_at,omitzero"`
	Failure   string    `json:"failure,omitempty"`
}

var deliveryStates = map[storage.DeliveryState]string{
	storage.DeliveryPending: "pending", storage.DeliveryDelivered: "delivered", storage.DeliveryDead: "dead",
}

func deliveryEntryOf(d storage.Delivery) deliveryEntry {
	e := deliveryEntry{
		ID: d.ID, ClientID: d.ClientID, Event: string(d.Event), State: deliveryStates[d.State], Attempts: d.Attempts,
		CreatedAt: d.CreatedAt, SettledAt: d.SettledAt, Failure: d.Failure,
	}
	if d.State == storage.DeliveryPending {
		e.DueAt = d.DueAt
	}
	return e
}

func (c *cli) deliveryCommand() *cobra.Command {
	return c.group("delivery", "what mini apps' servers are told (webhook_uri)", c.deliveryList(), c.deliveryRetry())
}

func (c *cli) deliveryList() *cobra.Command {
	var dead bool
	cmd := c.printing(&cobra.Command{
		Use: "list", Short: "list deliveries, the oldest first: those that wait or were given up, and those that arrived in the last week",
		Long: "List deliveries, the oldest first: those that wait, those that arrived in the last week, and those that were given up in\n" +
			"the last 90 days. ATTEMPTS is how often one was sent since it was made or last retried, the time that it arrived included.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var state storage.DeliveryState
			if dead {
				state = storage.DeliveryDead
			}
			return c.withHouse(cmd.Context(), func(h *house) error { return c.printDeliveries(cmd.Context(), h, state) })
		},
	})
	cmd.Flags().BoolVar(&dead, "dead", false, "only those that were given up")
	return cmd
}

func (c *cli) printDeliveries(ctx context.Context, h *house, state storage.DeliveryState) error {
	page := func(ctx context.Context, after string, limit int) ([]storage.Delivery, error) {
		return h.store.Deliveries(ctx, state, after, limit)
	}
	list, err := seed.All(ctx, page, func(d storage.Delivery) string { return d.ID })
	if err != nil {
		return err
	}
	entries, rows := []deliveryEntry{}, [][]string{}
	for _, d := range list {
		e := deliveryEntryOf(d)
		entries = append(entries, e)
		rows = append(rows, []string{
			e.ID, e.ClientID, e.Event, e.State, strconv.Itoa(e.Attempts), stamp(e.CreatedAt), stamp(e.DueAt), stamp(e.SettledAt), e.Failure,
		})
	}
	return c.print(entries, []string{"ID", "CLIENT", "EVENT", "STATE", "ATTEMPTS", "CREATED", "DUE", "SETTLED", "FAILURE"}, rows)
}

func (c *cli) deliveryRetry() *cobra.Command {
	return &cobra.Command{
		Use: "retry ID", Short: "send a delivery again that was given up", Args: oneArg("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				err := h.store.RetryDelivery(cmd.Context(), args[0], time.Now())
				newer, superseded := errors.AsType[*storage.SupersededError](err)
				switch {
				case superseded:
					return usagef("this delivery is not sent again: %s is newer and tells anew what it said, so that the mini app would take an old state for the present one; if that one was given up too, retry it instead", newer.By)
				case errors.Is(err, storage.ErrNotFound):
					return usagef("there is no delivery with this ID; gatehouse delivery list shows those that there are")
				case errors.Is(err, storage.ErrConflict):
					return usagef("this delivery was not given up: it has arrived, or is sent again by itself; gatehouse delivery list --dead shows those that were")
				}
				return err
			})
		},
	}
}
