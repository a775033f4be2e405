package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what the flags say.
type options struct {
	only    string
	rounds  int
	window  time.Duration
	workers []int
	sizes   []int
	soak    time.Duration
	dir     string // where databases are made and removed again
	out     string
	built   string // folder of the programs
	*programs
}

// part is a chapter of the report.
type part struct {
	name  string
	write func(context.Context, *options) (string, error)
}

// parts are all chapters, in order.
var parts = []part{
	{"ratios", ratios}, {"postgresql", postgreSQL}, {"limits", limits}, {"profiles", profiles},
	{"start", starting}, {"growth", growth}, {"growth-postgresql", growthPostgreSQL}, {"collector", collector}, {"soak", soaking},
}

func main() {
	o := &options{}
	flag.StringVar(&o.only, "only", "", "parts to measure, separated by commas: "+names()+"; empty: all")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each figure is measured")
	flag.DurationVar(&o.window, "window", 2*time.Second, "how long each time")
	workers := flag.String("workers", "1,16,64", "how many clients at a time")
	sizes := flag.String("sizes", "1000,100000,5000000", "how many stored tokens, for growth")
	flag.DurationVar(&o.soak, "soak", 20*time.Minute, "how long the soak takes")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "folder for databases, on the disk to measure")
	flag.StringVar(&o.out, "out", "docs/performance.md", "the report; empty: print what was measured")
	flag.StringVar(&o.built, "programs", "", "folder that keeps the programs, to measure the same ones again; empty: build them anew")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o.workers, o.sizes = numbers(*workers), numbers(*sizes)
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func names() string {
	var list []string
	for _, p := range parts {
		list = append(list, p.name)
	}
	return strings.Join(list, ", ")
}

// numbers reads positive numbers; a flag that has none is refused by run.
func numbers(text string) (list []int) {
	for word := range strings.SplitSeq(text, ",") {
		var n int
		if _, err := fmt.Sscan(word, &n); err != nil || n < 1 {
			return nil
		}
		list = append(list, n)
	}
	return list
}

func run(ctx context.Context, o *options) (err error) {
	if o.rounds < 1 || len(o.workers) == 0 || len(o.sizes) == 0 {
		return errors.New("-rounds, -workers and -sizes take positive numbers")
	}
	load := loadNow()
	wanted, err := o.parts()
	if err != nil {
		return err
	}
	if o.dir, err = filepath.Abs(o.dir); err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp(o.dir, "gatehouse-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	if o.built == "" {
		o.built = o.dir
	}
	if o.built, err = filepath.Abs(o.built); err != nil { // programs are started in folders of their own
		return err
	}
	o.say("building")
	if o.programs, err = build(ctx, o.built); err != nil {
		return err
	}
	for _, p := range wanted {
		o.say("%s …", p.name)
		began := time.Now()
		text, err := p.write(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := save(o.out, p.name, text+"\n"+measuredOn(began, load)); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) parts() ([]part, error) {
	if o.only == "" {
		return parts, nil
	}
	var wanted []part
	for name := range strings.SplitSeq(o.only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; there are %s", name, names())
		}
		wanted = append(wanted, parts[i])
	}
	return wanted, nil
}

func (o *options) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
