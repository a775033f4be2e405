package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
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
	return c.group("delivery", "what mini apps' servers are told (webhook_uri)", c.deliveryList(), c.deliveryGet(), c.deliveryRetry())
}

func (c *cli) deliveryList() *cobra.Command {
	var dead bool
	var f admin.DeliveryFilter
	cmd := c.printing(&cobra.Command{
		Use: "list", Short: "list deliveries, the oldest first: those that wait or were given up, and those that arrived in the last week",
		Long: "List deliveries, the oldest first: those that wait, those that arrived in the last week, and those that were given up in\n" +
			"the last 90 days. ATTEMPTS is how often one was sent since it was made or last retried, the time that it arrived included.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dead {
				f.State = storage.DeliveryDead
			}
			return c.withHouse(cmd.Context(), func(h *house) error { return c.listDeliveries(cmd.Context(), h.admin(), f) })
		},
	})
	cmd.Flags().BoolVar(&dead, "dead", false, "only those that were given up")
	cmd.Flags().StringVar(&f.Client, "client", "", "only those to this mini app, by its client_id")
	return cmd
}

func (c *cli) listDeliveries(ctx context.Context, house *admin.House, f admin.DeliveryFilter) error {
	list, err := everything(func(p admin.Page) (admin.List[storage.Delivery], error) {
		return house.Deliveries(ctx, asOperator(), f, p)
	})
	if err != nil {
		return err
	}
	return c.printDeliveries(list)
}

func (c *cli) printDeliveries(list []storage.Delivery) error {
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

func (c *cli) deliveryGet() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "get ID", Short: "show a delivery", Args: oneArg("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				d, err := h.admin().Delivery(cmd.Context(), asOperator(), args[0])
				if errors.Is(err, storage.ErrNotFound) {
					return errNoDelivery
				}
				if err != nil {
					return err
				}
				return c.printDeliveries([]storage.Delivery{d})
			})
		},
	})
}

var errNoDelivery = usagef("there is no delivery with this ID; gatehouse delivery list shows those that there are")

func (c *cli) deliveryRetry() *cobra.Command {
	return &cobra.Command{
		Use: "retry ID", Short: "send a delivery again that was given up", Args: oneArg("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				_, err := h.admin().RetryDelivery(cmd.Context(), asOperator(), args[0])
				refused, is := errors.AsType[*admin.RefusedError](err)
				switch {
				case is:
					return usagef("%s; gatehouse delivery list --dead shows those that were given up", refused)
				case errors.Is(err, storage.ErrNotFound):
					return errNoDelivery
				}
				return err
			})
		},
	}
}
