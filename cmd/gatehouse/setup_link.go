package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/identity"
)

// setup makes the first admin. It is the same as the server's: a link of one is good at the other.
func (h *house) setup(log *slog.Logger) *identity.Setup {
	return identity.NewSetup(h.root, h.store, newPeople(h, log), time.Now)
}

// offerSetup prints a link for the first admin while there is none. It goes to stdout and not to the log, which others may
// read.
func (c *cli) offerSetup(ctx context.Context, h *house, log *slog.Logger) error {
	setup := h.setup(log)
	needed, err := setup.Needed(ctx)
	if err != nil || !needed {
		return err
	}
	log.Warn("nobody is an admin yet; open the setup link on stdout, or make another: gatehouse user setup-link")
	link, until := setup.Link(h.cfg.Issuer)
	_, err = fmt.Fprintf(c.out, "Create the first admin, until %s: %s\n", stamp(until), link)
	return err
}

const setupHelp = `Print a link by which whoever opens it becomes the first admin, with the e-mail address and password of their choice. It is good
for 30 minutes and until there is an admin, at every server with this database and root secret; a server that starts while there
is none prints one too. An admin whose account is disabled counts as none. Further admins are made by gatehouse user create --roles admin, and a password that was forgotten is
replaced by gatehouse user set-password.`

func (c *cli) userSetupLink() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "setup-link", Short: "print a link by which the first admin makes their account", Args: cobra.NoArgs, Long: setupHelp,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				setup := h.setup(slog.New(slog.DiscardHandler))
				needed, err := setup.Needed(cmd.Context())
				if err != nil {
					return err
				}
				if !needed {
					return fmt.Errorf("there is an admin already; make another with gatehouse user create --roles admin, or give one a new password with gatehouse user set-password; where all of them are locked out, gatehouse user list shows them and gatehouse user enable opens an account again")
				}
				link, until := setup.Link(h.cfg.Issuer)
				value := map[string]string{"url": link, "expires_at": stamp(until)}
				return c.print(value, []string{"URL", "EXPIRES"}, [][]string{{link, stamp(until)}})
			})
		},
	})
}
