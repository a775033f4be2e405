package admin

import (
	"context"
	"fmt"
	"time"

	"gatehouse/storage"
)

// DashboardRange is how much of the past a dashboard shows, and in which steps.
type DashboardRange struct {
	Name   string
	Step   time.Duration // of UTC
	Points int
}

// DashboardRanges returns the ranges that there are; the first is the one where none is asked for.
func DashboardRanges() []DashboardRange {
	return []DashboardRange{{"24h", time.Hour, 24}, {"7d", 6 * time.Hour, 28}, {"30d", 24 * time.Hour, 30}}
}

// ErrRange says that there is no such range.
var ErrRange = fmt.Errorf("the range has to be 24h, 7d or 30d")

func dashboardRange(name string) (DashboardRange, error) {
	for _, r := range DashboardRanges() {
		if r.Name == name || name == "" {
			return r, nil
		}
	}
	return DashboardRange{}, ErrRange
}

const (
	// secretsSoon is how long before its end a secret is on the dashboard.
	secretsSoon = 30 * 24 * time.Hour
	// maxSecrets is how many such secrets are shown.
	maxSecrets = 50
)

// Dashboard is how things go.
type Dashboard struct {
	Range  DashboardRange
	Since  time.Time   // the beginning of the first step
	Until  time.Time   // now, within the last step
	Starts []time.Time // of the steps
	Series []Series    // what happened, in the order of storage.Counters
	// Secrets are those that end within 30 days, the soonest first.
	Secrets []storage.ExpiringSecret
	Reviews storage.Waiting // mini apps that wait for a review
	Dead    storage.Waiting // deliveries that were given up
	Retried storage.Waiting // deliveries that have failed and are sent again
	// Unsealed is how many events of the audit log are not in its chain yet: a few where the server runs.
	Unsealed int
}

// Series is how often something happened.
type Series struct {
	Counter storage.Counter
	Total   int64
	N       []int64 // in each step
}

// Dashboard returns how things go, for one of DashboardRanges by its name; ErrRange for another. Counts are some seconds
// behind.
func (h *House) Dashboard(ctx context.Context, c Caller, name string) (*Dashboard, error) {
	if err := h.may(c, DashboardRead, Belongs{}); err != nil {
		return nil, err
	}
	r, err := dashboardRange(name)
	if err != nil {
		return nil, err
	}
	d := &Dashboard{Range: r, Until: h.now()}
	d.Since = d.Until.Truncate(r.Step).Add(-time.Duration(r.Points-1) * r.Step)
	for i := range r.Points {
		d.Starts = append(d.Starts, d.Since.Add(time.Duration(i)*r.Step))
	}
	counts, err := h.Store.Counts(ctx, d.Since)
	if err != nil {
		return nil, err
	}
	d.addCounts(counts)
	if d.Secrets, err = h.Store.ExpiringSecrets(ctx, d.Until, d.Until.Add(secretsSoon), maxSecrets); err != nil {
		return nil, err
	}
	if d.Reviews, err = h.Store.WaitingReviews(ctx); err != nil {
		return nil, err
	}
	if d.Dead, d.Retried, err = h.Store.FailingDeliveries(ctx); err != nil {
		return nil, err
	}
	_, d.Unsealed, err = h.Store.ChainEnd(ctx)
	return d, err
}

// addCounts sums the counts of hours up in the dashboard's steps.
func (d *Dashboard) addCounts(counts []storage.HourCount) {
	places := map[storage.Counter]int{}
	for i, counter := range storage.Counters() {
		places[counter] = i
		d.Series = append(d.Series, Series{Counter: counter, N: make([]int64, d.Range.Points)})
	}
	for _, c := range counts {
		place, known := places[c.Counter]
		step := int(c.Hour.Sub(d.Since) / d.Range.Step)
		if !known || step < 0 || step >= d.Range.Points { // a newer program's, or of a clock that is ahead
			continue
		}
		d.Series[place].N[step] += c.N
		d.Series[place].Total += c.N
	}
}
