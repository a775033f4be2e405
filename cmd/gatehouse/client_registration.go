package main

import "github.com/spf13/cobra"

func (c *cli) clientRevokeRegistration() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "revoke-registration CLIENT_ID", Short: "take the registration_access_token back from the program that registered a mini app", Args: oneArg("client_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				if err := h.admin().RevokeRegistration(cmd.Context(), asOperator(), args[0]); err != nil {
					return noSuchClient(args[0], err)
				}
				return c.print(map[string]string{"client_id": args[0]}, []string{"CLIENT ID"}, [][]string{{args[0]}})
			})
		},
	})
}
