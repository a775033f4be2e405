//go:build unix && !linux

package main

import "syscall"

// dieWithParent does nothing: only Linux tells a child that its parent was killed.
func dieWithParent(*syscall.SysProcAttr) {}
