package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/consent"
	"gatehouse/storage"
)

// scopeEntry is how a scope is printed, under the keys of a seed file where it has them.
type scopeEntry struct {
	Name        string            `json:"name"`
	Title       map[string]string `json:"title,omitempty"`
	Description map[string]string `json:"description,omitempty"`
	Claims      []string          `json:"claims,omitempty"`
	Sensitive   bool              `json:"sensitive"`
	Client      bool              `json:"client"`
	BuiltIn     bool              `json:"built_in"`
}

const scopeListHelp = `List the scopes that mini apps can be registered for: those that come with Gatehouse, then the operator's.
CLIENT: can be asked by client_credentials. GAM's user_<attribute> need not be in the list.`

func (c *cli) scopeCommand() *cobra.Command {
	group := records[seed.Scope, storage.Scope]{
		name: "scope", plural: "the scopes that mini apps can be registered for", key: "name", about: "what mini apps can ask for",
		entry: seed.ScopeOf,
		keyOf: func(s seed.Scope) string { return s.Name },
		read: func(ctx context.Context, h *admin.House, name string) (storage.Scope, error) {
			return h.Scope(ctx, asOperator(), name)
		},
		list: func(ctx context.Context, h *admin.House, p admin.Page) (admin.List[storage.Scope], error) {
			return h.Scopes(ctx, asOperator(), p)
		},
		save: func(ctx context.Context, h *admin.House, e seed.Scope, was *storage.Scope) error {
			return h.SaveScope(ctx, asOperator(), e.Scope(), was)
		},
		remove: func(ctx context.Context, h *admin.House, was storage.Scope) error {
			return h.DeleteScope(ctx, asOperator(), was)
		},
		header: []string{"NAME", "TITLE", "SENSITIVE", "CLIENT", "BUILT IN", "CLAIMS"},
		row: func(s storage.Scope) []string {
			return []string{
				s.Name, consent.TextsOf(&s, nil, "en").Title, strconv.FormatBool(s.Sensitive), strconv.FormatBool(s.Client), strconv.FormatBool(s.BuiltIn),
				strings.Join(s.Claims, " "),
			}
		},
		show: func(s storage.Scope) any { return scopeEntry(s) },
	}.command(c)
	for _, cmd := range group.Commands() {
		if cmd.Name() == "list" {
			cmd.Long = scopeListHelp
		}
	}
	return group
}
