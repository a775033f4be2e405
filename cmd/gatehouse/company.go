package main

import (
	"context"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/storage"
)

func (c *cli) companyCommand() *cobra.Command {
	return records[seed.Company, storage.Company]{
		name: "company", plural: "companies", key: "id", about: "organisations that people belong to",
		entry: func(c storage.Company) seed.Company { return seed.Company(c) },
		keyOf: func(c seed.Company) string { return c.ID },
		read: func(ctx context.Context, h *admin.House, id string) (storage.Company, error) {
			return h.Company(ctx, asOperator(), id)
		},
		list: func(ctx context.Context, h *admin.House, p admin.Page) (admin.List[storage.Company], error) {
			return h.Companies(ctx, asOperator(), p)
		},
		save: func(ctx context.Context, h *admin.House, e seed.Company, was *storage.Company) error {
			return h.SaveCompany(ctx, asOperator(), storage.Company(e), was)
		},
		remove: func(ctx context.Context, h *admin.House, was storage.Company) error {
			return h.DeleteCompany(ctx, asOperator(), was)
		},
		header: []string{"ID", "NAME"},
		row:    func(c storage.Company) []string { return []string{c.ID, c.Name} },
	}.command(c)
}
