package stamp_test

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"guichet/traces/stamp"
	"guichet/traces/stamp/stamptest"

	"github.com/digitorus/timestamp"
)

func ask(t *testing.T, message string) *stamp.Question {
	t.Helper()
	q, err := stamp.Ask([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func answer(t *testing.T, a *stamptest.Authority, q *stamp.Question) []byte {
	t.Helper()
	said, err := a.Answer(q.DER)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func TestStamp(t *testing.T) {
	a := stamptest.New(t)
	before := time.Now().Add(-2 * time.Second)
	q := ask(t, "a checkpoint\n")
	said := answer(t, a, q)
	at, err := q.Check(said, a.Pool())
	if err != nil || at.Before(before) || at.After(time.Now().Add(2*time.Second)) {
		t.Fatalf("stamped at %v, %v", at, err)
	}
	if later, err := stamp.Check(said, []byte("a checkpoint\n"), a.Pool()); err != nil || !later.Equal(at) {
		t.Errorf("later it says %v, %v", later, err)
	}
	// Anybody verifies it with a program that is not ours.
	folder := t.TempDir()
	message, file := filepath.Join(folder, "message"), filepath.Join(folder, "message.tsr")
	for name, content := range map[string][]byte{message: []byte("a checkpoint\n"), file: said} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("openssl", "ts", "-verify", "-data", message, "-in", file, "-CAfile", a.Root()).CombinedOutput(); err != nil {
		t.Errorf("openssl does not verify it: %v\n%s", err, out)
	}
}

func TestStampRefused(t *testing.T) {
	a, other := stamptest.New(t), stamptest.New(t)
	q := ask(t, "a checkpoint\n")
	good := answer(t, a, q)
	if _, err := q.Check(good, a.Pool()); err != nil {
		t.Fatal(err)
	}
	refused, err := a.Answer([]byte("no question"))
	if err != nil {
		t.Fatal(err)
	}
	both := a.Pool()
	if _, err := q.Check(good, nil); err == nil {
		t.Error("where nobody is trusted, somebody is")
	}
	for name, said := range map[string][]byte{
		"another authority's":              answer(t, other, q),
		"over other bytes":                 answer(t, a, ask(t, "another checkpoint\n")),
		"to an earlier question":           answer(t, a, ask(t, "a checkpoint\n")),
		"a refusal":                        refused,
		"a server's of the same authority": misused(t, a, q),
		"nothing":                          nil,
		"no answer":                        []byte("<html>"),
		"cut short":                        good[:len(good)-1],
		"with more behind":                 append(bytes.Clone(good), 0),
		"another's signature":              flipped(good, len(good)-5),
	} {
		if at, err := q.Check(said, both); err == nil {
			t.Errorf("%s: it says %v", name, at)
		}
	}
	if _, err := stamp.Check(good, []byte("another checkpoint\n"), a.Pool()); err == nil {
		t.Error("it is over whatever one likes")
	}
	if _, err := stamp.Check(good, []byte("a checkpoint\n"), other.Pool()); err == nil {
		t.Error("anybody's stamp holds")
	}
}

// misused is an answer that a server's key has signed. openssl would not.
func misused(t *testing.T, a *stamptest.Authority, q *stamp.Question) []byte {
	t.Helper()
	asked, err := timestamp.ParseRequest(q.DER)
	if err != nil {
		t.Fatal(err)
	}
	file, key, between := a.Files()
	pair, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(between)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	middle, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	said, err := (&timestamp.Timestamp{HashAlgorithm: asked.HashAlgorithm, HashedMessage: asked.HashedMessage, Time: time.Now(), Nonce: asked.Nonce,
		Policy: asn1.ObjectIdentifier{1, 2, 3}, Certificates: []*x509.Certificate{middle}, AddTSACertificate: true}).CreateResponseWithOpts(pair.Leaf, pair.PrivateKey.(crypto.Signer), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// TestAlteredStamp: no byte of a stamp can be changed so that it says another time.
func TestAlteredStamp(t *testing.T) {
	a := stamptest.New(t)
	q := ask(t, "a checkpoint\n")
	good := answer(t, a, q)
	at, err := q.Check(good, a.Pool())
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if got, err := q.Check(flipped(good, i), a.Pool()); err == nil && !got.Equal(at) {
			t.Errorf("with byte %d changed it says %v, not %v", i, got, at)
		}
	}
}

func flipped(text []byte, at int) []byte {
	text = bytes.Clone(text)
	text[at] ^= 1
	return text
}
