package main

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

var uuidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestThePortalSeesTheWAFsCertificate(t *testing.T) {
	h := open(t, echo)
	got := h.arrived(h.browser(true), request(t, "GET", "/", ""))
	if got.Peer != wafName {
		t.Errorf("got a client certificate of %q", got.Peer)
	}
}

func TestWhatAClientClaimsIsReplaced(t *testing.T) {
	h := open(t, echo)
	for _, http2 := range []bool{true, false} {
		r := request(t, "GET", "/reports", "")
		for _, name := range []string{
			"X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-HOST", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Client-Cert",
			"Forwarded", "X-Real-IP", "True-Client-IP", "Client-IP", "X-Client-IP", "CF-Connecting-IP", "X-Cluster-Client-IP",
			"X-Request-Id", "X-Original-URL", "X-Rewrite-URL", "X-Remote-User", "X_Forwarded_For", "X-Amzn-Trace-Id", "Proxy-Authorization",
			"Traceparent", "Via", "X-SSL-Client-Cert", "X-Client-Cert", "X-Envoy-External-Address",
		} {
			r.Header[name] = []string{"6.6.6.6", "spoofed"} // as spelled, and repeated
		}
		got := h.arrived(h.browser(http2), r)
		for name, values := range got.Header {
			for _, value := range values {
				if strings.Contains(value, "6.6.6.6") || strings.Contains(value, "spoofed") {
					t.Errorf("HTTP/2 %v: %s: %s came through", http2, name, value)
				}
			}
		}
		for name, want := range map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": publicName,
			"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Accept-Language": "fr-FR,fr;q=0.9,en-US;q=0.5",
		} {
			if values := got.Header.Values(name); len(values) != 1 || values[0] != want {
				t.Errorf("HTTP/2 %v: %s is %q, want %q once", http2, name, values, want)
			}
		}
		if id := got.Header.Values("X-Request-Id"); len(id) != 1 || !uuidPattern.MatchString(id[0]) {
			t.Errorf("X-Request-Id is %q", id)
		}
		if got.Host != publicName {
			t.Errorf("Host is %q", got.Host)
		}
	}
}

func TestOriginIsKept(t *testing.T) {
	h := open(t, echo)
	r := request(t, "POST", "/logout", "csrf=abc")
	r.Header.Set("Origin", "https://elsewhere.example")
	if got := h.arrived(h.browser(true), r); got.Header.Get("Origin") != "https://elsewhere.example" || got.Body != "csrf=abc" {
		t.Errorf("got Origin %q, body %q", got.Header.Get("Origin"), got.Body)
	}
}

func TestConnectionHeadersStayOnTheirConnection(t *testing.T) {
	h := open(t, echo)
	response, text := h.raw("GET /reports HTTP/1.1\r\nHost: " + publicName + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\n" +
		"Connection: X-Forwarded-For, X-Forwarded-Proto, X-Request-Id, X-Secret-Hop\r\nX-Secret-Hop: 1\r\nKeep-Alive: timeout=5\r\n" +
		"TE: trailers\r\nUpgrade: websocket\r\nProxy: http://6.6.6.6\r\n\r\n")
	if response == nil {
		t.Fatal("no answer")
	}
	if response.StatusCode == http.StatusForbidden {
		return // the rule set may refuse it outright
	}
	for _, name := range []string{"X-Secret-Hop", "Keep-Alive", `"Te"`, "Upgrade\"", "6.6.6.6"} {
		if strings.Contains(text, name) {
			t.Errorf("%s came through: %s", name, text)
		}
	}
	for _, want := range []string{`"X-Forwarded-For":["127.0.0.1"]`, `"X-Forwarded-Proto":["https"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("a header named by Connection was lost: want %s in %s", want, text)
		}
	}
}

func TestPathsAndQueriesPassAsSent(t *testing.T) {
	h := open(t, echo)
	for _, target := range []string{
		"/reports/a%20b", "/reports/caf%C3%A9", "/reports/%41", "/reports/a+b", "/trends/a;b", "/a//b", "/reports/'x'", "/a@b:c",
		"/reports?a=1&b=%20+&c", "/reports?", "/reports?a=1&a=2&%C3%A9=%C3%A8",
	} {
		r := request(t, "GET", "/", "")
		r.URL.Opaque = target
		if strings.HasPrefix(target, "//") {
			continue
		}
		if got := h.arrived(h.browser(false), r); got.Target != target {
			t.Errorf("%s arrived as %s", target, got.Target)
		}
	}
}

func TestBodiesPassAsSent(t *testing.T) {
	h := open(t, echo)
	const body = "nom=L%27Ha%C3%BF&vide=&nom=deux"
	t.Run("with a length", func(t *testing.T) {
		got := h.arrived(h.browser(true), request(t, "POST", "/patients", body))
		if got.Body != body || got.Length != int64(len(body)) || got.Encoding != nil {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("in chunks", func(t *testing.T) {
		r := request(t, "POST", "/patients", body)
		r.ContentLength = -1
		got := h.arrived(h.browser(false), r)
		if got.Body != body || got.Length != int64(len(body)) || got.Encoding != nil {
			t.Errorf("got %+v, want one length and no chunks", got)
		}
	})
	t.Run("with trailers", func(t *testing.T) {
		r := request(t, "POST", "/patients", body)
		r.ContentLength = -1
		r.Trailer = http.Header{"X-Forwarded-For": {"6.6.6.6"}}
		if got := h.arrived(h.browser(true), r); got.Header.Get("Trailer") != "" || got.Header.Get("X-Forwarded-For") != "127.0.0.1" {
			t.Errorf("got %+v", got.Header)
		}
	})
}

func TestClientAddress(t *testing.T) {
	trusted, err := parseProxies([]string{"10.0.0.0/8", "2001:db8:1::/48"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"no header", "192.0.2.1:5", nil, "192.0.2.1"},
		{"a stranger's word", "192.0.2.1:5", []string{"6.6.6.6"}, "192.0.2.1"},
		{"IPv6 peer", "[2001:db8::7]:5", []string{"6.6.6.6"}, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},
		{"IPv6 with a zone", "[fe80::1%eth0]:5", nil, "fe80::1"},
		{"proxy", "10.0.0.1:5", []string{"192.0.2.9"}, "192.0.2.9"},
		{"proxy, IPv4 in IPv6", "[::ffff:10.0.0.1]:5", []string{"192.0.2.9"}, "192.0.2.9"},
		{"the client made up the left", "10.0.0.1:5", []string{"6.6.6.6, 192.0.2.9"}, "192.0.2.9"},
		{"two proxies", "10.0.0.1:5", []string{"6.6.6.6, 192.0.2.9, 10.0.0.2"}, "192.0.2.9"},
		{"repeated headers", "10.0.0.1:5", []string{"6.6.6.6", "192.0.2.9", "10.0.0.2"}, "192.0.2.9"},
		{"IPv6 behind a proxy", "[2001:db8:1::1]:5", []string{"2001:db8:2::5"}, "2001:db8:2::5"},
		{"malformed", "10.0.0.1:5", []string{"192.0.2.9, unknown"}, "10.0.0.1"},
		{"malformed behind a proxy", "10.0.0.1:5", []string{"evil, 10.0.0.2"}, "10.0.0.2"},
		{"with a port", "10.0.0.1:5", []string{"192.0.2.9:443"}, "192.0.2.9"},
		{"IPv6 with a port", "10.0.0.1:5", []string{"[2001:db8::5]:443"}, "2001:db8::5"},
		{"IPv6 in brackets", "10.0.0.1:5", []string{"[2001:db8::5]"}, "2001:db8::5"},
		{"IPv6 with a zone", "10.0.0.1:5", []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 in IPv6 in the header", "10.0.0.1:5", []string{"::ffff:192.0.2.9"}, "192.0.2.9"},
		{"a proxy with a port", "10.0.0.1:5", []string{"192.0.2.9, 10.0.0.2:8080"}, "192.0.2.9"},
		{"IPv4 in brackets", "10.0.0.1:5", []string{"[192.0.2.9]"}, "10.0.0.1"},
		{"brackets left open", "10.0.0.1:5", []string{"[2001:db8::5"}, "10.0.0.1"},
		{"a bracket and rubbish", "10.0.0.1:5", []string{"[2001:db8::5]x"}, "10.0.0.1"},
		{"a port out of range", "10.0.0.1:5", []string{"192.0.2.9:99999"}, "10.0.0.1"},
		{"in quotes, as Forwarded has it", "10.0.0.1:5", []string{`"192.0.2.9"`}, "10.0.0.1"},
		{"octal, as some read it", "10.0.0.1:5", []string{"0300.0.2.9"}, "10.0.0.1"},
		{"tabs and spaces", "10.0.0.1:5", []string{"\t192.0.2.9 ,\t10.0.0.2 "}, "192.0.2.9"},
		{"an empty last hop", "10.0.0.1:5", []string{"192.0.2.9,"}, "10.0.0.1"},
		{"an empty line repeated", "10.0.0.1:5", []string{"192.0.2.9", ""}, "10.0.0.1"},
		{"one hop absurdly long", "10.0.0.1:5", []string{"192.0.2.9, " + strings.Repeat("1", 30_000)}, "10.0.0.1"},
		{"absurdly many hops of a client", "10.0.0.1:5", []string{strings.Repeat("6.6.6.6,", 3000) + "192.0.2.9"}, "192.0.2.9"},
		{"absurdly many proxies", "10.0.0.1:5", []string{"6.6.6.6" + strings.Repeat(",10.0.0.2", 3000)}, "10.0.0.2"},
		{"empty", "10.0.0.1:5", []string{""}, "10.0.0.1"},
		{"proxies only", "10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no peer", "", []string{"192.0.2.9"}, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
			if got := trusted.client(r).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestATrustedProxyIsBelieved(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.config.TrustedProxies = []string{"127.0.0.0/8"} })
	r := request(t, "GET", "/", "")
	r.Header.Set("X-Forwarded-For", "6.6.6.6, 2001:db8::5")
	if got := h.arrived(h.browser(true), r).Header.Values("X-Forwarded-For"); len(got) != 1 || got[0] != "2001:db8::5" {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(h.log.String(), `"client":"2001:db8::5"`) {
		t.Error("the log has another client")
	}
}

// TestOnlyOneHeaderIsRead: whatever else names a client, and whatever it is
// called, a trusted proxy's word is X-Forwarded-For (TR2.f).
func TestOnlyOneHeaderIsRead(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.config.TrustedProxies = []string{"127.0.0.0/8"} })
	for name, value := range map[string]string{"Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6", "X-Client-IP": "6.6.6.6", "True-Client-IP": "6.6.6.6",
		"CF-Connecting-IP": "6.6.6.6", "X-Forwarded": "6.6.6.6", "X_Forwarded_For": "6.6.6.6"} {
		r := request(t, "GET", "/", "")
		r.Header[name] = []string{value}
		if got := h.arrived(h.browser(false), r).Header.Values("X-Forwarded-For"); len(got) != 1 || got[0] != "127.0.0.1" {
			t.Errorf("%s: the portal is told of %q", name, got)
		}
	}
}

// TestTheClientIsToldOverRepeatedLines, with ports and brackets, as it arrives.
func TestTheClientIsToldOverRepeatedLines(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.config.TrustedProxies = []string{"127.0.0.0/8", "10.0.0.0/8"} })
	r := request(t, "GET", "/", "")
	r.Header["X-Forwarded-For"] = []string{"6.6.6.6", "[2001:db8::5]:443, 10.0.0.2:80", "10.0.0.3"}
	if got := h.arrived(h.browser(false), r).Header.Values("X-Forwarded-For"); len(got) != 1 || got[0] != "2001:db8::5" {
		t.Errorf("the portal is told of %q", got)
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:5", "6.6.6.6, 192.0.2.9")
	f.Add("[2001:db8:1::1]:5", ",,")
	f.Add("", "::ffff:1.2.3.4%x")
	f.Add("10.0.0.1:5", "x, [2001:db8::5]:443, 10.0.0.2:1")
	trusted, err := parseProxies([]string{"10.0.0.0/8"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		got := trusted.client(r)
		if from := peer(remote); !trusted.contains(from) && got != from {
			t.Errorf("%s made %s of itself", from, got)
		}
		// What a client wrote itself, left of what the proxy adds, changes nothing.
		if trusted.contains(peer(remote)) {
			r.Header = http.Header{"X-Forwarded-For": {forwarded, "192.0.2.9"}}
			if got := trusted.client(r).String(); got != "192.0.2.9" {
				t.Errorf("the client made %s of itself", got)
			}
		}
		if got.IsValid() && (got.Is4In6() || got.Zone() != "") {
			t.Errorf("%s is written two ways", got)
		}
		if got.IsValid() && netip.MustParseAddr(got.String()) != got {
			t.Errorf("%s does not read back", got)
		}
	})
}

func FuzzStrip(f *testing.F) {
	f.Add("X-Forwarded-For", "x-real-ip")
	f.Fuzz(func(t *testing.T, one, two string) {
		header := http.Header{one: {"x"}, http.CanonicalHeaderKey(two): {"y"}}
		strip(header)
		for name := range header {
			folded := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
			if strings.HasPrefix(folded, "x-forwarded-") {
				t.Errorf("%q was kept", name)
			}
		}
	})
}
