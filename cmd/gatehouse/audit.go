package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/internal/audit"
	"gatehouse/storage"
)

func (c *cli) auditCommand() *cobra.Command {
	return c.group("audit", "what was done, by whom, on whom", c.auditTail(), c.auditExport(), c.auditVerify())
}

// auditFilter is what the flags of audit tail and audit export say.
type auditFilter struct {
	actor, action, target string
	since, until          time.Duration
}

func (f *auditFilter) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.actor, "actor", "", "only what this one did, as KIND:ID; kinds: user, client, api_key, command, server")
	cmd.Flags().StringVar(&f.action, "action", "", "only this action; with a final dot all that begin with it")
	cmd.Flags().StringVar(&f.target, "target", "", "only what was done to KIND or KIND:ID, as in client:photoprint")
	cmd.Flags().DurationVar(&f.since, "since", 0, "only what is not older, as in 24h")
	cmd.Flags().DurationVar(&f.until, "until", 0, "only what is older, as in 24h")
}

func (f auditFilter) filter(now time.Time) (storage.AuditFilter, error) {
	query := admin.AuditQuery{Actor: f.actor, Action: f.action, Target: f.target}
	if f.since > 0 {
		query.Since = now.Add(-f.since)
	}
	if f.until > 0 {
		query.Until = now.Add(-f.until)
	}
	filter, ok := query.Filter()
	if !ok {
		return filter, usagef("--actor needs KIND:ID, as in user:4f0c… or client:photoprint; kinds are user, client, api_key, command and server")
	}
	return filter, nil
}

func (c *cli) auditTail() *cobra.Command {
	var f auditFilter
	var lines int
	var follow bool
	cmd := c.printing(&cobra.Command{
		Use: "tail", Short: "print the newest events, the oldest of them first; -o json prints a line each", Args: cobra.NoArgs,
		Example: "  gatehouse audit tail --action client. --since 24h\n  gatehouse audit tail --target client:photoprint --follow",
	})
	f.flags(cmd)
	cmd.Flags().IntVarP(&lines, "lines", "n", 20, "how many; 0 for all")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with what happens from now on")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		filter, err := f.filter(time.Now())
		if err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error { return c.tail(cmd.Context(), h, filter, lines, follow) })
	}
	return cmd
}

// auditExport is AuditLog: nothing is held in memory, so that it is the newest first, as in the API.
func (c *cli) auditExport() *cobra.Command {
	var f auditFilter
	cmd := &cobra.Command{
		Use: "export", Short: "print every event as a line of JSON, the newest first", Args: cobra.NoArgs,
		Example: "  gatehouse audit export --since 720h > audit.jsonl",
	}
	f.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		filter, err := f.filter(time.Now())
		if err != nil {
			return err
		}
		return c.withHouse(cmd.Context(), func(h *house) error {
			events, err := h.admin().AuditLog(cmd.Context(), asOperator(), filter)
			if err != nil {
				return err
			}
			for e, err := range events {
				if err == nil {
					err = c.printLine(e)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}

func (c *cli) printLine(e storage.AuditEvent) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(audit.EntryOf(e))
}

const (
	auditPage   = 500
	followEvery = 500 * time.Millisecond
)

func (c *cli) tail(ctx context.Context, h *house, filter storage.AuditFilter, lines int, follow bool) error {
	events, err := newest(ctx, h, filter, lines)
	if err != nil {
		return err
	}
	if err := c.printEvents(events); err != nil || !follow {
		return err
	}
	return c.follow(ctx, h, filter, events)
}

// newest returns the newest events, n of them or all, the oldest first.
func newest(ctx context.Context, h *house, filter storage.AuditFilter, n int) ([]storage.AuditEvent, error) {
	var events []storage.AuditEvent
	for before := ""; n == 0 || len(events) < n; before = events[len(events)-1].ID {
		size := auditPage
		if n > 0 {
			size = min(size, n-len(events))
		}
		page, err := h.store.AuditEvents(ctx, filter, before, size)
		if err != nil {
			return nil, err
		}
		events = append(events, page...)
		if len(page) < size {
			break
		}
	}
	slices.Reverse(events)
	return events, nil
}

// follow prints what is recorded from now on. Another process may record an event a moment after a newer one of ours: it
// looks back a little, and prints none twice.
func (c *cli) follow(ctx context.Context, h *house, filter storage.AuditFilter, shown []storage.AuditEvent) error {
	const back = 10 * time.Second
	seen := map[string]time.Time{}
	for _, e := range shown {
		seen[e.ID] = e.At
	}
	began := time.Now()
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		filter.Since = time.Now().Add(-back)
		if filter.Since.Before(began) {
			filter.Since = began
		}
		events, err := newest(ctx, h, filter, 0)
		if err != nil {
			return err
		}
		fresh := slices.DeleteFunc(events, func(e storage.AuditEvent) bool { _, known := seen[e.ID]; return known })
		for _, e := range fresh {
			seen[e.ID] = e.At
		}
		maps.DeleteFunc(seen, func(_ string, at time.Time) bool { return at.Before(filter.Since.Add(-back)) })
		if err := c.printEvents(fresh); err != nil {
			return err
		}
	}
}

// printEvents prints a line for each event.
func (c *cli) printEvents(events []storage.AuditEvent) error {
	if c.output == "json" {
		for _, e := range events {
			if err := c.printLine(e); err != nil {
				return err
			}
		}
		return nil
	}
	if c.output == "yaml" {
		entries := []audit.Entry{}
		for _, e := range events {
			entries = append(entries, audit.EntryOf(e))
		}
		return printYAML(c.out, entries)
	}
	for _, e := range events {
		line := fmt.Sprintf("%s  %s:%s  %s  %s:%s  %s", stamp(e.At), e.Actor.Kind, e.Actor.ID, e.Action, e.Target.Kind, e.Target.ID, details(e.Detail))
		fmt.Fprintln(c.out, strings.TrimSpace(oneLine(line)))
	}
	return nil
}

func details(detail map[string]string) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(detail)) {
		texts = append(texts, name+"="+detail[name])
	}
	return strings.Join(texts, " ")
}

const verifyHelp = `Compute the chain of hashes anew, and say whether an event is missing or was changed. It prints the head of the chain,
SEQUENCE:HASH: kept where nobody can write who writes the database, it shows with --expect that the chain still has it.`

func (c *cli) auditVerify() *cobra.Command {
	var expect string
	cmd := c.printing(&cobra.Command{
		Use: "verify", Short: "say whether an event is missing or was changed", Long: verifyHelp, Args: cobra.NoArgs,
	})
	cmd.Flags().StringVar(&expect, "expect", "", "SEQUENCE:HASH that an earlier verify printed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var known audit.Head
		if expect != "" {
			var err error
			if known, err = audit.ParseHead(expect); err != nil {
				return usageError{err}
			}
		}
		return c.withHouse(cmd.Context(), func(h *house) error { return c.verify(cmd.Context(), audit.New(h.store, h.root), known) })
	}
	return cmd
}

func (c *cli) verify(ctx context.Context, chain *audit.Chain, known audit.Head) error {
	report, err := chain.Verify(ctx, known)
	if err != nil {
		return err
	}
	value := map[string]any{"sealed": report.Sealed, "waiting": report.Waiting, "whole": report.Broken == "", "head": report.Head.String()}
	row := []string{fmt.Sprint(report.Sealed), fmt.Sprint(report.Waiting), fmt.Sprint(report.Broken == ""), report.Head.String()}
	if err := c.print(value, []string{"SEALED", "WAITING", "WHOLE", "HEAD"}, [][]string{row}); err != nil {
		return err
	}
	if report.Broken != "" {
		return fmt.Errorf("the audit log is not whole: %s; compare with an export or a backup", report.Broken)
	}
	return nil
}
