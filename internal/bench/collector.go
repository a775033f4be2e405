package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	expiredTokens = 100_000
	// mostHeld is how long the collector may hold the writes of others at a time, in the seconds of a histogram's bucket.
	mostHeld = "0.05"
	// collectWithin bounds the measurement; the collector begins half a minute after the start.
	collectWithin = 5 * time.Minute
)

// collector measures how long refreshes take before and while many expired tokens are removed, and how long each removal took.
func collector(ctx context.Context, o *options) (string, error) {
	s, err := o.open(ctx, o.gatehouse, "", soakers, 100, func(dsn string) error {
		return fillSQLite(ctx, dsn, expiredTokens, -20*24*time.Hour)
	})
	if err != nil {
		return "", err
	}
	defer s.close()
	ending, stop := context.WithTimeout(ctx, collectWithin)
	defer stop()
	busy := make(chan error, 1)
	took := make([][]timed, len(s.workers))
	go func() {
		busy <- each(len(s.workers), func(i int) error { return s.workers[i].refreshUntil(ending, &took[i]) })
	}()
	began, ended, counts, err := s.collects(ending)
	stop()
	if err := errors.Join(err, <-busy); err != nil {
		return "", err
	}
	var before, during []time.Duration
	for _, t := range slices.Concat(took...) {
		switch {
		case t.at.Before(began):
			before = append(before, t.long)
		case t.at.Before(ended):
			during = append(during, t.long)
		}
	}
	return collected(before, during, ended.Sub(began), counts)
}

// timed is a request: when it was sent, and how long its answer took.
type timed struct {
	at   time.Time
	long time.Duration
}

func (w *worker) refreshUntil(ctx context.Context, took *[]timed) error {
	for ctx.Err() == nil {
		at := time.Now()
		if err := w.refresh(); err != nil {
			return err
		}
		*took = append(*took, timed{at, time.Since(at)})
	}
	return nil
}

// collects waits until the collector has removed the expired tokens. It returns when the first of them went, when the last, and
// the metrics then.
func (s *stage) collects(ctx context.Context) (began, ended time.Time, metrics string, err error) {
	for {
		text, err := s.fetch(ctx, "/metrics")
		if err != nil {
			return began, ended, "", fmt.Errorf("waiting for the collector: %w", err)
		}
		rows, err := metric(string(text), "gatehouse_collected_rows_total")
		if err != nil {
			return began, ended, "", err
		}
		if rows > 0 && began.IsZero() {
			began = time.Now()
		}
		if rows >= expiredTokens {
			return began, time.Now(), string(text), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func collected(before, during []time.Duration, took time.Duration, metrics string) (string, error) {
	const name = "gatehouse_database_statement_duration_seconds"
	all, err1 := metric(metrics, name+`_count{kind="delete"}`)
	quick, err2 := metric(metrics, name+`_bucket{kind="delete",le="`+mostHeld+`"}`)
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## The collector\n\n%d expired tokens beside %d clients that refresh without a pause, on SQLite: removed in %s, in %.0f statements, one to a write;\n"+
		"%.0f of these took longer than 50 ms (target: none, %s).\n\n", expiredTokens, soakers, took.Round(100*time.Millisecond), all, all-quick, verdict(all == quick))
	t := newTable("refresh", "how many", "p50", "p99", "longest")
	for _, row := range []struct {
		name string
		took []time.Duration
	}{{"before the collector begins", before}, {"while it works", during}} {
		if len(row.took) == 0 {
			return "", fmt.Errorf("nothing was refreshed %s", row.name)
		}
		slices.Sort(row.took)
		n := len(row.took)
		t.row(row.name, fmt.Sprint(n), millis(row.took[n/2]), millis(row.took[n*99/100]), millis(row.took[n-1]))
	}
	text.WriteString(t.String())
	return text.String(), nil
}

// metric returns a sample of Prometheus' text format.
func metric(text, sample string) (float64, error) {
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(sample) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("/metrics has no %s", sample)
	}
	return strconv.ParseFloat(found[1], 64)
}
