package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

const mostAllocations = 120 // for an introspection

// ratios measures what one request costs on SQLite beside the smallest programs.
func ratios(ctx context.Context, o *options) (string, error) {
	house, err := o.open(ctx, o.gatehouse, "", o.crowd(), 4, nil, unobserved)
	if err != nil {
		return "", err
	}
	defer house.close()
	observed, err := o.open(ctx, o.gatehouse, "", o.crowd(), 4, nil)
	if err != nil {
		return "", err
	}
	defer observed.close()
	small, err := o.openSmallest(ctx, o.crowd())
	if err != nil {
		return "", err
	}
	defer small.close()
	subjects := []*subject{
		small.subject(bareHandler), small.subject(smallestRead), small.subject(readInContext), house.subject(introspection), house.subject(userinfo),
		small.subject(smallestWrite), house.subject(clientCredentials), house.subject(refreshing), house.subject(codeExchange), house.subject(wholeFlow),
		observed.subject(withMetrics),
	}
	found, err := inTurns(ctx, subjects, o)
	if err != nil {
		return "", err
	}
	shared, err := o.groupCommit(ctx)
	if err != nil {
		return "", err
	}
	allocated, err := o.allocations(ctx, append(subjects, observed.subjects(introspection, userinfo, clientCredentials, refreshing, codeExchange, wholeFlow)...))
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "## What a request costs on SQLite\n\n%s\n", o.settings())
	text.WriteString(o.judged(found, allocated))
	causes, err := o.causes(ctx, found, observed, small)
	if err != nil {
		return "", err
	}
	text.WriteString(causes)
	text.WriteString(shared)
	text.WriteString("\nAll figures:\n\n" + o.figures(found, subjects, allocated))
	return text.String(), nil
}

func (o *options) settings() string {
	return fmt.Sprintf("%d rounds of %s each, in turns, with %s clients at a time.\n", o.rounds, o.window, strings.Trim(fmt.Sprint(o.workers), "[]"))
}

// unobserved is the default: no listener for operators. With one, requests and statements are counted.
const unobserved = "GATEHOUSE_OPS_LISTEN="

// allocations counts them for each subject; a server without /debug/pprof is left out.
func (o *options) allocations(ctx context.Context, subjects []*subject) (map[string]float64, error) {
	found := map[string]float64{}
	for _, s := range subjects {
		n, err := s.count(ctx, o.some(), o.window)
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
func (o *options) judged(found table, allocated map[string]float64) string {
	titles := []string{"server CPU, as a multiple", "target"}
	for _, n := range o.workers {
		titles = append(titles, fmt.Sprintf("%d clients", n))
	}
	t := newTable(append(titles, "")...)
	for _, want := range targets {
		row := []string{want.operation.name + " ÷ " + want.over.name, "≤ " + times(want.most)}
		for _, n := range o.workers {
			row = append(row, want.ratio(found, n).String())
		}
		t.row(append(row, verdict(want.met(found, o.workers)))...)
	}
	text := t.String()
	text += fmt.Sprintf("\nIntrospection costs %s as much where /metrics counts it (median of the rounds, with %d clients).\n",
		found.ratio(cell{withMetrics.name, o.some()}, cell{introspection.name, o.some()}, cpuOf), o.some())
	if a, counted := allocated[introspection.name]; counted {
		text += fmt.Sprintf("\nAllocations per introspection: %.0f (target: under %d, %s).\n", a, mostAllocations, verdict(a < mostAllocations))
	} else {
		text += "\nAllocations were not counted: the server had no listener for /debug/pprof.\n"
	}
	return text
}

func (t target) ratio(found table, workers int) quotient {
	return found.ratio(cell{t.operation.name, workers}, cell{t.over.name, workers}, cpuOf)
}

// met says whether the target is met with every number of workers.
func (t target) met(found table, workers []int) bool {
	return !slices.ContainsFunc(workers, func(n int) bool { return t.ratio(found, n).middle > t.most })
}

// causes says of each target that was missed what the operation spends beyond its smallest program.
func (o *options) causes(ctx context.Context, found table, house *stage, small *smallest) (string, error) {
	var text strings.Builder
	for _, want := range targets {
		if want.met(found, o.workers) {
			continue
		}
		ours, err := o.profile(ctx, house.subject(want.operation))
		if errors.Is(err, errNoOps) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		theirs, err := o.profile(ctx, small.subject(want.over))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&text, "- %s: %s.\n", want.operation.name, strings.Join(ours.beyond(theirs).largest(6), ", "))
	}
	if text.Len() == 0 {
		return "", nil
	}
	return fmt.Sprintf("\nWhy targets were missed: the largest costs beyond the smallest program with %d clients, as under \"Where the time goes\".\n\n%s", o.some(), &text), nil
}

func (o *options) figures(found table, subjects []*subject, allocated map[string]float64) string {
	t := newTable("operation", "clients", "per second", "p50", "p99", "server CPU", "allocations")
	for _, s := range subjects {
		for _, n := range o.workers {
			r := found.median(s.name, n)
			objects := ""
			if a, counted := allocated[s.name]; counted && n == o.some() {
				objects = fmt.Sprintf("%.0f", a)
			}
			t.row(s.name, fmt.Sprint(n), perSecond(r.perSec), millis(r.p50), millis(r.p99), micros(r.cpu), objects)
		}
	}
	return t.String()
}
