package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/identity"
	"gatehouse/storage"
)

// person returns the account with this ID, e-mail address or phone number, in any spelling. Where there is none, the error
// says what to do.
func (h *house) person(ctx context.Context, name string) (storage.User, error) {
	u, err := h.store.User(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		u, err = h.store.UserByLogin(ctx, identity.CanonicalLogin(name))
	}
	return u, noSuchUser(err)
}

// noSuchUser says what to do where there is no such account.
func noSuchUser(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return usagef("there is no account with this e-mail address, phone number or ID; gatehouse user list shows those that there are")
	}
	return err
}

// userEntry is how an account is printed: as in a seed file, and how its owner signs in.
type userEntry struct {
	seed.User   `yaml:",inline"`
	HasPassword bool        `yaml:"has_password"`
	Links       []linkEntry `yaml:"links,omitempty"`
}

// linkEntry is who a person is elsewhere: at a host app, which hands them over, or at another server.
type linkEntry struct {
	Host       string `yaml:"host,omitempty"` // client_id
	ExternalID string `yaml:"external_id,omitempty"`
	Issuer     string `yaml:"issuer,omitempty"`
	Subject    string `yaml:"sub,omitempty"`
}

func userEntryOf(u storage.User, links []storage.Link) userEntry {
	e := userEntry{User: seed.UserOf(u), HasPassword: u.PasswordHash != ""}
	for _, l := range links {
		if host, ok := strings.CutPrefix(l.Issuer, storage.ClientIssuer("")); ok {
			e.Links = append(e.Links, linkEntry{Host: host, ExternalID: l.Subject})
		} else {
			e.Links = append(e.Links, linkEntry{Issuer: l.Issuer, Subject: l.Subject})
		}
	}
	return e
}

// ways are those in which the person can sign in.
func (e userEntry) ways() string {
	var ways []string
	if e.HasPassword {
		ways = append(ways, "password")
	}
	for _, l := range e.Links {
		ways = append(ways, l.Host+l.Issuer+" as "+l.ExternalID+l.Subject)
	}
	return strings.Join(ways, ", ")
}

// users returns the accounts that a filter lets through.
func (h *house) users(ctx context.Context, f admin.UserFilter) ([]userEntry, error) {
	house := h.admin()
	accounts, err := everything(func(p admin.Page) (admin.List[admin.Account], error) { return house.Users(ctx, asOperator(), f, p) })
	entries := make([]userEntry, 0, len(accounts))
	for _, a := range accounts {
		entries = append(entries, userEntryOf(a.User, a.Links))
	}
	return entries, err
}

func (c *cli) userList() *cobra.Command {
	var f admin.UserFilter
	cmd := c.printing(&cobra.Command{
		Use: "list", Short: "list accounts, and how their owners sign in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				users, err := h.users(cmd.Context(), f)
				if err != nil {
					return err
				}
				entries, rows := []any{}, [][]string{}
				for _, u := range users {
					entries = append(entries, asMap(u))
					rows = append(rows, []string{
						u.ID, u.Email, u.Phone, strings.TrimSpace(u.FirstName + " " + u.LastName), u.Company, strings.Join(u.Roles, " "),
						strconv.FormatBool(u.Disabled), u.ways(),
					})
				}
				return c.print(entries, []string{"ID", "EMAIL", "PHONE", "NAME", "COMPANY", "ROLES", "DISABLED", "SIGNS IN BY"}, rows)
			})
		},
	})
	cmd.Flags().StringVar(&f.Search, "search", "", "only those whose e-mail address begins so")
	cmd.Flags().StringVar(&f.Company, "company", "", "only those of this company, by its ID")
	return cmd
}

func (c *cli) userGet() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "get USER", Short: "show an account, by e-mail address, phone number or ID", Args: oneArg("user"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				u, err := h.person(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				links, err := h.store.UserLinks(cmd.Context(), []string{u.ID})
				if err != nil {
					return err
				}
				return c.printEntry(userEntryOf(u, links[u.ID]))
			})
		},
	})
}
