package main

import (
	"bufio"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smallDisk is a file system of its own with few bytes, in a namespace of its own (mount_namespaces(7)): who is to see it has to be
// in there.
type smallDisk struct {
	holder *exec.Cmd
	folder string
}

// newSmallDisk makes one that ends with the test. Where the system does not allow that, the test is skipped; storage/gormstore has
// one that needs none.
func newSmallDisk(t *testing.T, bytes int) smallDisk {
	t.Helper()
	folder := t.TempDir()
	holder := exec.Command("sh", "-c", fmt.Sprintf("mount -t tmpfs -o size=%d,mode=0777 tmpfs %q && echo mounted && exec sleep 3600", bytes, folder))
	holder.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Setpgid: true}
	if id := os.Getuid(); id != 0 {
		holder.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		holder.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		holder.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	said, err := holder.StdoutPipe()
	require.NoError(t, err)
	if err := holder.Start(); err != nil {
		t.Skipf("LEFT OUT: a disk of its own, which this system does not allow: %v", err)
	}
	t.Cleanup(func() { holder.Process.Kill(); holder.Wait() })
	if line, _ := bufio.NewReader(said).ReadString('\n'); strings.TrimSpace(line) != "mounted" {
		t.Skip("LEFT OUT: a disk of its own, which this system does not allow to mount")
	}
	return smallDisk{holder, folder}
}

// seen is the path of a file on the disk as it is seen from without. SQLite does not take such a path: it would follow the link
// and be on our side.
func (d smallDisk) seen(name string) string {
	return filepath.Join(fmt.Sprintf("/proc/%d/root", d.holder.Process.Pid), d.folder, name)
}

// enter returns a command of this program that runs where the disk is.
func (d smallDisk) enter(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	named := filepath.Join(t.TempDir(), "gatehouse") // see TestMain
	require.NoError(t, os.Symlink(program, named))
	options := []string{"--target", strconv.Itoa(d.holder.Process.Pid), "--mount"}
	if os.Getuid() != 0 {
		options = append(options, "--user", "--preserve-credentials")
	}
	return exec.Command("nsenter", append(append(options, "--", named), args...)...)
}

// fullDisk is a server whose database is on a disk that is full.
type fullDisk struct {
	*testServer
	smallDisk

	mu      sync.Mutex
	alive   []string // access tokens that were answered
	revoked []string
	refused int
}

// A full disk is 503 and what only reads goes on; what was answered stays, the file is whole, and with room again it goes on by
// itself, also where the server was killed while there was none.
func TestAFullDiskIs503AndLosesNothing(t *testing.T) {
	t.Parallel()
	for range longOr(1, 5) {
		d := &fullDisk{smallDisk: newSmallDisk(t, 24<<20)}
		elsewhere := furnished.SQLite(t)
		d.testServer, _ = newProcess(t, elsewhere)
		raw, err := os.ReadFile(strings.TrimPrefix(elsewhere, "sqlite:"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(d.seen("test.db"), raw, 0o600))
		server := d.startThere(t)
		had := pairIn(d.tokens("ana@example.com", "photoprint"))

		for _, killed := range []bool{false, true} {
			d.fill(t)
			d.workUntilFull(t)
			d.requireReads(t, had.access)
			if killed {
				require.NoError(t, server.Process.Kill())
				server.Wait()
				http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			}
			require.NoError(t, os.Remove(d.seen("ballast")))
			if killed {
				server = d.startThere(t)
			}
			d.requireRoom(t)
		}
		require.Equal(t, http.StatusOK, d.post("/oauth2/token", "photoprint", refreshForm(had.refresh)).StatusCode)
		require.NoError(t, server.Process.Signal(syscall.SIGTERM))
		require.NoError(t, server.Wait())
		d.requireWhole(t)
	}
}

func (d *fullDisk) startThere(t *testing.T) *exec.Cmd {
	t.Helper()
	server := d.enter(t, "serve")
	server.Env = environment("sqlite:"+filepath.Join(d.folder, "test.db"), strings.TrimPrefix(d.url, "http://"), d.url)
	server.Stderr = d.log
	require.NoError(t, server.Start())
	t.Cleanup(func() { server.Process.Kill(); server.Wait() })
	d.awaitReady()
	return server
}

// fill leaves less than a megabyte of room.
func (d *fullDisk) fill(t *testing.T) {
	t.Helper()
	var disk syscall.Statfs_t
	require.NoError(t, syscall.Statfs(d.seen(""), &disk))
	free := int64(disk.Bavail) * disk.Bsize
	require.NoError(t, os.WriteFile(d.seen("ballast"), make([]byte, max(0, free-768<<10)), 0o600))
}

// workUntilFull issues and revokes tokens until many writes were refused.
func (d *fullDisk) workUntilFull(t *testing.T) {
	t.Helper()
	d.refused = 0
	var group sync.WaitGroup
	deadline := time.Now().Add(60 * time.Second)
	for worker := range 8 {
		group.Go(func() {
			for n := worker; d.goesOn(deadline); n++ {
				d.issue(t, n%4 == 0)
			}
		})
	}
	group.Wait()
	require.GreaterOrEqual(t, d.refused, 40, "the disk was full: %d answered", len(d.alive))
}

func (d *fullDisk) goesOn(deadline time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused < 40 && time.Now().Before(deadline)
}

func (d *fullDisk) issue(t *testing.T, revoke bool) {
	a, err := d.try(http.DefaultClient, "/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
	if !assert.NoError(t, err) || !d.done(t, a) {
		return
	}
	token := a.json(t)["access_token"].(string)
	list := &d.alive
	if revoke {
		a, err := d.try(http.DefaultClient, "/oauth2/revoke", "photoprint", url.Values{"token": {token}})
		if !assert.NoError(t, err) || !d.done(t, a) {
			return // revoked or not: nobody was told
		}
		list = &d.revoked
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	*list = append(*list, token)
}

// done reports whether a write was answered with success, and else wants it to be 503.
func (d *fullDisk) done(t *testing.T, a answer) bool {
	if a.StatusCode == http.StatusOK {
		return true
	}
	assert.Equal(t, http.StatusServiceUnavailable, a.StatusCode, a.body)
	assert.NotEmpty(t, a.Header.Get("Retry-After"))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused++
	return false
}

func (d *fullDisk) requireReads(t *testing.T, access string) {
	t.Helper()
	require.True(t, d.active("photoprint", access))
	require.Equal(t, http.StatusOK, d.userinfo(access).StatusCode)
}

// requireRoom waits until writes are answered again, and then checks all that was.
func (d *fullDisk) requireRoom(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		a := d.post("/oauth2/token", "photoprint", url.Values{"grant_type": {"client_credentials"}})
		return a.StatusCode == http.StatusOK && d.ready()
	}, 60*time.Second, 20*time.Millisecond)
	for _, token := range d.alive {
		require.True(t, d.active("photoprint", token))
	}
	for _, token := range d.revoked {
		require.False(t, d.active("photoprint", token))
	}
	t.Logf("%d tokens and %d revocations were answered", len(d.alive), len(d.revoked))
}

// requireWhole has SQLite check the file, after the server has ended.
func (d *fullDisk) requireWhole(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile(d.seen("test.db"))
	require.NoError(t, err)
	_, err = os.Stat(d.seen("test.db-wal"))
	require.ErrorIs(t, err, os.ErrNotExist)
	copied := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, os.WriteFile(copied, raw, 0o600))
	db, err := sql.Open("sqlite3", copied)
	require.NoError(t, err)
	defer db.Close()
	var verdict string
	require.NoError(t, db.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
}
