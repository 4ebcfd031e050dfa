package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"guichet/configs"
)

// ca is an authority of a test.
type ca struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	up   *ca // that issued it; nil for a root
}

var serials atomic.Int64

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newCA makes an authority; change alters its certificate before it is signed.
func newCA(t testing.TB, name string, up *ca, change ...func(*x509.Certificate)) *ca {
	t.Helper()
	c := &ca{t: t, key: newKey(t), up: up}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serials.Add(1)), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-90 * day), NotAfter: time.Now().Add(900 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	for _, f := range change {
		f(template)
	}
	parent, signer := template, c.key
	if up != nil {
		parent, signer = up.cert, up.key
	}
	c.cert = sign(t, template, parent, c.key.Public(), signer)
	return c
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue makes the certificate of a system called localhost, with its chain.
func (c *ca) issue(change ...func(*x509.Certificate)) tls.Certificate {
	c.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serials.Add(1)), Subject: pkix.Name{CommonName: "system"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-60 * day), NotAfter: time.Now().Add(600 * day), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, f := range change {
		f(template)
	}
	key := newKey(c.t)
	cert := sign(c.t, template, c.cert, key.Public(), c.key)
	pair := tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
	for above := c; above.up != nil; above = above.up {
		pair.Certificate = append(pair.Certificate, above.cert.Raw)
	}
	return pair
}

// list is a revocation list in DER.
func (c *ca) list(change func(*x509.RevocationList), gone ...*x509.Certificate) []byte {
	c.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(day)}
	for _, cert := range gone {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: time.Now()})
	}
	if change != nil {
		change(template)
	}
	issuer := *c.cert
	issuer.KeyUsage |= x509.KeyUsageCRLSign // so that lists of who may not sign them can be made
	der, err := x509.CreateRevocationList(rand.Reader, template, &issuer, c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	return der
}

// answer is an OCSP answer in DER about cert, which by signs.
func (c *ca) answer(cert *x509.Certificate, state int, by *tls.Certificate, change ...func(*ocsp.Response)) []byte {
	c.t.Helper()
	template := ocsp.Response{Status: state, SerialNumber: cert.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(day), RevokedAt: time.Now()}
	responder, key := c.cert, crypto.Signer(c.key)
	if by != nil {
		responder, key = by.Leaf, by.PrivateKey.(crypto.Signer)
		template.Certificate = by.Leaf
	}
	for _, f := range change {
		f(&template)
	}
	der, err := ocsp.CreateResponse(c.cert, responder, template, key)
	if err != nil {
		c.t.Fatal(err)
	}
	return der
}

func (c *ca) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	root := c
	for root.up != nil {
		root = root.up
	}
	pool.AddCert(root.cert)
	return pool
}

// extension of a certificate or list.
func extension(id asn1.ObjectIdentifier, critical bool, value any) pkix.Extension {
	der, ok := value.([]byte)
	if !ok {
		var err error
		if der, err = asn1.Marshal(value); err != nil {
			panic(err)
		}
	}
	return pkix.Extension{Id: id, Critical: critical, Value: der}
}

// web serves lists and answers over HTTP.
type web struct {
	*httptest.Server
	asked atomic.Int64

	mu    sync.Mutex
	serve http.HandlerFunc
}

func newWeb(t testing.TB) *web {
	t.Helper()
	w := &web{}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		w.mu.Lock()
		serve := w.serve
		w.mu.Unlock()
		serve(rw, r)
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *web) set(serve http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve = serve
}

func (w *web) send(content []byte) {
	w.set(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(content) })
}

// clock is a time that tests move.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Now().UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// bench is a Checker with its surroundings.
type bench struct {
	*Checker
	clock *clock
	log   *logged

	mu    sync.Mutex
	count map[string]int
	ends  map[string]time.Time
}

func newBench(t testing.TB, settings configs.Revocation) *bench {
	t.Helper()
	b := &bench{clock: newClock(), log: &logged{}, count: map[string]int{}, ends: map[string]time.Time{}}
	checker, err := NewChecker("feeds", settings, b.options())
	if err != nil {
		t.Fatal(err)
	}
	checker.wait = 10 * time.Second // each fetch has its own end; a test's machine may be slow
	b.Checker = checker
	return b
}

func (b *bench) options() Options {
	return Options{Log: slog.New(slog.NewTextHandler(b.log, nil)), Now: b.clock.now,
		Checked: func(_, outcome string) { b.mu.Lock(); defer b.mu.Unlock(); b.count[outcome]++ },
		Expires: func(use string, when time.Time) { b.mu.Lock(); defer b.mu.Unlock(); b.ends[use] = when }}
}

// file writes content into a new file, in place of what was there.
func file(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func inPEM(kind string, ders ...[]byte) []byte {
	var text []byte
	for _, der := range ders {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	return text
}

// withLists are settings with these lists, each in a file of its own.
func withLists(t testing.TB, lists ...[]byte) configs.Revocation {
	t.Helper()
	settings := configs.Revocation{WhenUnknown: configs.Refuse}
	for i, der := range lists {
		path := filepath.Join(t.TempDir(), string(rune('a'+i))+".crl")
		file(t, path, inPEM("X509 CRL", der))
		settings.CRLFiles = append(settings.CRLFiles, path)
	}
	return settings
}

// handshake is a real one over TCP; it returns what each side made of it, once
// a byte has come through.
func handshake(t testing.TB, server, client *tls.Config) (atServer, atClient error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		_, err = conn.Write([]byte("x"))
		served <- err
	}()
	conn, err := tls.DialWithDialer(&net.Dialer{}, "tcp", listener.Addr().String(), client)
	if err == nil {
		_, err = io.ReadFull(conn, make([]byte, 1))
		defer conn.Close()
	}
	return <-served, err
}
