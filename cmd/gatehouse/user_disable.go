package main

import (
	"strconv"

	"github.com/spf13/cobra"
)

func (c *cli) userDisable() *cobra.Command {
	return c.switching("disable", "close an account, named by e-mail address, phone number or ID", true,
		"Close an account, named by e-mail address, phone number or ID. Its sessions end, mini apps' tokens for it are dead at the next\n"+
			"call, and mini apps with a webhook_uri are told. What its owner decided stays; gatehouse user enable opens it again.")
}

func (c *cli) userEnable() *cobra.Command {
	return c.switching("enable", "open an account again that was closed, named by e-mail address, phone number or ID", false,
		"Open an account again that was closed, named by e-mail address, phone number or ID. Mini apps' tokens for it live again, as far\n"+
			"as they have not expired, and mini apps with a webhook_uri are told. Its sessions are gone: its owner signs in again.")
}

// switching is a command that closes or opens an account.
func (c *cli) switching(name, short string, disabled bool, long string) *cobra.Command {
	return c.printing(&cobra.Command{
		Use: name + " USER", Short: short, Args: oneArg("user"), Long: long,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				change := h.admin().EnableUser
				if disabled {
					change = h.admin().DisableUser
				}
				u, err := change(cmd.Context(), asOperator(), args[0])
				if err != nil {
					return noSuchUser(err)
				}
				value := map[string]any{"id": u.ID, "email": u.Email, "disabled": disabled}
				return c.print(value, []string{"ID", "EMAIL", "DISABLED"}, [][]string{{u.ID, u.Email, strconv.FormatBool(disabled)}})
			})
		},
	})
}
