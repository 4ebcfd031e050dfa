package intake

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
)

// Bounds of the waiting room. One address has a small part of it, so that it
// cannot fill the whole.
const (
	maxWaiting     = 1024
	maxWaitingEach = 64
)

var errCrowded = errors.New("too many connections without a handshake")

// A waitingRoom holds the connections whose handshake is not complete: nobody
// knows yet who they are, so that they take no place of a known sender. When it
// is full, who has waited longest is dismissed for the newcomer: a handshake
// takes no time, and those who fall silent keep nobody out, not even a sender
// at their own address.
type waitingRoom struct {
	all, each int // guests, and of them from one address

	mu     sync.Mutex // guards guests
	guests []*guest   // who has waited longest first
}

type guest struct {
	address netip.Addr
	dismiss context.CancelCauseFunc
}

// enter returns the context of the wait, which ends when the guest is
// dismissed. leave must be called at the end of the wait.
func (w *waitingRoom) enter(ctx context.Context, address netip.Addr) (_ context.Context, leave func()) {
	waiting, dismiss := context.WithCancelCause(ctx)
	g := &guest{address, dismiss}
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := w.surplus(address); i >= 0 {
		w.guests[i].dismiss(errCrowded)
		w.guests = slices.Delete(w.guests, i, i+1)
	}
	w.guests = append(w.guests, g)
	return waiting, func() { w.leave(g) }
}

// surplus returns who has to go for a newcomer from address, or -1.
func (w *waitingRoom) surplus(address netip.Addr) int {
	first, same := -1, 0
	for i, g := range w.guests {
		if g.address != address {
			continue
		}
		if same++; first < 0 {
			first = i
		}
	}
	switch {
	case same >= w.each:
		return first
	case len(w.guests) >= w.all:
		return 0
	}
	return -1
}

func (w *waitingRoom) leave(g *guest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.guests, g); i >= 0 {
		w.guests = slices.Delete(w.guests, i, i+1)
	}
	g.dismiss(nil) // frees the context
}
