package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/registry"
	"gatehouse/storage"
)

const updateHelp = `Change a mini app's registration. The keys that are named, by flags or in the file, are replaced as a whole, lists too;
the others stay. An empty text empties a key, as in --contacts ''. The change is live at once, as an operator's always is;
what waits beside a live mini app for its review stays as it is. --logo takes a PNG, JPEG or WebP file of at most 1 MB; it is
drawn anew and served by Gatehouse.

Secrets are changed by gatehouse client rotate-secret, the status by submit, approve, suspend and so on.`

func (c *cli) clientUpdate() *cobra.Command {
	cmd := c.printing(&cobra.Command{
		Use: "update CLIENT_ID", Short: "change a mini app's registration and print the keys that changed", Args: oneArg("client_id"),
		Long:    updateHelp,
		Example: "  gatehouse client update photoprint --name 'PhotoPrint 2' --redirect-uris https://photoprint.example/cb",
	})
	flags := addEntryFlags[seed.Client](cmd, "client_id", "client_secret", "client_secret_hash", "status")
	logo := cmd.Flags().String("logo", "", "a picture `file`, which logo_uri names then")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := flags.some(cmd); err != nil && *logo == "" {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error { return c.updateClient(cmd.Context(), h, args[0], flags, *logo) })
	}
	return cmd
}

func (c *cli) updateClient(ctx context.Context, h *house, id string, flags *entryFlags, logo string) error {
	work, err := h.admin().Client(ctx, asOperator(), id)
	if err != nil {
		return noSuchClient(id, err)
	}
	client, err := c.amendClient(registry.NewOutbound(h.root), work.Live, flags)
	if err != nil {
		return err
	}
	if logo != "" {
		file, err := os.ReadFile(logo)
		if err != nil {
			return usagef("--logo: %w; name a file that can be read", err)
		}
		if client.LogoURI, err = h.admin().KeepLogo(ctx, asOperator(), client.PublisherID, file); err != nil {
			return fmt.Errorf("--logo %s: %w", logo, err)
		}
	}
	changed := registry.Changed(work.Live, registry.Defaults(client))
	_, err = h.admin().UpdateClient(ctx, asOperator(), client, work.ETag())
	switch {
	case errors.Is(err, storage.ErrConflict):
		return changedMeanwhile(id)
	case err != nil:
		return noSuchClient(id, err)
	}
	if changed == nil {
		changed = []string{}
	}
	value := map[string]any{"client_id": id, "changed": changed}
	if err := c.print(value, []string{"CLIENT ID", "CHANGED"}, [][]string{{id, strings.Join(changed, " ")}}); err != nil {
		return err
	}
	return c.advise(ctx, h, client)
}

// amendClient is the registration with what the flags or the file change.
func (c *cli) amendClient(outbound *registry.Outbound, was storage.Client, flags *entryFlags) (storage.Client, error) {
	before := seed.ClientOf(was)
	entry := seed.ClientOf(was)
	if err := amendEntry(c, flags, &entry); err != nil {
		return was, err
	}
	switch {
	case entry.ClientID != was.ID:
		return was, usagef("client_id: a mini app keeps its client_id, which is %s; leave it out", was.ID)
	case entry.ClientSecret != "" || entry.ClientSecretHash != "":
		return was, usagef("client_secret: an update does not change secrets; leave it out, and use gatehouse client rotate-secret %s", was.ID)
	case entry.Status != was.Status:
		return was, usagef("status: an update does not change it; leave it out, and use gatehouse client submit, approve, suspend and so on")
	}
	if err := entry.SealOutbound(outbound, &before); err != nil {
		return was, err
	}
	client := entry.Client()
	client.Secrets, client.Status, client.TokensFrom, client.CreatedAt, client.UpdatedAt = was.Secrets, was.Status, was.TokensFrom, was.CreatedAt, was.UpdatedAt
	if client.Public {
		client.Secrets = nil
	}
	outbound.KeepSigninSecret(&client, "", &was)
	return client, nil
}

const deleteHelp = `Remove a mini app for good: its registration, its versions and what reviewers said. Its codes and tokens are dead at the
next call, and what people and companies decided about it ends. gatehouse client archive ends a mini app and keeps the record.`

func (c *cli) clientDelete() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "delete CLIENT_ID", Short: "remove a mini app with everything that was decided about it", Args: oneArg("client_id"), Long: deleteHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				if err := h.admin().DeleteClient(cmd.Context(), asOperator(), args[0]); err != nil {
					return noSuchClient(args[0], err)
				}
				return c.print(map[string]any{"client_id": args[0], "deleted": true}, []string{"DELETED"}, [][]string{{args[0]}})
			})
		},
	})
}
