package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/admin"
	"gatehouse/storage"
)

// dashboardEntry is how a dashboard is printed, under the names of the API.
type dashboardEntry struct {
	Range      string                 `json:"range"`
	Step       int64                  `json:"step"` // seconds
	Until      time.Time              `json:"until"`
	Starts     []time.Time            `json:"starts"`
	Totals     map[string]int64       `json:"totals"`
	Series     map[string][]int64     `json:"series"`
	Secrets    []secretEntry          `json:"expiring_secrets"`
	Reviews    amountEntry            `json:"reviews"`
	Deliveries map[string]amountEntry `json:"deliveries"`
	Unsealed   int                    `json:"unsealed_audit_events"`
}

type secretEntry struct {
	ClientID   string    `json:"client_id"`
	ClientName string    `json:"client_name"`
	SecretID   string    `json:"secret_id"`
	ExpiresAt  time.Time `json:"expires_at"`
}

type amountEntry struct {
	Count  int       `json:"count"`
	Oldest time.Time `json:"oldest,omitzero"`
}

func (c *cli) dashboardCommand() *cobra.Command {
	var over string
	cmd := c.printing(&cobra.Command{
		Use: "dashboard", Short: "show how things go: sign-ins, decisions, tokens, and what waits", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withHouse(cmd.Context(), func(h *house) error {
				d, err := h.admin().Dashboard(cmd.Context(), asOperator(), over)
				if errors.Is(err, admin.ErrRange) {
					return usagef("--range has to be 24h, 7d or 30d")
				}
				if err != nil {
					return err
				}
				return c.print(dashboardEntryOf(d), []string{"WHAT", "HOW MANY", "SINCE OR UNTIL"}, dashboardRows(d))
			})
		},
	})
	cmd.Flags().StringVar(&over, "range", "24h", "how much of the past: 24h, 7d or 30d")
	return cmd
}

func dashboardEntryOf(d *admin.Dashboard) dashboardEntry {
	e := dashboardEntry{
		Range: d.Range.Name, Step: int64(d.Range.Step / time.Second), Until: d.Until, Starts: d.Starts,
		Totals: map[string]int64{}, Series: map[string][]int64{}, Secrets: []secretEntry{}, Reviews: amountEntry(d.Reviews),
		Deliveries: map[string]amountEntry{"given_up": amountEntry(d.Dead), "failing": amountEntry(d.Retried)}, Unsealed: d.Unsealed,
	}
	for _, s := range d.Series {
		e.Totals[string(s.Counter)], e.Series[string(s.Counter)] = s.Total, s.N
	}
	for _, s := range d.Secrets {
		e.Secrets = append(e.Secrets, secretEntry(s))
	}
	return e
}

// dashboardRows are the totals; the series are for programs.
func dashboardRows(d *admin.Dashboard) (rows [][]string) {
	for _, s := range d.Series {
		rows = append(rows, []string{string(s.Counter), strconv.FormatInt(s.Total, 10), stamp(d.Since)})
	}
	for _, w := range []struct {
		name string
		storage.Waiting
	}{{"reviews", d.Reviews}, {"deliveries given_up", d.Dead}, {"deliveries failing", d.Retried}} {
		rows = append(rows, []string{w.name, strconv.Itoa(w.Count), stamp(w.Oldest)})
	}
	rows = append(rows, []string{"unsealed_audit_events", strconv.Itoa(d.Unsealed), ""})
	for _, s := range d.Secrets {
		rows = append(rows, []string{fmt.Sprintf("secret of %s ends", s.ClientID), "1", stamp(s.ExpiresAt)})
	}
	return rows
}
