package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(tidied{m}, map[string]func(){"gatehouse": main})
}

// tidied are the tests, and what they leave to be tidied up.
type tidied struct{ *testing.M }

// Run lets the commands that the tests run end at once: under the race detector each would sleep for a second first, hundreds
// of them one after another. A race that it finds makes a command fail all the same.
func (m tidied) Run() int {
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.M.Run()
	if err := furnished.Drop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// TestScripts runs the real binary through testdata/scripts, each script on a SQLite database of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "scripts"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "copyvalue": copyValue, "listens": listens, "open": openURL, "samekeys": sameKeys,
		},
	})
}

// exits CODE COMMAND… runs a command and wants this exit code, and an error of one line on stderr.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		_, text, _ := strings.Cut(err.Error(), "exit status ")
		code = map[string]int{"1": 1, "2": 2}[text]
	}
	if want := map[string]int{"0": 0, "1": 1, "2": 2}[args[0]]; code != want {
		ts.Fatalf("exit code %d, not %d", code, want)
	}
}

// copyValue FILE KEY VARIABLE sets an environment variable to the first text that stands under a key in JSON, however it is
// laid out, and whatever stands around it, such as the headers that curl -i prints.
func copyValue(ts *testscript.TestScript, _ bool, args []string) {
	member := regexp.MustCompile(`"` + regexp.QuoteMeta(args[1]) + `"\s*:\s*("(?:[^"\\]|\\.)*")`)
	found := member.FindStringSubmatch(ts.ReadFile(args[0]))
	if found == nil {
		ts.Fatalf("%s has no text %s", args[0], args[1])
	}
	var text string
	ts.Check(json.Unmarshal([]byte(found[1]), &text))
	ts.Setenv(args[2], text)
}

// listens LOG VARIABLE waits until a server has written to its log that it listens, and sets a variable to the address.
func listens(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		raw, _ := os.ReadFile(ts.MkAbs(args[0])) // not there yet, or not whole
		if _, addr, found := strings.Cut(string(raw), `"addr":"`); found {
			if addr, _, whole := strings.Cut(addr, `"`); whole {
				ts.Setenv(args[1], addr)
				return
			}
		}
	}
	ts.Fatalf("the server does not listen: %s", ts.ReadFile(args[0]))
}
