package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"gatehouse/admin"
	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/registry"
	"gatehouse/storage"
)

func (c *cli) clientCommand() *cobra.Command {
	return c.group("client", "mini apps",
		slices.Concat([]*cobra.Command{
			c.clientCreate(), c.clientList(), c.clientGet(), c.clientUpdate(), c.clientDelete(), c.clientRotateSecret(), c.clientRevokeRegistration(), c.clientRequests(), c.clientCode(),
		}, c.reviewCommands(), c.readingCommands())...)
}

func (c *cli) clientCreate() *cobra.Command {
	cmd := c.printing(&cobra.Command{
		Use: "create", Short: "register a mini app and print its client_id and, this once, its new secret", Args: cobra.NoArgs,
		Example: "  gatehouse client create --name PhotoPrint --redirect-uris https://photoprint.example/cb --scopes openid --scopes '{name: email, required: true, purpose: {en: to send your order status}}'",
	})
	flags := addEntryFlags[seed.Client](cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		entry, err := readEntry[seed.Client](c, flags)
		if err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error { return c.createClient(cmd.Context(), h, entry) })
	}
	return cmd
}

func (c *cli) createClient(ctx context.Context, h *house, entry seed.Client) error {
	if err := entry.CheckSecret(); err != nil {
		return err
	}
	if entry.ClientID == "" {
		entry.ClientID = registry.GenerateID()
	}
	outbound := registry.NewOutbound(h.root)
	if err := entry.SealOutbound(outbound, nil); err != nil {
		return err
	}
	client := entry.WithSecret(time.Now())
	outbound.KeepSigninSecret(&client, entry.ClientSecret, nil)
	client, generated, err := h.admin().CreateClient(ctx, asOperator(), client)
	if errors.Is(err, storage.ErrExists) {
		return usagef("a client %q exists; choose another --client-id", entry.ClientID)
	}
	if err != nil {
		return err
	}
	if err := c.printSecret(entry.ClientID, generated, time.Time{}); err != nil {
		return err
	}
	return c.advise(ctx, h, client)
}

// advise says what could be better about a client that was created.
func (c *cli) advise(ctx context.Context, h *house, client storage.Client) error {
	scopes, err := h.store.Scopes(ctx)
	if err != nil {
		return err
	}
	for _, w := range registry.Advice(registry.Defaults(client), registry.NewCatalogue(scopes)) {
		fmt.Fprintf(c.err, "warning: %s: %s\n", w.Field, w.Text)
	}
	return nil
}

// printSecret prints a new secret, where there is one, and until when the old ones work.
func (c *cli) printSecret(clientID, secret string, oldUntil time.Time) error {
	value := map[string]string{"client_id": clientID}
	header, row := []string{"CLIENT ID"}, []string{clientID}
	if secret != "" {
		value["client_secret"] = secret
		header, row = append(header, "CLIENT SECRET"), append(row, secret)
	}
	if !oldUntil.IsZero() {
		value["old_secrets_until"] = stamp(oldUntil)
		header, row = append(header, "OLD SECRETS UNTIL"), append(row, stamp(oldUntil))
	}
	return c.print(value, header, [][]string{row})
}

func (c *cli) clientList() *cobra.Command {
	var f admin.ClientFilter
	cmd := c.printing(&cobra.Command{
		Use: "list", Short: "list mini apps", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				clients, err := everything(func(p admin.Page) (admin.List[storage.Client], error) {
					return house.Clients(cmd.Context(), asOperator(), f, p)
				})
				if err != nil {
					return err
				}
				entries, rows := []any{}, [][]string{}
				for _, client := range clients {
					entries = append(entries, asMap(seed.ClientOf(client)))
					rows = append(rows, []string{client.ID, client.Name, client.PublisherID, client.Status, kindOf(client), strings.Join(client.GrantTypes, " ")})
				}
				return c.print(entries, []string{"CLIENT ID", "NAME", "PUBLISHER", "STATUS", "KIND", "GRANT TYPES"}, rows)
			})
		},
	})
	cmd.Flags().Var(&choice{&f.Status, registry.Statuses()}, "status", "only those of this status; submitted also finds those whose new version is")
	cmd.Flags().StringVar(&f.Publisher, "publisher", "", "only those of this publisher, by its ID")
	cmd.Flags().StringVar(&f.Search, "search", "", "only those whose client_id begins so, or whose name has it")
	return cmd
}

func kindOf(c storage.Client) string {
	if c.Public {
		return "public"
	}
	return "confidential"
}

func noSuchClient(id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return usagef("there is no client %q; gatehouse client list shows those that there are", id)
	}
	return err
}

const rotateHelp = `Give a mini app a new secret and print it, this once. What it had works on for --keep-old.

Where dialects.gam.signin_url is set, the call to it sends the new secret at once: give it to the mini app's server right
away. A dialects.gam.signin_secret that was never one of the client's own secrets stays as it is.`

func (c *cli) clientRotateSecret() *cobra.Command {
	var keepOld time.Duration
	cmd := c.printing(&cobra.Command{
		Use: "rotate-secret CLIENT_ID", Short: "give a mini app a new secret and print it, this once", Args: oneArg("client_id"),
		Long: rotateHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				secret, err := h.admin().RotateSecret(cmd.Context(), asOperator(), args[0], keepOld, "")
				if err != nil {
					return noSuchClient(args[0], err)
				}
				if err := c.printSecret(args[0], secret, time.Now().Add(keepOld)); err != nil {
					return err
				}
				return c.noteSignin(cmd.Context(), h, registry.NewOutbound(h.root), args[0], secret)
			})
		},
	})
	cmd.Flags().DurationVar(&keepOld, "keep-old", 24*time.Hour, "how long the old secrets still work, seven days at most; 0s when one is known to others")
	return cmd
}

// noteSignin says where a new secret is sent from now on.
func (c *cli) noteSignin(ctx context.Context, h *house, outbound *registry.Outbound, id, secret string) error {
	client, err := h.store.Client(ctx, id)
	if err != nil {
		return noSuchClient(id, err)
	}
	gam, _ := registry.GAMOf(&client)
	if sent, _, err := outbound.Open(id, gam.SigninSecret); err == nil && sent == secret {
		fmt.Fprintf(c.err, "note: the sign-in call to %s sends the new secret from now on; give it to the mini app's server\n", gam.SigninURL)
	}
	return nil
}

// oneArg wants exactly one argument, of this name.
func oneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef("name one %s, as in %s %s", name, cmd.CommandPath(), strings.ToUpper(name))
		}
		return nil
	}
}

// printEntry prints an entry of a seed file; a table of it is the YAML.
func (c *cli) printEntry(entry any) error {
	if c.output == "table" {
		return printYAML(c.out, asMap(entry))
	}
	return c.print(asMap(entry), nil, nil)
}

// asMap returns an entry of a seed file under its keys, for JSON.
func asMap(entry any) any {
	var m map[string]any
	raw, err := yaml.Marshal(entry)
	if err == nil {
		err = yaml.Unmarshal(raw, &m)
	}
	if err != nil {
		return entry
	}
	return m
}
