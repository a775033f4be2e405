package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/storage"
)

// sessionEntry is how a signed-in browser is printed. Its ID is a hash of what the browser has.
type sessionEntry struct {
	ID        string    `json:"id"`
	UserID    string    `json:"user_id"`
	UserAgent string    `json:"user_agent"`
	Address   string    `json:"address"`
	VouchedBy string    `json:"vouched_by,omitempty"`
	AuthTime  time.Time `json:"auth_time"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (c *cli) sessionCommand() *cobra.Command {
	return c.group("session", "signed-in browsers", c.sessionList(), c.sessionEnd())
}

func (c *cli) sessionList() *cobra.Command {
	var user string
	cmd := c.printing(&cobra.Command{
		Use: "list", Short: "list signed-in browsers", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				sessions, err := everything(func(p admin.Page) (admin.List[storage.Session], error) {
					return house.Sessions(cmd.Context(), asOperator(), user, p)
				})
				if err != nil {
					return noSuchUser(err)
				}
				entries, rows := []sessionEntry{}, [][]string{}
				for _, s := range sessions {
					entries = append(entries, sessionEntry{s.ID, s.UserID, s.UserAgent, s.Address, s.VouchedBy, s.AuthTime, s.CreatedAt, s.SeenAt, s.ExpiresAt})
					rows = append(rows, []string{s.ID, s.UserID, s.Address, stamp(s.AuthTime), stamp(s.SeenAt), stamp(s.ExpiresAt), s.UserAgent})
				}
				return c.print(entries, []string{"ID", "USER", "ADDRESS", "SIGNED IN", "SEEN", "EXPIRES", "BROWSER"}, rows)
			})
		},
	})
	cmd.Flags().StringVar(&user, "user", "", "only those of this person: e-mail address, phone number or ID")
	return cmd
}

func (c *cli) sessionEnd() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "end SESSION_ID", Short: "sign a browser out", Args: oneArg("session_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				err := h.admin().EndSession(cmd.Context(), asOperator(), args[0])
				if errors.Is(err, storage.ErrNotFound) {
					return usagef("there is no session with this ID, or it has ended; gatehouse session list shows those that there are")
				}
				if err != nil {
					return err
				}
				return c.print(map[string]any{"id": args[0], "ended": true}, []string{"ENDED"}, [][]string{{args[0]}})
			})
		},
	})
}
