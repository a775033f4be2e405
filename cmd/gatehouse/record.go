package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/storage"
)

// records are the commands for a kind of record that is created, listed, shown, changed and removed as a whole. Entry is its
// entry in a seed file, Record what is stored.
type records[Entry, Record any] struct {
	name, plural string // "publisher", "publishers"
	key          string // the seed key that names one: "id"
	about        string
	// without are the seed keys that the commands do not take.
	without []string
	entry   func(Record) Entry
	keyOf   func(Entry) string
	read    func(ctx context.Context, h *admin.House, key string) (Record, error)
	list    func(ctx context.Context, h *admin.House, p admin.Page) (admin.List[Record], error)
	// save stores an entry in place of was; nil: as a new record.
	save   func(ctx context.Context, h *admin.House, e Entry, was *Record) error
	remove func(ctx context.Context, h *admin.House, was Record) error
	header []string
	row    func(Record) []string
	show   func(Record) any // what list and get print; nil: the entry
}

func (r records[Entry, Record]) command(c *cli, more ...*cobra.Command) *cobra.Command {
	return c.group(r.name, r.about, append([]*cobra.Command{r.create(c), r.all(c), r.get(c), r.update(c), r.delete(c)}, more...)...)
}

func (r records[Entry, Record]) shown(record Record) any {
	if r.show == nil {
		return asMap(r.entry(record))
	}
	return r.show(record)
}

func (r records[Entry, Record]) create(c *cli) *cobra.Command {
	cmd := c.printing(&cobra.Command{Use: "create", Short: "create a " + r.name, Args: cobra.NoArgs})
	flags := addEntryFlags[Entry](cmd, r.without...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		entry, err := readEntry[Entry](c, flags)
		if err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error {
			key := r.keyOf(entry)
			if err := r.save(cmd.Context(), h.admin(), entry, nil); err != nil {
				return r.explain(key, err)
			}
			return c.print(map[string]any{r.key: key}, []string{"CREATED"}, [][]string{{key}})
		})
	}
	return cmd
}

func (r records[Entry, Record]) all(c *cli) *cobra.Command {
	return c.printing(&cobra.Command{
		Use: "list", Short: "list " + r.plural, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				found, err := everything(func(p admin.Page) (admin.List[Record], error) { return r.list(cmd.Context(), house, p) })
				if err != nil {
					return err
				}
				entries, rows := []any{}, [][]string{}
				for _, record := range found {
					entries, rows = append(entries, r.shown(record)), append(rows, r.row(record))
				}
				return c.print(entries, r.header, rows)
			})
		},
	})
}

func (r records[Entry, Record]) get(c *cli) *cobra.Command {
	return c.printing(&cobra.Command{
		Use: r.use("get"), Short: "show a " + r.name, Args: oneArg(r.argument()),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				record, err := r.read(cmd.Context(), h.admin(), args[0])
				if err != nil {
					return r.explain(args[0], err)
				}
				if c.output == "table" {
					return printYAML(c.out, r.shown(record))
				}
				return c.print(r.shown(record), nil, nil)
			})
		},
	})
}

func (r records[Entry, Record]) update(c *cli) *cobra.Command {
	cmd := c.printing(&cobra.Command{
		Use: r.use("update"), Short: "change a " + r.name + "; keys that are not named stay", Args: oneArg(r.argument()),
		Long: "Change a " + r.name + ". The keys that are named, by flags or in the file, are replaced as a whole, lists too; the others stay.\n" +
			"An empty text empties a key.",
	})
	flags := addEntryFlags[Entry](cmd, append([]string{r.key}, r.without...)...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := flags.some(cmd); err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error {
			house := h.admin()
			was, err := r.read(cmd.Context(), house, args[0])
			if err != nil {
				return r.explain(args[0], err)
			}
			entry := r.entry(was)
			if err := amendEntry(c, flags, &entry); err != nil {
				return err
			}
			if r.keyOf(entry) != args[0] {
				return usagef("%s: a %s keeps it, and it is %s; leave it out", r.key, r.name, args[0])
			}
			if err := r.save(cmd.Context(), house, entry, &was); err != nil {
				return r.explain(args[0], err)
			}
			return c.print(map[string]any{r.key: args[0], "changed": true}, []string{"CHANGED"}, [][]string{{args[0]}})
		})
	}
	return cmd
}

func (r records[Entry, Record]) delete(c *cli) *cobra.Command {
	return c.printing(&cobra.Command{
		Use: r.use("delete"), Short: "remove a " + r.name + " that nothing needs", Args: oneArg(r.argument()),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				house := h.admin()
				was, err := r.read(cmd.Context(), house, args[0])
				if err == nil {
					err = r.remove(cmd.Context(), house, was)
				}
				if err != nil {
					return r.explain(args[0], err)
				}
				return c.print(map[string]any{r.key: args[0], "deleted": true}, []string{"DELETED"}, [][]string{{args[0]}})
			})
		},
	})
}

func (r records[Entry, Record]) argument() string { return r.name + "_" + r.key }

func (r records[Entry, Record]) use(verb string) string {
	return verb + " " + strings.ToUpper(r.argument())
}

// explain says what to do about an error of an operation on one record.
func (r records[Entry, Record]) explain(key string, err error) error {
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return usagef("there is no %s %q; gatehouse %s list shows those that there are", r.name, key, r.name)
	case errors.Is(err, storage.ErrExists):
		return usagef("a %s %q exists; choose another --%s, or change it with gatehouse %s update %s", r.name, key, r.key, r.name, key)
	case errors.Is(err, storage.ErrConflict):
		return changedMeanwhile(key)
	}
	return err
}

// everything reads a list to its end.
func everything[T any](list func(admin.Page) (admin.List[T], error)) (all []T, err error) {
	for page := (admin.Page{Limit: admin.MaxPage}); ; {
		part, err := list(page)
		if err != nil {
			return nil, err
		}
		if all = append(all, part.Items...); part.Next == "" {
			return all, nil
		}
		page.After = part.Next
	}
}
