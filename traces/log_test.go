package traces

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// stored is a log in memory: hashes as tlog itself stores them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

func newStored(t testing.TB, leaves []tlog.Hash) stored {
	t.Helper()
	var s stored
	for i, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(i), leaf, s)
		if err != nil {
			t.Fatal(err)
		}
		s = append(s, more...)
	}
	return s
}

func someLeaves(n int) (hashes []tlog.Hash, joined []byte) {
	for i := range n {
		hash := tlog.RecordHash(fmt.Appendf(nil, "entry %d", i))
		hashes, joined = append(hashes, hash), append(joined, hash[:]...)
	}
	return hashes, joined
}

// TestTreeIsThatOfTlog: grown by any steps, the tree has the root and the tiles that
// tlog has, and goes on from its edge.
func TestTreeIsThatOfTlog(t *testing.T) {
	all, joined := someLeaves(70_000)
	whole := newStored(t, all)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.Int64Range(1, 2000), rapid.SampledFrom([]int64{255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 69_999})).Draw(t, "size")
		tiles := make(map[tlog.Tile][]byte)
		var tree Tree
		for tree.Size() < size {
			step := min(rapid.Int64Range(1, 70_000).Draw(t, "step"), size-tree.Size())
			if size > 2000 {
				step = min(max(step, 20_000), size-tree.Size())
			}
			at := tree.Size() * tlog.HashSize
			for _, tile := range tree.Append(joined[at : at+step*tlog.HashSize]) {
				tiles[tlog.Tile{H: tileHeight, L: tile.Level, N: tile.Number}] = tile.Hashes
			}
			if rapid.Bool().Draw(t, "resume") {
				root, err := tree.Root()
				if err != nil {
					t.Fatal(err)
				}
				resumed, err := Resume(Checkpoint{Size: tree.Size(), Root: root}, tileMap(tiles))
				if err != nil {
					t.Fatal(err)
				}
				tree = *resumed
			}
		}
		root, err := tree.Root()
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := tlog.TreeHash(size, whole); root != want {
			t.Fatalf("size %d: got root %v, want %v", size, root, want)
		}
		for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
			if tile.W < tileWidth && tile.N < size>>(tileHeight*(tile.L+1)) {
				continue // a partial one that has grown full
			}
			want, err := tlog.ReadTileData(tile, whole)
			if err != nil {
				t.Fatal(err)
			}
			if got := tiles[tlog.Tile{H: tileHeight, L: tile.L, N: tile.N}]; !bytes.Equal(got, want) {
				t.Fatalf("size %d: tile %v has %d bytes, want %d", size, tile, len(got), len(want))
			}
		}
	})
}

type tileMap map[tlog.Tile][]byte

func (tileMap) Height() int                     { return tileHeight }
func (tileMap) SaveTiles([]tlog.Tile, [][]byte) {}
func (m tileMap) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		hashes := m[tlog.Tile{H: tile.H, L: tile.L, N: tile.N}]
		if len(hashes) < tile.W*tlog.HashSize {
			return nil, errors.New("no such tile")
		}
		data[i] = hashes[:tile.W*tlog.HashSize]
	}
	return data, nil
}

func TestResumeRefusesOtherTiles(t *testing.T) {
	_, joined := someLeaves(300)
	var tree Tree
	tiles := tileMap{}
	for _, tile := range tree.Append(joined) {
		tiles[tlog.Tile{H: tileHeight, L: tile.Level, N: tile.Number}] = tile.Hashes
	}
	root, err := tree.Root()
	if err != nil {
		t.Fatal(err)
	}
	at := Checkpoint{Size: 300, Root: root}
	if _, err := Resume(at, tiles); err != nil {
		t.Fatal(err)
	}
	tiles[tlog.Tile{H: tileHeight, L: 0, N: 1}][5] ^= 1
	if _, err := Resume(at, tiles); err == nil {
		t.Error("went on from tiles that are not the checkpoint's")
	}
	delete(tiles, tlog.Tile{H: tileHeight, L: 0, N: 1})
	if _, err := Resume(at, tiles); err == nil {
		t.Error("went on without its edge")
	}
}

func newLogKey(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "guichet.example/traces")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

func TestCheckpoint(t *testing.T) {
	signer, verifier := newLogKey(t)
	want := Checkpoint{Size: 42, Root: tlog.RecordHash([]byte("x")), At: time.Date(2026, 11, 30, 20, 55, 25, 123456000, time.UTC)}
	signed, err := want.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenCheckpoint(signed, verifier)
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if _, err := OpenCheckpoint(bytes.Replace(signed, []byte("\n42\n"), []byte("\n41\n"), 1), verifier); err == nil {
		t.Error("another size is taken for signed")
	}
	_, other := newLogKey(t)
	if _, err := OpenCheckpoint(signed, other); err == nil {
		t.Error("another key's signature is taken for ours")
	}
	for _, text := range []string{"guichet.example/traces\n42\n", "guichet.example/traces\n42\nAAAA\nat 2026-11-30T20:55:25Z\n", "guichet.example/traces\n42\n" + want.Root.String() + "\n", "other.example/traces\n42\n" + want.Root.String() + "\nat 2026-11-30T20:55:25Z\n"} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenCheckpoint(signed, verifier); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

// someEntry is an entry with every field, or with as few as there may be.
func someEntry(t *rapid.T) Entry {
	word := rapid.StringMatching(`[!-~]{1,12}`)
	maybe := func(name string) string {
		return rapid.OneOf(rapid.Just(""), word).Draw(t, name)
	}
	id := func(name string) uuid.UUID {
		return uuid.UUID(rapid.OneOf(rapid.Just(make([]byte, 16)), rapid.SliceOfN(rapid.Byte(), 16, 16)).Draw(t, name))
	}
	sum := func(name string) [32]byte {
		return [32]byte(rapid.OneOf(rapid.Just(make([]byte, 32)), rapid.SliceOfN(rapid.Byte(), 32, 32)).Draw(t, name))
	}
	e := Entry{Salt: [32]byte{1}, ID: rapid.Int64Min(1).Draw(t, "id"), At: time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "at")).UTC(), Type: ReportRead, Outcome: "granted", Reason: word.Draw(t, "reason"),
		Account: id("account"), Role: maybe("role"), Provider: maybe("provider"), Behalf: id("behalf"), Patient: id("patient"), Grant: id("grant"), Ground: maybe("ground"), Purpose: maybe("purpose"),
		Before: sum("before"), After: sum("after"), Context: [32]byte{2}}
	for range rapid.IntRange(0, 4).Draw(t, "records") {
		e.Records = append(e.Records, Named{Kind: word.Draw(t, "kind"), ID: id("record"), Version: rapid.IntRange(0, 9).Draw(t, "version")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		e.Entries = append(e.Entries, rapid.Int64Min(1).Draw(t, "entry"))
	}
	return e
}

func TestEntryIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := someEntry(t)
		got, err := ParseEntry(want.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// TestGoldenEntry: what was written once is read for ever.
func TestGoldenEntry(t *testing.T) {
	text := "guichet/trace/1\nsalt " + strings.Repeat("0a", 32) + "\nid 7\nat 1796074126581901\ntype report.read\noutcome granted\nreason grant\n" +
		"account 01a22e5c-3cd6-74be-8810-2e4f6f094a9c\nrole patient\nprovider franceconnect\npatient 01a22e5c-3ce6-7b69-b1fb-0c6ea11b96db\ngrant 01a22e5c-3ce6-7b69-b1fb-0c6ea11b96dc\n" +
		"ground self\npurpose care\nkinds report panel\nrecords 01a22e5c-3cf4-7889-94f5-33e85e6fff44 01a22e5c-3cf4-782d-84d1-ee894a9eb0a3\nversions 2 1\nentries 3 5\ncontext " + strings.Repeat("0b", 32) + "\n"
	e, err := ParseEntry([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != 7 || e.Type != ReportRead || e.At.Format(time.RFC3339Nano) != "2026-11-30T21:28:46.581901Z" || len(e.Records) != 2 || e.Records[1].Kind != "panel" || e.Records[0].Version != 2 || len(e.Entries) != 2 || e.Purpose != "care" {
		t.Errorf("got %+v", e)
	}
	for name, other := range map[string]string{
		"a line twice":          strings.Replace(text, "role patient\n", "role patient\nrole nurse\n", 1),
		"out of order":          strings.Replace(text, "outcome granted\nreason grant\n", "reason grant\noutcome granted\n", 1),
		"a line of its own":     strings.Replace(text, "role patient\n", "role patient\nnote x\n", 1),
		"a number with a zero":  strings.Replace(text, "id 7\n", "id 07\n", 1),
		"capitals":              strings.Replace(text, "01a22e5c-3cd6", "01A22E5C-3CD6", 1),
		"one version less":      strings.Replace(text, "versions 2 1\n", "versions 2\n", 1),
		"another prefix":        strings.Replace(text, "trace/1", "trace/2", 1),
		"no end":                strings.TrimSuffix(text, "\n"),
		"an empty value":        strings.Replace(text, "purpose care\n", "purpose \n", 1),
		"short salt":            strings.Replace(text, "0a0a\n", "0a\n", 1),
		"two blanks":            strings.Replace(text, "versions 2 1", "versions 2  1", 1),
		"nothing":               "",
		"the prefix alone":      "guichet/trace/1\n",
		"a hash with more":      strings.Replace(text, "0b0b\n", "0b0b00\n", 1),
		"an id in other braces": strings.Replace(text, "account 01a22e5c-3cd6-74be-8810-2e4f6f094a9c", "account {01a22e5c-3cd6-74be-8810-2e4f6f094a9c}", 1),
	} {
		if e, err := ParseEntry([]byte(other)); err == nil {
			t.Errorf("%s: read as %+v", name, e)
		}
	}
}

// memoryLog makes the export of a log of some entries.
func memoryLog(t testing.TB, signer note.Signer, n int) []byte {
	t.Helper()
	var leaves []Leaf
	var tree Tree
	for i := range n {
		c := Context{Salt: [32]byte{byte(i), 1}, IP: "192.0.2.1", Login: "guichet_portal", Request: uuid.New(), XID: uint64(700 + i)}
		e := Entry{Salt: [32]byte{byte(i), 2}, ID: int64(i + 1), At: time.UnixMicro(int64(1_796_074_126_000_000 + i)).UTC(), Type: PageRefused, Outcome: "refused", Reason: "no-route", Context: c.Sum()}
		hash := tlog.RecordHash(e.Bytes())
		tree.Append(hash[:])
		leaves = append(leaves, Leaf{Bytes: e.Bytes(), Context: c.Bytes()})
	}
	root, err := tree.Root()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := Checkpoint{Size: tree.Size(), Root: root, At: time.Now().UTC()}.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	x, err := NewExporter(&b, signed, Scope{Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range leaves {
		if err := x.Add(int64(i), l, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.End(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestAlteredExport: whatever byte of an export changes, it no longer verifies, or
// still says the same.
func TestAlteredExport(t *testing.T) {
	signer, verifier := newLogKey(t)
	whole := memoryLog(t, signer, 40)
	if r, err := VerifyExport(t.Context(), bytes.NewReader(whole), verifier); err != nil || r.Size != 40 {
		t.Fatalf("got %+v, %v", r, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		altered := bytes.Clone(whole)
		at := rapid.IntRange(0, len(altered)-1).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			altered[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1:
			altered = altered[:at]
		case 2:
			lines := bytes.SplitAfter(altered, []byte("\n"))
			i, j := rapid.IntRange(0, len(lines)-2).Draw(t, "line"), rapid.IntRange(0, len(lines)-2).Draw(t, "other")
			if i == j {
				return
			}
			lines[i], lines[j] = lines[j], lines[i]
			altered = bytes.Join(lines, nil)
		}
		if _, err := VerifyExport(context.Background(), bytes.NewReader(altered), verifier); err == nil && !strings.EqualFold(strings.TrimSpace(string(altered)), strings.TrimSpace(string(whole))) {
			t.Fatalf("byte %d of %d: it verifies", at, len(whole))
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte("guichet/trace/1\nsalt " + strings.Repeat("0a", 32) + "\nid 7\nat 1796074126581901\ntype report.read\noutcome granted\nreason grant\ncontext " + strings.Repeat("0b", 32) + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if e, err := ParseEntry(text); err == nil && !bytes.Equal(e.Bytes(), text) {
			t.Error("read, and not written the same")
		}
		if c, err := ParseContext(text); err == nil && !bytes.Equal(c.Bytes(), text) {
			t.Error("read, and not written the same")
		}
	})
}

func FuzzVerifyExport(f *testing.F) {
	signer, verifier := newLogKey(f)
	whole := memoryLog(f, signer, 3)
	f.Add(whole)
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _ = VerifyExport(t.Context(), bytes.NewReader(text), verifier)
		if p, entry, err := ParseProof(text); err == nil {
			_, _ = p.Check(entry, verifier)
		}
	})
}

func TestProofFile(t *testing.T) {
	signer, verifier := newLogKey(t)
	var tree Tree
	tiles := tileMap{}
	entries := make([][]byte, 600)
	for i := range entries {
		entries[i] = Entry{ID: int64(i + 1), At: time.UnixMicro(1).UTC(), Type: ReportRead, Outcome: "granted", Reason: "grant"}.Bytes()
		hash := tlog.RecordHash(entries[i])
		for _, tile := range tree.Append(hash[:]) {
			tiles[tlog.Tile{H: tileHeight, L: tile.Level, N: tile.Number}] = tile.Hashes
		}
	}
	root, err := tree.Root()
	if err != nil {
		t.Fatal(err)
	}
	at := Checkpoint{Size: tree.Size(), Root: root, At: time.Now().UTC()}
	signed, err := at.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []int64{0, 255, 256, 511, 512, 599} {
		proof, err := Prove(place, at, signed, tiles)
		if err != nil {
			t.Fatal(err)
		}
		read, entry, err := ParseProof(proof.File(entries[place]))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read.Check(entry, verifier); err != nil {
			t.Error(place, err)
		}
		if _, err := read.Check(entries[(place+1)%600], verifier); err == nil {
			t.Error(place, "proves another entry")
		}
		read.Place++
		if _, err := read.Check(entry, verifier); err == nil {
			t.Error(place, "proves another place")
		}
	}
	tiles[tlog.Tile{H: tileHeight, L: 0, N: 1}][0] ^= 1
	if _, err := Prove(300, at, signed, tiles); err == nil {
		t.Error("made from tiles that do not lead to the root")
	}
}
