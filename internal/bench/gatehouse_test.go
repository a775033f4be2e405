package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheServerWithOneCommitEachDiffersInOneLine(t *testing.T) {
	t.Chdir("../..")
	dir := t.TempDir()
	overlay, err := oneCommitEach(dir)
	require.NoError(t, err)
	require.FileExists(t, overlay)
	changed, err := os.ReadFile(filepath.Join(dir, "writer_sqlite.go"))
	require.NoError(t, err)
	source, err := os.ReadFile("storage/gormstore/writer_sqlite.go")
	require.NoError(t, err)
	before, after := strings.Split(string(source), "\n"), strings.Split(string(changed), "\n")
	require.Len(t, after, len(before))
	var differ []string
	for i := range before {
		if before[i] != after[i] {
			differ = append(differ, after[i])
		}
	}
	require.Equal(t, []string{"const groupLimit = 1"}, differ)
}
