package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/storage"
)

func (c *cli) clientGet() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "get CLIENT_ID", Short: "show a mini app's registration, and the IDs and times of its secrets", Args: oneArg("client_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				client, err := h.store.Client(cmd.Context(), args[0])
				if err != nil {
					return noSuchClient(args[0], err)
				}
				return c.printClient(client)
			})
		},
	})
}

// clientSecretEntry is how a secret is printed, as the API shows it: without its value, which is not kept.
type clientSecretEntry struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// printClient prints a registration as an entry of a seed file. Its secrets are no part of one: JSON has them as the member
// secrets, and YAML as comments, so that client update takes what was printed.
func (c *cli) printClient(client storage.Client) error {
	secrets := []clientSecretEntry{}
	for _, s := range client.Secrets {
		secrets = append(secrets, clientSecretEntry{s.ID, s.CreatedAt, s.ExpiresAt})
	}
	entry := seed.ClientOf(client)
	if members, is := asMap(entry).(map[string]any); is && c.output == "json" {
		members["secrets"] = secrets
		return c.print(members, nil, nil)
	}
	if err := c.printEntry(entry); err != nil {
		return err
	}
	for _, s := range secrets {
		line := fmt.Sprintf("# secret %s, created at %s", s.ID, stamp(s.CreatedAt))
		if !s.ExpiresAt.IsZero() {
			line += ", expires at " + stamp(s.ExpiresAt)
		}
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
	return nil
}
