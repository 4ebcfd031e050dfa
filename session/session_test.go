package session

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
)

// shelf is a Keeper in memory, for what the manager itself promises; that of
// the database is tested with it.
type shelf struct {
	states map[string]*State
	loads  int
	unused int // loads that were no action
}

func (s *shelf) Load(_ context.Context, token []byte, used bool) (*State, error) {
	s.loads++
	if !used {
		s.unused++
	}
	if state, ok := s.states[string(token)]; ok {
		return state, nil
	}
	return nil, fault.New(fault.NotFound, nil)
}

func (s *shelf) Save(_ context.Context, token, values []byte) error {
	s.states[string(token)] = &State{At: time.Now().Add(time.Minute), Values: values}
	return nil
}

func newManager(now *time.Time) (*Manager, *shelf) {
	s := &shelf{states: make(map[string]*State)}
	return New(s, Options{CookieSuffix: "8443", Now: func() time.Time { return *now }}), s
}

// begin signs in a browser that carries cookies, and returns its cookie.
func begin(t *testing.T, m *Manager, cookies ...*http.Cookie) *http.Cookie {
	t.Helper()
	s, err := m.Begin(request(cookies...))
	if err != nil {
		t.Fatal(err)
	}
	s.Put("provider", "franceconnect")
	w := httptest.NewRecorder()
	if err := s.Save(w); err != nil {
		t.Fatal(err)
	}
	all := w.Result().Cookies()
	if len(all) != 1 {
		t.Fatalf("got %d cookies", len(all))
	}
	return all[0]
}

func request(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestCookie(t *testing.T) {
	now := time.Now()
	m, _ := newManager(&now)
	c := begin(t, m)
	if c.Name != "__Host-guichet-8443" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("got %s", c)
	}
	if token, err := base64.RawURLEncoding.DecodeString(c.Value); err != nil || len(token) != TokenSize {
		t.Errorf("token: got %d bytes, %v", len(token), err)
	}
	w := httptest.NewRecorder()
	m.Clear(w)
	if got := w.Header().Get("Set-Cookie"); !strings.Contains(got, "Max-Age=0") || !strings.Contains(got, "Secure") {
		t.Errorf("clear: got %s", got)
	}
}

// TestNewTokenAtEachSignIn: neither a token of this browser's earlier session
// nor one that somebody planted is taken up (AA10).
func TestNewTokenAtEachSignIn(t *testing.T) {
	now := time.Now()
	m, _ := newManager(&now)
	first := begin(t, m)
	second := begin(t, m, first)
	planted := &http.Cookie{Name: first.Name, Value: base64.RawURLEncoding.EncodeToString(make([]byte, TokenSize))}
	third := begin(t, m, planted)
	if first.Value == second.Value || third.Value == planted.Value {
		t.Error("a token was taken up")
	}
	if s, err := m.Open(request(second)); err != nil || s.Ended != "" || s.Value("provider") != "franceconnect" {
		t.Errorf("the new session: got %+v, %v", s, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	now := time.Now()
	m, _ := newManager(&now)
	c := begin(t, m)
	for name, value := range map[string]string{"unknown": base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("x", TokenSize))), "short": "abc", "empty": "",
		"padded": c.Value + "=", "another alphabet": strings.Repeat("+", 43), "last bits set": c.Value[:42] + "_"} {
		if _, err := m.Open(request(&http.Cookie{Name: c.Name, Value: value})); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := m.Open(request(&http.Cookie{Name: "guichet", Value: c.Value})); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("another name: got %v", err)
	}
	if _, err := m.Open(request()); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("none: got %v", err)
	}
}

// TestRemembersForSeconds: the keeper is asked once for some seconds, at once
// after Forget, and always for what has ended.
func TestRemembersForSeconds(t *testing.T) {
	now := time.Now()
	m, shelf := newManager(&now)
	c := begin(t, m)
	open := func() *Session {
		t.Helper()
		s, err := m.Open(request(c))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	shelf.loads = 0
	open()
	open()
	if shelf.loads != 1 {
		t.Errorf("within seconds: asked %d times", shelf.loads)
	}
	now = now.Add(6 * time.Second)
	open()
	if shelf.loads != 2 {
		t.Errorf("later: asked %d times", shelf.loads)
	}
	open().Forget()
	open()
	if shelf.loads != 3 {
		t.Errorf("after Forget: asked %d times", shelf.loads)
	}
	token, _ := m.Token(request(c))
	shelf.states[string(token)] = &State{Ended: record.EndIdle, At: now}
	open().Forget()
	if s := open(); s.Ended != record.EndIdle {
		t.Errorf("got %q", s.Ended)
	}
	before := shelf.loads
	open()
	if shelf.loads != before+1 {
		t.Error("an ended session was remembered")
	}
}

// TestLookIsNoAction: what comes back by itself is not counted as use (DT9).
func TestLookIsNoAction(t *testing.T) {
	now := time.Now()
	m, shelf := newManager(&now)
	c := begin(t, m)
	if _, err := m.Look(request(c)); err != nil || shelf.unused != shelf.loads {
		t.Errorf("%d of %d loads were no action (%v), want all", shelf.unused, shelf.loads, err)
	}
	now = now.Add(time.Minute)
	before := shelf.unused
	if _, err := m.Open(request(c)); err != nil || shelf.unused != before {
		t.Errorf("an action was not counted: %v", err)
	}
}

// TestWhatWaitsIsAskedEachTime, and opens nothing meanwhile.
func TestWhatWaitsIsAskedEachTime(t *testing.T) {
	now := time.Now()
	m, shelf := newManager(&now)
	c := begin(t, m)
	token, _ := m.Token(request(c))
	shelf.states[string(token)].Waits = true
	for range 3 {
		if s, err := m.Open(request(c)); err != nil || !s.Waits {
			t.Fatalf("got %+v, %v", s, err)
		}
	}
	if shelf.loads < 3 {
		t.Errorf("asked %d times", shelf.loads)
	}
}

// TestSetAside: what is over opens nothing under its second name, tells what it
// kept, and goes with the next sign-out.
func TestSetAside(t *testing.T) {
	now := time.Now()
	m, shelf := newManager(&now)
	c := begin(t, m)
	token, _ := m.Token(request(c))
	state := shelf.states[string(token)]
	state.Ended = record.EndReplaced
	over, err := m.Open(request(c))
	if err != nil || over.Ended != record.EndReplaced || over.Value("provider") != "franceconnect" {
		t.Fatalf("got %+v, %v", over, err)
	}
	w := httptest.NewRecorder()
	over.SetAside(w)
	cookies := w.Result().Cookies()
	if len(cookies) != 2 || cookies[0].Name != c.Name || cookies[0].MaxAge >= 0 {
		t.Fatalf("got %v, want the session's cookie taken and another given", cookies)
	}
	aside := cookies[1]
	if aside.Name != "__Host-guichet-over-8443" || !aside.Secure || !aside.HttpOnly || aside.SameSite != http.SameSiteLaxMode || aside.Path != "/" || aside.MaxAge > 3600 {
		t.Errorf("got %s", aside)
	}
	if _, err := m.Open(request(aside)); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("what was set aside opens something: %v", err)
	}
	if past, err := m.Past(request(aside)); err != nil || past.Ended != record.EndReplaced {
		t.Errorf("got %+v, %v", past, err)
	}
	w = httptest.NewRecorder()
	m.Clear(w)
	if left := w.Result().Cookies(); len(left) != 2 || left[1].Name != aside.Name || left[1].MaxAge >= 0 {
		t.Errorf("clear: got %v", left)
	}
}
