package main

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/cmd/gatehouse/seed"
	"gatehouse/registry"
	"gatehouse/storage"
)

// readingCommands are about what is said and known of a mini app beside its registration.
func (c *cli) readingCommands() []*cobra.Command {
	return []*cobra.Command{c.clientReviews(), c.clientHints(), c.clientVersions(), c.clientComments(), c.clientComment(), c.clientDiscard()}
}

// waitingEntry is how a mini app that waits for a review is printed.
type waitingEntry struct {
	ClientID  string      `json:"client_id"`
	Name      string      `json:"name"`
	Publisher string      `json:"publisher,omitempty"`
	Version   string      `json:"version,omitempty"` // that waits beside a live mini app
	Since     time.Time   `json:"since,omitzero"`
	Hints     []hintEntry `json:"hints"`
}

type hintEntry struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
	Other string `json:"other,omitempty"`
}

func hintEntries(hints []registry.Hint) []hintEntry {
	entries := []hintEntry{}
	for _, h := range hints {
		entries = append(entries, hintEntry{string(h.Kind), h.Value, h.Other})
	}
	return entries
}

func (c *cli) clientReviews() *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "reviews", Short: "list what waits for a review, the oldest first, and what a reviewer had better look at", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				queue, err := everything(func(p admin.Page) (admin.List[admin.Waiting], error) {
					return house.ReviewQueue(cmd.Context(), asOperator(), p)
				})
				if err != nil {
					return err
				}
				entries, rows := []waitingEntry{}, [][]string{}
				for _, w := range queue {
					proposed := w.Proposed()
					e := waitingEntry{ClientID: proposed.ID, Name: proposed.Name, Publisher: proposed.PublisherID, Since: w.Since, Hints: hintEntries(w.Hints)}
					if w.Version != nil {
						e.Version = w.Version.ID
					}
					var kinds []string
					for _, hint := range e.Hints {
						kinds = append(kinds, hint.Kind)
					}
					entries, rows = append(entries, e), append(rows, []string{e.ClientID, e.Name, e.Publisher, stamp(e.Since), strings.Join(kinds, " ")})
				}
				return c.print(entries, []string{"CLIENT ID", "NAME", "PUBLISHER", "SINCE", "HINTS"}, rows)
			})
		},
	})
}

func (c *cli) clientHints() *cobra.Command {
	return c.aboutClient("hints", "say what a reviewer had better look at", func(cmd *cobra.Command, h *admin.House, id string) error {
		w, err := h.Client(cmd.Context(), asOperator(), id)
		if err != nil {
			return err
		}
		hints, err := h.Hints(cmd.Context(), asOperator(), w)
		if err != nil {
			return err
		}
		entries, rows := hintEntries(hints), [][]string{}
		for _, e := range entries {
			rows = append(rows, []string{e.Kind, e.Value, e.Other})
		}
		return c.print(entries, []string{"KIND", "VALUE", "COMPARED WITH"}, rows)
	})
}

func (c *cli) clientVersions() *cobra.Command {
	return c.aboutClient("versions", "list what was approved, refused or discarded, and what waits, the newest first", func(cmd *cobra.Command, h *admin.House, id string) error {
		versions, err := everything(func(p admin.Page) (admin.List[admin.PastVersion], error) {
			return h.ClientVersions(cmd.Context(), asOperator(), id, p)
		})
		if err != nil {
			return err
		}
		entries, rows := []any{}, [][]string{}
		for _, v := range versions {
			v.Client.ID, v.Client.Dialects = v.ClientID, registry.WithoutSecrets(v.Client)
			entries = append(entries, map[string]any{
				"id": v.ID, "status": v.Status, "registration": asMap(seed.ClientOf(v.Client)), "created_at": v.CreatedAt, "updated_at": v.UpdatedAt,
			})
			rows = append(rows, []string{v.ID, v.Status, v.Client.Name, stamp(v.CreatedAt), stamp(v.UpdatedAt)})
		}
		return c.print(entries, []string{"ID", "STATUS", "NAME", "CREATED", "CHANGED"}, rows)
	})
}

// noteEntry is how a note is printed, without the address of who wrote it.
type noteEntry struct {
	ID         string    `json:"id"`
	AuthorKind string    `json:"author_kind"`
	AuthorID   string    `json:"author_id,omitempty"`
	Action     string    `json:"action,omitempty"`
	Comment    string    `json:"comment"`
	At         time.Time `json:"at"`
}

func (c *cli) clientComments() *cobra.Command {
	return c.aboutClient("comments", "list what developers and reviewers said, the oldest first", func(cmd *cobra.Command, h *admin.House, id string) error {
		notes, err := everything(func(p admin.Page) (admin.List[storage.ReviewNote], error) {
			return h.ClientNotes(cmd.Context(), asOperator(), id, p)
		})
		if err != nil {
			return err
		}
		entries, rows := []noteEntry{}, [][]string{}
		for _, n := range notes {
			entries = append(entries, noteEntry{n.ID, string(n.Author.Kind), n.Author.ID, n.Action, n.Text, n.At})
			rows = append(rows, []string{stamp(n.At), strings.TrimSuffix(string(n.Author.Kind)+":"+n.Author.ID, ":"), n.Action, n.Text})
		}
		return c.print(entries, []string{"AT", "BY", "WITH", "TEXT"}, rows)
	})
}

func (c *cli) clientComment() *cobra.Command {
	var text string
	cmd := c.aboutClient("comment", "say something to the developers and reviewers of a mini app", func(cmd *cobra.Command, h *admin.House, id string) error {
		said := text
		if said == "-" {
			raw, err := io.ReadAll(io.LimitReader(c.in, maxPassword*4))
			if err != nil {
				return err
			}
			said = strings.TrimSpace(string(raw))
		}
		if _, err := h.Comment(cmd.Context(), asOperator(), id, said); err != nil {
			return err
		}
		return c.print(map[string]any{"client_id": id, "comment": said}, []string{"CLIENT ID", "SAID"}, [][]string{{id, said}})
	})
	cmd.Flags().StringVar(&text, "comment", "", "what to say; - reads it from stdin")
	return cmd
}

func (c *cli) clientDiscard() *cobra.Command {
	return c.aboutClient("discard", "drop what waits beside a live mini app", func(cmd *cobra.Command, h *admin.House, id string) error {
		w, err := h.Client(cmd.Context(), asOperator(), id)
		if err != nil {
			return err
		}
		if w.Version == nil {
			return usagef("nothing waits beside %s; gatehouse client versions %s lists what there was", id, id)
		}
		if err := h.DiscardVersion(cmd.Context(), asOperator(), id); err != nil {
			return err
		}
		return c.print(map[string]any{"client_id": id, "discarded": w.Version.ID}, []string{"CLIENT ID", "DISCARDED"}, [][]string{{id, w.Version.ID}})
	})
}

// aboutClient is a command about one mini app.
func (c *cli) aboutClient(name, short string, do func(cmd *cobra.Command, h *admin.House, id string) error) *cobra.Command {
	return c.printing(&cobra.Command{
		Use: name + " CLIENT_ID", Short: short, Args: oneArg("client_id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				err := do(cmd, h.admin(), args[0])
				if errors.Is(err, storage.ErrConflict) {
					return changedMeanwhile(args[0])
				}
				return noSuchClient(args[0], err)
			})
		},
	})
}
