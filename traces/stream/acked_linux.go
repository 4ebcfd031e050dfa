package stream

import (
	"net"

	"golang.org/x/sys/unix"
)

// unacknowledged is how many bytes the other end's system has not received.
func unacknowledged(conn *net.TCPConn) (left int, err error) {
	control, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	if failed := control.Control(func(fd uintptr) { left, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); failed != nil { // #nosec G115 -- a descriptor
		return 0, failed
	}
	return left, err
}
