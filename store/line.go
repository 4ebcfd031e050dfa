package store

import (
	"context"
	"hash/maphash"
	"net/netip"

	"golang.org/x/sync/semaphore"

	"guichet/fault"
)

const (
	// lineWidth is how many transactions that hold an address's delay are under
	// way for it at once: they wait for one row, each with a connection that
	// others need (AA7.e).
	lineWidth = 4
	lineCount = 256
)

// lines keep sign-ins of one address from taking every connection.
type lines struct {
	seed maphash.Seed // so that nobody chooses who shares a line
	all  [lineCount]*semaphore.Weighted
}

func newLines() *lines {
	l := &lines{seed: maphash.MakeSeed()}
	for i := range l.all {
		l.all[i] = semaphore.NewWeighted(lineWidth)
	}
	return l
}

// wait returns once it is the address's turn, and what ends it; or errHeld.
func (l *lines) wait(ctx context.Context, address netip.Addr) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	line := l.all[maphash.Comparable(l.seed, networkOf(address))%lineCount]
	if line.Acquire(ctx, 1) != nil {
		return nil, fault.New(fault.Unavailable, errHeld)
	}
	return func() { line.Release(1) }, nil
}

// networkOf is what the function of that name counts as one address (AA7.d).
func networkOf(address netip.Addr) netip.Prefix {
	address = address.Unmap().WithZone("")
	bits := 64
	if address.Is4() {
		bits = 32
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: all such share a line
	}
	return network
}
