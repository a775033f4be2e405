package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// measuredOn says when and where a part was measured.
func measuredOn(began time.Time) string {
	return fmt.Sprintf("Measured %s in %s at %s on %s.", began.UTC().Format("2006-01-02 15:04 MST"),
		time.Since(began).Round(time.Second), commit(), machine())
}

func machine() string {
	return fmt.Sprintf("%d × %s, %s of memory, %s %s, %s, load %s",
		runtime.NumCPU(), after("/proc/cpuinfo", "model name"), memory(), runtime.GOOS, firstWords("/proc/sys/kernel/osrelease", 1),
		runtime.Version(), firstWords("/proc/loadavg", 2))
}

// after returns the value of a "name : value" line, "?" where there is none.
func after(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.SplitSeq(string(text), "\n") {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

func memory() string {
	var kilobytes int64
	if _, err := fmt.Sscan(after("/proc/meminfo", "MemTotal"), &kilobytes); err != nil {
		return "?"
	}
	return fmt.Sprintf("%d GB", (kilobytes+500_000)/1_000_000)
}

func firstWords(path string, n int) string {
	text, _ := os.ReadFile(path)
	words := strings.Fields(string(text))
	return strings.Join(words[:min(n, len(words))], " ")
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "an unknown commit"
	}
	return "commit " + strings.TrimSpace(string(out))
}
