package main

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// PgBouncer in transaction mode gives every transaction to another connection: nothing that belongs to a session lasts, no
// prepared statement, no LISTEN, no lock.
func TestWholeFlowsGoThroughAPoolerInTransactionMode(t *testing.T) {
	t.Parallel()
	dsn := furnished.Postgres(t)
	through := pooled(t, dsn)
	m := newMachines(t, dsn, through+"&default_query_exec_mode=exec")
	m.wholeFlow()
	m.reviewed(t)
	m.developed(t)
	m.requireNoError()
}

// pooled starts PgBouncer in front of a database and returns the database's DSN through it. Without the program the test is
// skipped.
func pooled(t *testing.T, dsn string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("PgBouncer is not installed")
	}
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	password, _ := u.User.Password()
	host, port, err := net.SplitHostPort(u.Host)
	require.NoError(t, err)
	name, addr := strings.TrimPrefix(u.Path, "/"), freeAddress(t)
	_, listen, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	settings := filepath.Join(t.TempDir(), "pgbouncer.ini")
	require.NoError(t, os.WriteFile(settings, fmt.Appendf(nil, `[databases]
%s = host=%s port=%s dbname=%s user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
ignore_startup_parameters = extra_float_digits
`, name, host, port, name, u.User.Username(), password, listen), 0o600))
	args := []string{settings}
	if os.Geteuid() == 0 {
		args = []string{"-u", "nobody", settings}
	}
	pooler := exec.Command(program, args...)
	said := &lockedBuffer{}
	pooler.Stderr, pooler.Stdout = said, said
	require.NoError(t, pooler.Start())
	t.Cleanup(func() { pooler.Process.Kill(); pooler.Wait() })
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}, 60*time.Second, 10*time.Millisecond, "%s", said)
	u.Host = addr
	query := u.Query()
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	return u.String()
}
