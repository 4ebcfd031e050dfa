package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"guichet/fault"
	"guichet/traces"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"
)

// LogState is how far the log of traces has come.
type LogState struct {
	Size       int64  `db:"size"`
	Entry      int64  `db:"entry"`      // id of the last entry that has a place
	Checkpoint []byte `db:"checkpoint"` // signed; empty where the log is
}

const logStateQuery = `SELECT size, entry, checkpoint FROM guichet.log_state()`

// LogState returns how far the log has come.
func (s *Store) LogState(ctx context.Context) (LogState, error) {
	var state LogState
	if err := s.get(ctx, &state, logStateQuery); err != nil {
		return LogState{}, fmt.Errorf("read log: %w", err)
	}
	return state, nil
}

// Batch is what has no place in the log yet.
type Batch struct {
	Leaves   []byte        `db:"leaves"` // the hashes of entries, one after the other
	First    int64         `db:"first"`  // id of the first of them
	Last     int64         `db:"last"`   // and of the last
	GapFirst pq.Int64Array `db:"gap_first"`
	GapLast  pq.Int64Array `db:"gap_last"`
	At       time.Time     `db:"at"`     // the database's time
	Oldest   time.Time     `db:"oldest"` // when the oldest of them was left
}

// join adds what comes after b.
func (b *Batch) join(next *Batch) {
	if next.First > b.Last+1 {
		b.GapFirst, b.GapLast = append(b.GapFirst, b.Last+1), append(b.GapLast, next.First-1)
	}
	b.Leaves, b.Last, b.At = append(b.Leaves, next.Leaves...), next.Last, next.At
	b.GapFirst, b.GapLast = append(b.GapFirst, next.GapFirst...), append(b.GapLast, next.GapLast...)
	if next.Oldest.Before(b.Oldest) {
		b.Oldest = next.Oldest
	}
}

// Leader is the one connection, of all processes, that sequences.
type Leader struct {
	store *Store // of whose connections the entries are read
	conn  *sqlx.Conn
}

// Lead returns the connection that sequences from now on, or nil where another one
// does: in this process or elsewhere. It leads as long as it lives.
func (s *Store) Lead(ctx context.Context) (*Leader, error) {
	conn, err := s.db.Connx(ctx)
	if err != nil {
		return nil, fmt.Errorf("lead: %w", classify(err))
	}
	var leads bool
	if err := conn.GetContext(ctx, &leads, `SELECT guichet.lead()`); err != nil || !leads {
		if cerr := conn.Close(); err == nil {
			return nil, cerr
		}
		return nil, fmt.Errorf("lead: %w", classify(err))
	}
	return &Leader{store: s, conn: conn}, nil
}

// Close lets another lead. The connection itself ends: given back to the pool it
// would go on leading.
func (l *Leader) Close() error { return discard(l.conn) }

func discard(conn *sqlx.Conn) error {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // so that database/sql ends it
	if err := conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return nil
}

// State returns how far the log has come.
func (l *Leader) State(ctx context.Context) (LogState, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var state LogState
	if err := l.conn.GetContext(ctx, &state, logStateQuery); err != nil {
		return LogState{}, fmt.Errorf("read log: %w", classify(err))
	}
	return state, nil
}

const (
	readers   = 2   // connections that read entries at once
	leastRead = 512 // ids to a reading: fewer are not worth a connection
)

// Next returns the entries after the last one that has a place, of most ids at
// most, or nil where there are none, or where somebody who may have drawn an id
// among them has not committed yet; more says that others wait behind them. An
// entry that was altered before it had a place is fault.Tampered.
func (l *Leader) Next(ctx context.Context, past int64, most int) (batch *Batch, more bool, err error) {
	horizon, err := l.horizon(ctx)
	if err != nil || horizon <= past {
		return nil, false, err
	}
	for from := past; from < horizon; from += int64(most) {
		to := min(from+int64(most), horizon)
		batch, err := l.read(ctx, from, to)
		if err != nil {
			return nil, false, err
		}
		if batch == nil { // ids that nobody has
			continue
		}
		if batch.First > past+1 {
			batch.GapFirst, batch.GapLast = append(pq.Int64Array{past + 1}, batch.GapFirst...), append(pq.Int64Array{batch.First - 1}, batch.GapLast...)
		}
		return batch, to < horizon, nil
	}
	return nil, false, nil
}

// horizon returns 0 where somebody holds it up.
func (l *Leader) horizon(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var horizon *int64
	if err := l.conn.GetContext(ctx, &horizon, `SELECT guichet.log_horizon()`); err != nil {
		return 0, fmt.Errorf("read entries: %w", classify(err))
	}
	if horizon == nil {
		return 0, nil
	}
	return *horizon, nil
}

// read returns what there is after one id up to another, or nil.
func (l *Leader) read(ctx context.Context, past, last int64) (*Batch, error) {
	var parts [readers]*Batch
	group, ctx := errgroup.WithContext(ctx)
	each := max((last-past+readers-1)/readers, leastRead)
	for i := range parts {
		from := past + int64(i)*each
		if from >= last {
			break
		}
		group.Go(func() error {
			var found []Batch
			err := l.store.list(ctx, &found, `SELECT leaves, first, last, gap_first, gap_last, at, oldest FROM guichet.leaves_between($1, $2)`, from+1, min(from+each, last))
			if len(found) > 0 {
				parts[i] = &found[0]
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	var whole *Batch
	for _, part := range parts {
		switch {
		case part == nil:
		case whole == nil:
			whole = part
		default:
			whole.join(part)
		}
	}
	return whole, nil
}

// Append gives the batch its places, after the state that it goes on from. It is
// durable when it returns nil; where it does not, only State says what came of it.
func (l *Leader) Append(ctx context.Context, from LogState, b *Batch, size int64, tiles []traces.Tile, checkpoint []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var levels, numbers pq.Int64Array
	var hashes pq.ByteaArray
	for _, tile := range tiles {
		levels, numbers, hashes = append(levels, int64(tile.Level)), append(numbers, tile.Number), append(hashes, tile.Hashes)
	}
	_, err := l.conn.ExecContext(ctx, `SELECT guichet.append_log($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		from.Size, from.Entry, size, b.Last, given(b.GapFirst), given(b.GapLast), levels, numbers, hashes, checkpoint)
	if err != nil {
		return fmt.Errorf("append to log: %w", classify(err))
	}
	return nil
}

// given is the array itself: nil would be NULL.
func given(a pq.Int64Array) pq.Int64Array {
	if a == nil {
		return pq.Int64Array{}
	}
	return a
}

// Tiles reads the tiles of the log by the leader's connection.
func (l *Leader) Tiles(ctx context.Context) tlog.TileReader {
	return tileReader{func(into any, query string, args ...any) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return classify(l.conn.SelectContext(ctx, into, query, args...))
	}}
}

// Tiles reads the tiles of the log.
func (s *Store) Tiles(ctx context.Context) tlog.TileReader {
	return tileReader{func(into any, query string, args ...any) error { return s.list(ctx, into, query, args...) }}
}

type tileReader struct {
	list func(into any, query string, args ...any) error
}

type storedTile struct {
	Level  int    `db:"level"`
	Number int64  `db:"number"`
	Hashes []byte `db:"hashes"`
}

func (tileReader) Height() int { return 8 }

func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles returns the hashes of tiles; one that has grown since is cut to the
// width that is asked for.
func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	if len(tiles) == 0 {
		return nil, nil
	}
	var levels, numbers pq.Int64Array
	for _, tile := range tiles {
		levels, numbers = append(levels, int64(tile.L)), append(numbers, tile.N)
	}
	var stored []storedTile
	if err := r.list(&stored, `SELECT level, number, hashes FROM guichet.read_tiles($1, $2)`, levels, numbers); err != nil {
		return nil, fmt.Errorf("read tiles: %w", err)
	}
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		for _, s := range stored {
			if s.Level == tile.L && s.Number == tile.N && len(s.Hashes) >= tile.W*tlog.HashSize {
				data[i] = s.Hashes[:tile.W*tlog.HashSize]
			}
		}
		if data[i] == nil {
			return nil, fault.New(fault.Tampered, fmt.Errorf("read tiles: level %d number %d is missing", tile.L, tile.N))
		}
	}
	return data, nil
}
