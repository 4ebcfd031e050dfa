package store

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/traces"

	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"
)

// OpenOfficer opens a session under req.Token for the trace officer who runs a
// command on the machine itself, by the name that the operating system has
// (TR3.d: this role reads traces and nothing else).
func (s *Store) OpenOfficer(ctx context.Context, req Request, name string, limits Limits) error {
	if err := s.openSystem(ctx, req, record.RoleOfficer, "officer", name, name, limits); err != nil {
		return fmt.Errorf("open officer: %w", err)
	}
	return nil
}

// rangePage is how many entries one ask reads at most.
const rangePage = 10_000

// LogReader reads the log for the trace officer, as it was at its first call; each
// page of it leaves an entry (HE8.c). It is a traces.Source.
type LogReader struct {
	store *Store
	req   Request

	state       LogState
	checkpoints [][]byte
	gaps        [][2]int64
}

// OpenLog returns the log as it is now.
func (s *Store) OpenLog(ctx context.Context, req Request) (*LogReader, error) {
	r := &LogReader{store: s, req: req}
	var err error
	// First what was kept, then how far the log has come: it only grows.
	if r.checkpoints, err = s.keptCheckpoints(ctx); err != nil {
		return nil, err
	}
	if r.state, err = s.LogState(ctx); err != nil {
		return nil, err
	}
	r.gaps, err = s.gapsUpTo(ctx, r.state.Entry)
	return r, err
}

func (s *Store) keptCheckpoints(ctx context.Context) ([][]byte, error) {
	var all [][]byte
	for past := int64(0); ; {
		var page []struct {
			Size       int64  `db:"size"`
			Checkpoint []byte `db:"checkpoint"`
		}
		if err := s.list(ctx, &page, `SELECT size, checkpoint FROM guichet.log_checkpoints($1)`, past); err != nil {
			return nil, fmt.Errorf("read checkpoints: %w", err)
		}
		if len(page) == 0 {
			return all, nil
		}
		for _, c := range page {
			all, past = append(all, c.Checkpoint), c.Size
		}
	}
}

func (s *Store) gapsUpTo(ctx context.Context, last int64) ([][2]int64, error) {
	var all [][2]int64
	for past := int64(0); ; {
		var page []struct {
			First int64 `db:"first"`
			Last  int64 `db:"last"`
		}
		if err := s.list(ctx, &page, `SELECT first, last FROM guichet.log_gaps($1)`, past); err != nil {
			return nil, fmt.Errorf("read gaps: %w", err)
		}
		if len(page) == 0 {
			return all, nil
		}
		for _, g := range page {
			if past = g.First; g.First <= last {
				all = append(all, [2]int64{g.First, g.Last})
			}
		}
	}
}

// State is how far the log had come when it was opened.
func (r *LogReader) State() LogState { return r.state }

// Checkpoint implements traces.Source.
func (r *LogReader) Checkpoint(context.Context) ([]byte, error) { return r.state.Checkpoint, nil }

// Checkpoints implements traces.Source.
func (r *LogReader) Checkpoints(context.Context) ([][]byte, error) { return r.checkpoints, nil }

// Gaps implements traces.Source.
func (r *LogReader) Gaps(context.Context) ([][2]int64, bool, error) { return r.gaps, true, nil }

// Purges implements traces.Source.
func (r *LogReader) Purges(ctx context.Context) ([]traces.Purge, error) {
	var all []traces.Purge
	for entry, first := int64(0), int64(-1); ; {
		var page []traces.Purge
		if err := r.store.list(ctx, &page, `SELECT entry, first, purged FROM guichet.log_purges($1, $2)`, entry, first); err != nil {
			return nil, fmt.Errorf("read purges: %w", err)
		}
		if len(page) == 0 {
			return all, nil
		}
		all = append(all, page...)
		entry, first = page[len(page)-1].Entry, page[len(page)-1].First
	}
}

// Tiles implements traces.Source.
func (r *LogReader) Tiles(ctx context.Context, level int, from int64, most int) ([]traces.Tile, error) {
	levels, numbers := make(pq.Int64Array, most), make(pq.Int64Array, most)
	for i := range most {
		levels[i], numbers[i] = int64(level), from+int64(i)
	}
	var stored []storedTile
	if err := r.store.list(ctx, &stored, `SELECT level, number, hashes FROM guichet.read_tiles($1, $2)`, levels, numbers); err != nil {
		return nil, fmt.Errorf("read tiles: %w", err)
	}
	slices.SortFunc(stored, func(a, b storedTile) int { return int(a.Number - b.Number) })
	tiles := make([]traces.Tile, len(stored))
	for i, t := range stored {
		tiles[i] = traces.Tile{Level: t.Level, Number: t.Number, Hashes: t.Hashes}
	}
	return tiles, nil
}

// TileReader reads the tiles that prove a single entry.
func (r *LogReader) TileReader(ctx context.Context) tlog.TileReader { return r.store.Tiles(ctx) }

// Leaves implements traces.Source.
func (r *LogReader) Leaves(ctx context.Context, visit func(traces.Leaf) error) error {
	return r.Range(ctx, 0, r.state.Size, func(_ int64, l traces.Leaf) error { return visit(l) })
}

// Range calls visit for each place from first up to, not including, past.
func (r *LogReader) Range(ctx context.Context, first, past int64, visit func(place int64, l traces.Leaf) error) error {
	next := r.numbersFrom(first)
	for from := first; from < past; from += rangePage {
		upTo := min(from+rangePage, past)
		rows, err := r.readRange(ctx, from, upTo)
		if err != nil {
			return err
		}
		for place := from; place < upTo; place++ {
			id := next()
			var leaf traces.Leaf
			if len(rows) > 0 && rows[0].Entry <= id { // what is below id was given no place: the verification says so
				leaf, rows = leafOf(&rows[0]), rows[1:]
			} else if leaf, err = r.purged(ctx, place, id); err != nil {
				return err
			}
			if err := visit(place, leaf); err != nil {
				return err
			}
		}
		if len(rows) > 0 {
			return &traces.Broken{Place: upTo, Entry: rows[0].Entry, What: "une trace se trouve là, qui n'a jamais reçu de place"}
		}
	}
	return nil
}

// numbersFrom returns a function that gives the ids of the entries at a place and
// at those that follow.
func (r *LogReader) numbersFrom(place int64) func() int64 {
	id, ahead := place, r.gaps
	for len(ahead) > 0 && ahead[0][0] <= id { // id comes to be that of the entry before
		id += ahead[0][1] - ahead[0][0] + 1
		ahead = ahead[1:]
	}
	return func() int64 {
		id++
		if len(ahead) > 0 && ahead[0][0] == id {
			id, ahead = ahead[0][1]+1, ahead[1:]
		}
		return id
	}
}

func leafOf(row *handover) traces.Leaf {
	return traces.Leaf{ID: row.Entry, Bytes: row.Sealed, Context: row.Order, Altered: row.Own != nil && !*row.Own}
}

func (r *LogReader) readRange(ctx context.Context, first, past int64) ([]handover, error) {
	began := time.Now()
	var entry int64
	if err := r.store.get(ctx, &entry, `SELECT guichet.ask_range($1, $2, $3, $4, $5)`, r.req.Token, r.req.ip(), r.req.ID, first, past); err != nil {
		return nil, fmt.Errorf("ask for entries: %w", err)
	}
	return r.granted(ctx, entry, began)
}

// granted receives what an ask was granted: no row where all were purged, and
// *Declined where it was refused.
func (r *LogReader) granted(ctx context.Context, entry int64, began time.Time) ([]handover, error) {
	d, err := r.store.receive(ctx, r.req, entry, began)
	if fault.KindOf(err) == fault.NotFound {
		reason, err := r.store.whyRefused(ctx, r.req, entry)
		if err == nil && reason != "" {
			err = &Declined{Reason: reason}
		}
		if err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	return d.rows, nil
}

// purged returns what is left of the entry at a place.
func (r *LogReader) purged(ctx context.Context, place, id int64) (traces.Leaf, error) {
	number := place >> 8
	data, err := r.TileReader(ctx).ReadTiles([]tlog.Tile{{H: 8, L: 0, N: number, W: int(place&255) + 1}})
	if err != nil {
		return traces.Leaf{}, err
	}
	return traces.Leaf{ID: id, Purged: tlog.Hash(data[0][(place&255)*tlog.HashSize:])}, nil
}

// Places returns the places that hold the entries of a window of time: the first,
// and the one after the last. They may hold others too, left out of their order.
func (r *LogReader) Places(ctx context.Context, since, until time.Time) (first, past int64, err error) {
	var found struct {
		First int64 `db:"first"`
		Past  int64 `db:"past"`
	}
	if err := r.store.get(ctx, &found, `SELECT first, past FROM guichet.places_in($1, $2)`, since, until); err != nil {
		return 0, 0, fmt.Errorf("find places: %w", err)
	}
	return min(found.First, r.state.Size), min(found.Past, r.state.Size), nil
}

// OfPatient calls visit for each entry of a window of time that is about a patient,
// in the order of places. It returns *Declined where nobody has the number (absent),
// and where there are too many.
func (r *LogReader) OfPatient(ctx context.Context, number record.Identifier, since, until time.Time, visit func(place int64, l traces.Leaf) error) error {
	index, err := r.store.identifierIndex(number)
	if err != nil {
		return fmt.Errorf("ask for entries: %w", err)
	}
	began := time.Now()
	var entry int64
	if err := r.store.get(ctx, &entry, `SELECT guichet.ask_traces($1, $2, $3, $4, $5, $6)`, r.req.Token, r.req.ip(), r.req.ID, since, until, index); err != nil {
		return fmt.Errorf("ask for entries: %w", err)
	}
	rows, err := r.granted(ctx, entry, began)
	if err != nil {
		return err
	}
	for i := range rows {
		place, ok := r.placeOf(rows[i].Entry)
		if !ok {
			continue // it came after the log was opened
		}
		if err := visit(place, leafOf(&rows[i])); err != nil {
			return err
		}
	}
	return nil
}

// placeOf returns the place of an entry, where it has one in the log as it was
// opened.
func (r *LogReader) placeOf(id int64) (int64, bool) {
	place := id - 1
	for _, g := range r.gaps {
		if g[0] > id {
			break
		}
		place -= g[1] - g[0] + 1
	}
	return place, id <= r.state.Entry
}

// purgePage is how many places one call of purge_traces looks at: 64 segments.
const purgePage = 64 * 256

// PurgeTraces takes away the content of entries whose time to be kept is over, in
// the log up to a size, and returns how many of them there were (TR3.c).
func (s *Store) PurgeTraces(ctx context.Context, req Request, size int64) (int64, error) {
	before, err := s.countPurged(ctx)
	if err != nil {
		return 0, err
	}
	for first := int64(0); first < size; first += purgePage {
		var entry int64
		if err := s.get(ctx, &entry, `SELECT guichet.purge_traces($1, $2, $3, $4)`, req.Token, req.ip(), req.ID, first); err != nil {
			return 0, fmt.Errorf("purge traces: %w", err)
		}
	}
	after, err := s.countPurged(ctx)
	return after - before, err
}

func (s *Store) countPurged(ctx context.Context) (n int64, err error) {
	purges, err := (&LogReader{store: s}).Purges(ctx)
	for _, p := range purges {
		for _, b := range p.Purged {
			n += int64(bits.OnesCount8(b))
		}
	}
	return n, err
}
