package e2e

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// everyAnswer wants these, whatever is answered.
var everyAnswer = map[string]string{
	"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Resource-Policy": "same-origin",
}

func TestEveryAnswerHasItsSecurityHeaders(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	nobody := suite.demo.client(t)
	report := c.get("/reports").reports(t)[0]
	answers := map[string]*page{
		"landing":          nobody.get("/"),
		"not signed in":    nobody.get("/reports"),
		"sign-in":          nobody.get("/login/franceconnect"),
		"failed sign-in":   nobody.get("/callback/franceconnect?code=x&state=y"),
		"home":             c.get("/"),
		"reports":          c.get("/reports"),
		"report":           c.get(report),
		"access log":       c.get("/access-log"),
		"missing":          c.get("/reports/" + absent),
		"no such page":     c.get("/nothing"),
		"refused":          c.get("/?q=1%27%20OR%20%271%27%3D%271"),
		"no such file":     c.get("/static/nothing.css"),
		"unknown provider": nobody.get("/login/google"),
	}
	for name, answer := range answers {
		for header, want := range everyAnswer {
			if got := answer.header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}
		policy := answer.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			!strings.Contains(policy, "base-uri 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: Content-Security-Policy is %q", name, policy)
		}
		if control := answer.header.Values("Cache-Control"); !slices.Contains(control, "no-store") {
			t.Errorf("%s: Cache-Control is %q, want no-store", name, control)
		}
		for _, header := range []string{"Server", "X-Powered-By", "Via"} {
			if value := answer.header.Get(header); value != "" {
				t.Errorf("%s: %s tells %q", name, header, value)
			}
		}
	}
}

func TestStaticFilesAreKeptAndPagesAreNot(t *testing.T) {
	c := suite.demo.client(t)
	landing := c.get("/").root(t)
	var files []string
	for _, link := range landing.all(tag("link"), has("href")) {
		files = append(files, link.attribute("href"))
	}
	if len(files) < 2 {
		t.Fatalf("the landing page links to %d files", len(files))
	}
	font := regexp.MustCompile(`url\("?(/?[^")]+\.woff2)"?\)`).FindStringSubmatch(c.get(files[0]).body)
	if font == nil {
		t.Fatal("the style sheet names no font of ours")
	}
	address, err := url.Parse("/static/")
	if err != nil {
		t.Fatal(err)
	}
	if address, err = address.Parse(font[1]); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, address.Path) {
		answer := c.get(file)
		if answer.status != http.StatusOK || answer.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: status %d, Cache-Control %q", file, answer.status, answer.header.Get("Cache-Control"))
		}
		if len(answer.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s sets a cookie", file)
		}
	}
}

func TestTheFirewallRefusesAttacks(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	for name, path := range map[string]string{
		"SQL injection":    "/reports?id=1%27%20UNION%20SELECT%20password%20FROM%20users--",
		"SQL in the path":  "/reports/1%27%20OR%20%271%27%3D%271",
		"script":           "/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
		"path of the host": "/reports?file=../../../../etc/passwd",
	} {
		if answer := c.get(path); answer.status != http.StatusForbidden {
			t.Errorf("%s: status %d, want 403", name, answer.status)
		}
	}
	// What is refused leaves the person's own session alone.
	if answer := c.get("/reports"); answer.status != http.StatusOK {
		t.Errorf("after refusals: status %d, want 200", answer.status)
	}
}

func TestWhileGuichetIsDownThePageSaysSoAndComesBack(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	suite.demo.kill(t, "serve")
	killed := time.Now()
	down := c.until(t, 2*time.Second, http.StatusServiceUnavailable)
	if after, err := strconv.Atoi(down.header.Get("Retry-After")); err != nil || after < 1 {
		t.Errorf("Retry-After is %q, want seconds", down.header.Get("Retry-After"))
	}
	if !strings.Contains(down.body, "indisponible") {
		t.Error("the page does not say that the service is down")
	}
	c.until(t, 20*time.Second, http.StatusOK) // the session, too, is as it was
	t.Logf("back after %s", time.Since(killed).Round(time.Millisecond))
}

// until asks for one's reports until the answer has a status.
func (c *client) until(t *testing.T, limit time.Duration, status int) *page {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(limit)
	for {
		answer := c.get("/reports")
		if answer.status == status {
			return answer
		}
		select {
		case <-deadline:
			t.Fatalf("status %d for %s, want %d", answer.status, limit, status)
		case <-look.C:
		}
	}
}

func TestOnlyTheFirewallReachesThePortal(t *testing.T) {
	portal := net.JoinHostPort("localhost", strconv.Itoa(suite.demo.port+1))
	firewall := filepath.Join(suite.demo.dir, "tls", "waf-client")
	for _, test := range []struct {
		name, address, certificate, key string
		let                             bool
	}{
		{"portal, no certificate", portal, "", "", false},
		{"portal, the feed's", portal, suite.demo.Ready.Feed.Cert, suite.demo.Ready.Feed.Key, false},
		{"portal, the WAF's", portal, firewall + ".pem", firewall + ".key", true},
		{"intake, no certificate", suite.demo.Ready.MLLP, "", "", false},
		{"intake, the WAF's", suite.demo.Ready.MLLP, firewall + ".pem", firewall + ".key", false},
		{"intake, the feed's", suite.demo.Ready.MLLP, suite.demo.Ready.Feed.Cert, suite.demo.Ready.Feed.Key, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Which host the certificate is for is not in question here.
			config := &tls.Config{RootCAs: suite.demo.authority(t), ServerName: "localhost"}
			if test.certificate != "" {
				pair, err := tls.LoadX509KeyPair(test.certificate, test.key)
				if err != nil {
					t.Fatal(err)
				}
				config.Certificates = []tls.Certificate{pair}
			}
			err := shakeHands(t, test.address, config)
			if err == nil != test.let {
				t.Errorf("handshake: %v, let in should be %t", err, test.let)
			}
		})
	}
}

// shakeHands returns the server's refusal, if any. In TLS 1.3 it comes after
// the client's part of the handshake, in place of the server's silence: both
// listeners wait for us to speak.
func shakeHands(t *testing.T, address string, config *tls.Config) error {
	t.Helper()
	dialer := tls.Dialer{Config: config}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err) // the server's own certificate is sound in every row
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
