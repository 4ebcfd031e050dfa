package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// encodings are the ways in which a text may lie on a disk.
var encodings = func() []encoding {
	var all []encoding
	for _, set := range []encoding{{name: "UTF-8", characters: utf8Bytes}, {name: "UTF-16LE", characters: utf16Bytes}, {name: "Latin-1", characters: latinBytes}} {
		for _, code := range []encoding{
			{name: "", encode: func(b []byte) []byte { return b }},
			{name: ", hex", encode: func(b []byte) []byte { return []byte(hex.EncodeToString(b)) }},
			{name: ", upper-case hex", encode: func(b []byte) []byte { return bytes.ToUpper([]byte(hex.EncodeToString(b))) }},
			{name: ", base64", encode: func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }},
			{name: ", base64url", encode: func(b []byte) []byte { return []byte(base64.RawURLEncoding.EncodeToString(b)) }},
		} {
			all = append(all, encoding{set.name + code.name, set.characters, code.encode})
		}
	}
	return all
}()

type encoding struct {
	name       string
	characters func(string) []byte
	encode     func([]byte) []byte
}

func utf8Bytes(s string) []byte  { return []byte(s) }
func latinBytes(s string) []byte { return []byte(latin(s)) }
func utf16Bytes(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8)) // #nosec G115 -- French letters, all below 65536
	}
	return b
}

// patterns are the bytes that betray a text in an encoding, wherever it begins:
// in base64 what stands before and behind changes the first and last letters.
func (e encoding) patterns(text string) [][]byte {
	b := e.characters(text)
	if !strings.Contains(e.name, "base64") {
		return [][]byte{e.encode(b)}
	}
	var all [][]byte
	for offset := range 3 {
		whole := e.encode(append(make([]byte, offset), b...))
		first, last := (offset*8+5)/6, (offset+len(b))*8/6
		all = append(all, whole[first:last])
	}
	return all
}

// search looks for all patterns in one pass.
type search struct {
	patterns []pattern
	start    [1 << 16]bool // the first two bytes of some pattern
	begin    map[[prefix]byte][]int
	longest  int

	files int
	bytes int64
	wal   int64
	hits  []string
}

type pattern struct {
	bytes []byte
	says  string
}

const (
	prefix    = 6
	blockSize = 1 << 20
)

func newSearch(canaries []canary) *search {
	s := &search{begin: make(map[[prefix]byte][]int)}
	known := make(map[string]bool)
	for _, c := range canaries {
		for _, e := range encodings {
			for _, text := range []string{c.text, strings.ToUpper(c.text), strings.ToLower(c.text)} {
				for _, b := range e.patterns(text) {
					if len(b) < prefix || known[string(b)] {
						continue
					}
					known[string(b)] = true
					head := [prefix]byte(b)
					s.start[int(b[0])<<8|int(b[1])] = true
					s.begin[head] = append(s.begin[head], len(s.patterns))
					s.patterns = append(s.patterns, pattern{b, c.what + " as " + e.name})
					s.longest = max(s.longest, len(b))
				}
			}
		}
	}
	return s
}

// content searches what is in memory.
func (s *search) content(where string, content []byte) {
	s.files++
	s.bytes += int64(len(content))
	s.block(where, content, 0)
}

// file searches a file block by block, each with the end of the one before.
func (s *search) file(name string) error {
	file, err := os.Open(name) // #nosec G304 -- below the folders searched
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	s.files++
	block, kept, offset := make([]byte, blockSize+s.longest), 0, int64(0)
	for {
		n, err := io.ReadFull(file, block[kept:])
		s.bytes += int64(n)
		if strings.Contains(name, "/pg_wal/") {
			s.wal += int64(n)
		}
		s.block(name, block[:kept+n], offset)
		if err != nil {
			return nil // its end, or taken away meanwhile
		}
		copy(block, block[len(block)-s.longest:])
		offset += int64(len(block) - s.longest)
		kept = s.longest
	}
}

// block looks at some hundred million bytes, one by one, that nobody else has.
//
//go:norace
func (s *search) block(where string, content []byte, offset int64) {
	for i := 0; i+prefix <= len(content); i++ {
		if !s.start[int(content[i])<<8|int(content[i+1])] {
			continue
		}
		for _, n := range s.begin[[prefix]byte(content[i:])] {
			if bytes.HasPrefix(content[i:], s.patterns[n].bytes) {
				s.hits = append(s.hits, fmt.Sprintf("%s holds the %s, at %d", where, s.patterns[n].says, offset+int64(i)))
			}
		}
	}
}

// Whose a folder is: in one of others, files may be closed to us.
const (
	ours   = false
	others = true
)

// folder searches the files below root, but for those named directly in it.
func (s *search) folder(t *testing.T, root string, foreign bool, except ...string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !slices.ContainsFunc(except, func(known string) bool { return name == filepath.Join(root, known) }) {
			err = s.file(name)
		}
		if errors.Is(err, fs.ErrNotExist) || foreign && errors.Is(err, fs.ErrPermission) {
			return nil // gone meanwhile, or somebody else's
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTheSearchFindsWhatIsThere plants each canary in each encoding.
func TestTheSearchFindsWhatIsThere(t *testing.T) {
	canaries := []canary{{"name", "Zéphyrine" + letters(8)}, {"value", digits(10)}}
	for _, c := range canaries {
		for _, e := range encodings {
			for offset := range 3 { // what stands before moves the groups of base64
				s := newSearch(canaries)
				text := e.encode(append(make([]byte, offset), e.characters(c.text)...))
				folder := t.TempDir()
				content := append(bytes.Repeat([]byte{0xAA}, blockSize-10+offset), text...)
				if err := os.WriteFile(filepath.Join(folder, "planted"), content, 0o600); err != nil {
					t.Fatal(err)
				}
				s.folder(t, folder, ours)
				if len(s.hits) == 0 {
					t.Errorf("%s as %s at offset %d is not found", c.what, e.name, offset)
				}
			}
		}
	}
	s := newSearch(canaries)
	s.content("noise", bytes.Repeat([]byte("Zéphyrine 12345678 "), 100))
	if len(s.hits) > 0 {
		t.Errorf("found in noise: %v", s.hits)
	}
}
