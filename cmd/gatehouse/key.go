package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/authz/keys"
)

func (c *cli) keyCommand() *cobra.Command {
	list := c.printing(&cobra.Command{
		Use: "list", Short: "list signing keys, the newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withKeys(cmd.Context(), c.printKeys)
		},
	})
	var immediately bool
	rotate := c.printing(&cobra.Command{
		Use: "rotate", Short: "make new signing keys; they are published at once and sign a little later", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				if err := house.Keys.Load(cmd.Context()); err != nil { // says that the root secret is another, before there are keys of two
					return err
				}
				if _, err := house.RotateKeys(cmd.Context(), asOperator(), immediately); err != nil {
					return err
				}
				return c.printKeys(house.Keys)
			})
		},
	})
	rotate.Flags().BoolVar(&immediately, "immediately", false, "sign with the new keys at once, when the old ones are known to others")
	return c.group("key", "signing keys", list, rotate)
}

func (c *cli) withKeys(ctx context.Context, do func(*keys.Set) error) error {
	return c.withHouse(ctx, func(h *house) error {
		set := keys.New(h.store, h.root, h.cfg.IDTokenLifetime, time.Now)
		if err := set.Load(ctx); err != nil {
			return err
		}
		return do(set)
	})
}

func (c *cli) printKeys(set *keys.Set) error {
	infos := set.List()
	var rows [][]string
	for _, k := range infos {
		rows = append(rows, []string{k.ID, k.Algorithm, strconv.Itoa(k.Generation), stamp(k.CreatedAt), stamp(k.ActiveFrom), stamp(k.RetiredAt)})
	}
	return c.print(infos, []string{"KID", "ALG", "GENERATION", "CREATED", "ACTIVE FROM", "RETIRED"}, rows)
}

// stamp prints a time for a table, and nothing for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
