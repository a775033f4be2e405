package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAPartThatIsMeasuredAgainReplacesItselfOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	require.NoError(t, save(path, "soak", "flat"))
	require.NoError(t, save(path, "ratios", "slow"))
	require.NoError(t, save(path, "ratios", "quick"))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, head+"\n<!-- ratios -->\nquick\n<!-- end of ratios -->\n\n<!-- soak -->\nflat\n<!-- end of soak -->\n", string(text))
}

func TestARatioIsTheMedianOfItsRounds(t *testing.T) {
	at := func(cpu ...time.Duration) (rounds []result) {
		for _, d := range cpu {
			rounds = append(rounds, result{cpu: d})
		}
		return rounds
	}
	a, b := cell{"a", 1}, cell{"b", 1}
	found := table{a: at(10, 300, 24), b: at(10, 100, 20)} // the machine was slow in the second round, for both
	require.InDelta(t, 1.2, found.ratio(a, b, cpuOf).middle, 0.001)
}

func TestASampleCountsForTheInnermostCostThatItsStackMeets(t *testing.T) {
	found := samples([]byte(`File: gatehouse
Type: cpu
-----------+-------------------------------------------------------
      20ms   runtime.memmove
             crypto/sha256.(*Digest).Write
             gatehouse/authz.hashValue
             net/http.(*conn).serve
-----------+-------------------------------------------------------
     1.50s   runtime.cgocall
             github.com/mattn/go-sqlite3._Cfunc_sqlite3_step
-----------+-------------------------------------------------------
      10ms   runtime.nobodyKnows
-----------+-------------------------------------------------------
`))
	require.Equal(t, spent{
		"HMAC, SHA-256 and signatures": 20 * time.Millisecond, "SQLite, inside": 1500 * time.Millisecond, otherCosts: 10 * time.Millisecond,
	}, found)
	one := found.of(153 * time.Microsecond)
	require.Equal(t, []string{"SQLite, inside 150 µs", "HMAC, SHA-256 and signatures 2 µs"}, one.largest(2))
	more := one.beyond(spent{"SQLite, inside": 149 * time.Microsecond, otherCosts: time.Second})
	require.Equal(t, []string{"HMAC, SHA-256 and signatures 2 µs", "SQLite, inside 1 µs", ""}, more.largest(3))
}

func TestAPlotGoesFromZeroToTheLargestValue(t *testing.T) {
	line := []rune(plot([]float64{0, 4, 8}))
	require.Len(t, line, plotWidth)
	require.Equal(t, "▁▅█", string([]rune{line[0], line[plotWidth/2], line[plotWidth-1]}))
}
