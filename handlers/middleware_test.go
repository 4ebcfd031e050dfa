package handlers

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"guichet/fault"
	"guichet/traces"
)

func around(log *bytes.Buffer, failed *error) Around {
	return Around{Log: slog.New(slog.NewJSONHandler(log, nil)), Metrics: NewMetrics(), Policy: "default-src 'none'", Host: "portal.test",
		Fail: func(w http.ResponseWriter, r *http.Request, err error) {
			RequestOf(r.Context()).Err = err
			*failed = err
			w.WriteHeader(http.StatusTeapot)
		}}
}

// TestPanicHoldsNothing: what was panicked with may be data (DT8).
func TestPanicHoldsNothing(t *testing.T) {
	var log bytes.Buffer
	var failed error
	handler := around(&log, &failed).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("canari 2610375112116") }))
	r := httptest.NewRequest("GET", "https://portal.test/", nil)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusTeapot || fault.KindOf(failed) != fault.Internal {
		t.Errorf("got %d, %v", w.Code, failed)
	}
	if strings.Contains(log.String(), "canari") || !strings.Contains(log.String(), "panic of type string at guichet/handlers") {
		t.Errorf("log: %s", log.String())
	}
}

func TestAbortIsPassedOn(t *testing.T) {
	var log bytes.Buffer
	var failed error
	handler := around(&log, &failed).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Error("http.ErrAbortHandler was kept")
		}
	}()
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "https://portal.test/", nil))
}

// TestClientAddress: the WAF's one header, and nothing that could be made up
// beside it (TR2.d, TR2.e).
func TestClientAddress(t *testing.T) {
	for _, c := range []struct {
		name   string
		header []string
		want   string
	}{
		{"as the WAF sets it", []string{"203.0.113.9"}, "203.0.113.9"},
		{"IPv6", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv4 within IPv6", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"with a zone", []string{"fe80::1%eth0"}, "fe80::1"},
		{"none", nil, "192.0.2.1"},
		{"twice", []string{"203.0.113.9", "203.0.113.10"}, "192.0.2.1"},
		{"a list", []string{"203.0.113.9, 203.0.113.10"}, "192.0.2.1"},
		{"with a port", []string{"203.0.113.9:80"}, "192.0.2.1"},
		{"garbage", []string{"unknown"}, "192.0.2.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil) // from 192.0.2.1:1234
		r.Header["X-Forwarded-For"] = c.header
		for _, unproven := range []*tls.ConnectionState{nil, {}, {PeerCertificates: []*x509.Certificate{{}}}} {
			r.TLS = unproven
			if got := clientAddress(r).String(); got != "192.0.2.1" {
				t.Errorf("%s, of a peer that is not the WAF: got %s", c.name, got)
			}
		}
		r.TLS = theWAF
		if got := clientAddress(r).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// TestLogTellsClientAndPeer, where they differ, and says when the WAF's word was
// not to be understood (TR2.d, TR2.f).
func TestLogTellsClientAndPeer(t *testing.T) {
	for _, c := range []struct {
		name, header string
		tls          *tls.ConnectionState
		want         string
	}{
		{"through the WAF", "203.0.113.9", theWAF, `"client":"203.0.113.9","peer":"192.0.2.1"}`},
		{"around the WAF", "203.0.113.9", nil, `"client":"192.0.2.1"}`},
		{"through a WAF that speaks unclearly", "203.0.113.9, 203.0.113.10", theWAF, `"client":"192.0.2.1","forwarded":"unclear"}`},
	} {
		var log bytes.Buffer
		var failed error
		r := httptest.NewRequest("GET", "http://portal.test/", nil)
		r.Header.Set("X-Forwarded-For", c.header)
		r.Header.Set("X-Real-IP", "6.6.6.6")
		r.Header.Set("Forwarded", "for=6.6.6.6")
		r.TLS = c.tls
		around(&log, &failed).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(httptest.NewRecorder(), r)
		if !strings.Contains(log.String(), c.want) {
			t.Errorf("%s: got %s, want %s", c.name, log.String(), c.want)
		}
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("203.0.113.9", "x")
	f.Add("::ffff:203.0.113.9%eth0", "")
	f.Fuzz(func(t *testing.T, one, two string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.TLS = theWAF
		r.Header["X-Forwarded-For"] = []string{one}
		if got := clientAddress(r); !got.IsValid() || got.Is4In6() || got.Zone() != "" {
			t.Errorf("%q is written as %s", one, got)
		}
		r.Header["X-Forwarded-For"] = []string{one, two}
		if got := clientAddress(r).String(); got != "192.0.2.1" {
			t.Errorf("repeated: got %s", got)
		}
	})
}

// theWAF is a connection whose peer has shown the WAF's certificate.
var theWAF = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}

func TestReferences(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		reference := newReference()
		if len(reference) != 9 || reference[4] != '-' || strings.ContainsAny(reference, "ILOU") || seen[reference] {
			t.Fatalf("got %s", reference)
		}
		seen[reference] = true
	}
}

// TestTableIsClosed: a route without class or event stops the program.
func TestTableIsClosed(t *testing.T) {
	page := func(http.ResponseWriter, *http.Request) error { return nil }
	admit := func(p Page) Page { return p }
	for name, route := range map[string]Route{"no class": {Method: "GET", Path: "/", Event: traces.ReportRead, Serve: page}, "no event": {Method: "GET", Path: "/", Class: Anyone, Serve: page}, "an unknown event": {Method: "GET", Path: "/", Class: Anyone, Event: "x", Serve: page},
		"an unknown class": {Method: "GET", Path: "/", Class: 99, Event: traces.ReportRead, Serve: page}} {
		if _, err := (Table{Routes: []Route{route}, Admit: admit}).Router(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := (Table{Routes: []Route{{Method: "GET", Path: "/", Class: SignedIn, Event: traces.ReportRead, Serve: page}}, Admit: admit}).Router(); err != nil {
		t.Error(err)
	}
}

func TestSecurityHeaders(t *testing.T) {
	var log bytes.Buffer
	var failed error
	w := httptest.NewRecorder()
	around(&log, &failed).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })).
		ServeHTTP(w, httptest.NewRequest("GET", "https://portal.test/", nil))
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
