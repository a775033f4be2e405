package httpx

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// noSYN lets every TCP segment pass but the one that opens a connection (SYN without ACK).
var noSYN = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13},                  // the flags of the TCP header
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0x12},               // SYN, ACK
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0x02, Jt: 0, Jf: 1}, // SYN alone?
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},
}

// refuseNew makes the system ignore whoever wants to connect, until the listener is closed and they are refused. Without
// it, connections that the system accepts between the last Accept and the close would be reset with a request in them.
// Where it does not work, that moment stays open.
func refuseNew(l net.Listener) {
	program := &unix.SockFprog{Len: uint16(len(noSYN)), Filter: &noSYN[0]}
	control(l, func(fd int) { _ = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program) })
}

// someWait reports whether there are connections that the system has accepted and Accept has not returned yet.
func someWait(l net.Listener) (some bool) {
	control(l, func(fd int) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		some = err == nil && n > 0
	})
	return some
}

// control calls do with a listener's file descriptor, where it has one.
func control(l net.Listener, do func(fd int)) {
	conn, ok := l.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { do(int(fd)) })
	}
}
