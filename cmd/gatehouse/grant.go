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

// grantEntry is how a grant is printed. Who gave it is an ID, as everywhere where an operator need not know who that is.
type grantEntry struct {
	GrantID   string          `json:"grant_id"`
	ClientID  string          `json:"client_id"`
	UserID    string          `json:"user_id,omitempty"`
	CompanyID string          `json:"company_id,omitempty"`
	AllowedBy string          `json:"allowed_by,omitempty"`
	Scopes    []decisionEntry `json:"scopes"`
	Denials   int             `json:"denials"` // whole requests denied in a row
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

type decisionEntry struct {
	Name      string    `json:"name"`
	Decision  string    `json:"decision"` // allowed, denied, or expired when Until has come
	DecidedAt time.Time `json:"decided_at"`
	Until     time.Time `json:"until,omitzero"`
}

func grantEntryOf(g storage.Grant, now time.Time) grantEntry {
	e := grantEntry{
		GrantID: g.PublicID(), ClientID: g.ClientID, UserID: g.Owner.UserID, CompanyID: g.Owner.CompanyID, AllowedBy: g.AllowedBy,
		Scopes: []decisionEntry{}, Denials: g.Denials, CreatedAt: g.CreatedAt, UpdatedAt: g.UpdatedAt,
	}
	for _, d := range g.Decisions {
		decision := "denied"
		switch {
		case !d.Until.IsZero() && !now.Before(d.Until):
			decision = "expired"
		case d.Allowed:
			decision = "allowed"
		}
		e.Scopes = append(e.Scopes, decisionEntry{d.Scope, decision, d.DecidedAt, d.Until})
	}
	return e
}

// named are the scopes with a decision, separated by spaces.
func (e grantEntry) named(decision string) string {
	var names []string
	for _, s := range e.Scopes {
		if s.Decision == decision {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, " ")
}

func (e grantEntry) owner() string {
	if e.CompanyID != "" {
		return "company " + e.CompanyID
	}
	return "user " + e.UserID
}

func (c *cli) grantCommand() *cobra.Command {
	return c.group("grant", "what people and companies decided about mini apps", c.grantList(), c.grantGet(), c.grantRevoke())
}

// grantFilter says which grants are asked for; empty fields say nothing.
type grantFilter struct{ user, company, client string }

func (c *cli) grantList() *cobra.Command {
	var f grantFilter
	cmd := c.printing(&cobra.Command{
		Use: "list", Short: "list what people and companies decided about mini apps", Args: cobra.NoArgs,
		Long: "List what people and companies decided about mini apps. Denials are on record too.\n" +
			"GRANT ID is the grant_id that the mini app knows (Grant Management for OAuth 2.0).",
		Example: "  gatehouse grant list --user ana@example.com\n  gatehouse grant list --client photoprint -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.user != "" && f.company != "" {
				return usagef("a grant is a person's or a company's; leave --user or --company out")
			}
			return c.withHouse(cmd.Context(), func(h *house) error {
				grants, err := h.grants(cmd.Context(), f)
				if err != nil {
					return err
				}
				return c.printGrants(grants)
			})
		},
	})
	cmd.Flags().StringVar(&f.user, "user", "", "only those of this person: e-mail address, phone number or ID")
	cmd.Flags().StringVar(&f.company, "company", "", "only those of this company, by its ID")
	cmd.Flags().StringVar(&f.client, "client", "", "only those about this mini app, by its client_id")
	return cmd
}

// grants returns the active grants that a filter lets through.
func (h *house) grants(ctx context.Context, f grantFilter) ([]storage.Grant, error) {
	if f.client != "" {
		if _, err := h.store.Client(ctx, f.client); err != nil {
			return nil, noSuchClient(f.client, err)
		}
	}
	if f.company != "" {
		if _, err := h.store.Company(ctx, f.company); errors.Is(err, storage.ErrNotFound) {
			return nil, usagef("there is no company %q; gatehouse company list shows those that there are", f.company)
		} else if err != nil {
			return nil, err
		}
	}
	if f.user != "" {
		u, err := h.person(ctx, f.user)
		if err != nil {
			return nil, err
		}
		f.user = u.ID
	}
	house := h.admin()
	return everything(func(p admin.Page) (admin.List[storage.Grant], error) {
		return house.Grants(ctx, asOperator(), admin.GrantFilter{User: f.user, Company: f.company, Client: f.client}, p)
	})
}

func (c *cli) printGrants(grants []storage.Grant) error {
	entries, rows := []grantEntry{}, [][]string{}
	for _, g := range grants {
		e := grantEntryOf(g, time.Now())
		entries = append(entries, e)
		rows = append(rows, []string{
			e.GrantID, e.ClientID, e.owner(), e.named("allowed"), e.named("denied"), e.named("expired"), stamp(e.UpdatedAt),
		})
	}
	return c.print(entries, []string{"GRANT ID", "CLIENT", "OWNER", "ALLOWED", "DENIED", "EXPIRED", "CHANGED"}, rows)
}

func (c *cli) grantGet() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "get GRANT_ID", Short: "show what a person or a company decided", Args: oneArg("grant_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				g, err := h.admin().Grant(cmd.Context(), asOperator(), args[0])
				if err != nil {
					return noSuchGrant(args[0], err)
				}
				return c.printGrants([]storage.Grant{g})
			})
		},
	})
}

func noSuchGrant(id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return usagef("there is no grant %q, or it has ended; gatehouse grant list shows those that there are", id)
	}
	return err
}

func (c *cli) grantRevoke() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "revoke GRANT_ID", Short: "end a grant, as its owner does by disconnecting the mini app, and print what it was", Args: oneArg("grant_id"),
		Long: "End a grant, as its owner does by disconnecting the mini app: its tokens are dead at the next call, what was allowed and\n" +
			"denied is forgotten, and a mini app with a webhook_uri is told. Prints what the grant was.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				ended, err := h.admin().RevokeGrant(cmd.Context(), asOperator(), args[0])
				if err != nil {
					return noSuchGrant(args[0], err)
				}
				return c.printGrants([]storage.Grant{ended})
			})
		},
	})
}
