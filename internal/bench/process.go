package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under measurement.
type process struct {
	cmd     *exec.Cmd
	address string // where it answers, HOST:PORT
	ops     string // where it serves /debug/pprof, empty: nowhere
	logged  string // the file with what it wrote to stderr
	ended   chan error
	began   time.Time
	// answered is when the first answer came.
	answered time.Time
}

// url is the issuer of a Gatehouse, too.
func (p *process) url() string { return "http://" + p.address }

// startProcess starts a command and waits until it answers on address. Its log is a file in dir, as it would be a pipe or a file
// in production.
func startProcess(ctx context.Context, dir, address, ops string, cmd *exec.Cmd) (*process, error) {
	log, err := os.CreateTemp(dir, filepath.Base(cmd.Path)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stderr = log
	p := &process{cmd: cmd, address: address, ops: ops, logged: log.Name(), ended: make(chan error, 1), began: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.ended <- cmd.Wait() }()
	if err := p.await(ctx); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// await returns when the first answer has come.
func (p *process) await(ctx context.Context) error {
	for deadline := p.began.Add(60 * time.Second); ; {
		if p.answers() {
			p.answered = time.Now()
			return nil
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("%s ended while starting: %w\n%s", p.cmd.Path, err, p.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer\n%s", p.cmd.Path, p.lastWords())
		}
	}
}

// answers asks for anything. The system takes a connection before the process does, so that a request waits until it is answered.
func (p *process) answers() bool {
	c, err := dial(p.address)
	if err != nil {
		return false
	}
	defer c.close()
	_, err = c.send("GET", "/readyz", "", "")
	return err == nil
}

func (p *process) lastWords() string {
	text, _ := os.ReadFile(p.logged)
	return string(text[max(0, len(text)-2000):])
}

// stop ends the process by its id: politely, and after half a minute for good.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// ticksPerSecond is the unit of /proc/PID/stat, the same on every Linux that Go runs on.
const ticksPerSecond = 100

// cpu returns the processor time that the process has used, user and system (proc_pid_stat(5): utime, stime).
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before it may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is not as expected")
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err1, err2)
}

// rss returns the memory in use in bytes (proc_pid_status(5): VmRSS).
func (p *process) rss() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("/proc/PID/status has no VmRSS")
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	return n << 10, err
}

// errNoOps says that a server has no listener for /debug/pprof and /metrics.
var errNoOps = errors.New("the server has no listener for operators")

// debug returns what the process answers to a GET below /debug/pprof/.
func (p *process) debug(ctx context.Context, path string) ([]byte, error) {
	return p.fetch(ctx, "/debug/pprof/"+path)
}

// fetch returns what the listener for operators answers to a GET.
func (p *process) fetch(ctx context.Context, path string) ([]byte, error) {
	if p.ops == "" {
		return nil, errNoOps
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.ops+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(r)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, errNoOps
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", r.URL, response.Status)
	}
	return io.ReadAll(response.Body)
}

// mallocs returns how many objects the process has ever allocated (runtime.MemStats.Mallocs).
func (p *process) mallocs(ctx context.Context) (int64, error) {
	text, err := p.debug(ctx, "allocs?debug=1")
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), "# Mallocs = ")
	if !found {
		return 0, errors.New("/debug/pprof/allocs has no Mallocs")
	}
	number, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseInt(number, 10, 64)
}

// spareAddress returns an address of this machine on which nothing listens.
func spareAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
