package demo

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
)

// ports are the numbers of the demo's listeners.
type ports struct {
	waf, portal, intake, mllp, ops, providers, console int
}

// consoleDistance is how far the console's port lies from the WAF's, so that
// nobody takes one for the other.
const consoleDistance = 1000

// derivePorts gives every listener its number from the WAF's.
func derivePorts(waf int) (ports, error) {
	p := ports{
		waf: waf, portal: waf + 1, intake: waf + 2, mllp: waf + 3, ops: waf + 4, providers: waf + 5,
		console: waf + consoleDistance,
	}
	if waf < 1 || p.console > 65535 {
		return ports{}, fmt.Errorf("--port %d is out of range: choose one from 1024 to %d", waf, 65535-consoleDistance)
	}
	return p, nil
}

// address is where one of the listeners is reached, and listens: this machine
// only.
func (p ports) address(port int) string { return net.JoinHostPort("localhost", strconv.Itoa(port)) }

func (p ports) listen(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func (p ports) url(port int) string { return "https://" + p.address(port) }

// portsLimit is how long a process that was killed may keep its ports after it
// has vanished from the list of processes.
const portsLimit = 5 * time.Second

// awaitPorts is checkPorts, with patience for a predecessor that is ending.
func awaitPorts(p ports, predecessor bool) error {
	deadline := time.After(portsLimit)
	for {
		err := checkPorts(p)
		if err == nil || !predecessor {
			return err
		}
		select {
		case <-deadline:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// checkPorts refuses to begin where a port is taken, those of listeners still
// to come included.
func checkPorts(p ports) error {
	for _, port := range []struct {
		number int
		of     string
	}{
		{p.waf, "the WAF"}, {p.portal, "the portal"}, {p.intake, "the intake"}, {p.mllp, "MLLP"},
		{p.ops, "ops"}, {p.providers, "the identity providers"}, {p.console, "the console"},
	} {
		// A browser may try either address for localhost, and must not end up
		// with somebody else's server.
		for _, host := range []string{"127.0.0.1", "::1"} {
			err := tryPort(host, port.number)
			switch {
			case errors.Is(err, syscall.EADDRINUSE):
				return fmt.Errorf("port %d, meant for %s, is taken: free it or choose another first port with --port", port.number, port.of)
			case errors.Is(err, syscall.EACCES):
				return fmt.Errorf("port %d, meant for %s, is reserved to root: choose a first port from 1024 with --port", port.number, port.of)
			case err != nil && host == "127.0.0.1": // this machine may have no IPv6
				return fmt.Errorf("try port %d: %w", port.number, err)
			}
		}
	}
	return nil
}

func tryPort(host string, number int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(number)))
	if err != nil {
		return err
	}
	return l.Close()
}
