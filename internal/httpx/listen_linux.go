package httpx

import (
	"net"
	"syscall"
)

// noSYN lets every TCP segment pass but the one that opens a connection (SYN without ACK).
var noSYN = []syscall.SockFilter{
	{Code: syscall.BPF_LD | syscall.BPF_B | syscall.BPF_ABS, K: 13},                  // the flags of the TCP header
	{Code: syscall.BPF_ALU | syscall.BPF_AND | syscall.BPF_K, K: 0x12},               // SYN, ACK
	{Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, K: 0x02, Jt: 0, Jf: 1}, // SYN alone?
	{Code: syscall.BPF_RET | syscall.BPF_K, K: 0},
	{Code: syscall.BPF_RET | syscall.BPF_K, K: 0xffffffff},
}

// refuseNew makes the system ignore whoever wants to connect, until the listener is closed and they are refused. Without
// it, connections that the system accepts between the last Accept and the close would be reset with a request in them.
// Where it does not work, that moment stays open.
func refuseNew(l net.Listener) {
	conn, ok := l.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.AttachLsf(int(fd), noSYN) })
}
