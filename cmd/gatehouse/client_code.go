package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/admin/samplecode"
)

func (c *cli) clientCode() *cobra.Command {
	var languages []string
	for _, l := range samplecode.Languages {
		languages = append(languages, l.ID)
	}
	lang := "curl"
	cmd := c.printing(&cobra.Command{
		Use: "code CLIENT_ID", Short: "print a program that signs people in to a mini app, filled with its own values", Args: oneArg("client_id"),
		Long: "Print a program that signs people in to a mini app: authorization code with PKCE, exchange, userinfo, refresh, revoke.\n" +
			"It needs its language's standard library only, and reads a client secret from the environment variable CLIENT_SECRET.",
		Example: "  gatehouse client code photoprint --lang python > signin.py && CLIENT_SECRET=gas_… python3 signin.py",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				p, err := h.admin().ClientCode(cmd.Context(), asOperator(), args[0], lang)
				if err != nil {
					return noSuchClient(args[0], err)
				}
				if c.output == "table" {
					_, err := fmt.Fprint(c.out, p.Code)
					return err
				}
				return c.print(map[string]string{"lang": p.Language.ID, "file": p.Language.File, "run": p.Language.Run, "code": p.Code}, nil, nil)
			})
		},
	})
	cmd.Flags().StringVar(&lang, "lang", lang, "language: "+strings.Join(languages, ", "))
	return cmd
}
