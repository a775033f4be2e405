package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// subject is an operation at a server, with the workers that do it.
type subject struct {
	server  *process
	workers []*worker
	operation
}

// result is what one measurement found.
type result struct {
	done     int
	perSec   float64       // operations answered per second, all workers together
	p50, p99 time.Duration // as a client sees it
	cpu      time.Duration // that the server used for one
}

// processors is how many of them the server kept busy.
func (r result) processors() float64 { return r.perSec * r.cpu.Seconds() }

// warmUp comes before every measurement and is not measured.
const warmUp = 200 * time.Millisecond

// measure has the first n workers do the operation for about as long as window.
func (s *subject) measure(ctx context.Context, n int, window time.Duration) (result, error) {
	workers := s.workers[:n]
	if s.before != nil {
		if err := work(ctx, workers, s.before, window); err != nil {
			return result{}, fmt.Errorf("before %s: %w", s.name, err)
		}
	} else if err := work(ctx, workers, s.do, warmUp); err != nil {
		return result{}, fmt.Errorf("%s: %w", s.name, err)
	}
	for _, w := range workers {
		w.took = w.took[:0]
	}
	before, err := s.server.cpu()
	if err != nil {
		return result{}, err
	}
	began := time.Now()
	if err := work(ctx, workers, s.do, window); err != nil {
		return result{}, fmt.Errorf("%s: %w", s.name, err)
	}
	elapsed := time.Since(began)
	after, err := s.server.cpu()
	if err != nil {
		return result{}, err
	}
	return summed(workers, elapsed, after-before)
}

func summed(workers []*worker, elapsed, cpu time.Duration) (result, error) {
	var took []time.Duration
	for _, w := range workers {
		took = append(took, w.took...)
	}
	if len(took) == 0 {
		return result{}, errors.New("nothing was done")
	}
	slices.Sort(took)
	return result{
		done: len(took), perSec: float64(len(took)) / elapsed.Seconds(), cpu: cpu / time.Duration(len(took)),
		p50: took[len(took)/2], p99: took[len(took)*99/100],
	}, nil
}

// work has workers do something for as long as window, each over and over, and notes how long each time took.
func work(ctx context.Context, workers []*worker, do func(*worker) error, window time.Duration) error {
	deadline := time.Now().Add(window)
	return each(len(workers), func(i int) error {
		w := workers[i]
		for began := time.Now(); began.Before(deadline) && ctx.Err() == nil; {
			err := do(w)
			if errors.Is(err, errNoCode) {
				return nil
			}
			if err != nil {
				return err
			}
			now := time.Now()
			w.took = append(w.took, now.Sub(began))
			began = now
		}
		return ctx.Err()
	})
}

// count has the first n workers do the operation and returns how many objects the server allocated for one.
func (s *subject) count(ctx context.Context, n int, window time.Duration) (float64, error) {
	if s.before != nil {
		if err := work(ctx, s.workers[:n], s.before, window); err != nil {
			return 0, err
		}
	}
	first, err := s.server.mallocs(ctx)
	if err != nil {
		return 0, err
	}
	before, err := s.server.mallocs(ctx) // and so how many it takes to ask
	if err != nil {
		return 0, err
	}
	for _, w := range s.workers[:n] {
		w.took = w.took[:0]
	}
	if err := work(ctx, s.workers[:n], s.do, window); err != nil {
		return 0, err
	}
	after, err := s.server.mallocs(ctx)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, w := range s.workers[:n] {
		done += len(w.took)
	}
	return float64((after-before)-(before-first)) / float64(max(done, 1)), nil
}
