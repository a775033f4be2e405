package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/identity"
	"gatehouse/storage"
)

func newPeople(h *house, log *slog.Logger) *identity.People {
	return identity.NewPeople(identity.PeopleOptions{
		Users: h.store, Failures: h.store, Passwords: identity.NewPasswords(passwordMemory), Now: time.Now, Log: log,
	})
}

const userHelp = `People's accounts. A person signs in

  by e-mail address or phone number and password    gatehouse user create, user set-password
  with an account at another OpenID provider        GATEHOUSE_UPSTREAMS_FILE
  in the host app, which hands them over            POST /superapp/v1/people and /superapp/v1/sessions

and "user list" says which of these ways each of them has (SIGNS IN BY). Who has no password keeps signing in the way they
came, also to /account; nothing here has to be done for them. A password given to somebody whom a host app hands over is a way
of their own, so that the host app's word alone decides nothing for them any more.`

func (c *cli) userCommand() *cobra.Command {
	group := c.group("user", "people's accounts",
		c.userCreate(), c.userList(), c.userGet(), c.userUpdate(), c.userDisable(), c.userEnable(), c.userSetPassword(), c.userSetupLink())
	group.Long = userHelp
	return group
}

// passwordFlags say where a password comes from; never from an argument, which other users of the machine can read.
type passwordFlags struct {
	file string
	none bool
}

func addPasswordFlags(cmd *cobra.Command) *passwordFlags {
	p := new(passwordFlags)
	cmd.Flags().StringVar(&p.file, "password-file", "", "file whose first line is the password; else it is the first line of stdin")
	return p
}

const maxPassword = 4096

// read returns the password.
func (p *passwordFlags) read(c *cli) (string, error) {
	from := c.in
	if p.file != "" {
		f, err := os.Open(p.file)
		if err != nil {
			return "", usagef("the password file cannot be read: %w; correct --password-file", err)
		}
		defer f.Close()
		from = f
	} else if isTerminal(c.in) {
		fmt.Fprintln(c.err, "Type the password and press Enter. It shows on the screen; pipe it in, or use --password-file, where that matters.")
	}
	line, err := bufio.NewReader(io.LimitReader(from, maxPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usagef("there is no password; write it to stdin, or name a file with --password-file")
	}
	return line, nil
}

func (c *cli) userCreate() *cobra.Command {
	cmd := c.printing(&cobra.Command{
		Use: "create", Short: "create an account; the password is read from stdin", Args: cobra.NoArgs,
		Example: "  gatehouse user create --email ana@example.com --first-name Ana --roles admin --password-file password.txt",
	})
	flags := addEntryFlags[seed.User](cmd, "id", "password", "disabled")
	password := addPasswordFlags(cmd)
	cmd.Flags().BoolVar(&password.none, "no-password", false, "create an account that cannot sign in by password")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		entry, err := readEntry[seed.User](c, flags)
		if err != nil {
			return err
		}
		if entry.Password == "" && entry.PasswordHash == "" && !password.none {
			if entry.Password, err = password.read(c); err != nil {
				return err
			}
		}
		return c.withHouse(cmd.Context(), func(h *house) error { return c.createUser(cmd.Context(), h, entry) })
	}
	return cmd
}

func (c *cli) createUser(ctx context.Context, h *house, entry seed.User) error {
	if entry.Company != "" {
		if _, err := h.store.Company(ctx, entry.Company); errors.Is(err, storage.ErrNotFound) {
			return usagef("there is no company %q; add it with gatehouse company create first", entry.Company)
		} else if err != nil {
			return err
		}
	}
	u, err := h.admin().CreateUser(ctx, asOperator(), identity.NewUser{
		Email: entry.Email, EmailVerified: entry.EmailVerified, Phone: entry.Phone, PhoneVerified: entry.PhoneVerified,
		FirstName: entry.FirstName, LastName: entry.LastName, Locale: entry.Locale, CompanyID: entry.Company, Roles: entry.Roles,
		Attributes: entry.Attributes, Password: entry.Password, PasswordHash: entry.PasswordHash,
	})
	switch {
	case errors.Is(err, storage.ErrExists):
		return usagef("the e-mail address or the phone number belongs to another account; use another")
	case errors.Is(err, identity.ErrHash), identity.Invalids(err) != nil:
		return usageError{err}
	case err != nil:
		return err
	}
	return c.print(map[string]string{"id": u.ID, "email": u.Email}, []string{"ID", "EMAIL"}, [][]string{{u.ID, u.Email}})
}

func (c *cli) userSetPassword() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set-password USER", Short: "replace an account's password, read from stdin, and sign it out everywhere", Args: oneArg("user"),
		Long: "Replace the password of an account, named by e-mail address, phone number or ID, and sign it out everywhere.\n" +
			"The new one is read from stdin.",
	}
	password := addPasswordFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := password.read(c)
		if err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error {
			u, err := h.person(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if u.Email == "" && u.Phone == "" {
				return usagef("this account has neither e-mail address nor phone number, so that nobody could sign in to it by password; gatehouse user get %s shows how its owner does", u.ID)
			}
			_, err = h.admin().SetPassword(cmd.Context(), asOperator(), u.ID, text)
			if identity.Invalids(err) != nil {
				return usageError{err}
			}
			return err
		})
	}
	return cmd
}
