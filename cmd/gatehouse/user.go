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

func (c *cli) userCommand() *cobra.Command {
	return c.group("user", "people's accounts", c.userCreate(), c.userList(), c.userSetPassword())
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
			return usagef("there is no company %q; add it by a seed file first", entry.Company)
		} else if err != nil {
			return err
		}
	}
	u, err := newPeople(h, slog.New(slog.DiscardHandler)).CreateUser(ctx, identity.NewUser{
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

func (c *cli) userList() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "list", Short: "list accounts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				users, err := seed.All(cmd.Context(), h.store.Users, func(u storage.User) string { return u.ID })
				if err != nil {
					return err
				}
				entries, rows := []any{}, [][]string{}
				for _, u := range users {
					entries = append(entries, asMap(seed.UserOf(u)))
					rows = append(rows, []string{u.ID, u.Email, u.Phone, strings.TrimSpace(u.FirstName + " " + u.LastName), u.CompanyID, strings.Join(u.Roles, " ")})
				}
				return c.print(entries, []string{"ID", "EMAIL", "PHONE", "NAME", "COMPANY", "ROLES"}, rows)
			})
		},
	})
}

func (c *cli) userSetPassword() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set-password EMAIL", Short: "replace an account's password, read from stdin, and sign it out everywhere", Args: oneArg("email"),
	}
	password := addPasswordFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := password.read(c)
		if err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error {
			u, err := h.store.UserByLogin(cmd.Context(), identity.CanonicalLogin(args[0]))
			if errors.Is(err, storage.ErrNotFound) {
				return usagef("there is no account with this e-mail address or phone number; gatehouse user list shows those that there are")
			}
			if err != nil {
				return err
			}
			err = newPeople(h, slog.New(slog.DiscardHandler)).SetPassword(cmd.Context(), u.ID, text)
			if identity.Invalids(err) != nil {
				return usageError{err}
			}
			return err
		})
	}
	return cmd
}
