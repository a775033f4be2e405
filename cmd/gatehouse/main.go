// Gatehouse is one binary: the server, and the commands that care for it.
//
// wire.go puts the server together; every other file here is a command, named after it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set by the linker; see the Makefile.
var version = ""

// insist is how long after the first signal a second one ends the process at once. Whoever signals a whole group of
// processes signals twice.
const insist = 2 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(insist, stop) })
	c := &cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	os.Exit(c.run(ctx, os.Args[1:]))
}
