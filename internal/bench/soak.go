package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	soakers = 8 // clients at a time
	// soakPace is how long a client takes for one round of everything, so that the machine is busy and not full.
	soakPace = 100 * time.Millisecond
	// signInAgain is before the session ends.
	signInAgain = 40 * time.Second
	samplesKept = 120
	// mostDrift is how much a figure may have grown between the first and the last third after the warm-up.
	mostDrift = 1.1
)

var soakSettings = []string{
	"GATEHOUSE_CODE_LIFETIME=10s", "GATEHOUSE_USER_ACCESS_LIFETIME=30s", "GATEHOUSE_USER_REFRESH_LIFETIME=60s", "GATEHOUSE_SESSION_LIFETIME=60s",
}

// counted are the tables that the load fills and the collector empties.
var counted = []string{"tokens", "sessions", "grants", "client_requests"}

// series is what is watched, and its values over time.
type series struct {
	name   string
	values []float64
}

// soaking lets clients do everything for a long time under short lifetimes, and watches what should stay flat.
func soaking(ctx context.Context, o *options) (string, error) {
	s, err := o.open(ctx, o.gatehouse, "", soakers, 1, nil, soakSettings...)
	if err != nil {
		return "", err
	}
	defer s.close()
	for _, w := range s.workers {
		w.took = w.took[:0]
	}
	ending, stop := context.WithTimeout(ctx, o.soak)
	defer stop()
	busy := make(chan error, 1)
	go func() {
		busy <- each(len(s.workers), func(i int) error { return s.soak(ending, s.workers[i], i) })
	}()
	watched, err := s.watch(ending, o.soak/samplesKept)
	stop()
	if workErr := <-busy; workErr != nil {
		return "", workErr
	}
	if err != nil {
		return "", err
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var took []time.Duration
	for _, w := range s.workers {
		took = append(took, w.took...)
	}
	return o.soaked(watched, took), nil
}

// soak has one worker, of this number, do a round of everything again and again.
func (s *stage) soak(ctx context.Context, w *worker, number int) error {
	steps := []func(*worker) error{
		(*worker).renew, (*worker).introspect, (*worker).refresh, (*worker).userinfo, (*worker).introspect, (*worker).refresh,
		(*worker).introspect, (*worker).clientCredentials,
	}
	signedIn := time.Now().Add(-signInAgain * time.Duration(number) / soakers) // not all at the same moment
	for ctx.Err() == nil {
		began := time.Now()
		if time.Since(signedIn) > signInAgain {
			if err := w.signIn(s.url(), email(number)); err != nil {
				return err
			}
			signedIn = time.Now()
		}
		for _, step := range steps {
			at := time.Now()
			if err := step(w); err != nil {
				return err
			}
			w.took = append(w.took, time.Since(at))
		}
		select {
		case <-ctx.Done():
		case <-time.After(soakPace - time.Since(began)):
		}
	}
	return nil
}

// renew gets a new pair and forgets the old one.
func (w *worker) renew() error {
	w.pairs, w.next = w.pairs[:0], 0
	return w.obtain()
}

// watch takes a sample every so often until ctx ends.
func (s *stage) watch(ctx context.Context, every time.Duration) ([]series, error) {
	path := strings.TrimPrefix(s.dsn, "sqlite:")
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro&_query_only=on&_busy_timeout=5000")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	watched := make([]series, 0, len(counted)+3)
	for _, table := range counted {
		watched = append(watched, series{name: "rows of " + table})
	}
	watched = append(watched, series{name: "database, MB"}, series{name: "WAL, MB"}, series{name: "RSS, MB"})
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return watched, nil
		case <-tick.C:
		}
		now := make([]float64, 0, len(watched))
		for _, table := range counted {
			var n float64
			if err := db.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
				return nil, fmt.Errorf("counting %s: %w", table, err)
			}
			now = append(now, n)
		}
		memory, err := s.rss()
		if err != nil {
			return nil, err
		}
		now = append(now, sizeOf(path), sizeOf(path+"-wal"), float64(memory)/1e6)
		for i, v := range now {
			watched[i].values = append(watched[i].values, v)
		}
	}
}

// sizeOf returns megabytes.
func sizeOf(path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return float64(info.Size()) / 1e6
}

func (o *options) soaked(watched []series, took []time.Duration) string {
	var text strings.Builder
	slices.Sort(took)
	fmt.Fprintf(&text, "## Soak\n\n%s of sign-ins, code flows, refreshes, introspections, userinfo and client credentials by %d clients on SQLite, %s per second,\nwith %s. "+
		"p50 %s, p99 %s, longest %s.\n\n", o.soak, soakers, perSecond(float64(len(took))/o.soak.Seconds()), strings.Join(soakSettings, ", "),
		millis(took[len(took)/2]), millis(took[len(took)*99/100]), millis(took[len(took)-1]))
	text.WriteString("```\n")
	for _, s := range watched {
		fmt.Fprintf(&text, "%-24s %s  0 … %.1f\n", s.name, plot(s.values), slices.Max(append(s.values, 0)))
	}
	fmt.Fprintf(&text, "%-24s %-60s\n```\n\n", "", "0 min"+strings.Repeat(" ", 48)+fmt.Sprintf("%4.0f min", o.soak.Minutes()))
	t := newTable("mean", "second third", "last third", "", "target: at most "+times(mostDrift))
	for _, s := range watched {
		n := len(s.values)
		before, after := mean(s.values[n/3:2*n/3]), mean(s.values[2*n/3:])
		drift := after / max(before, 1e-9)
		if before == 0 && after == 0 {
			drift = 1
		}
		t.row(s.name, fmt.Sprintf("%.1f", before), fmt.Sprintf("%.1f", after), times(drift), verdict(drift <= mostDrift))
	}
	text.WriteString(t.String())
	return text.String()
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(max(len(values), 1))
}

// plotWidth is in characters.
const plotWidth = 60

// plot draws values from zero to their maximum, over time.
func plot(values []float64) string {
	heights := []rune("▁▂▃▄▅▆▇█")
	top := slices.Max(append(slices.Clone(values), 1e-9))
	var line strings.Builder
	for x := range plotWidth {
		if len(values) == 0 {
			break
		}
		v := values[x*len(values)/plotWidth]
		line.WriteRune(heights[min(len(heights)-1, int(v/top*float64(len(heights))))])
	}
	return line.String()
}
