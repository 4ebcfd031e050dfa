// Package courier sends the entries of the trace off the machine, in the order of
// their places in the log, to the hospital's SIEM and audit repositories.
//
// It promises that a receiver that is slow, or away, holds up nobody and loses
// nothing: how far it has come is kept after it took what was sent, so that it may
// be sent something twice, and nothing is left out. What is sent is what the log
// has the hash of. It reads by asking, as everybody does: each page leaves an entry.
package courier

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"guichet/fault"
	"guichet/store"
	"guichet/traces"

	"github.com/google/uuid"
)

const (
	// Pause is between two looks at what waits: each read leaves an entry, so they
	// are few.
	Pause        = 5 * time.Second
	standby      = time.Second // between two looks at whether this process leads
	longestPause = time.Minute // while something is wrong
	lifetime     = time.Hour   // of a courier's session
	// MaxPage is how many entries are read, and sent, at once.
	MaxPage = 500
)

// Entry is what a receiver is sent of an entry.
type Entry struct {
	traces.Entry
	Where traces.Context
}

// Receiver is who is sent entries. It returns nil once it has them all; on an error
// it may have some, and is sent them all again. It returns within minutes.
type Receiver interface {
	Take(ctx context.Context, entries []Entry) error
}

// Options are what a courier is made of.
type Options struct {
	Store    *store.Store // as guichet_sequencer, which knows the name (KeepStreams)
	Name     string       // of the receiver
	Receiver Receiver
	Log      *slog.Logger
	Leads    func() bool                // whether this process sends; nil means always
	Measure  func(behind, purged int64) // how many places wait, how many were found purged since the last call; may be nil
	Pause    time.Duration              // 0 means Pause
	Page     int64                      // 0 means MaxPage
}

// Courier sends to one receiver.
type Courier struct {
	Options
	token []byte // of its session; nil without one
}

// New returns a courier that has sent nothing yet.
func New(o Options) *Courier {
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	if o.Measure == nil {
		o.Measure = func(int64, int64) {}
	}
	if o.Pause == 0 {
		o.Pause = Pause
	}
	if o.Page == 0 {
		o.Page = MaxPage
	}
	return &Courier{Options: o}
}

// Serve sends until ctx ends. What cannot be sent now is tried again, less and less
// often.
func (c *Courier) Serve(ctx context.Context) error {
	wait := c.Pause
	for {
		more, err := c.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			level := slog.LevelWarn
			if fault.KindOf(err) == fault.Tampered {
				level = slog.LevelError
			}
			c.Log.Log(ctx, level, "send traces", "stream", c.Name, "error", err.Error())
			wait = min(2*max(wait, c.Pause), longestPause)
		case more:
			wait = 0
		case !c.Leads():
			wait = standby
		default:
			wait = c.Pause
		}
		select {
		case <-ctx.Done():
			c.close(context.WithoutCancel(ctx))
			return nil
		case <-time.After(wait):
		}
	}
}

// Step sends a page of what waits; more means that there is another.
func (c *Courier) Step(ctx context.Context) (more bool, err error) {
	if !c.Leads() {
		c.Measure(0, 0) // whoever leads says how far it is
		return false, nil
	}
	first, past, err := c.Store.StreamWaits(ctx, c.Name)
	if err != nil {
		return false, err
	}
	c.Measure(past-first, 0)
	if first == past {
		return false, nil
	}
	upTo := min(first+c.Page, past)
	entries, err := c.read(ctx, first, upTo)
	if err != nil {
		return false, err
	}
	if len(entries) > 0 {
		if err := c.Receiver.Take(ctx, entries); err != nil {
			return false, err
		}
	}
	if err := c.Store.AdvanceStream(ctx, c.Name, first, upTo); err != nil {
		return false, err
	}
	c.Measure(past-upTo, upTo-first-int64(len(entries)))
	return upTo < past, nil
}

func (c *Courier) read(ctx context.Context, first, past int64) ([]Entry, error) {
	leaves, err := c.ask(ctx, first, past)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(leaves))
	for i, l := range leaves {
		if entries[i].Entry, err = traces.ParseEntry(l.Bytes); err != nil {
			return nil, fmt.Errorf("entry %d: %w", l.ID, err)
		}
		if entries[i].Where, err = traces.ParseContext(l.Context); err != nil {
			return nil, fmt.Errorf("entry %d: %w", l.ID, err)
		}
		if entries[i].ID != l.ID || entries[i].Context != entries[i].Where.Sum() {
			return nil, fault.New(fault.Tampered, fmt.Errorf("entry %d was altered", l.ID))
		}
	}
	return entries, nil
}

// ask is tried once more where the courier's own session is over.
func (c *Courier) ask(ctx context.Context, first, past int64) (leaves []traces.Leaf, err error) {
	for range 2 {
		if err = c.open(ctx); err != nil {
			return nil, err
		}
		leaves, err = c.Store.ReadStream(ctx, c.request(), first, past)
		if _, refused := errors.AsType[*store.Declined](err); err == nil || !refused && fault.KindOf(err) != fault.Ended {
			break
		}
		c.token = nil
	}
	return leaves, err
}

func (c *Courier) request() store.Request {
	return store.Request{Token: c.token, Address: netip.IPv6Loopback(), ID: uuid.New()}
}

func (c *Courier) open(ctx context.Context) error {
	if c.token != nil {
		return nil
	}
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	c.token = token
	err := c.Store.OpenCourier(ctx, c.request(), c.Name, store.Limits{Lifetime: lifetime})
	if err != nil {
		c.token = nil
	}
	return err
}

func (c *Courier) close(ctx context.Context) {
	if c.token == nil {
		return
	}
	if err := c.Store.EndSession(ctx, c.request(), "closed"); err != nil {
		c.Log.Warn("close a courier's session", "stream", c.Name, "error", err.Error())
	}
}
