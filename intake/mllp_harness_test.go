package intake

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"guichet/fault/logtest"
)

// A testAuthority issues certificates for tests.
type testAuthority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
}

func newAuthority(t testing.TB) *testAuthority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return &testAuthority{certificate, key, pool}
}

func (a *testAuthority) issue(t testing.TB, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A testServer is a Server on a local port.
type testServer struct {
	t       testing.TB
	address string
	ca      *testAuthority
	client  tls.Certificate
	stop    context.CancelFunc
	ended   chan error
	log     *logtest.Log
}

func serve(t testing.TB, s *Server) *testServer {
	t.Helper()
	ca := newAuthority(t)
	ctx, stop := context.WithCancel(context.Background())
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := tls.NewListener(inner, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "localhost")}, ClientCAs: ca.pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})
	ts := &testServer{t: t, address: inner.Addr().String(), ca: ca, client: ca.issue(t, "laboratory"), stop: stop, ended: make(chan error, 1), log: &logtest.Log{}}
	s.Logger = slog.New(slog.NewTextHandler(ts.log, nil))
	if s.Handle == nil {
		s.Handle = echo
	}
	go func() { ts.ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ts.ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return ts
}

func echo(_ context.Context, _ Peer, raw []byte) []byte { return append([]byte("ACK "), raw...) }

func (ts *testServer) dial() *tls.Conn {
	ts.t.Helper()
	conn, err := tls.Dial("tcp", ts.address, &tls.Config{RootCAs: ts.ca.pool, ServerName: "localhost", Certificates: []tls.Certificate{ts.client}})
	if err != nil {
		ts.t.Fatal(err)
	}
	ts.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		ts.t.Fatal(err)
	}
	return conn
}
