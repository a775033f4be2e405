package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"gatehouse/internal/config"
)

// found is what one check says, the first word of each line.
func found(check func(*doctor), c config.Config) []string {
	d := &doctor{cfg: &c}
	check(d)
	var lines []string
	for _, f := range d.findings {
		lines = append(lines, string(f.Verdict)+" "+f.Check)
	}
	return lines
}

func TestTheDoctorLooksAtTheMachine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	require.NoError(t, os.WriteFile(path, make([]byte, 100), 0o600))
	disk := func(d *doctor) { d.checkDisk(path) }
	require.Contains(t, found(disk, config.Config{}), "OK permissions")
	require.NoError(t, os.Chmod(path, 0o640))
	require.Contains(t, found(disk, config.Config{}), "WARN permissions")
	free, known := freeSpace(filepath.Dir(path))
	require.True(t, known && free > 0)
	require.NoError(t, os.Truncate(path, int64(free)+1<<30)) // a file with a hole: larger than what is left
	require.Contains(t, found(disk, config.Config{}), "WARN disk")
	require.Equal(t, []string{"FAIL disk"}, found(func(d *doctor) { d.checkDisk(path + ".gone") }, config.Config{}))

	require.Empty(t, found(func(d *doctor) { d.checkKeyAge(time.Now().Add(-300 * 24 * time.Hour)) }, config.Config{}))
	require.Equal(t, []string{"WARN key age"}, found(func(d *doctor) { d.checkKeyAge(time.Now().Add(-400 * 24 * time.Hour)) }, config.Config{}))

	for listen, want := range map[string][]string{
		"": nil, "127.0.0.1:9464": {"OK metrics"}, "10.0.0.7:9464": {"OK metrics"}, ":9464": {"WARN metrics"}, "0.0.0.0:9464": {"WARN metrics"}, "203.0.113.7:9464": {"WARN metrics"},
	} {
		require.Equal(t, want, found((*doctor).checkOps, config.Config{OpsListen: listen}), listen)
	}
}

func TestTheDoctorCallsWhomAServerCalls(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	reach := func(d *doctor) { d.reach("traces", "http://"+address+"/v1/traces", "start it") }
	require.Equal(t, []string{"OK traces"}, found(reach, config.Config{}))
	require.NoError(t, listener.Close())
	require.Equal(t, []string{"WARN traces"}, found(reach, config.Config{}))
	require.Equal(t, []string{"FAIL traces"}, found(func(d *doctor) { d.reach("traces", "collector", "write a URL") }, config.Config{}))
}
