//go:build unix

package main_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// build returns the path of pg, or skips where PostgreSQL is not installed.
func build(t *testing.T) string {
	t.Helper()
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(found) == 0 {
		if _, err := exec.LookPath("initdb"); err != nil {
			t.Skip("PostgreSQL is not installed")
		}
	}
	program := filepath.Join(t.TempDir(), "pg")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

func TestPgLeavesNothingBehind(t *testing.T) {
	program := build(t)
	for name, test := range map[string]struct {
		command string
		signal  syscall.Signal
		code    int
	}{
		"when the command ends":       {"read line; exit 7", 0, 7},
		"when it is told to end":      {"exec sleep 600", syscall.SIGTERM, 128 + 15},
		"when the command leaves one": {"sleep 600 & read line; exit 0", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(program, "--", "sh", "-c", "echo $GATEHOUSE_TEST_POSTGRES; "+test.command)
			var errors bytes.Buffer
			cmd.Stderr = &errors
			in, err := cmd.StdinPipe()
			require.NoError(t, err)
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			url, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			url = strings.TrimSpace(url)
			folder := dataFolder(t, url)

			if test.signal == 0 {
				require.NoError(t, in.Close())
			} else {
				require.NoError(t, cmd.Process.Signal(test.signal))
			}
			cmd.Wait()
			require.Equal(t, test.code, cmd.ProcessState.ExitCode(), "%s", errors.String())
			_, err = pgx.Connect(t.Context(), url)
			require.ErrorContains(t, err, "refused")
			_, err = os.Stat(filepath.Dir(folder))
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}

func dataFolder(t *testing.T, url string) (folder string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	require.NoError(t, conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&folder))
	return folder
}
