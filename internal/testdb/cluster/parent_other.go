//go:build unix && !linux

package cluster

import "syscall"

// DieWithParent does nothing: only Linux tells a child that its parent was killed.
func DieWithParent(*syscall.SysProcAttr) {}
