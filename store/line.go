package store

import (
	"context"
	"hash/maphash"
	"net/netip"

	"golang.org/x/sync/semaphore"

	"guichet/fault"
)

const (
	// lineWidth is how many transactions that hold one row, an address's delay or
	// an account, are under way for it at once: they wait for each other, each
	// with a connection that others need (AA7.e).
	lineWidth = 4
	lineCount = 256
)

// lines keep the sign-ins of one address, or to one account, from taking every
// connection.
type lines[K comparable] struct {
	seed maphash.Seed // so that nobody chooses who shares a line
	all  [lineCount]*semaphore.Weighted
}

func newLines[K comparable]() *lines[K] {
	l := &lines[K]{seed: maphash.MakeSeed()}
	for i := range l.all {
		l.all[i] = semaphore.NewWeighted(lineWidth)
	}
	return l
}

// wait returns once it is the turn of whom, and what ends it; or errHeld.
func (l *lines[K]) wait(ctx context.Context, whom K) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	line := l.all[maphash.Comparable(l.seed, whom)%lineCount]
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
