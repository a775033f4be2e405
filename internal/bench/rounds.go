package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// table has the results of one round each, by subject and number of workers.
type table map[cell][]result

type cell struct {
	subject string
	workers int
}

// inTurns measures every subject with every number of workers, in turns, so that what disturbs the machine disturbs all alike.
func inTurns(ctx context.Context, subjects []*subject, o *options) (table, error) {
	found := table{}
	for round := range o.rounds {
		for _, n := range o.workers {
			for _, s := range subjects {
				r, err := s.measure(ctx, n, o.window)
				if err != nil {
					return nil, err
				}
				at := cell{s.name, n}
				found[at] = append(found[at], r)
			}
		}
		o.say("round %d of %d", round+1, o.rounds)
	}
	return found, nil
}

// median returns the median of each figure of a cell.
func (t table) median(name string, workers int) result {
	rounds := t[cell{name, workers}]
	if len(rounds) == 0 {
		return result{}
	}
	return result{
		perSec: median(rounds, func(r result) float64 { return r.perSec }),
		p50:    median(rounds, func(r result) time.Duration { return r.p50 }),
		p99:    median(rounds, func(r result) time.Duration { return r.p99 }),
		cpu:    median(rounds, func(r result) time.Duration { return r.cpu }),
	}
}

// span tells the shortest and the longest p50 of a cell's rounds.
func (t table) span(name string, workers int) string {
	var p50 []time.Duration
	for _, r := range t[cell{name, workers}] {
		p50 = append(p50, r.p50)
	}
	if len(p50) == 0 {
		return "nothing"
	}
	return millis(slices.Min(p50)) + " to " + millis(slices.Max(p50))
}

// quotient is what one figure is as a multiple of another, round by round.
type quotient struct{ middle, least, most float64 }

// ratio returns a's figure divided by b's of the same round: the median of the rounds, the lowest and the highest.
func (t table) ratio(a, b cell, figure func(result) float64) quotient {
	over := t[b]
	var ratios []float64
	for i, r := range t[a] {
		if i < len(over) && figure(over[i]) > 0 {
			ratios = append(ratios, figure(r)/figure(over[i]))
		}
	}
	if len(ratios) == 0 {
		return quotient{}
	}
	return quotient{median(ratios, func(f float64) float64 { return f }), slices.Min(ratios), slices.Max(ratios)}
}

func (q quotient) String() string {
	return fmt.Sprintf("%.2f× (%.2f to %.2f)", q.middle, q.least, q.most)
}

func cpuOf(r result) float64        { return float64(r.cpu) }
func throughputOf(r result) float64 { return r.perSec }
func p50Of(r result) float64        { return float64(r.p50) }

// median returns the middle figure of list, the higher one of two, zero for none.
func median[T any, N cmp.Ordered](list []T, figure func(T) N) (middle N) {
	var figures []N
	for _, each := range list {
		figures = append(figures, figure(each))
	}
	slices.Sort(figures)
	if len(figures) > 0 {
		middle = figures[len(figures)/2]
	}
	return middle
}
