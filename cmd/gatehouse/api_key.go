package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/storage"
)

// apiKeyEntry is how a key is printed, with its value this once.
type apiKeyEntry struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	UserID    string    `json:"user_id"`
	Rights    []string  `json:"rights"`
	Key       string    `json:"key,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	SeenAt    time.Time `json:"seen_at,omitzero"`
}

func apiKeyEntryOf(k storage.APIKey, value string) apiKeyEntry {
	return apiKeyEntry{k.ID, k.Name, k.UserID, k.Rights, value, k.CreatedAt, k.ExpiresAt, k.SeenAt}
}

func (c *cli) apiKeyCommand() *cobra.Command {
	group := c.group("api-key", "keys of programs for the administration API", c.apiKeyCreate(), c.apiKeyList(), c.apiKeyDelete())
	group.Long = "Keys of programs for the administration API, /api/v1. A key belongs to a person and can do what they may at the moment of\n" +
		"its use, cut down to its rights. Developers and reviewers make keys of their own on their pages and through the API."
	return group
}

func (c *cli) apiKeyCreate() *cobra.Command {
	var user string
	var expiresIn time.Duration
	wanted := admin.NewAPIKey{}
	cmd := c.printing(&cobra.Command{
		Use: "create", Short: "make a key and print it, this once", Args: cobra.NoArgs,
		Example: "  gatehouse api-key create --user dev@example.com --name CI --rights 'client.*' --rights publisher.read --expires-in 2160h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if user == "" {
				return usagef("name the person whose key it is, with --user; a key can do no more than they")
			}
			if expiresIn < 0 {
				return usagef("--expires-in is a time to come, as in 2160h; leave it out for a key without an end")
			}
			return c.withHouse(cmd.Context(), func(h *house) error { return c.createAPIKey(cmd.Context(), h, user, expiresIn, wanted) })
		},
	})
	cmd.Flags().StringVar(&user, "user", "", "whose key it is: e-mail address, phone number or ID")
	cmd.Flags().StringVar(&wanted.Name, "name", "", "what it is for")
	cmd.Flags().StringArrayVar(&wanted.Rights, "rights", nil, "a capability, as in client.read, all of a kind, as in client.*, or *; may be given several times")
	cmd.Flags().DurationVar(&expiresIn, "expires-in", 0, "how long it is good; without an end where it is left out")
	return cmd
}

func (c *cli) createAPIKey(ctx context.Context, h *house, user string, expiresIn time.Duration, wanted admin.NewAPIKey) error {
	u, err := h.person(ctx, user)
	if err != nil {
		return err
	}
	wanted.UserID = u.ID
	if expiresIn > 0 {
		wanted.ExpiresAt = time.Now().Add(expiresIn)
	}
	k, value, err := h.admin().CreateAPIKey(ctx, asOperator(), wanted)
	if err != nil {
		return err
	}
	return c.print(apiKeyEntryOf(k, value), []string{"ID", "KEY"}, [][]string{{k.ID, value}})
}

func (c *cli) apiKeyList() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "list", Short: "list keys, without their values", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				keys, err := everything(func(p admin.Page) (admin.List[storage.APIKey], error) {
					return house.APIKeys(cmd.Context(), asOperator(), p)
				})
				if err != nil {
					return err
				}
				entries, rows := []apiKeyEntry{}, [][]string{}
				for _, k := range keys {
					entries = append(entries, apiKeyEntryOf(k, ""))
					rows = append(rows, []string{k.ID, k.Name, k.UserID, strings.Join(k.Rights, " "), stamp(k.CreatedAt), stamp(k.ExpiresAt), stamp(k.SeenAt)})
				}
				return c.print(entries, []string{"ID", "NAME", "USER", "RIGHTS", "CREATED", "EXPIRES", "SEEN"}, rows)
			})
		},
	})
}

func (c *cli) apiKeyDelete() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "delete KEY_ID", Short: "remove a key; it works no more", Args: oneArg("key_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				err := h.admin().DeleteAPIKey(cmd.Context(), asOperator(), args[0])
				if errors.Is(err, storage.ErrNotFound) {
					return usagef("there is no API key with this ID; gatehouse api-key list shows those that there are")
				}
				if err != nil {
					return err
				}
				return c.print(map[string]any{"id": args[0], "deleted": true}, []string{"DELETED"}, [][]string{{args[0]}})
			})
		},
	})
}
