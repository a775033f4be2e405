package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/consent"
	"gatehouse/registry"
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

func (c *cli) scopeCommand() *cobra.Command {
	list := c.printing(&cobra.Command{
		Use: "list", Short: "list the scopes that mini apps can be registered for", Args: cobra.NoArgs,
		Long: "List the scopes that mini apps can be registered for: those that come with Gatehouse, then those of seed files.\n" +
			"CLIENT: can be asked by client_credentials. GAM's user_<attribute> need not be in the list.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				own, err := h.store.Scopes(cmd.Context())
				if err != nil {
					return err
				}
				return c.printScopes(registry.NewCatalogue(own))
			})
		},
	})
	return c.group("scope", "what mini apps can ask for; seed files add to it", list)
}

func (c *cli) printScopes(catalogue *registry.Catalogue) error {
	entries, rows := []scopeEntry{}, [][]string{}
	for _, s := range catalogue.Scopes() {
		entries = append(entries, scopeEntry{s.Name, s.Title, s.Description, s.Claims, s.Sensitive, s.Client, s.BuiltIn})
		rows = append(rows, []string{
			s.Name, consent.TextsOf(&s, nil, "en").Title, strconv.FormatBool(s.Sensitive), strconv.FormatBool(s.Client), strconv.FormatBool(s.BuiltIn),
			strings.Join(s.Claims, " "),
		})
	}
	return c.print(entries, []string{"NAME", "TITLE", "SENSITIVE", "CLIENT", "BUILT IN", "CLAIMS"}, rows)
}
