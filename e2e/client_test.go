package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// client is somebody at a browser without JavaScript: it keeps cookies, sends
// what a browser sends, and trusts the demo's authority alone.
type client struct {
	t    *testing.T
	demo *demo
	http *http.Client

	dialer *net.Dialer // from its address
}

// homes counts the browsers, for their addresses.
var homes atomic.Uint32

// home is an address of this machine for one more browser: people do not share
// one, and wait for nobody else's failed sign-ins.
func home() *net.TCPAddr {
	n := homes.Add(1)
	return &net.TCPAddr{IP: net.IPv4(127, 1, byte(n>>8), byte(n))}
}

// client returns somebody who is not signed in.
func (d *demo) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return d.browser(t, jar, &net.Dialer{LocalAddr: home()}, "")
}

// browser returns a browser with the cookies of jar that reaches the portal at
// door, an address of this machine; empty: where its name leads.
func (d *demo) browser(t *testing.T, jar http.CookieJar, dialer *net.Dialer, door string) *client {
	t.Helper()
	c := &client{t: t, demo: d, dialer: dialer}
	portal := c.portal().Host
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.authority(t)}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if door != "" && address == portal {
				address = door
			}
			return dialer.DialContext(ctx, network, address)
		}}
	t.Cleanup(transport.CloseIdleConnections)
	c.http = &http.Client{
		Transport:     transport,
		Jar:           jar,
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// at returns the same browser, which reaches the portal at another door.
func (c *client) at(door string) *client { return c.demo.browser(c.t, c.http.Jar, c.dialer, door) }

// authority is the demo's own.
func (d *demo) authority(t *testing.T) *x509.CertPool {
	t.Helper()
	certificates, err := os.ReadFile(d.Ready.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(certificates) {
		t.Fatal("ca.pem holds no certificate")
	}
	return pool
}

// signedIn returns p at a browser, signed in.
func (d *demo) signedIn(t *testing.T, p person) *client {
	t.Helper()
	c := d.client(t)
	if page := c.signIn(p.Login, p.Provider); page.status != http.StatusOK {
		t.Fatalf("%s signs in: status %d, want 200", p.Login, page.status)
	}
	return c
}

// in returns the same browser, for a subtest.
func (c *client) in(t *testing.T) *client {
	return &client{t: t, demo: c.demo, http: c.http, dialer: c.dialer}
}

// signIn goes through the provider's form, and returns where that leads.
func (c *client) signIn(login, provider string) *page {
	c.t.Helper()
	form := c.follow(c.get("/login/" + provider)).form(c.t)
	form.values.Set("login", login)
	return c.follow(c.submit(form))
}

// signOut uses the form that is on every signed-in page.
func (c *client) signOut() *page {
	c.t.Helper()
	return c.follow(c.post("/logout", nil))
}

// get asks for a page of the portal, and follows no redirect.
func (c *client) get(path string) *page {
	c.t.Helper()
	return c.send(c.request(http.MethodGet, path, nil))
}

// post sends a form of the portal's own.
func (c *client) post(path string, values url.Values) *page {
	c.t.Helper()
	return c.submit(&form{action: c.demo.Ready.URLs.Public + path, origin: c.demo.Ready.URLs.Public, values: values})
}

func (c *client) submit(f *form) *page {
	c.t.Helper()
	r := c.request(http.MethodPost, f.action, strings.NewReader(f.values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", f.origin)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return c.send(r)
}

// follow goes where a page redirects to, until one does not.
func (c *client) follow(p *page) *page {
	c.t.Helper()
	for range 10 {
		if p.status != http.StatusSeeOther && p.status != http.StatusFound {
			return p
		}
		to, err := p.url.Parse(p.header.Get("Location"))
		if err != nil {
			c.t.Fatal(err)
		}
		p = c.get(to.String())
	}
	c.t.Fatal("too many redirects")
	return nil
}

// request makes a request for a path of the portal, or for a whole address.
func (c *client) request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = c.demo.Ready.URLs.Public + path
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Accept-Language", "fr,fr-FR;q=0.8")
	return r
}

func (c *client) send(r *http.Request) *page {
	c.t.Helper()
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return &page{url: resp.Request.URL, status: resp.StatusCode, header: resp.Header, body: string(body)}
}

// cookies are what the browser keeps for the portal.
func (c *client) cookies() []*http.Cookie {
	c.t.Helper()
	return c.http.Jar.Cookies(c.portal())
}

// keep puts cookies into the browser, as an attacker or another browser may
// have had them.
func (c *client) keep(cookies ...*http.Cookie) {
	c.t.Helper()
	for _, cookie := range cookies {
		cookie.Path, cookie.Secure = "/", true
	}
	c.http.Jar.SetCookies(c.portal(), cookies)
}

func (c *client) portal() *url.URL {
	c.t.Helper()
	u, err := url.Parse(c.demo.Ready.URLs.Public)
	if err != nil {
		c.t.Fatal(err)
	}
	return u
}
