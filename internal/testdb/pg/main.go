//go:build unix

// Command pg runs another command beside a PostgreSQL server of its own, on a spare port and in a temporary folder:
//
//	go run ./internal/testdb/pg [-durable] -- COMMAND [ARGUMENT…]
//
// COMMAND finds the server's URL in GATEHOUSE_TEST_POSTGRES. When COMMAND ends, or pg is told to by SIGINT or SIGTERM,
// the server is stopped and its folder removed, and pg exits with COMMAND's exit code.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"gatehouse/internal/testdb"
	"gatehouse/internal/testdb/cluster"
)

func main() {
	durable := flag.Bool("durable", false, "sync every commit to disk, as in production; for benchmarks")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: pg [-durable] -- COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	// The parent-death signal of Linux hangs on the thread that started the child; see cluster.DieWithParent.
	runtime.LockOSThread()
	code, err := run(*durable, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "pg:", err)
	}
	os.Exit(code)
}

func run(durable bool, command []string) (code int, err error) {
	stop := make(chan os.Signal, 4)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go watchParent(stop)

	server, err := cluster.Start(durable, stop)
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := server.Stop(); stopErr != nil && err == nil {
			code, err = 1, stopErr
		}
	}()
	return attend(command, server.URL(), stop)
}

// attend runs command in a process group of its own and hands every signal on to that group.
func attend(command []string, url string, stop <-chan os.Signal) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), testdb.ServerVariable+"="+url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cluster.DieWithParent(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return 127, err
	}
	group := -cmd.Process.Pid
	defer syscall.Kill(group, syscall.SIGKILL) // whatever it left behind

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var grace <-chan time.Time
	for {
		select {
		case err := <-ended:
			return exitCode(err)
		case s := <-stop:
			syscall.Kill(group, s.(syscall.Signal))
			if grace == nil {
				grace = time.After(10 * time.Second)
			}
		case <-grace:
			syscall.Kill(group, syscall.SIGKILL)
		}
	}
}

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			return 1, err
		}
		return 0, nil
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// watchParent asks for a stop when the parent goes away: `go run` does not hand SIGTERM on.
func watchParent(stop chan<- os.Signal) {
	parent := os.Getppid()
	for range time.Tick(200 * time.Millisecond) {
		if os.Getppid() != parent {
			stop <- syscall.SIGTERM
			return
		}
	}
}
