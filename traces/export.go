package traces

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// exportFormat is the first thing that an export says.
const exportFormat = "guichet/trace-export/1"

// maxExportLine bounds a line of an export.
const maxExportLine = 16 << 20

// An export is a file of JSON texts, one a line: a header, the entries in the
// order of their places, and an end that says how many there were. Where it is
// the whole log, that proves itself; a part of it has a proof for each entry.
type exportHeader struct {
	Format      string   `json:"format"`
	Checkpoint  string   `json:"checkpoint"`            // signed
	Whole       bool     `json:"whole"`                 // all entries up to the checkpoint
	First       int64    `json:"first"`                 // place of the first entry, where it is a range or the whole
	Range       bool     `json:"range"`                 // no place is left out between the first and the last
	Checkpoints []string `json:"checkpoints,omitempty"` // kept on the way, of the whole
	Purges      []Purge  `json:"purges,omitempty"`
}

type exportLine struct {
	Place   int64       `json:"place"`
	Entry   string      `json:"entry,omitempty"`
	Context string      `json:"context,omitempty"`
	Purged  []byte      `json:"purged,omitempty"` // the hash that is left of it
	Proof   []tlog.Hash `json:"proof,omitempty"`
	End     *int64      `json:"end,omitempty"` // how many entries there were; of the last line alone
}

// Exporter writes an export.
type Exporter struct {
	w     io.Writer
	count int64
}

// Scope says what an export holds.
type Scope struct {
	Whole       bool     // the log from its beginning to the checkpoint
	Range       bool     // all places from First on, up to the last
	First       int64    // of a range
	Checkpoints [][]byte // of the whole
	Purges      []Purge  // the same
}

// NewExporter begins an export under a signed checkpoint.
func NewExporter(w io.Writer, signed []byte, scope Scope) (*Exporter, error) {
	header := exportHeader{Format: exportFormat, Checkpoint: string(signed), Whole: scope.Whole, Range: scope.Range || scope.Whole, First: scope.First, Purges: scope.Purges}
	for _, c := range scope.Checkpoints {
		header.Checkpoints = append(header.Checkpoints, string(c))
	}
	x := &Exporter{w: w}
	return x, x.write(header)
}

// Add writes the leaf at a place; hashes are its proof, and none in an export of
// the whole log.
func (x *Exporter) Add(place int64, l Leaf, hashes tlog.RecordProof) error {
	line := exportLine{Place: place, Entry: string(l.Bytes), Context: string(l.Context), Proof: hashes}
	if l.Bytes == nil {
		line.Purged = l.Purged[:]
	}
	x.count++
	return x.write(line)
}

// End writes the last line, without which an export is no whole one.
func (x *Exporter) End() error { return x.write(exportLine{Place: -1, End: &x.count}) }

func (x *Exporter) write(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	if _, err := x.w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return nil
}

// VerifyExport goes through an export with the public key alone. Of a part of a
// log it says that each entry stands in it, and in a range that none is left out;
// earlier checkpoints can be compared with a whole log only.
func VerifyExport(ctx context.Context, r io.Reader, verifier note.Verifier, earlier ...[]byte) (*Report, error) {
	x, err := openExport(r)
	if err != nil {
		return nil, err
	}
	if x.header.Whole {
		return Verify(ctx, x, verifier, earlier...)
	}
	if len(earlier) > 0 {
		return nil, errors.New("an earlier checkpoint can be compared with an export of the whole log only")
	}
	return x.verifyPart(verifier)
}

// export is one being read.
type export struct {
	header exportHeader
	lines  *bufio.Scanner
}

func openExport(r io.Reader) (*export, error) {
	x := &export{lines: bufio.NewScanner(r)}
	x.lines.Buffer(make([]byte, 64<<10), maxExportLine)
	if !x.lines.Scan() {
		return nil, errors.Join(errors.New("this is no export of traces"), x.lines.Err())
	}
	if err := strictly(x.lines.Bytes(), &x.header); err != nil || x.header.Format != exportFormat {
		return nil, errors.New("this is no export of traces, or one of another version")
	}
	return x, nil
}

func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one text")
	}
	return nil
}

// each calls visit for each entry, and refuses an export that was cut short.
func (x *export) each(visit func(exportLine) error) error {
	for count := int64(0); x.lines.Scan(); count++ {
		var line exportLine
		if err := strictly(x.lines.Bytes(), &line); err != nil {
			return broken(-1, 0, "la ligne %d de l'export ne se lit pas", count+2)
		}
		if line.End != nil {
			if *line.End != count || line.Place != -1 || x.lines.Scan() {
				return broken(-1, 0, "l'export dit avoir %d traces, et ne les a pas", *line.End)
			}
			return nil
		}
		if err := visit(line); err != nil {
			return err
		}
	}
	return errors.Join(broken(-1, 0, "l'export a été coupé"), x.lines.Err())
}

func (l exportLine) leaf() (Leaf, error) {
	leaf := Leaf{Bytes: []byte(l.Entry)}
	if l.Context != "" {
		leaf.Context = []byte(l.Context)
	}
	if l.Entry == "" {
		leaf.Bytes = nil
		if len(l.Purged) != tlog.HashSize {
			return Leaf{}, broken(l.Place, 0, "ni une trace ni ce qui en reste")
		}
		leaf.Purged = tlog.Hash(l.Purged)
	}
	return leaf, nil
}

// verifyPart checks each entry by its own proof.
func (x *export) verifyPart(verifier note.Verifier) (*Report, error) {
	at, err := OpenCheckpoint([]byte(x.header.Checkpoint), verifier)
	if err != nil {
		return nil, broken(-1, 0, "son point de contrôle n'est pas signé de cette clé, ou n'en est pas un")
	}
	report := &Report{Root: at.Root, At: at.At}
	next := x.header.First
	err = x.each(func(line exportLine) error {
		if x.header.Range && line.Place != next || line.Place < next {
			return broken(next, 0, "la trace manque dans l'export, ou n'y est pas à son rang")
		}
		next = line.Place + 1
		leaf, err := line.leaf()
		if err != nil {
			return err
		}
		if tlog.CheckRecord(line.Proof, at.Size, at.Root, line.Place, leaf.hash()) != nil {
			return broken(line.Place, 0, "la trace n'est pas à cette place du journal")
		}
		report.Size++
		if leaf.Bytes == nil {
			report.Purged++
			return nil
		}
		v := &verification{}
		_, err = v.content(line.Place, leaf)
		return err
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// The export of a whole log is a Source.

func (x *export) Checkpoint(context.Context) ([]byte, error) {
	return []byte(x.header.Checkpoint), nil
}

func (x *export) Leaves(ctx context.Context, visit func(Leaf) error) error {
	place := x.header.First
	return x.each(func(line exportLine) error {
		if line.Place != place {
			return broken(place, 0, "la trace manque dans l'export, ou n'y est pas à son rang")
		}
		place++
		leaf, err := line.leaf()
		if err != nil {
			return err
		}
		return errors.Join(ctx.Err(), visit(leaf))
	})
}

func (x *export) Gaps(context.Context) ([][2]int64, bool, error) { return nil, false, nil }

func (x *export) Tiles(context.Context, int, int64, int) ([]Tile, error) { return nil, nil }

func (x *export) Checkpoints(context.Context) ([][]byte, error) {
	var list [][]byte
	for _, c := range x.header.Checkpoints {
		list = append(list, []byte(c))
	}
	return list, nil
}

func (x *export) Purges(context.Context) ([]Purge, error) { return x.header.Purges, nil }
