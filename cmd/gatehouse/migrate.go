package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/storage/gormstore"
)

func (c *cli) migrateCommand() *cobra.Command {
	up := &cobra.Command{
		Use: "up", Short: "bring the database's schema up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withSchema(cmd.Context(), func(s *gormstore.Store) error { return s.Migrate(cmd.Context()) })
		},
	}
	status := c.printing(&cobra.Command{
		Use: "status", Short: "compare the database's schema with this program's", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withSchema(cmd.Context(), func(s *gormstore.Store) error { return c.printStatus(cmd.Context(), s) })
		},
	})
	return c.group("migrate", "the database's schema", up, status)
}

// withSchema opens the database whatever its schema is.
func (c *cli) withSchema(ctx context.Context, do func(*gormstore.Store) error) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	store, err := gormstore.Open(ctx, cfg.Database, gormstore.Options{AnySchema: true, Log: slog.New(slog.NewTextHandler(c.err, nil))})
	if err != nil {
		return fmt.Errorf("the database cannot be opened: %w", err)
	}
	return errors.Join(do(store), store.Close())
}

func (c *cli) printStatus(ctx context.Context, s *gormstore.Store) error {
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	problem := ""
	if err := status.Usable(); err != nil {
		problem = err.Error()
	}
	value := map[string]any{
		"version": status.Version, "min_compatible": status.MinCompatible, "program": status.Program,
		"pending": append([]string{}, status.Pending...), "usable": problem == "", "problem": problem,
	}
	return c.print(value, []string{"VERSION", "MIN COMPATIBLE", "PROGRAM", "PENDING", "PROBLEM"},
		[][]string{{strconv.Itoa(status.Version), strconv.Itoa(status.MinCompatible), strconv.Itoa(status.Program), strings.Join(status.Pending, " "), problem}})
}
