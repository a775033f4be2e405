package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
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

// spent is the server CPU of one operation by what it went to.
type spent map[string]time.Duration

// profiles says what each operation spends its time on, and on what more than the smallest program that does its work.
func profiles(ctx context.Context, o *options) (string, error) {
	s, err := o.open(ctx, o.gatehouse, "", o.crowd(), 4, nil)
	if err != nil {
		return "", err
	}
	defer s.close()
	small, err := o.openSmallest(ctx, o.crowd())
	if err != nil {
		return "", err
	}
	defer small.close()
	found := map[string]spent{}
	for _, each := range []*subject{small.subject(smallestRead), small.subject(smallestWrite), s.subject(introspection), s.subject(refreshing),
		s.subject(clientCredentials), s.subject(codeExchange), s.subject(wholeFlow), s.subject(userinfo)} {
		found[each.name], err = o.profile(ctx, each)
		if errors.Is(err, errNoOps) {
			return "## Where the time goes\n\nNot measured: the server had no listener for /debug/pprof.\n", nil
		}
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("## Where the time goes\n\nServer CPU of one operation on SQLite with %d clients, split by CPU profiles (`/debug/pprof/profile` of `GATEHOUSE_OPS_LISTEN`). "+
		"A sample counts\nfor the first of these that its stack meets from the innermost function outwards: collecting and allocating memory, SQLite, sockets, scheduling, "+
		"a library, a package of ours.\n\n", o.some()) + costTables(found), nil
}

func costTables(found map[string]spent) string {
	largest := newTable("the three largest costs", "first", "second", "third")
	for _, name := range []operation{smallestRead, smallestWrite, introspection, refreshing, clientCredentials, codeExchange, wholeFlow, userinfo} {
		largest.row(append([]string{name.name}, found[name.name].largest(3)...)...)
	}
	more := newTable("the largest costs beyond the smallest program", "first", "second", "third", "fourth")
	for _, t := range targets {
		more.row(append([]string{t.operation.name + " − " + t.over.name}, found[t.operation.name].beyond(found[t.over.name]).largest(4)...)...)
	}
	return largest.String() + "\n" + more.String()
}

// profile returns what an operation costs.
func (o *options) profile(ctx context.Context, s *subject) (spent, error) {
	n := o.some()
	whole, err := s.measure(ctx, n, o.window)
	if err != nil {
		return nil, err
	}
	seconds := max(2, int(o.window.Seconds()))
	if s.before != nil { // as many as the profile needs
		if err := work(ctx, s.workers[:n], s.before, time.Duration(seconds+1)*time.Second); err != nil {
			return nil, err
		}
	}
	busy := make(chan error, 1)
	go func() {
		busy <- work(ctx, s.workers[:n], s.do, time.Duration(seconds)*time.Second+500*time.Millisecond)
	}()
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
	return samples(text).of(whole.cpu), nil
}

// of spreads what one operation costs in the proportions of s.
func (s spent) of(one time.Duration) spent {
	var all time.Duration
	for _, took := range s {
		all += took
	}
	part := spent{}
	for name, took := range s {
		part[name] = time.Duration(float64(took) / float64(max(all, 1)) * float64(one))
	}
	return part
}

// beyond returns what s has more than other.
func (s spent) beyond(other spent) spent {
	more := spent{}
	for name, took := range s {
		if d := took - other[name]; d > 0 {
			more[name] = d
		}
	}
	return more
}

// largest names the n largest costs.
func (s spent) largest(n int) []string {
	names := slices.SortedFunc(maps.Keys(s), func(a, b string) int { return cmp.Compare(s[b], s[a]) })
	list := make([]string, n)
	for i, name := range names[:min(n, len(names))] {
		list[i] = name + " " + micros(s[name])
	}
	return list
}

// samples reads what `go tool pprof -traces` prints, blocks of the form
//
//	-----------+-------
//	      10ms   runtime.futex
//	             runtime.notesleep
//
// and returns the time of each cost.
func samples(text []byte) spent {
	found := spent{}
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
