//go:build unix

package main

import "golang.org/x/sys/unix"

// freeSpace is how much a program of no privileges can still write into a folder, in bytes; false where it is not known.
func freeSpace(folder string) (uint64, bool) {
	var about unix.Statfs_t
	if err := unix.Statfs(folder, &about); err != nil {
		return 0, false
	}
	return uint64(about.Bavail) * uint64(about.Bsize), true
}
