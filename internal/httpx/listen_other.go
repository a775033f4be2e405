//go:build !linux

package httpx

import "net"

// refuseNew does nothing where the system offers no way.
func refuseNew(net.Listener) {}

// someWait cannot know.
func someWait(net.Listener) bool { return false }
