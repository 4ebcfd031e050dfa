package auth_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"guichet/auth"
)

const returnCookie = "__Host-return"

func newAttempts(t *testing.T, key byte, now func() time.Time) *auth.Attempts {
	t.Helper()
	attempts, err := auth.NewAttempts("__Host-attempt", bytes.Repeat([]byte{key}, 64), now)
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

// keep returns the cookie that a path is kept in, or nil.
func keep(t *testing.T, a *auth.Attempts, path string) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := a.KeepReturn(w, returnCookie, auth.Return{Path: path, Session: []byte{1, 2, 3}}); err != nil {
		t.Fatal(err)
	}
	if cookies := w.Result().Cookies(); len(cookies) == 1 {
		return cookies[0]
	}
	return nil
}

func carrying(c *http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(c)
	return r
}

func TestReturn(t *testing.T) {
	a := newAttempts(t, 7, nil)
	c := keep(t, a, "/reports?text=canari&page=2")
	if c == nil || c.Name != returnCookie || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Fatalf("got %v", c)
	}
	if strings.Contains(c.Value, "canari") || strings.Contains(c.Value, "Y2FuYXJp") {
		t.Error("the cookie tells where somebody was")
	}
	to, ok := a.ReturnOf(carrying(c), returnCookie)
	if !ok || to.Path != "/reports?text=canari&page=2" || !bytes.Equal(to.Session, []byte{1, 2, 3}) {
		t.Errorf("got %+v, %v", to, ok)
	}
}

func TestReturnIsNotTaken(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	a := newAttempts(t, 7, func() time.Time { return now })
	good := keep(t, a, "/reports")
	altered, renamed := *good, *good
	altered.Value = altered.Value[1:] + altered.Value[:1]
	renamed.Name = "__Host-other"
	for name, c := range map[string]*http.Cookie{
		"of another key": keep(t, newAttempts(t, 8, nil), "/reports"), "altered": &altered, "of another name": &renamed,
		"in clear": {Name: returnCookie, Value: "/reports"}, "empty": {Name: returnCookie},
	} {
		if to, ok := a.ReturnOf(carrying(c), returnCookie); ok {
			t.Errorf("%s: got %+v", name, to)
		}
	}
	for age, want := range map[time.Duration]bool{2 * time.Hour: true, 2*time.Hour + time.Second: false, -2 * time.Minute: false} {
		left, kept := now, keep(t, a, "/reports")
		now = left.Add(age)
		if _, ok := a.ReturnOf(carrying(kept), returnCookie); ok != want {
			t.Errorf("after %s: got %v", age, ok)
		}
		now = left
	}
}

func TestReturnLeadsNowhereElse(t *testing.T) {
	a := newAttempts(t, 7, nil)
	for _, path := range []string{"", "reports", "//evil.example", "https://evil.example/", "/\\evil.example", "/reports#x", "/reports/..", "/a\r\nb", "javascript:alert(1)", "/" + strings.Repeat("x", 600)} {
		if c := keep(t, a, path); c != nil {
			t.Errorf("%.40q is kept", path)
		}
	}
}
