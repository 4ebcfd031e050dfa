package e2e

import (
	"bytes"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestAttackForgesASession: with the portal's password alone somebody opens a
// session without having been anywhere near the provider. It is found out within
// seconds, it ends, and somebody is told (monitor, W7).
func TestAttackForgesASession(t *testing.T) {
	a := newAttacker(t)
	raw, state := make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	_, _ = rand.Read(state)
	token, request := literal(raw), "'{192.0.2.66}', '"+uuid.NewString()+"'"
	if lines := a.run(t, "SELECT guichet.sign_in("+token+", "+request+", 'psc', 'x', "+literal(state)+", 'x', "+literal(state)+", 'physician', gen_random_uuid(), 'x', '', gen_random_uuid(), "+
		literal(state)+", "+literal(state)+", 'not what the service key seals', '{}', gen_random_uuid(), 'x', 'x', NULL, '{}', NULL) > 0;"); !slices.Equal(lines, []string{"t"}) {
		t.Fatalf("sign_in says %v", lines)
	}
	over := func() bool {
		lines := a.run(t, "SELECT state FROM guichet.load_session("+token+", "+request+", false);")
		return slices.Equal(lines, []string{"admin"}) && bytes.Contains(a.demo.logs(t)["serve.log"], []byte(`"msg":"alert: sign-in-unproven"`))
	}
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(20 * time.Second)
	for !over() {
		select {
		case <-deadline:
			t.Fatal("a forged session passes unnoticed")
		case <-look.C:
		}
	}
	if n := a.demo.count(t, "SELECT count(*) FROM guichet.trace WHERE type = 'sign-in.check' AND outcome = 'granted'"); n == 0 {
		t.Error("no honest sign-in was proven")
	}
}
