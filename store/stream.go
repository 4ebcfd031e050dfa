package store

import (
	"context"
	"errors"
	"fmt"

	"guichet/fault"
	"guichet/traces"

	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"
)

// KeepStreams says which receivers outside there are, by their names. A new one
// begins at the first entry; one that is named no more stands still, for nobody
// to be alerted.
func (s *Store) KeepStreams(ctx context.Context, names []string) error {
	if err := s.run(ctx, `SELECT guichet.keep_streams($1)`, append(pq.StringArray{}, names...)); err != nil {
		return fmt.Errorf("keep streams: %w", err)
	}
	return nil
}

// StreamWaits returns the places of the log that a receiver outside waits for: the
// first, and the one after the last. They are the same where it waits for none,
// or for none but what was left by reading for receivers.
func (s *Store) StreamWaits(ctx context.Context, receiver string) (first, past int64, err error) {
	var found struct {
		First int64 `db:"first"`
		Past  int64 `db:"past"`
	}
	if err := s.get(ctx, &found, `SELECT first, past FROM guichet.log_stream($1)`, receiver); err != nil {
		return 0, 0, fmt.Errorf("look at stream: %w", err)
	}
	return found.First, found.Past, nil
}

// ReadStream returns the entries at places from first up to, not including, past,
// in their order; those that were purged are not among them. It leaves an entry
// of its own.
func (s *Store) ReadStream(ctx context.Context, req Request, first, past int64) ([]traces.Leaf, error) {
	rows, err := (&LogReader{store: s, req: req}).readRange(ctx, first, past)
	if err != nil {
		return nil, fmt.Errorf("read stream: %w", err)
	}
	leaves := make([]traces.Leaf, len(rows))
	for i := range rows {
		leaves[i] = leafOf(&rows[i])
	}
	if err := s.holds(ctx, leaves, first, past); err != nil {
		return nil, fmt.Errorf("read stream: %w", err)
	}
	return leaves, nil
}

// holds wants leaves to be those that the log has at its places, in their order, and
// whatever is not among them to have been purged: nothing else that keeps an entry
// from being handed over passes for that.
func (s *Store) holds(ctx context.Context, leaves []traces.Leaf, first, past int64) error {
	var tiles []tlog.Tile
	for n := first >> 8; n<<8 < past; n++ {
		tiles = append(tiles, tlog.Tile{H: 8, L: 0, N: n, W: int(min(past-n<<8, 256))})
	}
	data, err := s.Tiles(ctx).ReadTiles(tiles)
	if err != nil {
		return err
	}
	missing, place := int64(0), first
	for _, l := range leaves {
		hash := tlog.RecordHash(l.Bytes)
		for ; place < past && tlog.Hash(data[place>>8-first>>8][place&255*tlog.HashSize:]) != hash; place++ {
			missing++
		}
		if place == past {
			return fault.New(fault.Tampered, fmt.Errorf("entry %d is not what the log has the hash of", l.ID))
		}
		place++
	}
	if missing += past - place; missing == 0 {
		return nil
	}
	var purged int64
	if err := s.get(ctx, &purged, `SELECT guichet.purged_in($1, $2)`, first, past); err != nil {
		return err
	}
	if purged != missing {
		return fault.New(fault.Tampered, errors.New("an entry is not there that was not purged"))
	}
	return nil
}

// ErrMoved is what AdvanceStream returns where the receiver does not stand at first
// any more: another process sends to it too.
var ErrMoved = errors.New("another process sends to this receiver")

// AdvanceStream keeps that a receiver has taken the entries at places from first up
// to, not including, past.
func (s *Store) AdvanceStream(ctx context.Context, receiver string, first, past int64) error {
	err := s.run(ctx, `SELECT guichet.advance_stream($1, $2, $3)`, receiver, first, past)
	if fault.KindOf(err) == fault.Conflict {
		return ErrMoved
	}
	if err != nil {
		return fmt.Errorf("advance stream: %w", err)
	}
	return nil
}
