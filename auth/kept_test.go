package auth

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"guichet/record"
)

// TestKeptProof: for ten minutes, in the browser that was given it, unreadable
// there, and never as an attempt.
func TestKeptProof(t *testing.T) {
	now := time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC)
	a, err := NewAttempts("__Host-attempt", bytes.Repeat([]byte{7}, 64), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	login := &Login{Provider: FranceConnect, Issuer: "https://fc.example", Subject: "sub", Role: record.RolePatient, State: "of the answer", IDToken: "signed",
		Identity: record.Identity{Family: "LEFÈVRE", Given: "Camille", Birthdate: "1984-03-14", Sex: record.Female, Birthplace: "75112"}}
	keep := func(login *Login) *http.Cookie {
		t.Helper()
		w := httptest.NewRecorder()
		if err := a.Keep(w, login); err != nil {
			t.Fatal(err)
		}
		return w.Result().Cookies()[0]
	}
	kept := func(cookies ...*http.Cookie) *Login {
		r := httptest.NewRequest(http.MethodPost, "https://portal.example/activate", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		found, err := a.Kept(r)
		if (err == nil) != (found != nil) {
			t.Fatal(err)
		}
		return found
	}
	cookie := keep(login)
	if cookie.Name != "__Host-attempt-proof" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.MaxAge != 600 {
		t.Errorf("got %+v", cookie)
	}
	if strings.Contains(cookie.Value, "LEF") || strings.Contains(cookie.Value, "sub") {
		t.Error("the cookie can be read")
	}
	found := kept(cookie)
	if found == nil || found.Identity != login.Identity || found.Subject != "sub" || found.IDToken != "signed" {
		t.Fatalf("got %+v", found)
	}
	if found.State == login.State || len(found.State) != 43 || kept(keep(login)).State == found.State {
		t.Error("its state is not its own")
	}
	now = now.Add(attemptLifetime)
	if kept(cookie) == nil {
		t.Error("gone before ten minutes")
	}
	now = now.Add(time.Second)
	if kept(cookie) != nil {
		t.Error("there after ten minutes")
	}
	now = now.Add(-time.Hour)
	if kept(cookie) != nil {
		t.Error("there before it was made")
	}
	now = now.Add(time.Hour)
	fresh := keep(login)
	altered := *fresh
	altered.Value = "A" + altered.Value[1:]
	w := httptest.NewRecorder()
	if err := a.begin(w, attempt{Provider: FranceConnect, State: "s"}); err != nil {
		t.Fatal(err)
	}
	asProof := *w.Result().Cookies()[0]
	asProof.Name = fresh.Name
	for name, c := range map[string]*http.Cookie{"altered": &altered, "an attempt's": &asProof, "empty": {Name: fresh.Name}} {
		if kept(c) != nil {
			t.Errorf("%s: opens", name)
		}
	}
	if kept() != nil {
		t.Error("opens without a cookie")
	}
	// It is what the sign-in rests on: without it nothing is kept.
	long := *login
	long.IDToken = strings.Repeat("x", 5000)
	if w := httptest.NewRecorder(); a.Keep(w, &long) == nil || len(w.Result().Cookies()) != 0 {
		t.Error("a login too long for a cookie was kept")
	}
}
