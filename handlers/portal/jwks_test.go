package portal

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"guichet/auth"
	"guichet/auth/authtest"
)

func TestOurKeysArePublished(t *testing.T) {
	s := newSite(t, auth.FranceConnect)
	if got := s.browser(t).get("/.well-known/jwks.json"); got.status != http.StatusNotFound {
		t.Errorf("without keys: got %d, want 404", got.status)
	}
	s.provider.Keys = authtest.Keys(t, "ECDH-ES")
	s.serve(t, s.portal)
	before := s.entries(t)
	got := s.browser(t).get("/.well-known/jwks.json")
	if got.status != http.StatusOK || got.header.Get("Cache-Control") != "max-age=300" || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
		t.Errorf("got %d, header %v", got.status, got.header)
	}
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal([]byte(got.body), &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 2 || set.Keys[0]["use"] != "enc" || set.Keys[1]["use"] != "sig" {
		t.Errorf("got %s", got.body)
	}
	for _, key := range set.Keys {
		if key["d"] != "" {
			t.Error("a private key is published")
		}
	}
	if after := s.entries(t); after != before {
		t.Errorf("reading the keys left %d entries", after-before)
	}
}

// entries counts the traces.
func (s *site) entries(t *testing.T) int {
	t.Helper()
	var n int
	if err := s.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
