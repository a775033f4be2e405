package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// cost is what a sample of a profile is counted as: the first one, from the innermost function outwards, that a function belongs to.
type cost struct {
	name  string
	frame *regexp.Regexp
}

var costs = []cost{
	{"collecting memory", regexp.MustCompile(`^runtime\.(gcBgMarkWorker|gcDrain|gcAssist|bgsweep|bgscavenge|gcStart|wbBufFlush|gcWriteBarrier)`)},
	{"allocating memory", regexp.MustCompile(`^runtime\.(mallocgc|newobject|makeslice|growslice|memclr)`)},
	{"SQLite, inside", regexp.MustCompile(`^(runtime\.cgocall|_cgo_|_?sqlite3|go-sqlite3)`)},
	{"reading and writing sockets", regexp.MustCompile(`^(internal/poll\.\(\*FD\)\.(Read|Write)|syscall\.(read|write|RawSyscall|Syscall)|internal/runtime/syscall)`)},
	{"scheduling goroutines", regexp.MustCompile(`^runtime\.(schedule|findRunnable|mcall|park_m|goschedImpl|futex|notesleep|notewakeup|startm|wakep|ready|goready|netpoll|mstart|systemstack_switch|sysmon|usleep)`)},
	{"HMAC, SHA-256 and signatures", regexp.MustCompile(`^crypto/`)},
	{"JSON", regexp.MustCompile(`^encoding/json`)},
	{"the log", regexp.MustCompile(`^log/slog`)},
	{"database/sql and the driver", regexp.MustCompile(`^(database/sql|github\.com/mattn/go-sqlite3|github\.com/jackc)`)},
	{"gorm", regexp.MustCompile(`^gorm\.io`)},
	{"fosite", regexp.MustCompile(`^github\.com/ory/fosite`)},
	{"the session cookie", regexp.MustCompile(`^github\.com/gorilla`)},
	{"net/http", regexp.MustCompile(`^net/(http|textproto|url)`)},
}

const otherCosts = "anything else"

// profiles says what each operation spends its time on.
func profiles(ctx context.Context, o *options) (string, error) {
	s, err := o.open(ctx, o.gatehouse, "", o.crowd(), 4, nil)
	if err != nil {
		return "", err
	}
	defer s.close()
	t := newTable("operation", "largest cost", "second", "third")
	for _, op := range operations {
		shares, err := o.profile(ctx, s.subject(op))
		if errors.Is(err, errNoOps) {
			return "## Where the time goes\n\nNot measured: the server had no listener for /debug/pprof.\n", nil
		}
		if err != nil {
			return "", err
		}
		t.row(op.name, shares[0], shares[1], shares[2])
	}
	return "## Where the time goes\n\nThe three largest costs of each operation on SQLite with " + fmt.Sprint(min(16, o.crowd())) + " clients, of the server's processor time, from CPU profiles\n" +
		"(`/debug/pprof/profile` of `GATEHOUSE_OPS_LISTEN`). A sample counts for the first of these that its stack meets, from the innermost function outwards.\n\n" +
		t.String(), nil
}

// profile returns the three largest costs of an operation.
func (o *options) profile(ctx context.Context, s *subject) ([]string, error) {
	workers := s.workers[:min(16, o.crowd())]
	seconds := max(2, int(o.window.Seconds()))
	if s.before != nil { // as many as the profile needs
		if err := work(ctx, workers, s.before, time.Duration(seconds+1)*time.Second); err != nil {
			return nil, err
		}
	}
	busy := make(chan error, 1)
	go func() { busy <- work(ctx, workers, s.do, time.Duration(seconds)*time.Second+500*time.Millisecond) }()
	raw, err := s.server.debug(ctx, fmt.Sprintf("profile?seconds=%d", seconds))
	if err := errors.Join(err, <-busy); err != nil {
		return nil, err
	}
	file := filepath.Join(o.dir, strings.ReplaceAll(s.name, " ", "-")+".pprof")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, err
	}
	text, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-traces", file).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	return largest(samples(text)), nil
}

// samples reads what `go tool pprof -traces` prints, blocks of the form
//
//	-----------+-------
//	      10ms   runtime.futex
//	             runtime.notesleep
//
// and returns the time of each cost.
func samples(text []byte) map[string]time.Duration {
	found := map[string]time.Duration{}
	for block := range bytes.SplitSeq(text, []byte("-----------+")) {
		lines := strings.Split(string(block), "\n")
		if len(lines) < 2 {
			continue
		}
		first := strings.Fields(lines[1])
		if len(first) < 2 {
			continue
		}
		took, err := time.ParseDuration(first[0])
		if err != nil {
			continue
		}
		stack := []string{first[1]}
		for _, line := range lines[2:] {
			if frame := strings.Fields(line); len(frame) > 0 {
				stack = append(stack, frame[0])
			}
		}
		found[costOf(stack)] += took
	}
	return found
}

// ourPackage finds the package in the name of one of our functions.
var ourPackage = regexp.MustCompile(`^(gatehouse/[a-z/]+|main)\.`)

func costOf(stack []string) string {
	for _, frame := range stack {
		if ours := ourPackage.FindStringSubmatch(frame); ours != nil {
			return "our `" + strings.TrimPrefix(strings.Replace(ours[1], "main", "cmd/gatehouse", 1), "gatehouse/") + "`"
		}
		for _, c := range costs {
			if c.frame.MatchString(frame) {
				return c.name
			}
		}
	}
	return otherCosts
}

// largest returns the three largest costs, each with its share.
func largest(found map[string]time.Duration) []string {
	var all time.Duration
	var names []string
	for name, took := range found {
		all += took
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(found[b] - found[a]) })
	list := make([]string, 3)
	for i, name := range names[:min(3, len(names))] {
		list[i] = name + ", " + asShare(found[name], all)
	}
	return list
}
