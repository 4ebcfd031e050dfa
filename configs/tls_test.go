package configs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for the tests of one folder.
type testAuthority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *testAuthority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &testAuthority{folder: t.TempDir(), cert: cert, key: key}
	a.write(t, "ca.pem", "CERTIFICATE", der, 0o644)
	return a
}

func (a *testAuthority) path(name string) string { return filepath.Join(a.folder, name) }

func (a *testAuthority) write(t *testing.T, name, kind string, der []byte, mode os.FileMode) {
	t.Helper()
	// Written aside and renamed, as certificate tools do.
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(a.path(name)+".new", text, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(a.path(name)+".new", a.path(name)); err != nil {
		t.Fatal(err)
	}
}

// issue writes name.pem and name.key, for the DNS names given.
func (a *testAuthority) issue(t *testing.T, name string, key crypto.Signer, serial int64, dns ...string) {
	t.Helper()
	if key == nil {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key = made
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: dns,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der, 0o644)
	a.write(t, name+".key", "PRIVATE KEY", private, 0o600)
}

func (a *testAuthority) server(name string) ServerTLS {
	return ServerTLS{Certificate: a.path(name + ".pem"), Key: a.path(name + ".key")}
}

func (a *testAuthority) client(name string) ClientTLS {
	return ClientTLS{CA: a.path("ca.pem"), Certificate: a.path(name + ".pem"), Key: a.path(name + ".key"), ServerName: "localhost"}
}

// pool is what a browser that trusts the authority would use.
func (a *testAuthority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// listen answers one byte on every connection whose handshake is accepted.
func listen(t *testing.T, config *tls.Config) string {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = conn.Write([]byte("x"))
			}()
		}
	}()
	return listener.Addr().String()
}

// dial returns the state of a connection that carried a byte.
func dial(t *testing.T, address string, config *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	conn, err := tls.Dial("tcp", address, config)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }()
	// Under TLS 1.3 a refused client learns of it on its first read.
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		return tls.ConnectionState{}, err
	}
	return conn.ConnectionState(), nil
}

func serverConfig(t *testing.T, s ServerTLS) *tls.Config {
	t.Helper()
	config, err := s.Config()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func clientConfig(t *testing.T, c ClientTLS) *tls.Config {
	t.Helper()
	config, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestVersionsAndSuites(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	a.issue(t, "rsa", rsaKey, 3, "localhost")
	ecdsaServer, rsaServer := listen(t, serverConfig(t, a.server("server"))), listen(t, serverConfig(t, a.server("rsa")))

	for _, c := range []struct {
		name    string
		address string
		config  *tls.Config
		refused bool
	}{
		{"TLS 1.3", ecdsaServer, &tls.Config{MinVersion: tls.VersionTLS13}, false},
		{"TLS 1.2 ECDSA", ecdsaServer, &tls.Config{MaxVersion: tls.VersionTLS12}, false},
		{"TLS 1.2 RSA certificate", rsaServer, &tls.Config{MaxVersion: tls.VersionTLS12}, false},
		{"TLS 1.1", ecdsaServer, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, true},
		{"TLS 1.0", rsaServer, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, true},
		{"CBC", ecdsaServer, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}}, true},
		{"CBC with SHA-256", rsaServer, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}}, true},
		{"static RSA", rsaServer, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}}, true},
		{"3DES", rsaServer, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA}}, true},
		{"RC4", rsaServer, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA}}, true},
		{"ChaCha20", rsaServer, &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}}, false},
		{"P-256", ecdsaServer, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}}, false},
		{"P-384", ecdsaServer, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}, false},
		{"X25519", ecdsaServer, &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519}}, false},
		{"P-521 only", ecdsaServer, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP521}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := c.config.Clone()
			config.RootCAs, config.ServerName = a.pool(), "localhost"
			state, err := dial(t, c.address, config)
			if (err != nil) != c.refused {
				t.Errorf("got %v, refused should be %v", err, c.refused)
			}
			if err == nil && state.DidResume {
				t.Error("resumed")
			}
		})
	}
	// Above, the suites alone would have refused the old versions.
	if server, client := serverConfig(t, a.server("server")), clientConfig(t, a.client("server")); server.MinVersion != tls.VersionTLS12 || client.MinVersion != tls.VersionTLS13 {
		t.Errorf("oldest versions: %#x as a server, %#x as a client", server.MinVersion, client.MinVersion)
	}
	state, err := dial(t, ecdsaServer, &tls.Config{RootCAs: a.pool(), ServerName: "localhost"})
	if err != nil || state.Version != tls.VersionTLS13 || state.CurveID != tls.X25519MLKEM768 {
		t.Errorf("by default got version %#x, key exchange %v, error %v", state.Version, state.CurveID, err)
	}
}

func TestSessionsAreNotResumed(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	address := listen(t, serverConfig(t, a.server("server")))
	config := &tls.Config{RootCAs: a.pool(), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	for range 3 {
		state, err := dial(t, address, config)
		if err != nil || state.DidResume {
			t.Errorf("resumed %v, error %v", state.DidResume, err)
		}
	}
}

func TestMutualTLS(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	a.issue(t, "waf", nil, 3, "other.example", "WAF.example")
	a.issue(t, "else", nil, 4, "else.example")
	a.issue(t, "wildcard", nil, 5, "*.example")
	a.issue(t, "nameless", nil, 6)
	stranger.issue(t, "waf", nil, 7, "waf.example")

	named := a.server("server")
	named.ClientCA, named.ClientName = a.path("ca.pem"), "waf.example"
	anyone := named
	anyone.ClientName = ""
	namedAddress, anyoneAddress := listen(t, serverConfig(t, named)), listen(t, serverConfig(t, anyone))

	strange := stranger.client("waf")
	strange.CA = a.path("ca.pem")
	bare := a.client("waf")
	bare.Certificate, bare.Key = "", ""
	for _, c := range []struct {
		name         string
		client       ClientTLS
		named, anyCA bool // accepted
	}{
		{"right name", a.client("waf"), true, true},
		{"wrong name", a.client("else"), false, true},
		{"wildcard", a.client("wildcard"), false, true},
		{"no name", a.client("nameless"), false, true},
		{"other authority", strange, false, false},
		{"no certificate", bare, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := dial(t, namedAddress, clientConfig(t, c.client)); (err == nil) != c.named {
				t.Errorf("with a name wanted: got %v", err)
			}
			if _, err := dial(t, anyoneAddress, clientConfig(t, c.client)); (err == nil) != c.anyCA {
				t.Errorf("with any name: got %v", err)
			}
		})
	}
	t.Run("TLS 1.2 without a certificate", func(t *testing.T) {
		config := &tls.Config{RootCAs: a.pool(), ServerName: "localhost", MaxVersion: tls.VersionTLS12}
		if _, err := dial(t, namedAddress, config); err == nil {
			t.Error("accepted")
		}
	})
}

func TestAClientChecksItsServer(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	stranger.issue(t, "server", nil, 2, "localhost")
	good, forged := listen(t, serverConfig(t, a.server("server"))), listen(t, serverConfig(t, stranger.server("server")))
	client := ClientTLS{CA: a.path("ca.pem"), ServerName: "localhost"}
	if _, err := dial(t, good, clientConfig(t, client)); err != nil {
		t.Error(err)
	}
	if _, err := dial(t, forged, clientConfig(t, client)); err == nil {
		t.Error("a server of another authority was believed")
	}
	client.ServerName = "portal.example"
	if _, err := dial(t, good, clientConfig(t, client)); err == nil {
		t.Error("a server of another name was believed")
	}
	old := serverConfig(t, a.server("server"))
	old.MaxVersion = tls.VersionTLS12
	client.ServerName = "localhost"
	if _, err := dial(t, listen(t, old), clientConfig(t, client)); err == nil {
		t.Error("a server without TLS 1.3 was accepted")
	}
}

// serial is the certificate a server shows now.
func serial(t *testing.T, address string, config *tls.Config) int64 {
	t.Helper()
	state, err := dial(t, address, config)
	if err != nil {
		t.Fatal(err)
	}
	return state.PeerCertificates[0].SerialNumber.Int64()
}

func TestACertificateIsReloaded(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	address := listen(t, serverConfig(t, a.server("server")))
	browser := &tls.Config{RootCAs: a.pool(), ServerName: "localhost"}
	if got := serial(t, address, browser); got != 2 {
		t.Fatalf("got serial %d", got)
	}
	a.issue(t, "server", nil, 3, "localhost")
	if got := serial(t, address, browser); got != 3 {
		t.Errorf("after a renewal got serial %d, want 3", got)
	}

	// A renewal that cannot be used leaves the old one in use.
	for name, spoil := range map[string]func(){
		"half written": func() { _ = os.WriteFile(a.path("server.pem"), []byte("-----BEGIN"), 0o600) },
		"absent":       func() { _ = os.Remove(a.path("server.pem")) },
		"open key":     func() { _ = os.Chmod(a.path("server.key"), 0o644) },
	} {
		a.issue(t, "server", nil, 3, "localhost")
		if got := serial(t, address, browser); got != 3 {
			t.Fatalf("got serial %d", got)
		}
		spoil()
		if got := serial(t, address, browser); got != 3 {
			t.Errorf("%s: got serial %d, want the old one", name, got)
		}
	}
	a.issue(t, "server", nil, 4, "localhost")
	if got := serial(t, address, browser); got != 4 {
		t.Errorf("after mending got serial %d, want 4", got)
	}
}

func TestAClientCertificateAndItsAuthorityAreReloaded(t *testing.T) {
	a, next := newAuthority(t), newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	a.issue(t, "waf", nil, 3, "waf.example")
	side := a.server("server")
	side.ClientCA, side.ClientName = a.path("ca.pem"), "waf.example"
	address := listen(t, serverConfig(t, side))
	client := clientConfig(t, a.client("waf"))
	if _, err := dial(t, address, client); err != nil {
		t.Fatal(err)
	}
	// The client's certificate is renewed by another authority: refused until
	// the listener's file names that one.
	next.issue(t, "waf", nil, 4, "waf.example")
	for _, name := range []string{"waf.pem", "waf.key"} {
		if err := os.Rename(next.path(name), a.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dial(t, address, client); err == nil {
		t.Error("a certificate of an unknown authority was accepted")
	}
	if err := os.Rename(next.path("ca.pem"), a.path("ca.pem")); err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, address, client); err != nil {
		t.Errorf("after the authority was replaced: %v", err)
	}
}

func TestHTTP2IsSpokenUnderMutualTLS(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	a.issue(t, "waf", nil, 3, "waf.example")
	side := a.server("server")
	side.ClientCA, side.ClientName = a.path("ca.pem"), "waf.example"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{TLSConfig: serverConfig(t, side), ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	})}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientConfig(t, a.client("waf")), ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Get("https://" + listener.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if proto, err := io.ReadAll(response.Body); err != nil || string(proto) != "HTTP/2.0" {
		t.Errorf("got %q, %v", proto, err)
	}
}

func TestBadTLSFilesAreRefused(t *testing.T) {
	a := newAuthority(t)
	a.issue(t, "server", nil, 2, "localhost")
	a.issue(t, "other", nil, 3, "localhost")
	weak, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.issue(t, "weak", weak, 4, "localhost")
	good := a.server("server")
	for _, c := range []struct {
		name    string
		change  func(*ServerTLS)
		refused string
	}{
		{"no certificate", func(s *ServerTLS) { s.Certificate = a.path("none") }, "no such file"},
		{"another's key", func(s *ServerTLS) { s.Key = a.path("other.key") }, "does not match"},
		{"small curve", func(s *ServerTLS) { *s = a.server("weak") }, "256 bits"},
		{"authority without a certificate", func(s *ServerTLS) { s.ClientCA = a.path("server.key") }, "no certificate"},
		{"absent authority", func(s *ServerTLS) { s.ClientCA = a.path("none") }, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			side := good
			c.change(&side)
			if _, err := side.Config(); err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("got %v, want an error about %q", err, c.refused)
			}
		})
	}
	if err := os.Chmod(a.path("server.key"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := good.Config(); err == nil || !strings.Contains(err.Error(), "mode") {
		t.Errorf("key readable by the group: got %v", err)
	}
	if _, err := (ClientTLS{CA: a.path("ca.pem"), Certificate: a.path("server.pem"), Key: a.path("server.key")}).Config(); err == nil {
		t.Error("client key readable by the group: accepted")
	}
	if _, err := (ClientTLS{CA: a.path("none")}).Config(); err == nil {
		t.Error("client without its authority: accepted")
	}
}
