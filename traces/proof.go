package traces

import (
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that an entry stands at a place of a log, under a checkpoint.
type Proof struct {
	Place      int64
	Hashes     tlog.RecordProof // the way from the entry up to the root
	Checkpoint []byte           // signed
}

// Prove makes the proof of the entry at a place, from the tiles of the log. Tiles
// that do not lead to the checkpoint's root are refused.
func Prove(place int64, at Checkpoint, signed []byte, tiles tlog.TileReader) (Proof, error) {
	reader := tlog.TileHashReader(tlog.Tree{N: at.Size, Hash: at.Root}, tiles)
	hashes, err := tlog.ProveRecord(at.Size, place, reader)
	if err != nil {
		return Proof{}, fmt.Errorf("prove entry: %w", err)
	}
	return Proof{Place: place, Hashes: hashes, Checkpoint: signed}, nil
}

// Check says whether the proof shows that the bytes stand in the log whose key
// the verifier has, and returns the checkpoint under which they do.
func (p Proof) Check(entry []byte, verifier note.Verifier) (Checkpoint, error) {
	at, err := OpenCheckpoint(p.Checkpoint, verifier)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := tlog.CheckRecord(p.Hashes, at.Size, at.Root, p.Place, tlog.RecordHash(entry)); err != nil {
		return Checkpoint{}, errors.New("la trace n'est pas à cette place du journal")
	}
	return at, nil
}

// File writes a proof with its entry as a file of the kind c2sp.org/tlog-proof:
// whoever has it and the log's public key can check it without asking anybody.
func (p Proof) File(entry []byte) []byte {
	written := proof.TLogProof{Index: uint64(p.Place), Checkpoint: p.Checkpoint, ExtraData: entry} // #nosec G115 -- a place is not negative
	for _, hash := range p.Hashes {
		written.Hashes = append(written.Hashes, hash)
	}
	return written.Marshal()
}

// maxProofFile bounds what ParseProof reads: the entry of a long list is some
// tens of kB.
const maxProofFile = 1 << 20

// ParseProof reads what File has written.
func ParseProof(file []byte) (Proof, []byte, error) {
	var read proof.TLogProof
	if len(file) > maxProofFile {
		return Proof{}, nil, errors.New("read proof: too long to be one")
	}
	if err := read.Unmarshal(file); err != nil {
		return Proof{}, nil, fmt.Errorf("read proof: %w", err)
	}
	if read.Index > 1<<62 || len(read.Hashes) > 64 {
		return Proof{}, nil, errors.New("read proof: no log is that long")
	}
	p := Proof{Place: int64(read.Index), Checkpoint: read.Checkpoint} // #nosec G115 -- bounded above
	for _, hash := range read.Hashes {
		p.Hashes = append(p.Hashes, hash)
	}
	return p, read.ExtraData, nil
}
