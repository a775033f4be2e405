package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// measuredOn says when and where a part was measured. load is what the machine had to do before the run.
func measuredOn(began time.Time, load float64) string {
	text := fmt.Sprintf("Measured %s in %s at %s on %s; load before the run: %.1f.", began.UTC().Format("2006-01-02 15:04 MST"),
		time.Since(began).Round(time.Second), commit(), machine(), load)
	if load > float64(runtime.NumCPU())/2 {
		text += " **The machine was busy with other things**: the figures are worse than they would be alone, and further apart."
	}
	return text
}

func machine() string {
	return fmt.Sprintf("%d × %s, %s of memory, %s %s, %s", runtime.NumCPU(), after("/proc/cpuinfo", "model name"), memory(),
		runtime.GOOS, firstWord("/proc/sys/kernel/osrelease"), runtime.Version())
}

// loadNow returns the load of the last minute (proc_loadavg(5)), zero where it is not known.
func loadNow() (load float64) {
	_, _ = fmt.Sscan(firstWord("/proc/loadavg"), &load)
	return load
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

func firstWord(path string) string {
	text, _ := os.ReadFile(path)
	word, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	return word
}

// commit names the one under measurement; the report itself does not make it dirty.
func commit() string {
	out, err := exec.Command("git", "describe", "--always").Output()
	if err != nil {
		return "an unknown commit"
	}
	text := "commit " + strings.TrimSpace(string(out))
	if changed, err := exec.Command("git", "status", "--porcelain", "--", ".", ":!docs/performance.md").Output(); err != nil || len(changed) > 0 {
		text += "-dirty"
	}
	return text
}
