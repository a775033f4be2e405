//go:build unix

// Package cluster runs a PostgreSQL server of a test's own, on a spare port and in a temporary folder. Command testdb/pg runs one for
// all tests; what is done to a server itself, such as stopping it, needs another.
package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const superuser = "gatehouse"

// Server is a running PostgreSQL with everything it keeps in one folder.
type Server struct {
	bin, dir string
	account  *syscall.Credential // whom the programs run as; nil: as ourselves
	password string
	port     int
	durable  bool
	process  *exec.Cmd // nil while it does not run
	ended    chan error
}

// Start makes a new cluster and returns when it answers, or something comes from stop, which may be nil. durable syncs every
// commit to disk, as in production.
func Start(durable bool, stop <-chan os.Signal) (*Server, error) {
	s := &Server{password: rand.Text(), durable: durable, ended: make(chan error, 1)}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	err := s.start(stop)
	for n := 1; n < 3 && err != nil && s.process == nil; n++ { // it ended: somebody may have taken its port
		s.port = 0
		err = s.start(stop)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(stop <-chan os.Signal) error {
	if err := s.launch(); err != nil {
		return err
	}
	return s.await(stop)
}

// Halt ends the server by a signal of PostgreSQL's: SIGINT ends it in order, SIGQUIT as a crash does. Its folder stays.
func (s *Server) Halt(signal syscall.Signal) error {
	if err := s.process.Process.Signal(signal); err != nil {
		return err
	}
	<-s.ended
	s.process = nil
	return nil
}

// Resume starts a halted server again, at the same address, and returns when it answers.
func (s *Server) Resume() error {
	return s.start(nil)
}

// URL is where the server answers.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/postgres?sslmode=disable", superuser, s.password, s.port)
}

// prepare finds the programs, makes the folder and runs initdb, which refuses to run as root.
func (s *Server) prepare() (err error) {
	if s.bin, err = findPrograms(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "gatehouse-pg-"); err != nil {
		return err
	}
	passwordFile := filepath.Join(s.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(s.password), 0o600); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := s.handOver(passwordFile); err != nil {
			return err
		}
	}
	cmd := s.command("initdb", "--pgdata="+s.data(), "--username="+superuser, "--pwfile="+passwordFile,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// handOver gives the folder to the system's account for PostgreSQL.
func (s *Server) handOver(passwordFile string) error {
	account, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("root cannot run PostgreSQL, and %w", err)
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return err
	}
	s.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(os.Chown(s.dir, int(uid), int(gid)), os.Chown(passwordFile, int(uid), int(gid)))
}

func (s *Server) launch() (err error) {
	if s.port == 0 {
		if s.port, err = sparePort(); err != nil {
			return err
		}
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-h", "127.0.0.1", "-k", s.dir, "-c", "max_connections=200"}
	if !s.durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	log, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.process = s.command("postgres", args...)
	s.process.Stdout, s.process.Stderr = log, log
	started := make(chan error)
	go attend(s.process, started, s.ended)
	if err := <-started; err != nil {
		s.process = nil
		return err
	}
	return nil
}

// attend starts a process and waits for its end on one thread of the system, on which its parent-death signal hangs.
func attend(process *exec.Cmd, started, ended chan<- error) {
	runtime.LockOSThread()
	err := process.Start()
	started <- err
	if err == nil {
		ended <- process.Wait()
	}
}

// await returns when the server answers a query.
func (s *Server) await(stop <-chan os.Signal) error {
	deadline := time.After(60 * time.Second)
	for {
		if s.answers() {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-stop:
			return errors.New("stopped while starting")
		case err := <-s.ended:
			s.process = nil
			return fmt.Errorf("PostgreSQL ended while starting: %w\n%s", err, s.logged())
		case <-deadline:
			return fmt.Errorf("PostgreSQL does not answer\n%s", s.logged())
		}
	}
}

func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx) == nil
}

// Stop ends the server by its process id, at once (SIGQUIT) if a fast shutdown (SIGINT) takes too long, and removes
// the folder.
func (s *Server) Stop() error {
	if s.process != nil {
		s.process.Process.Signal(syscall.SIGINT)
		select {
		case <-s.ended:
		case <-time.After(10 * time.Second):
			s.process.Process.Signal(syscall.SIGQUIT)
			<-s.ended
		}
	}
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	// A process group of its own, so that Ctrl-C in a terminal does not reach the server before COMMAND has ended.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account, Setpgid: true}
	DieWithParent(cmd.SysProcAttr)
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

func (s *Server) logged() string {
	text, _ := os.ReadFile(s.log())
	return string(text)
}

// findPrograms returns the folder of the newest initdb and postgres, Debian's layout first, then the PATH.
func findPrograms() (string, error) {
	newest, version := "", 0
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	for _, path := range found {
		bin := filepath.Dir(path)
		if v, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && v > version {
			newest, version = bin, v
		}
	}
	if newest != "" {
		return newest, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL's initdb is neither under /usr/lib/postgresql nor on the PATH: install PostgreSQL")
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

func sparePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
