package traces

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Tiles hold tileWidth hashes each, one level of them for every tileHeight
// levels of the tree.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Tree is a Merkle tree (RFC 6962) that grows: its size and the right edge that
// the next leaf needs. The zero Tree is empty.
type Tree struct {
	size int64
	edge [][]byte // for each level of tiles, the hashes of the last one that is not full
}

// Tile is one tile of a tree, as it is stored: a full one never changes.
type Tile struct {
	Level  int
	Number int64
	Hashes []byte // one after the other
}

// Size is how many leaves the tree has.
func (t *Tree) Size() int64 { return t.size }

// Append adds leaves, given as their hashes one after the other, and returns the
// tiles that changed.
func (t *Tree) Append(leaves []byte) []Tile {
	var full, changed []Tile
	touched := make(map[int]bool)
	for i := 0; i+tlog.HashSize <= len(leaves); i += tlog.HashSize {
		t.size++
		hash := leaves[i : i+tlog.HashSize]
		for level := 0; ; level++ {
			if level == len(t.edge) {
				t.edge = append(t.edge, nil)
			}
			t.edge[level] = append(t.edge[level], hash...)
			touched[level] = true
			if len(t.edge[level]) < tileWidth*tlog.HashSize {
				break
			}
			full = append(full, Tile{Level: level, Number: t.size>>(tileHeight*(level+1)) - 1, Hashes: t.edge[level]})
			root := tileRoot(t.edge[level])
			t.edge[level] = nil
			hash = root[:]
		}
	}
	changed = full
	for level := range t.edge {
		if touched[level] && len(t.edge[level]) > 0 {
			changed = append(changed, Tile{Level: level, Number: t.size >> (tileHeight * (level + 1)), Hashes: append([]byte(nil), t.edge[level]...)})
		}
	}
	return changed
}

// tileRoot is the hash of the subtree that a full tile is.
func tileRoot(hashes []byte) tlog.Hash {
	row := make([]tlog.Hash, tileWidth)
	for i := range row {
		row[i] = tlog.Hash(hashes[i*tlog.HashSize:])
	}
	for ; len(row) > 1; row = row[:len(row)/2] {
		for i := range len(row) / 2 {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
	}
	return row[0]
}

// Root is the hash of the whole tree.
func (t *Tree) Root() (tlog.Hash, error) {
	return tlog.TreeHash(t.size, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			tile := tlog.TileForIndex(tileHeight, index)
			if tile.L >= len(t.edge) {
				return nil, errors.New("not on the right edge")
			}
			hash, err := tlog.HashFromTile(tile, t.edge[tile.L], index)
			if err != nil {
				return nil, err
			}
			hashes[i] = hash
		}
		return hashes, nil
	}))
}

// Edge lists the tiles that a tree of a size goes on from.
func Edge(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size > 0; level, size = level+1, size>>tileHeight {
		if width := int(size % tileWidth); width > 0 {
			tiles = append(tiles, tlog.Tile{H: tileHeight, L: level, N: size >> tileHeight, W: width})
		}
	}
	return tiles
}

// Resume returns the tree that a checkpoint is of, from the tiles of its edge. It
// refuses tiles that are not the checkpoint's.
func Resume(at Checkpoint, tiles tlog.TileReader) (*Tree, error) {
	t := &Tree{size: at.Size}
	if at.Size == 0 {
		return t, nil
	}
	wanted := Edge(at.Size)
	data, err := tiles.ReadTiles(wanted)
	if err != nil {
		return nil, fmt.Errorf("resume log: %w", err)
	}
	for i, tile := range wanted {
		for len(t.edge) <= tile.L {
			t.edge = append(t.edge, nil)
		}
		t.edge[tile.L] = data[i]
	}
	root, err := t.Root()
	if err != nil {
		return nil, fmt.Errorf("resume log: %w", err)
	}
	if root != at.Root {
		return nil, errors.New("resume log: the stored tiles are not those of the last checkpoint")
	}
	return t, nil
}

// Checkpoint says what a log was at a moment.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
	At   time.Time // as its signer's database told
}

// Sign writes a checkpoint as a note (c2sp.org/tlog-checkpoint) whose origin is
// the signer's name, with the time in a line of its own.
func (c Checkpoint) Sign(signer note.Signer) ([]byte, error) {
	body := log.Checkpoint{Origin: signer.Name(), Size: uint64(c.Size), Hash: c.Root[:]}.Marshal() // #nosec G115 -- a size is not negative
	signed, err := note.Sign(&note.Note{Text: string(body) + "at " + c.At.UTC().Format(time.RFC3339Nano) + "\n"}, signer)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// OpenCheckpoint reads a checkpoint that the verifier's key has signed.
func OpenCheckpoint(signed []byte, verifier note.Verifier) (Checkpoint, error) {
	read, rest, _, err := log.ParseCheckpoint(signed, verifier.Name(), verifier)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("open checkpoint: %w", err)
	}
	told, ok := strings.CutPrefix(strings.TrimSuffix(string(rest), "\n"), "at ")
	at, err := time.Parse(time.RFC3339Nano, told)
	if !ok || err != nil || len(read.Hash) != tlog.HashSize || read.Size > 1<<62 {
		return Checkpoint{}, errors.New("open checkpoint: not written as checkpoints are")
	}
	return Checkpoint{Size: int64(read.Size), Root: tlog.Hash(read.Hash), At: at}, nil // #nosec G115 -- bounded above
}
