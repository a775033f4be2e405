package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"gatehouse/storage"
)

func (c *cli) testUserCommand() *cobra.Command {
	return c.group("test-user", "test people of publishers, whom their own mini apps alone can ask for anything",
		c.testUserList(), c.testUserCreate(), c.testUserRotate(), c.testUserDelete())
}

func (c *cli) testUserList() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "list PUBLISHER", Short: "list the test people of a publisher", Args: oneArg("publisher"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				users, err := h.admin().TestUsers(cmd.Context(), asOperator(), args[0])
				if err != nil {
					return noSuchPublisher(args[0], err)
				}
				entries, rows := []map[string]string{}, [][]string{}
				for _, u := range users {
					entries = append(entries, map[string]string{"id": u.ID, "email": u.Email, "first_name": u.FirstName, "last_name": u.LastName})
					rows = append(rows, []string{u.ID, u.Email, u.FirstName + " " + u.LastName})
				}
				return c.print(entries, []string{"ID", "EMAIL", "NAME"}, rows)
			})
		},
	})
}

func (c *cli) testUserCreate() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "create PUBLISHER", Short: "make a test person and print their password, this once", Args: oneArg("publisher"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.showTestPassword(cmd.Context(), args[0], func(h *house) (storage.User, string, error) {
				return h.admin().CreateTestUser(cmd.Context(), asOperator(), args[0])
			})
		},
	})
}

func (c *cli) testUserRotate() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "rotate-password PUBLISHER USER_ID", Short: "give a test person a new password and print it, this once", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.showTestPassword(cmd.Context(), args[0], func(h *house) (storage.User, string, error) {
				return h.admin().ResetTestUser(cmd.Context(), asOperator(), args[0], args[1])
			})
		},
	})
}

func (c *cli) testUserDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete PUBLISHER USER_ID", Short: "delete a test person; what they allowed ends", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				return noSuchPublisher(args[0], h.admin().DeleteTestUser(cmd.Context(), asOperator(), args[0], args[1]))
			})
		},
	}
}

func (c *cli) showTestPassword(ctx context.Context, publisher string, do func(*house) (storage.User, string, error)) error {
	return c.withHouse(ctx, func(h *house) error {
		u, password, err := do(h)
		if err != nil {
			return noSuchPublisher(publisher, err)
		}
		return c.print(map[string]string{"id": u.ID, "email": u.Email, "password": password}, []string{"ID", "EMAIL", "PASSWORD"}, [][]string{{u.ID, u.Email, password}})
	})
}

func noSuchPublisher(id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return usagef("there is no publisher %q, or no such test person of it; see gatehouse test-user list %s", id, id)
	}
	return err
}
