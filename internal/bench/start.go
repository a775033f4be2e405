package main

import (
	"context"
	"fmt"
	"time"
)

const (
	mostToStart = 150 * time.Millisecond
	mostIdle    = 60_000_000 // bytes
	idleFor     = 3 * time.Second
)

// starting measures how long a server takes from the start of its process to its first answer, on a database that it knows, and
// what memory it has then, when nobody asks anything.
func starting(ctx context.Context, o *options) (string, error) {
	s, err := o.open(ctx, o.gatehouse, "", 4, 1, nil)
	if err != nil {
		return "", err
	}
	s.close()
	var took []time.Duration
	var idle []int64
	for range 2 * o.rounds {
		if err := s.serve(ctx); err != nil {
			return "", err
		}
		took = append(took, s.answered.Sub(s.began))
		time.Sleep(idleFor / time.Duration(o.rounds))
		n, err := s.rss()
		s.stop()
		if err != nil {
			return "", err
		}
		idle = append(idle, n)
	}
	middle := median(took, func(d time.Duration) time.Duration { return d })
	memory := median(idle, func(n int64) int64 { return n })
	t := newTable("an existing SQLite database", "median", "target", "")
	t.row("from the start of the process to its first answer", millis(middle), "< "+millis(mostToStart), verdict(middle < mostToStart))
	t.row("memory (RSS) when idle", megabytes(memory), "< "+megabytes(mostIdle), verdict(memory < mostIdle))
	return fmt.Sprintf("## Start and idle memory\n\n%d starts.\n\n%s", 2*o.rounds, t), nil
}
