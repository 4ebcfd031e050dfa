// Package sequencer gives each entry of the trace its place in the Merkle log, and
// signs what the log has become (architecture 2.4). Any number of processes may run
// one: the one whose connection holds the lock works, the others wait to take over.
//
// It trusts the database for what the entries are, and for nothing that was once
// signed: it goes on only from tiles that lead to its own last checkpoint, and
// not from a database that is older than what it has published.
package sequencer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"guichet/fault"
	"guichet/store"
	"guichet/traces"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	pause        = 150 * time.Millisecond // between two looks, where there is nothing to do
	standby      = 500 * time.Millisecond // between two tries to lead
	longestPause = 30 * time.Second       // while something is wrong with the log itself
	// MaxBatch is how many entries get their places in one step.
	MaxBatch = 4096
)

// Publisher takes a checkpoint off the machine, or at least out of the database.
// What it was given last is what an older database is recognised by.
type Publisher interface {
	Publish(ctx context.Context, signed []byte) error
	Last() ([]byte, error) // nil where nothing was published yet
}

// Options are what a sequencer is made of.
type Options struct {
	Store     *store.Store // as guichet_sequencer
	Signer    note.Signer
	Verifier  note.Verifier // of the same key
	Publisher Publisher
	Log       *slog.Logger
	Batch     int                                 // entries at most in one step; 0 means MaxBatch
	Measure   func(size int64, lag time.Duration) // after each step; may be nil
}

// Sequencer is one of them.
type Sequencer struct {
	Options
	leader *store.Leader
	state  store.LogState
	tree   *traces.Tree
	leads  atomic.Bool // leader is set; of any goroutine
}

// New returns a sequencer that does not lead yet.
func New(o Options) *Sequencer {
	if o.Batch == 0 {
		o.Batch = MaxBatch
	}
	if o.Measure == nil {
		o.Measure = func(int64, time.Duration) {}
	}
	return &Sequencer{Options: o}
}

// ErrRolledBack is what a sequencer says of a database that is older than what
// was published: somebody has put back a copy.
var ErrRolledBack = errors.New("the database is older than the last published checkpoint, or another one: nothing more is sequenced until somebody has looked (guichet traces verify)")

// Serve sequences until ctx ends.
func (s *Sequencer) Serve(ctx context.Context) error {
	wait := pause
	for {
		busy, err := s.Step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			s.Log.Error("sequence traces", "error", err.Error())
			s.Close()
			wait = min(2*max(wait, standby), longestPause)
			if fault.KindOf(err) == fault.Unavailable { // the database is away, or the lead is lost: be there when it is back
				wait = standby
			}
		case s.leader == nil:
			wait = standby
		case busy:
			wait = 0
		default:
			wait = pause
		}
		select {
		case <-ctx.Done():
			s.Close()
			return nil
		case <-time.After(wait):
		}
	}
}

// Close lets another lead.
func (s *Sequencer) Close() {
	if s.leader == nil {
		return
	}
	if err := s.leader.Close(); err != nil {
		s.Log.Warn("let another sequencer lead", "error", err.Error())
	}
	s.leader = nil
	s.leads.Store(false)
}

// Leads reports whether it is the one that works.
func (s *Sequencer) Leads() bool { return s.leads.Load() }

// Step takes the lead where nobody has it, and gives the next entries their places.
// busy means that there may be more.
func (s *Sequencer) Step(ctx context.Context) (busy bool, err error) {
	if s.leader == nil {
		if err := s.lead(ctx); err != nil || s.leader == nil {
			return false, err
		}
	}
	batch, more, err := s.leader.Next(ctx, s.state.Entry, s.Batch)
	if fault.KindOf(err) == fault.Tampered {
		return false, fmt.Errorf("an entry was altered before it had its place: %w", err)
	}
	if batch == nil || err != nil {
		return false, err
	}
	tiles := s.tree.Append(batch.Leaves)
	root, err := s.tree.Root()
	if err != nil {
		return false, err
	}
	signed, err := traces.Checkpoint{Size: s.tree.Size(), Root: root, At: batch.At}.Sign(s.Signer)
	if err != nil {
		return false, err
	}
	// Should this fail, nobody knows what came of it: the caller leads anew, from
	// what is stored. What was signed is shown to nobody before it is durable.
	if err := s.leader.Append(ctx, s.state, batch, s.tree.Size(), tiles, signed); err != nil {
		return false, err
	}
	s.state = store.LogState{Size: s.tree.Size(), Entry: batch.Last, Checkpoint: signed}
	if err := s.Publisher.Publish(ctx, signed); err != nil {
		return false, fmt.Errorf("publish checkpoint: %w", err)
	}
	s.Measure(s.state.Size, batch.At.Sub(batch.Oldest))
	return more, nil
}

// lead takes the lead where nobody has it, and goes on from what is stored.
func (s *Sequencer) lead(ctx context.Context) error {
	leader, err := s.Store.Lead(ctx)
	if leader == nil || err != nil {
		return err
	}
	if err := s.resume(ctx, leader); err != nil {
		return errors.Join(err, leader.Close())
	}
	s.leader = leader
	s.leads.Store(true)
	s.Log.Info("sequencing traces", "size", s.state.Size)
	return nil
}

func (s *Sequencer) resume(ctx context.Context, leader *store.Leader) error {
	state, err := leader.State(ctx)
	if err != nil {
		return err
	}
	at := traces.Checkpoint{}
	if state.Size > 0 {
		if at, err = traces.OpenCheckpoint(state.Checkpoint, s.Verifier); err != nil {
			return fmt.Errorf("the stored checkpoint: %w", err)
		}
	}
	if at.Size != state.Size {
		return errors.New("the stored checkpoint is of another size than the log")
	}
	tree, err := traces.Resume(at, leader.Tiles(ctx))
	if err != nil {
		return err
	}
	if err := s.goesOn(at, leader.Tiles(ctx)); err != nil {
		return err
	}
	s.state, s.tree = state, tree
	if state.Size == 0 {
		return nil
	}
	return s.Publisher.Publish(ctx, state.Checkpoint) // it may not have been, by a process that died
}

// goesOn refuses a log that does not contain what was published last.
func (s *Sequencer) goesOn(at traces.Checkpoint, tiles tlog.TileReader) error {
	signed, err := s.Publisher.Last()
	if err != nil || signed == nil {
		return err
	}
	last, err := traces.OpenCheckpoint(signed, s.Verifier)
	if err != nil {
		return fmt.Errorf("the published checkpoint: %w", err)
	}
	if last.Size > at.Size {
		return ErrRolledBack
	}
	if last.Size == 0 {
		return nil
	}
	reader := tlog.TileHashReader(tlog.Tree{N: at.Size, Hash: at.Root}, tiles)
	proof, err := tlog.ProveTree(at.Size, last.Size, reader)
	if err != nil {
		return fmt.Errorf("compare with the published checkpoint: %w", err)
	}
	if tlog.CheckTree(proof, at.Size, at.Root, last.Size, last.Root) != nil {
		return ErrRolledBack
	}
	return nil
}
