package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"guichet/configs"
)

// connection is what crypto/tls hands over of a connection whose peer it has
// verified.
func connection(t testing.TB, authority *ca, cert *x509.Certificate) tls.ConnectionState {
	t.Helper()
	chains, err := cert.Verify(x509.VerifyOptions{Roots: authority.pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		t.Fatal(err)
	}
	return tls.ConnectionState{VerifiedChains: chains, PeerCertificates: []*x509.Certificate{cert}}
}

// one is a fetch that succeeds.
func one(context.Context, *int) (*int, time.Time, error) {
	return new(int), time.Now().Add(time.Hour), nil
}

// TestAListIsFetchedOnce for all who wait, and again when it is due: an
// authority may publish a revocation early.
func TestAListIsFetchedOnce(t *testing.T) {
	w := newWeb(t)
	authority := newCA(t, "authority", nil)
	shown := authority.issue(points(w.URL))
	b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse})
	state := connection(t, authority, shown.Leaf)
	all := make(chan struct{})
	w.set(func(rw http.ResponseWriter, _ *http.Request) {
		<-all
		_, _ = rw.Write(authority.list(between(-time.Hour, 7*day)))
	})
	var waiting sync.WaitGroup
	for range 50 {
		waiting.Go(func() {
			if err := b.Verify(state); err != nil {
				t.Error(err)
			}
		})
	}
	close(all)
	waiting.Wait()
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}

	// Within the hour nobody asks; after it, behind the back of who is served.
	b.clock.advance(refetch - time.Minute)
	if err := b.Verify(state); err != nil || w.asked.Load() != 1 {
		t.Errorf("within the hour: %v, asked %d times", err, w.asked.Load())
	}
	fetched := make(chan struct{})
	w.set(func(rw http.ResponseWriter, _ *http.Request) {
		defer close(fetched)
		_, _ = rw.Write(authority.list(between(-time.Minute, 7*day), shown.Leaf))
	})
	b.clock.advance(2 * time.Minute)
	if err := b.Verify(state); err != nil {
		t.Errorf("while the new one is fetched: %v", err)
	}
	<-fetched
	b.settle()
	if err := b.Verify(state); causeOf(t, err) != Revoked {
		t.Errorf("once it is there: %v", err)
	}

	// An older list, still good by its own dates, does not undo it.
	fetched = make(chan struct{})
	w.set(func(rw http.ResponseWriter, _ *http.Request) {
		defer close(fetched)
		_, _ = rw.Write(authority.list(between(-time.Hour, 7*day)))
	})
	b.clock.advance(refetch + time.Minute)
	if err := b.Verify(state); causeOf(t, err) != Revoked {
		t.Errorf("at the next fetch: %v", err)
	}
	<-fetched
	b.settle()
	if err := b.Verify(state); causeOf(t, err) != Revoked {
		t.Errorf("after an older list was sent: %v", err)
	}
}

// TestAnOlderFileUndoesNothing: nor does an older file that is put back in the
// place of the one that revoked, whatever is done about what is unknown.
func TestAnOlderFileUndoesNothing(t *testing.T) {
	for _, policy := range []string{configs.Refuse, configs.AcceptAndAlert} {
		authority := newCA(t, "authority", nil)
		shown, other := authority.issue(), authority.issue()
		settings := withLists(t, authority.list(between(-2*time.Hour, 7*day)))
		settings.WhenUnknown = policy
		b := newBench(t, settings)
		state := connection(t, authority, shown.Leaf)
		if err := b.Verify(state); err != nil {
			t.Fatalf("%s: before: %v", policy, err)
		}
		file(t, settings.CRLFiles[0], authority.list(between(-time.Hour, 7*day), shown.Leaf))
		if err := b.Verify(state); causeOf(t, err) != Revoked {
			t.Errorf("%s: on the list: %v", policy, err)
		}
		file(t, settings.CRLFiles[0], authority.list(between(-2*time.Hour, 7*day)))
		if err := b.Verify(state); causeOf(t, err) != Revoked {
			t.Errorf("%s: an older file: %v", policy, err)
		}
		if err := b.Verify(connection(t, authority, other.Leaf)); err != nil {
			t.Errorf("%s: another certificate: %v", policy, err)
		}
	}
}

// settle waits until no fetch is under way.
func (b *bench) settle() {
	for _, key := range keysOf(b.lists) {
		_, _, _ = b.lists.group.Do(key, func() (any, error) { return nil, nil })
	}
}

func keysOf[T any](k *kept[T]) (keys []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key := range k.items {
		keys = append(keys, key)
	}
	return keys
}

// TestAFailureIsRemembered: who is down is not asked at each handshake, and the
// last good list serves while it can.
func TestAFailureIsRemembered(t *testing.T) {
	w := newWeb(t)
	w.set(http.NotFound)
	authority := newCA(t, "authority", nil)
	shown := authority.issue(points(w.URL), responders(w.URL))
	b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse, Grace: time.Hour})
	state := connection(t, authority, shown.Leaf)
	for range 20 {
		if err := b.Verify(state); causeOf(t, err) != Unknown {
			t.Fatal(err)
		}
	}
	if n := w.asked.Load(); n != 2 {
		t.Errorf("asked %d times, want once for the list and once for an answer", n)
	}
	if n := b.log.count("alert: certificate refused"); n != 1 {
		t.Errorf("told %d times", n)
	}
	b.clock.advance(retry + time.Second)
	w.send(authority.list(between(-time.Hour, 3*time.Hour)))
	if err := b.Verify(state); err != nil {
		t.Errorf("once it is up again: %v", err)
	}

	// Down again: the list goes on serving until its end, then in its grace,
	// which is told of, and no longer.
	w.set(http.NotFound)
	b.clock.advance(2 * time.Hour)
	if err := b.Verify(state); err != nil || b.log.count("overdue") != 0 {
		t.Errorf("before its end: %v", err)
	}
	b.settle()
	b.clock.advance(time.Hour + time.Minute)
	if err := b.Verify(state); err != nil || b.log.count("overdue") != 1 {
		t.Errorf("in its grace: %v, told %d times", err, b.log.count("overdue"))
	}
	b.settle()
	b.clock.advance(time.Hour)
	if err := b.Verify(state); causeOf(t, err) != Unknown {
		t.Errorf("after it: %v", err)
	}
}

// TestAnAnswerIsKept until it is due, and not beyond its end.
func TestAnAnswerIsKept(t *testing.T) {
	w := newWeb(t)
	authority := newCA(t, "authority", nil)
	shown := authority.issue(responders(w.URL))
	w.send(authority.answer(shown.Leaf, ocsp.Good, nil))
	b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse})
	state := connection(t, authority, shown.Leaf)
	for range 10 {
		if err := b.Verify(state); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.set(http.NotFound)
	b.clock.advance(day + skew + time.Minute)
	if err := b.Verify(state); causeOf(t, err) != Unknown {
		t.Errorf("after its end: %v", err)
	}
}

// TestAClockSetBack does not make what was fetched due in a far future.
func TestAClockSetBack(t *testing.T) {
	w := newWeb(t)
	authority := newCA(t, "authority", nil)
	w.send(authority.list(between(-30*day, 30*day)))
	b := newBench(t, configs.Revocation{WhenUnknown: configs.Refuse})
	state := connection(t, authority, authority.issue(points(w.URL)).Leaf)
	b.clock.advance(10 * day)
	if err := b.Verify(state); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(-10 * day)
	if err := b.Verify(state); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if n := w.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

// TestMemoryIsBounded however many addresses are named.
func TestMemoryIsBounded(t *testing.T) {
	k := newKept[int](time.Now)
	for i := range 3 * maxHeld {
		if _, err := k.get(t.Context(), string(rune(i)), func(*int) bool { return true }, one); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(keysOf(k)); n > maxHeld {
		t.Errorf("%d are held", n)
	}
	r := reporter{now: time.Now}
	for i := range 3 * maxHeld {
		r.first(string(rune(i)))
	}
	if len(r.told) > maxHeld {
		t.Errorf("%d are held", len(r.told))
	}
}
