package main

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The real program of schema 7, which knows neither reviews nor the audit log, beside this one on its schema.
func TestTheProgramOfAnEarlierSchemaWorksBesideThisOne(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_FAULTS") == "" {
		t.Skip("it builds a program from the history: make test-faults")
	}
	old, dsn := oldProgram(t, "0008_audit"), furnished.Postgres(t)
	m := newMachines(t, dsn, dsn)
	m.program = old
	m.restart(0, dsn)
	older, newer := m.each[0], m.each[1]
	for _, pair := range [][2]*testServer{{older, newer}, {newer, older}} {
		requireTokensGoOn(t, pair[0], pair[1])
	}
	all := m.proxy.backends
	for _, turn := range []int{0, 1} { // every request goes to the other program, whichever began
		m.proxy.backends, m.proxy.turn = all[:2], turn
		m.wholeFlow()
	}
	m.proxy.backends = all
	m.program = ""
	m.restart(0, dsn)
	m.wholeFlow()
	m.reviewed(t)
	m.developed(t)
}

// requireTokensGoOn has a person sign in and decide at one server, and the mini app go on at another one.
func requireTokensGoOn(t *testing.T, first, then *testServer) {
	t.Helper()
	b := first.newBrowser()
	code, _ := first.allowIn(b, "ana@example.com", request("photoprint"))
	a := then.post("/oauth2/token", "photoprint", exchangeForm(code))
	require.Equal(t, http.StatusOK, a.StatusCode, a.body)
	tokens := a.json(t)
	sent := refreshForm(tokens["refresh_token"].(string))
	refreshed := first.post("/oauth2/token", "photoprint", sent)
	require.Equal(t, http.StatusOK, refreshed.StatusCode, refreshed.body)
	require.Equal(t, refreshed.json(t)["access_token"], then.post("/oauth2/token", "photoprint", sent).json(t)["access_token"], "a lost answer")
	access := refreshed.json(t)["access_token"]
	require.True(t, then.active("photoprint", access))
	require.Equal(t, "ana@example.com", then.userinfo(access).json(t)["email"])
	require.Equal(t, http.StatusOK, b.get(then.url+"/account").StatusCode, "the session")
	require.Equal(t, http.StatusOK, then.post("/oauth2/revoke", "photoprint", url.Values{"token": {refreshed.json(t)["refresh_token"].(string)}}).StatusCode)
	require.False(t, first.active("photoprint", access))
}

// oldProgram builds the program as it was before a migration came.
func oldProgram(t *testing.T, migration string) string {
	t.Helper()
	root := git(t, "rev-parse", "--show-toplevel")
	folder := t.TempDir()
	source, archive := filepath.Join(folder, "source"), filepath.Join(folder, "source.tar")
	require.NoError(t, os.Mkdir(source, 0o700))
	git(t, "-C", root, "archive", "--output", archive, commitBefore(t, root, migration))
	require.NoError(t, exec.CommandContext(t.Context(), "tar", "-x", "-f", archive, "-C", source).Run())
	program := filepath.Join(folder, "gatehouse")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "./cmd/gatehouse")
	build.Dir = source
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// commitBefore is the last commit whose schema is this one's up to a migration. Where that came with a merge, one of the
// merge's parents has it: others have migrations under numbers that they did not keep.
func commitBefore(t *testing.T, root, migration string) string {
	t.Helper()
	const folder = "storage/gormstore/migrations/"
	came := strings.Fields(git(t, "-C", root, "log", "--reverse", "--format=%H", "--", folder+migration+".sql"))
	if len(came) == 0 {
		t.Skip("the history does not go back to ", migration)
	}
	names := func(commit string) []string {
		return strings.Fields(git(t, "-C", root, "ls-tree", "--name-only", commit, folder))
	}
	now := names("HEAD")
	before := now[:slices.IndexFunc(now, func(name string) bool { return strings.HasPrefix(name, folder+migration+".") })]
	for _, parent := range strings.Fields(git(t, "-C", root, "rev-parse", came[0]+"^@")) {
		if slices.Equal(names(parent), before) {
			return parent
		}
	}
	t.Skip("the history has no program of the schema before ", migration)
	return ""
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", args...).Output()
	if err != nil {
		t.Skip("there is no history to build it from: ", err)
	}
	return strings.TrimSpace(string(out))
}
