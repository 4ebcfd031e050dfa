package certificate

import (
	"context"
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"

	"guichet/configs"
)

// TestEndsToCome: a certificate is told of at thirty, seven and one days, and
// daily once it has run out.
func TestEndsToCome(t *testing.T) {
	authority := newCA(t, "authority", nil)
	b := newBench(t, configs.Revocation{})
	leaf := authority.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(40 * day) }).Leaf
	path := filepath.Join(t.TempDir(), "portal.pem")
	file(t, path, inPEM("CERTIFICATE", authority.cert.Raw, leaf.Raw))
	w := NewWatch(map[string]string{"portal.tls.certificate": path}, b.options())
	told := 0
	for _, step := range []struct {
		left time.Duration // until the end
		says string
	}{
		{40 * day, ""}, {31 * day, ""}, {29 * day, "soon"}, {28 * day, ""}, {8 * day, ""}, {6 * day, "soon"}, {2 * day, ""},
		{20 * time.Hour, "soon"}, {time.Hour, ""}, {-time.Hour, "has run out"}, {-5 * time.Hour, ""}, {-26 * time.Hour, "has run out"},
	} {
		b.clock.at.Store(leaf.NotAfter.Add(-step.left).UnixNano())
		w.look()
		w.look()
		if step.says != "" {
			told++
		}
		if n := b.log.count("alert: "); n != told || step.says != "" && b.log.count(step.says) == 0 {
			t.Errorf("%v before the end: told %d times, want %d", step.left, n, told)
		}
	}
	if got := b.ends["portal.tls.certificate"]; !got.Equal(leaf.NotAfter) {
		t.Errorf("the figure is %v, want the end of what runs out first", got)
	}
}

// TestAListIsLateInItsLastQuarter: lists live for hours or days.
func TestAListIsLateInItsLastQuarter(t *testing.T) {
	authority := newCA(t, "authority", nil)
	b := newBench(t, configs.Revocation{})
	path := filepath.Join(t.TempDir(), "ca.crl")
	file(t, path, authority.list(between(-time.Hour, 7*time.Hour)))
	w := NewWatch(map[string]string{"revocation.feeds.crl_files.0": path}, b.options())
	w.look()
	b.clock.advance(4 * time.Hour)
	w.look()
	if n := b.log.count("alert: "); n != 0 {
		t.Errorf("told %d times before its last quarter", n)
	}
	b.clock.advance(2 * time.Hour)
	w.look()
	if n := b.log.count("alert: revocation list runs out soon"); n != 1 {
		t.Errorf("told %d times in its last quarter", n)
	}
	file(t, path, authority.list(between(5*time.Hour, 13*time.Hour)))
	w.look()
	if n := b.log.count("alert: "); n != 1 {
		t.Errorf("told %d times though it was replaced", n)
	}
}

// TestAFileThatCannotBeRead is told of, and the others are looked at still.
func TestAFileThatCannotBeRead(t *testing.T) {
	authority := newCA(t, "authority", nil)
	b := newBench(t, configs.Revocation{})
	bad, good := filepath.Join(t.TempDir(), "bad.pem"), filepath.Join(t.TempDir(), "good.pem")
	file(t, bad, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	file(t, good, inPEM("CERTIFICATE", authority.issue().Leaf.Raw))
	w := NewWatch(map[string]string{"a": bad, "b": "/nowhere/at/all.pem", "c": good}, b.options())
	w.look()
	w.look()
	if n := b.log.count("cannot be read"); n != 2 || b.ends["c"].IsZero() {
		t.Errorf("told %d times, %v", n, b.ends)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestPeersEndsToCome: who shows a certificate that will run out is told of,
// and the figure is of the first to; one that was replaced no longer counts.
func TestPeersEndsToCome(t *testing.T) {
	authority := newCA(t, "authority", nil)
	b := newBench(t, withLists(t, authority.list(between(-time.Hour, 700*day))))
	long := authority.issue().Leaf
	short := authority.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(20 * day) }).Leaf
	for range 3 {
		for _, cert := range []*x509.Certificate{long, short} {
			if err := b.Verify(connection(t, authority, cert)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := b.log.count("alert: certificate runs out soon"); n != 1 {
		t.Errorf("told %d times", n)
	}
	if !b.ends["peer.feeds"].Equal(short.NotAfter) {
		t.Errorf("the figure is %v", b.ends["peer.feeds"])
	}
	b.clock.advance(2 * day)
	if err := b.Verify(connection(t, authority, long)); err != nil {
		t.Fatal(err)
	}
	if !b.ends["peer.feeds"].Equal(long.NotAfter) {
		t.Errorf("after two days the figure is %v", b.ends["peer.feeds"])
	}
}
