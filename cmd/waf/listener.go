package main

import (
	"net"
	"net/netip"
	"sync"
)

// limitedListener bounds how many connections are open at once: in all, beyond
// which newcomers wait, and from one address, beyond which they are closed, so
// that one client cannot use up what is there for everybody. An IPv6 client
// counts by its /64. Trusted proxies speak for many and count in all only.
type limitedListener struct {
	net.Listener
	proxies trustedProxies
	slots   chan struct{}
	each    int
	done    chan struct{}
	close   sync.Once

	mu   sync.Mutex // guards open
	open map[netip.Prefix]int
}

func limitConnections(listener net.Listener, proxies trustedProxies, all, each int) *limitedListener {
	return &limitedListener{
		Listener: listener, proxies: proxies, each: each,
		slots: make(chan struct{}, all), done: make(chan struct{}), open: map[netip.Prefix]int{},
	}
}

// Accept waits for a slot, then for a connection whose address has not too
// many already.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-l.done:
			return nil, net.ErrClosed
		}
		conn, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		from := peer(conn.RemoteAddr().String())
		if l.take(from) {
			return &limitedConn{Conn: conn, release: sync.OnceFunc(func() { l.give(from) })}, nil
		}
		<-l.slots
		_ = conn.Close() // refused without a word: a handshake would cost more than the client pays
	}
}

func (l *limitedListener) take(from netip.Addr) bool {
	if l.proxies.contains(from) {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[network(from)] >= l.each {
		return false
	}
	l.open[network(from)]++
	return true
}

func (l *limitedListener) give(from netip.Addr) {
	<-l.slots
	if l.proxies.contains(from) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[network(from)]--; l.open[network(from)] <= 0 {
		delete(l.open, network(from))
	}
}

// Close also ends a wait for a slot.
func (l *limitedListener) Close() error {
	l.close.Do(func() { close(l.done) })
	return l.Listener.Close()
}

func network(address netip.Addr) netip.Prefix {
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address at all: they share one count
	}
	return prefix
}

type limitedConn struct {
	net.Conn
	release func()
}

func (c *limitedConn) Close() error {
	c.release()
	return c.Conn.Close()
}
