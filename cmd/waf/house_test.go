package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"guichet/configs"
	"guichet/fault/logtest"
)

// compiled is the firewall of all houses: compiling takes longer than a test.
var compiled = sync.OnceValues(newFirewall)

// house is a WAF in front of a portal that says what reached it.
type house struct {
	t       testing.TB
	pki     *testPKI
	portal  *httptest.Server
	service *service
	log     *logtest.Log
	address string
	stop    context.CancelFunc
}

// arrival is what reached the portal.
type arrival struct {
	Method, Target, Host, Body, Proto, Peer string
	Length                                  int64
	Encoding                                []string
	Header                                  http.Header
}

type settingsOf struct {
	config *configs.WAF
	bounds *limits
}

// open starts a house. echo answers with the arrival as JSON.
func open(t testing.TB, portal http.HandlerFunc, changes ...func(settingsOf)) *house {
	t.Helper()
	h := &house{t: t, pki: newPKI(t, publicName, portalName, wafName, "stranger.internal"), log: &logtest.Log{}}
	h.portal = h.startPortal(portal)
	config := configs.WAF{
		Listen: "127.0.0.1:0", PublicURL: "https://" + publicName, Upstream: h.portal.URL, MaxBody: 64 << 10,
		TLS: configs.ServerTLS{Certificate: h.pki.path(publicName + ".pem"), Key: h.pki.path(publicName + ".key")},
		UpstreamTLS: configs.ClientTLS{CA: h.pki.path("ca.pem"), ServerName: portalName,
			Certificate: h.pki.path(wafName + ".pem"), Key: h.pki.path(wafName + ".key")},
		Revocation: configs.Revocation{CRLFiles: []string{h.pki.path("ca.crl")}, WhenUnknown: configs.Refuse},
	}
	bounds := defaultLimits()
	for _, change := range changes {
		change(settingsOf{&config, &bounds})
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	judge, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	service, err := newService(config, judge, bounds, jsonLog(h.log))
	if err != nil {
		t.Fatal(err)
	}
	h.service, h.address = service, service.listener.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	stopped := make(chan error, 1)
	go func() { stopped <- service.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return h
}

// startPortal answers only to the WAF's certificate, as the real one does.
func (h *house) startPortal(handler http.HandlerFunc) *httptest.Server {
	h.t.Helper()
	side := configs.ServerTLS{
		Certificate: h.pki.path(portalName + ".pem"), Key: h.pki.path(portalName + ".key"),
		ClientCA: h.pki.path("ca.pem"), ClientName: wafName,
	}
	config, err := side.Config()
	if err != nil {
		h.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.TLS = config
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	h.t.Cleanup(server.Close)
	return server
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(arrival{
		Method: r.Method, Target: r.RequestURI, Host: r.Host, Body: string(body), Proto: r.Proto,
		Length: r.ContentLength, Encoding: r.TransferEncoding, Header: r.Header, Peer: r.TLS.PeerCertificates[0].DNSNames[0],
	})
}

// browser speaks HTTP/2 or HTTP/1.1 to the WAF under its public name.
func (h *house) browser(http2 bool) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, h.address)
		},
		TLSClientConfig: &tls.Config{RootCAs: h.pki.pool, ServerName: publicName},
		Protocols:       &protocols, DisableCompression: true,
	}
	h.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// request is one as a French browser sends it.
func request(t testing.TB, method, target string, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, "https://"+publicName+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://"+publicName)
	}
	for name, value := range map[string]string{
		"User-Agent":                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1",
		"Accept":                    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
		"Accept-Language":           "fr-FR,fr;q=0.9,en-US;q=0.5",
		"Accept-Encoding":           "gzip, deflate, br, zstd",
		"Sec-Fetch-Site":            "same-origin",
		"Sec-Fetch-Mode":            "navigate",
		"Sec-Fetch-Dest":            "document",
		"Sec-Fetch-User":            "?1",
		"Sec-Ch-Ua":                 `"Chromium";v="142", "Not?A_Brand";v="99"`,
		"Sec-Ch-Ua-Platform":        `"Android"`,
		"Priority":                  "u=0, i",
		"Upgrade-Insecure-Requests": "1",
		"Referer":                   "https://" + publicName + "/reports",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// send returns the status and the text of the answer.
func (h *house) send(client *http.Client, r *http.Request) (*http.Response, string) {
	h.t.Helper()
	response, err := client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return response, string(text)
}

// arrived sends r and returns what reached the portal.
func (h *house) arrived(client *http.Client, r *http.Request) arrival {
	h.t.Helper()
	response, text := h.send(client, r)
	if response.StatusCode != http.StatusOK {
		h.t.Fatalf("%s %s: status %d\n%s", r.Method, r.URL.Path, response.StatusCode, h.log)
	}
	var a arrival
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		h.t.Fatal(err)
	}
	return a
}

// dial opens a TLS connection to write on as one likes.
func (h *house) dial() net.Conn {
	h.t.Helper()
	conn, err := tls.Dial("tcp", h.address, &tls.Config{RootCAs: h.pki.pool, ServerName: publicName})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// raw writes text on a connection of its own and returns the first answer, nil
// where the connection was closed without one.
func (h *house) raw(text string) (*http.Response, string) {
	h.t.Helper()
	conn := h.dial()
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, ""
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, ""
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return response, string(body)
}

func jsonLog(to io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(to, nil)) }
