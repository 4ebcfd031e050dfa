package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/fault"

	"pgregory.net/rapid"
)

func newKeyring(t testing.TB) *Keyring {
	t.Helper()
	master, ring := files(t)
	if err := Init(master, ring); err != nil {
		t.Fatal(err)
	}
	keys, err := OpenFiles(master, ring)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func files(t testing.TB) (master, ring string) {
	dir := t.TempDir()
	return filepath.Join(dir, "master.json"), filepath.Join(dir, "keyring.json")
}

// TestSealedForOnePlace: a ciphertext opens where it was sealed for, and
// nowhere else (DT4.b).
func TestSealedForOnePlace(t *testing.T) {
	keys := newKeyring(t)
	key, wrapped, err := keys.NewPatient("p1")
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := keys.NewPatient("p2")
	if err != nil {
		t.Fatal(err)
	}
	at := Place{Table: "report", Column: "sealed", Patient: "p1", Record: "r1", Version: 2}
	sealed, err := key.Seal([]byte("11.2"), at)
	if err != nil {
		t.Fatal(err)
	}
	again, err := keys.Patient("p1", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(sealed, at); err != nil || string(plain) != "11.2" {
		t.Fatalf("got %q, %v", plain, err)
	}
	for name, change := range map[string]func(*Place){
		"table": func(p *Place) { p.Table = "panel" }, "column": func(p *Place) { p.Column = "content" }, "patient": func(p *Place) { p.Patient = "p2" },
		"record": func(p *Place) { p.Record = "r2" }, "version": func(p *Place) { p.Version = 1 },
		"parts that run together": func(p *Place) { p.Patient, p.Record = "p1r", "1" },
	} {
		moved := at
		change(&moved)
		if _, err := key.Open(sealed, moved); fault.KindOf(err) != fault.Tampered {
			t.Errorf("another %s: got %v, want it tampered", name, err)
		}
	}
	if _, err := other.Open(sealed, at); fault.KindOf(err) != fault.Tampered {
		t.Errorf("another key: got %v", err)
	}
	if _, err := keys.Service().Open(sealed, at); fault.KindOf(err) != fault.Tampered {
		t.Errorf("the service key: got %v", err)
	}
	if _, err := keys.Patient("p2", wrapped); fault.KindOf(err) != fault.Tampered {
		t.Errorf("a keyset for another patient: got %v", err)
	}
	if _, err := newKeyring(t).Patient("p1", wrapped); fault.KindOf(err) != fault.Tampered {
		t.Errorf("a keyset under another master key: got %v", err)
	}
}

// TestEveryBitCounts changes each bit of a ciphertext and cuts it everywhere.
func TestEveryBitCounts(t *testing.T) {
	keys := newKeyring(t)
	at := Place{Table: "account", Column: "sealed", Record: "a", Version: 1}
	sealed, err := keys.Service().Seal([]byte("nom"), at)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		if _, err := keys.Service().Open(changed, at); fault.KindOf(err) != fault.Tampered {
			t.Fatalf("bit %d: got %v", i, err)
		}
	}
	for n := range len(sealed) {
		if _, err := keys.Service().Open(sealed[:n], at); fault.KindOf(err) != fault.Tampered {
			t.Fatalf("cut at %d: got %v", n, err)
		}
	}
}

// TestPlacesAreDistinct: no two places share their associated data.
func TestPlacesAreDistinct(t *testing.T) {
	place := rapid.Custom(func(t *rapid.T) Place {
		s := rapid.StringN(0, 3, -1)
		return Place{Table: s.Draw(t, "table"), Column: s.Draw(t, "column"), Patient: s.Draw(t, "patient"), Record: s.Draw(t, "record"), Version: rapid.IntRange(0, 3).Draw(t, "version")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := place.Draw(t, "a"), place.Draw(t, "b")
		if (a == b) != bytes.Equal(a.associated(), b.associated()) {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestBlindIndexes(t *testing.T) {
	keys := newKeyring(t)
	blind := func(f Field, parts ...string) string {
		b, err := keys.Blind(f, parts...)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != 32 {
			t.Errorf("%d bytes", len(b))
		}
		return string(b)
	}
	if first, second := blind(Strict, "A", "B"), blind(Strict, "A", "B"); first != second {
		t.Error("the same value has two indexes")
	}
	seen := make(map[string]string)
	for _, f := range fields {
		for _, parts := range [][]string{{"A", "B"}, {"AB"}, {"", "AB"}, {"A", "", "B"}, {"B", "A"}} {
			at := fmt.Sprint(f, parts)
			if was, ok := seen[blind(f, parts...)]; ok {
				t.Errorf("%s and %s look alike", was, at)
			}
			seen[blind(f, parts...)] = at
		}
	}
	if theirs, err := newKeyring(t).Blind(Strict, "A", "B"); err != nil || string(theirs) == blind(Strict, "A", "B") {
		t.Error("two installations give the same index")
	}
	if _, err := keys.Blind("nonsense", "A"); err == nil {
		t.Error("an unknown field has an index")
	}
}

func TestInitNeverOverwrites(t *testing.T) {
	for _, existing := range []int{0, 1} {
		master, ring := files(t)
		there := []string{master, ring}[existing]
		if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Init(master, ring); err == nil {
			t.Errorf("%s was overwritten", filepath.Base(there))
		}
		if text, err := os.ReadFile(there); err != nil || string(text) != "precious" {
			t.Errorf("%s: got %q, %v", filepath.Base(there), text, err)
		}
	}
}

func TestKeyFilesAreGuarded(t *testing.T) {
	master, ring := files(t)
	if err := Init(master, ring); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{master, ring} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v, want 0600", filepath.Base(name), info.Mode(), err)
		}
	}
	text, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(master, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFiles(master, ring); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a master key that others may read: got %v", err)
	}
	if err := os.Chmod(master, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]string{"not a keyring": "x", "a keyring without an index": strings.Replace(string(text), `"strict"`, `"strikt"`, 1)} {
		if err := os.WriteFile(ring, []byte(change), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenFiles(master, ring); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if err := os.Remove(master); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFiles(master, ring); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no master key: got %v", err)
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	keys := newKeyring(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(verb, keys.Service()); !strings.Contains(got, "[key]") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
