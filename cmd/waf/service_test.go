package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/fault/logtest"
)

func TestWhenThePortalIsDown(t *testing.T) {
	h := open(t, echo)
	client := h.browser(true)
	h.arrived(client, request(t, "GET", "/", ""))
	h.portal.Close()
	response, text := h.send(client, request(t, "GET", "/", ""))
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") != "30" {
		t.Errorf("status %d, Retry-After %q", response.StatusCode, response.Header.Get("Retry-After"))
	}
	checkPage(t, response, text)
	if line := lastLine(h.log.String()); !strings.Contains(line, `"failure":"dial: connection refused"`) {
		t.Errorf("the log does not say why: %s", line)
	}
}

func TestAnImpostorIsNotThePortal(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.config.UpstreamTLS.ServerName = "stranger.internal" })
	response, text := h.send(h.browser(true), request(t, "GET", "/", ""))
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", response.StatusCode)
	}
	checkPage(t, response, text)
	if line := lastLine(h.log.String()); !strings.Contains(line, "certificate not trusted") {
		t.Errorf("the log does not say why: %s", line)
	}
}

// TestARevokedPortalIsNotThePortal, whether its authority says so or nobody can
// say (AA3.b).
func TestARevokedPortalIsNotThePortal(t *testing.T) {
	for name, change := range map[string]func(*house){
		"revoked": func(h *house) { h.pki.revoke(t, 3) }, // the second name's number
		"unknown": func(h *house) { h.pki.revokeUntil(t, time.Now().Add(-time.Minute)) },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, echo)
			change(h)
			response, text := h.send(h.browser(true), request(t, "GET", "/", ""))
			if response.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("status %d", response.StatusCode)
			}
			checkPage(t, response, text)
			if log := h.log.String(); !strings.Contains(log, `"cause":"`+name+`"`) || !strings.Contains(log, "certificate not trusted") {
				t.Errorf("the log does not say why: %s", log)
			}
		})
	}
	h := open(t, echo)
	h.pki.revoke(t, 2, 4) // all but the portal's
	h.arrived(h.browser(true), request(t, "GET", "/", ""))
}

func TestThePortalRefusesOthersThanTheWAF(t *testing.T) {
	h := open(t, echo)
	h2 := open(t, echo, func(s settingsOf) {
		s.config.Upstream = h.portal.URL
		s.config.UpstreamTLS.CA = h.pki.path("ca.pem")
	})
	// Its certificate is of another authority.
	if response, _ := h2.send(h2.browser(true), request(t, "GET", "/", "")); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestAnswersPassUnchanged(t *testing.T) {
	const body = "<html>union select password from users; ORA-00933: <script></html>" // response rules would refuse it
	h := open(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "__Host-session=abc; Secure; HttpOnly; Path=/; SameSite=Lax")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", "/session-ended")
		w.WriteHeader(http.StatusSeeOther)
		_, _ = io.WriteString(w, body)
	})
	response, text := h.send(h.browser(true), request(t, "GET", "/reports", ""))
	if response.StatusCode != http.StatusSeeOther || text != body || response.Header.Get("Location") != "/session-ended" ||
		response.Header.Get("Set-Cookie") == "" || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v %q", response.StatusCode, response.Header, text)
	}
}

func TestAnAnswerCutShortIsNotMadeWhole(t *testing.T) {
	h := open(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	response, err := h.browser(true).Do(request(t, "GET", "/", ""))
	if err == nil {
		defer func() { _ = response.Body.Close() }()
		_, err = io.ReadAll(response.Body)
	}
	if err == nil {
		t.Error("half an answer was taken for a whole one")
	}
}

func TestAPanicIsAPageAndALine(t *testing.T) {
	var log logtest.Log
	g := &gate{host: publicName, bodies: &bodyReader{max: 1 << 10, budget: 1 << 20}, log: jsonLog(&log)}
	answer := httptest.NewRecorder()
	func() {
		defer func() {
			if cause := recover(); cause != http.ErrAbortHandler { //nolint:errorlint // the sentinel itself
				t.Errorf("recovered %v", cause)
			}
		}()
		// Without a firewall, judging panics: nothing may pass.
		r := httptest.NewRequest("GET", "/?canary=canary3c1f", nil)
		r.Host = publicName
		g.ServeHTTP(answer, r)
	}()
	if answer.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", answer.Code)
	}
	if strings.Contains(log.String(), "canary3c1f") || !strings.Contains(log.String(), `"msg":"request"`) {
		t.Errorf("log: %s", log.String())
	}
}

func TestLogsHoldNothingOfWhatPasses(t *testing.T) {
	const canary = "canary7d1f4b"
	h := open(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "a="+canary)
		w.Header().Set("X-Canary", canary)
		_, _ = io.WriteString(w, canary)
	})
	requests := []*http.Request{
		request(t, "GET", "/reports?nom="+canary, ""),
		request(t, "POST", "/contact?nom="+canary, "message="+canary),
		request(t, "POST", "/contact?nom="+canary+url.QueryEscape("' OR 1=1 --"), "message="+canary+"<script>"+canary+"</script>"),
		request(t, "POST", "/contact", "message="+strings.Repeat(canary, 10<<10)),
		request(t, "GET", "/"+canary, ""),
		request(t, "GET", "/reports/"+canary, ""),
		request(t, "GET", "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10/"+canary, ""),
		request(t, "GET", "/login/"+canary, ""),
		request(t, "GET", "/static/"+canary+".css", ""),
	}
	for _, http2 := range []bool{true, false} {
		for _, r := range requests {
			r = r.Clone(context.Background())
			if r.GetBody != nil {
				r.Body, _ = r.GetBody()
			}
			r.Header.Set("Cookie", "__Host-session="+canary)
			r.Header.Set("Authorization", "Bearer "+canary)
			r.Header.Set("Referer", "https://"+publicName+"/?nom="+canary)
			r.Header.Set("User-Agent", canary)
			r.Header.Set("X-Forwarded-For", canary)
			r.Header.Set("X-Request-Id", canary)
			h.send(h.browser(http2), r)
		}
	}
	h.raw("GET /?a=" + canary + "%zz HTTP/1.1\r\nHost: " + publicName + "\r\n\r\n")
	h.raw("GET / HTTP/1.1\r\nHost: " + canary + "\r\n\r\n")
	h.raw(canary + "\r\n\r\n")
	h.portal.Close()
	h.send(h.browser(true), request(t, "POST", "/contact?nom="+canary, "message="+canary))
	if log := h.log.String(); strings.Contains(log, canary) || strings.Count(log, `"msg":"request"`) < 10 {
		t.Errorf("log:\n%s", log)
	}
}

func TestABadAnswerIsNotQuoted(t *testing.T) {
	h := open(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "canary-health-data is no status line\r\n\r\n")
		_ = conn.Close()
	})
	response, text := h.send(h.browser(true), request(t, "GET", "/", ""))
	if response.StatusCode != http.StatusServiceUnavailable || strings.Contains(text+h.log.String(), "canary") {
		t.Errorf("status %d, log %s", response.StatusCode, h.log)
	}
}

func TestTheLogLine(t *testing.T) {
	h := open(t, echo)
	arrived := h.arrived(h.browser(true), request(t, "GET", "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10?x=1", ""))
	var line map[string]any
	if err := json.Unmarshal([]byte(lastLine(h.log.String())), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"msg": "request", "level": "INFO", "method": "GET", "path": "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10",
		"status": 200.0, "client": "127.0.0.1", "refused": false, "request_id": arrived.Header.Get("X-Request-Id"),
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	for _, name := range []string{"time", "duration_ms", "bytes", "reference"} {
		if line[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestSlowClientsAreEnded(t *testing.T) {
	h := open(t, echo, func(s settingsOf) {
		s.bounds.header, s.bounds.read, s.bounds.idle = time.Second, 2*time.Second, time.Second
	})
	head := "Host: " + publicName + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for name, text := range map[string]string{
		"nothing at all":  "",
		"half the header": "GET / HTTP/1.1\r\nHost: " + publicName + "\r\nX-A: ",
		"half the body":   "POST /contact HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\na=b",
		"idle":            "GET / HTTP/1.1\r\n" + head + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := h.dial()
			if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection was left open")
			}
			if name == "half the body" && !bytes.HasPrefix(answer, []byte("HTTP/1.1 408")) {
				t.Errorf("got %.40q", answer)
			}
		})
	}
}

func TestHeadersAreLimited(t *testing.T) {
	h := open(t, echo)
	response, _ := h.raw("GET / HTTP/1.1\r\nHost: " + publicName + "\r\nX-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n")
	if response == nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %v", response)
	}
}

func TestHTTPIsNotServed(t *testing.T) {
	h := open(t, echo)
	response, err := http.Get("http://" + h.address + "/")
	if err != nil {
		return // a closed connection is an answer too
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestConnectionsFromOneAddressAreLimited(t *testing.T) {
	h := open(t, echo, func(s settingsOf) { s.bounds.fromOne = 2 })
	first, second := h.dial(), h.dial()
	defer func() { _ = second.Close() }()
	third, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = third.Close() }()
	if err := third.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := third.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a third connection: %v, want it closed", err)
	}
	_ = first.Close()
	// The place of the first is free once the server has seen it go.
	for {
		r := request(t, "GET", "/", "")
		response, err := h.browser(false).Do(r)
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		break
	}
}

func TestConnectionsInAllAreLimited(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := limitConnections(inner, nil, 1, 10)
	for range 2 {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	one, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	select {
	case <-accepted:
		t.Fatal("a second connection was accepted beside the first")
	default:
	}
	_ = one.Close()
	_ = one.Close() // twice frees one place
	if two := <-accepted; two == nil {
		t.Fatal("no connection after the first was closed")
	}
	_ = listener.Close() // while Accept waits for a slot
	if conn, open := <-accepted; open {
		t.Errorf("got %v from a closed listener", conn)
	}
}

func TestARunningRequestIsServedAtStop(t *testing.T) {
	arrived, goOn := make(chan struct{}), make(chan struct{})
	h := open(t, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-goOn
		_, _ = io.WriteString(w, "done")
	})
	var group sync.WaitGroup
	group.Go(func() {
		response, text := h.send(h.browser(true), request(t, "GET", "/", ""))
		if response.StatusCode != http.StatusOK || text != "done" {
			t.Errorf("status %d, %q", response.StatusCode, text)
		}
	})
	<-arrived
	h.stop()
	for {
		conn, err := net.Dial("tcp", h.address)
		if err != nil {
			break // the door is closed, the request still inside
		}
		_ = conn.Close()
	}
	close(goOn)
	group.Wait()
}

func TestCommand(t *testing.T) {
	p := newPKI(t, publicName, wafName)
	good := filepath.Join(p.folder, "waf.toml")
	text := fmt.Sprintf("listen = \"127.0.0.1:0\"\npublic_url = \"https://%s\"\nupstream = \"https://localhost:1\"\n"+
		"[tls]\ncertificate = %q\nkey = %q\n[upstream_tls]\nca = %q\ncertificate = %q\nkey = %q\n", publicName,
		p.path(publicName+".pem"), p.path(publicName+".key"), p.path("ca.pem"), p.path(wafName+".pem"), p.path(wafName+".key"))
	if err := os.WriteFile(good, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	for _, c := range []struct {
		name          string
		args, environ []string
		code          int
		says          string
	}{
		{"help", []string{"--help"}, nil, exitGood, "--config"},
		{"no flag", nil, nil, exitMisuse, "--config"},
		{"unknown flag", []string{"--port", "1"}, nil, exitMisuse, "--port"},
		{"argument", []string{"--config", good, "x"}, nil, exitMisuse, "unexpected"},
		{"absent file", []string{"--config", "/none"}, nil, exitFailed, "no such file"},
		{"refused setting", []string{"--config", good}, []string{"GUICHET_WAF_MAX_BODY=1"}, exitFailed, "max_body"},
		{"unknown variable", []string{"--config", good}, []string{"GUICHET_WAF_X=1"}, exitFailed, "GUICHET_WAF_X"},
		{"taken address", []string{"--config", good}, []string{"GUICHET_WAF_LISTEN=192.0.2.1:1"}, exitFailed, "listen"},
		{"absent key", []string{"--config", good}, []string{"GUICHET_WAF_TLS_KEY=/none"}, exitFailed, "no such file"},
		{"stopped", []string{"--config", good}, nil, exitGood, "stopping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out logtest.Log
			if code := run(ended, c.args, c.environ, &out, &out); code != c.code || !strings.Contains(out.String(), c.says) {
				t.Errorf("code %d, want %d, saying %q:\n%s", code, c.code, c.says, out.String())
			}
		})
	}
}
