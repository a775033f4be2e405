package main

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/storage"
)

func (c *cli) initialTokenCommand() *cobra.Command {
	return c.group("initial-access-token", "tokens by which programs register mini apps (RFC 7591)",
		c.initialTokenCreate(), c.initialTokenList(), c.initialTokenDelete())
}

const initialTokenHelp = `Make a token by which programs register mini apps at /oauth2/register (RFC 7591), and print it, this once. What they register
is the publisher's, and waits for a review unless --status is approved.`

func (c *cli) initialTokenCreate() *cobra.Command {
	var n admin.NewInitialToken
	var lifetime time.Duration
	cmd := c.printing(&cobra.Command{
		Use: "create", Short: "make a token and print it, this once", Args: cobra.NoArgs, Long: initialTokenHelp,
		Example: "  gatehouse initial-access-token create --name 'Partner onboarding' --publisher printco --scopes openid --scopes email --max-uses 10 --expires-in 720h",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lifetime < 0 {
				return usagef("--expires-in must not be negative; leave it out for a token that does not expire")
			}
			if lifetime > 0 {
				n.ExpiresAt = time.Now().Add(lifetime)
			}
			return c.withHouse(cmd.Context(), func(h *house) error {
				t, value, err := h.admin().CreateInitialToken(cmd.Context(), asOperator(), n)
				if err != nil {
					return err
				}
				entry := initialTokenEntry(t)
				entry["initial_access_token"] = value
				return c.print(entry, []string{"ID", "INITIAL ACCESS TOKEN"}, [][]string{{t.ID, value}})
			})
		},
	})
	flags := cmd.Flags()
	flags.StringVar(&n.Name, "name", "", "what the token is for")
	flags.StringVar(&n.Publisher, "publisher", "", "the publisher of what is registered with it")
	flags.StringVar(&n.Status, "status", storage.StatusSubmitted, "of what is registered with it: submitted, or approved without a review")
	flags.StringVar(&n.Purposes, "purposes", storage.PurposesRequired, "of what is approved at once: required, or optional for programs that send none, such as conformance suites")
	flags.StringArrayVar(&n.Scopes, "scopes", nil, "a scope that can be registered with it, and that is where none is named; may be given several times")
	flags.IntVar(&n.MaxUses, "max-uses", 0, "how many mini apps can be registered with it; 0 for any number")
	flags.DurationVar(&lifetime, "expires-in", 0, "how long it works, such as 720h")
	return cmd
}

func initialTokenEntry(t storage.InitialAccessToken) map[string]any {
	entry := map[string]any{"id": t.ID, "name": t.Name, "status": t.Status, "purposes": cmp.Or(t.Purposes, storage.PurposesRequired), "uses": t.Uses, "created_at": stamp(t.CreatedAt)}
	if t.PublisherID != "" {
		entry["publisher"] = t.PublisherID
	}
	if len(t.Scopes) > 0 {
		entry["scopes"] = t.Scopes
	}
	if t.MaxUses > 0 {
		entry["max_uses"] = t.MaxUses
	}
	if !t.ExpiresAt.IsZero() {
		entry["expires_at"] = stamp(t.ExpiresAt)
	}
	return entry
}

func (c *cli) initialTokenList() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "list", Short: "list the tokens by which programs register mini apps", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				tokens, err := everything(func(p admin.Page) (admin.List[storage.InitialAccessToken], error) {
					return house.InitialTokens(cmd.Context(), asOperator(), p)
				})
				if err != nil {
					return err
				}
				entries, rows := []any{}, [][]string{}
				for _, t := range tokens {
					entries = append(entries, initialTokenEntry(t))
					rows = append(rows, []string{t.ID, t.Name, t.PublisherID, t.Status, strings.Join(t.Scopes, " "), usesOf(t), stamp(t.ExpiresAt)})
				}
				return c.print(entries, []string{"ID", "NAME", "PUBLISHER", "STATUS", "SCOPES", "USES", "EXPIRES"}, rows)
			})
		},
	})
}

func usesOf(t storage.InitialAccessToken) string {
	uses := strconv.Itoa(t.Uses)
	if t.MaxUses > 0 {
		uses += " of " + strconv.Itoa(t.MaxUses)
	}
	return uses
}

func (c *cli) initialTokenDelete() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "delete ID", Short: "remove a token; what was registered with it stays", Args: oneArg("id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				err := h.admin().DeleteInitialToken(cmd.Context(), asOperator(), args[0])
				if errors.Is(err, storage.ErrNotFound) {
					return usagef("there is no initial access token %q; gatehouse initial-access-token list shows those that there are", args[0])
				}
				if err != nil {
					return err
				}
				return c.print(map[string]any{"id": args[0], "deleted": true}, []string{"DELETED"}, [][]string{{args[0]}})
			})
		},
	})
}
