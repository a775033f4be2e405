package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// target is what an operation may cost, as a multiple of the server CPU of the smallest program that does its work.
type target struct {
	operation operation
	over      operation
	most      float64
}

var targets = []target{
	{introspection, smallestRead, 1.35},
	{refreshing, smallestWrite, 1.8},
	{clientCredentials, smallestWrite, 1.3},
	{codeExchange, smallestWrite, 2.2},
	{wholeFlow, smallestWrite, 3.5},
}

const (
	mostAllocations = 120 // for an introspection
	leastGain       = 4.0 // of group commit, at the largest number of workers
)

// ratios measures what one request costs on SQLite beside the smallest programs.
func ratios(ctx context.Context, o *options) (string, error) {
	house, err := o.open(ctx, o.gatehouse, "", o.crowd(), 4, nil)
	if err != nil {
		return "", err
	}
	defer house.close()
	alone, err := o.open(ctx, o.alone, "", o.crowd(), 4, nil)
	if err != nil {
		return "", err
	}
	defer alone.close()
	small, err := o.openSmallest(ctx, o.crowd())
	if err != nil {
		return "", err
	}
	defer small.close()
	subjects := []*subject{
		small.subject(bareHandler), small.subject(smallestRead), small.subject(readInContext), house.subject(introspection), house.subject(userinfo),
		small.subject(smallestWrite), house.subject(clientCredentials), house.subject(refreshing), house.subject(codeExchange), house.subject(wholeFlow),
	}
	found, err := inTurns(ctx, subjects, o)
	if err != nil {
		return "", err
	}
	gain, err := o.groupCommit(ctx, house, alone)
	if err != nil {
		return "", err
	}
	allocated, err := o.allocations(ctx, subjects)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## What a request costs on SQLite\n\n%s\n", o.settings())
	text.WriteString(o.judged(found, gain, allocated))
	text.WriteString("\nAll figures:\n\n" + o.figures(found, subjects, allocated))
	return text.String(), nil
}

func (o *options) settings() string {
	return fmt.Sprintf("%d rounds of %s each, in turns, with %s clients at a time.\n", o.rounds, o.window, strings.Trim(fmt.Sprint(o.workers), "[]"))
}

const oneCommit = "refresh, one commit each"

// groupCommit compares refreshing with that of a server that commits for each write.
func (o *options) groupCommit(ctx context.Context, house, alone *stage) (table, error) {
	other := refreshing
	other.name = oneCommit
	crowded := *o
	crowded.workers = []int{o.crowd()}
	return inTurns(ctx, []*subject{house.subject(refreshing), alone.subject(other)}, &crowded)
}

// allocations counts them for each subject; a server without /debug/pprof is left out.
func (o *options) allocations(ctx context.Context, subjects []*subject) (map[string]float64, error) {
	found := map[string]float64{}
	for _, s := range subjects {
		n, err := s.count(ctx, min(16, o.crowd()), o.window)
		if errors.Is(err, errNoOps) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[s.name] = n
	}
	return found, nil
}

// judged is the table of targets.
func (o *options) judged(found, gain table, allocated map[string]float64) string {
	titles := []string{"server CPU, as a multiple", "target"}
	for _, n := range o.workers {
		titles = append(titles, fmt.Sprintf("%d clients", n))
	}
	t := newTable(append(titles, "")...)
	for _, want := range targets {
		row := []string{want.operation.name + " ÷ " + want.over.name, "≤ " + times(want.most)}
		met := true
		for _, n := range o.workers {
			r := found.ratio(cell{want.operation.name, n}, cell{want.over.name, n}, cpuOf)
			met = met && r.middle <= want.most
			row = append(row, r.String())
		}
		t.row(append(row, verdict(met))...)
	}
	text := t.String()
	n := o.crowd()
	f := gain.ratio(cell{refreshing.name, n}, cell{oneCommit, n}, throughputOf)
	text += fmt.Sprintf("\nRefresh with %d clients: %s per second in shared commits, %s with one commit each: %s (target: at least %s, %s).\n", n,
		perSecond(gain.median(refreshing.name, n).perSec), perSecond(gain.median(oneCommit, n).perSec), f, times(leastGain), verdict(f.middle >= leastGain))
	if a, counted := allocated[introspection.name]; counted {
		text += fmt.Sprintf("\nAllocations per introspection: %.0f (target: under %d, %s).\n", a, mostAllocations, verdict(a < mostAllocations))
	} else {
		text += "\nAllocations were not counted: the server had no listener for /debug/pprof.\n"
	}
	return text
}

func (o *options) figures(found table, subjects []*subject, allocated map[string]float64) string {
	t := newTable("operation", "clients", "per second", "p50", "p99", "server CPU", "allocations")
	for _, s := range subjects {
		for _, n := range o.workers {
			r := found.median(s.name, n)
			objects := ""
			if a, counted := allocated[s.name]; counted && n == min(16, o.crowd()) {
				objects = fmt.Sprintf("%.0f", a)
			}
			t.row(s.name, fmt.Sprint(n), perSecond(r.perSec), millis(r.p50), millis(r.p99), micros(r.cpu), objects)
		}
	}
	return t.String()
}

// asShare is a duration as a part of a whole.
func asShare(part, whole time.Duration) string {
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(max(whole, 1)))
}
