package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/identity"
	"gatehouse/storage"
)

const userUpdateHelp = `Change what is known about a person, named by e-mail address, phone number or ID. The keys that are named, by flags or in the file,
are replaced as a whole, lists too; the others stay. An empty text empties a key, as in --roles ''.

Passwords are changed by gatehouse user set-password; gatehouse user disable and enable close and open an account.`

func (c *cli) userUpdate() *cobra.Command {
	cmd := c.printing(&cobra.Command{
		Use: "update USER", Short: "change what is known about a person", Args: oneArg("user"), Long: userUpdateHelp,
		Example: "  gatehouse user update ana@example.com --company acme --roles company_admin",
	})
	flags := addEntryFlags[seed.User](cmd, "id", "password", "password_hash", "disabled")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := flags.some(cmd); err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error { return c.updateUser(cmd.Context(), h, args[0], flags) })
	}
	return cmd
}

func (c *cli) updateUser(ctx context.Context, h *house, name string, flags *entryFlags) error {
	was, err := h.admin().User(ctx, asOperator(), name)
	if err != nil {
		return noSuchUser(err)
	}
	entry := seed.UserOf(was.User)
	if err := amendEntry(c, flags, &entry); err != nil {
		return err
	}
	switch {
	case entry.ID != was.ID:
		return usagef("id: a person keeps it; leave it out")
	case entry.Password != "" || entry.PasswordHash != "":
		return usagef("password: an update does not change it; leave it out, and use gatehouse user set-password")
	case entry.Disabled != was.Disabled:
		return usagef("disabled: an update does not change it; leave it out, and use gatehouse user disable or enable")
	}
	err = h.admin().UpdateUser(ctx, asOperator(), entry.Amended(was.User), was.UpdatedAt)
	switch {
	case errors.Is(err, storage.ErrConflict):
		return changedMeanwhile(was.ID)
	case errors.Is(err, storage.ErrExists):
		return usagef("the e-mail address or the phone number belongs to another account; use another")
	case identity.Invalids(err) != nil:
		return usageError{err}
	case err != nil:
		return noSuchUser(err)
	}
	return c.print(map[string]any{"id": was.ID, "changed": true}, []string{"CHANGED"}, [][]string{{was.ID}})
}
