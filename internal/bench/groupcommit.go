package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

const (
	oneCommit = "refresh, one commit each"
	leastGain = 4.0 // in refreshes per second, at the largest number of workers
	// farSync is how much longer a sync takes where a disk is behind a network.
	farSync = time.Millisecond
)

// groupCommit compares refreshing with that of a server that commits for each write: on this machine's disk, and on one that
// takes longer.
func (o *options) groupCommit(ctx context.Context) (string, error) {
	near, err := o.shared(ctx)
	if err != nil {
		return "", err
	}
	single, err := o.singleCommit(ctx)
	if err != nil {
		return "", err
	}
	slow, err := o.slowDisk(ctx)
	if err != nil {
		return "", err
	}
	far, err := o.shared(ctx, slow...)
	if err != nil {
		return "", err
	}
	return "\nRefresh: " + o.gained(near) + o.disk(near, single) +
		fmt.Sprintf("Where every sync takes %s longer, as on a disk behind a network: ", farSync) + o.gained(far), nil
}

// shared measures servers that share commits, and that do not, in turns.
func (o *options) shared(ctx context.Context, env ...string) (table, error) {
	oneEach, err := o.alone(ctx)
	if err != nil {
		return nil, err
	}
	env = append(env, unobserved)
	house, err := o.open(ctx, o.gatehouse, "", o.crowd(), 4, nil, env...)
	if err != nil {
		return nil, err
	}
	defer house.close()
	alone, err := o.open(ctx, oneEach, "", o.crowd(), 4, nil, env...)
	if err != nil {
		return nil, err
	}
	defer alone.close()
	other := refreshing
	other.name = oneCommit
	crowded := *o
	crowded.workers = []int{o.crowd()}
	return inTurns(ctx, []*subject{house.subject(refreshing), alone.subject(other)}, &crowded)
}

// singleCommit returns how long this machine's disk takes to make one row durable.
func (o *options) singleCommit(ctx context.Context) (time.Duration, error) {
	db, err := o.emptyTable(ctx)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var rates []float64
	for range o.rounds {
		rate, err := commits(ctx, db, 1, o.window)
		if err != nil {
			return 0, err
		}
		rates = append(rates, rate)
	}
	return apiece(median(rates, func(f float64) float64 { return f })), nil
}

// slowDisk returns the settings of a server on a disk behind a network.
func (o *options) slowDisk(ctx context.Context) ([]string, error) {
	library := filepath.Join(o.programs.dir, "slowdisk.so")
	const source = "internal/bench/slowdisk/slowdisk.c"
	if out, err := exec.CommandContext(ctx, "cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cc %s: %w\n%s", source, err, out)
	}
	return []string{"LD_PRELOAD=" + library, fmt.Sprint("SLOW_DISK=", farSync.Microseconds())}, nil
}

func (o *options) gained(found table) string {
	n := o.crowd()
	f := found.ratio(cell{refreshing.name, n}, cell{oneCommit, n}, throughputOf)
	shared, single := found.median(refreshing.name, n), found.median(oneCommit, n)
	return fmt.Sprintf("%d clients: %s per second in shared commits, %s with one commit each: %s (target: at least %s, %s).\n",
		n, perSecond(shared.perSec), perSecond(single.perSec), f, times(leastGain), verdict(f.middle >= leastGain))
}

// disk says what sharing commits can gain where a single one takes so long.
func (o *options) disk(found table, commit time.Duration) string {
	n := o.crowd()
	shared, single := found.median(refreshing.name, n), found.median(oneCommit, n)
	whole := apiece(single.perSec)
	text := fmt.Sprintf("This disk takes %s to make one row durable, of the %s that a refresh with a commit of its own takes", millis(commit), millis(whole))
	if whole > commit {
		text += fmt.Sprintf(": without that it would be %s as quick", times(float64(whole)/float64(whole-commit)))
	}
	return text + fmt.Sprintf(".\nThe servers used %.2f and %.2f processors, of %d which they share with their clients.\n",
		shared.processors(), single.processors(), runtime.NumCPU())
}

// apiece returns how long one takes, of so many in a second.
func apiece(perSecond float64) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / perSecond)
}
