package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/storage"
)

func publisherRecords() records[seed.Publisher, storage.Publisher] {
	return records[seed.Publisher, storage.Publisher]{
		name: "publisher", plural: "publishers", key: "id", about: "who answers for mini apps", without: []string{"verified_at"},
		entry: seed.PublisherOf,
		keyOf: func(p seed.Publisher) string { return p.ID },
		read: func(ctx context.Context, h *admin.House, id string) (storage.Publisher, error) {
			return h.Publisher(ctx, asOperator(), id)
		},
		list: func(ctx context.Context, h *admin.House, p admin.Page) (admin.List[storage.Publisher], error) {
			return h.Publishers(ctx, asOperator(), p)
		},
		save: savePublisher,
		remove: func(ctx context.Context, h *admin.House, was storage.Publisher) error {
			return h.DeletePublisher(ctx, asOperator(), was)
		},
		header: []string{"ID", "NAME", "VERIFIED", "DEVELOPERS"},
		row: func(p storage.Publisher) []string {
			return []string{p.ID, p.Name, strconv.FormatBool(p.Verified), strings.Join(p.Developers, " ")}
		},
	}
}

// savePublisher stores a publisher, and then whether it is verified where the entry says so.
func savePublisher(ctx context.Context, h *admin.House, e seed.Publisher, was *storage.Publisher) error {
	saved, err := h.SavePublisher(ctx, asOperator(), storage.Publisher{ID: e.ID, Name: e.Name, Developers: e.Developers}, was)
	if err != nil || e.Verified == nil {
		return err
	}
	return h.VerifyPublisher(ctx, asOperator(), saved, *e.Verified)
}

func (c *cli) publisherCommand() *cobra.Command {
	return publisherRecords().command(c,
		c.verifying("verify", "say that a publisher is who they say", true),
		c.verifying("unverify", "say that it is not known any more who a publisher is", false))
}

func (c *cli) verifying(name, short string, verified bool) *cobra.Command {
	publishers := publisherRecords()
	return c.printing(&cobra.Command{
		Use: publishers.use(name), Short: short, Args: oneArg(publishers.argument()),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				was, err := house.Publisher(cmd.Context(), asOperator(), args[0])
				if err == nil {
					err = house.VerifyPublisher(cmd.Context(), asOperator(), was, verified)
				}
				if err != nil {
					return publishers.explain(args[0], err)
				}
				return c.print(map[string]any{"id": args[0], "verified": verified}, []string{"ID", "VERIFIED"}, [][]string{{args[0], strconv.FormatBool(verified)}})
			})
		},
	})
}
