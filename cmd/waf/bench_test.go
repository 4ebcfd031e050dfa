package main

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

const page16kB = 16 << 10

func servePage(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, strings.Repeat("resultat ", page16kB/9))
}

const benchForm = "nom=D%E2%80%99Ao%C3%BBt-L%27Ha%C3%BF&prenom=Zo%C3%A9+Ana%C3%AFs&naissance=01%2F02%2F1980&message=Bonjour%2C+je+ne+comprends+pas+l%27analyse+d%27hier"

func BenchmarkGetThroughWAF(b *testing.B)  { throughWAF(b, "GET", "") }
func BenchmarkPostThroughWAF(b *testing.B) { throughWAF(b, "POST", benchForm) }
func BenchmarkGetBareProxy(b *testing.B)   { bareProxy(b, "GET", "") }
func BenchmarkPostBareProxy(b *testing.B)  { bareProxy(b, "POST", benchForm) }

func throughWAF(b *testing.B, method, body string) {
	h := open(b, servePage)
	h.measure(b, method, body)
}

// bareProxy is the same way without the WAF: TLS, httputil, mutual TLS.
func bareProxy(b *testing.B, method, body string) {
	h := open(b, servePage)
	upstream, err := url.Parse(h.portal.URL)
	if err != nil {
		b.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Transport: h.bareTransport(b),
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(upstream) },
	})
	proxy.TLS = h.service.server.TLSConfig.Clone()
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.StartTLS()
	b.Cleanup(proxy.Close)
	h.address = proxy.Listener.Addr().String()
	h.measure(b, method, body)
}

func (h *house) bareTransport(b *testing.B) *http.Transport {
	b.Helper()
	certificate, err := tls.LoadX509KeyPair(h.pki.path(wafName+".pem"), h.pki.path(wafName+".key"))
	if err != nil {
		b.Fatal(err)
	}
	return newTransport(&tls.Config{RootCAs: h.pki.pool, ServerName: portalName, Certificates: []tls.Certificate{certificate}})
}

func (h *house) measure(b *testing.B, method, body string) {
	client := h.browser(false)
	b.ReportAllocs()
	for b.Loop() {
		response, _ := h.send(client, request(b, method, "/reports/0198f3b2-7c1d-7e55-9f3a-3b0d3f6f2a10", body))
		if response.StatusCode != http.StatusOK {
			b.Fatalf("status %d", response.StatusCode)
		}
	}
}
