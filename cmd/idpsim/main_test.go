package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
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

// installation writes what a configuration names and returns its path, and the
// certificate to trust.
func installation(t *testing.T, replace ...string) (file string, trusted *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	trusted = x509.NewCertPool()
	trusted.AppendCertsFromPEM(certificate)

	config := `listen = "127.0.0.1:0"
public_url = "https://localhost:8448"
[tls]
certificate = "` + dir + `/tls.pem"
key = "` + dir + `/tls.key"
[[clients]]
provider = "franceconnect"
client_id = "guichet"
client_secret_file = "` + dir + `/secret"
redirect_uris = ["https://localhost:8443/callback/franceconnect"]
post_logout_redirect_uri = "https://localhost:8443/"
[[people]]
provider = "psc"
login = "camille"
name = "Dr Camille Moreau"
family = "MOREAU"
given = "Camille"
rpps = "99700218896"
profession = "10"
`
	config = strings.NewReplacer(replace...).Replace(config)
	for name, content := range map[string][]byte{
		"tls.pem": certificate,
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"secret":  []byte("2f7d0c4be1a94f63\n"),
		"config":  []byte(config),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "config"), trusted
}

// freePort finds a port that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestRunServesUntilToldToStop(t *testing.T) {
	address := freePort(t)
	file, trusted := installation(t, "127.0.0.1:0", address)
	log, logged := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, []string{"--config", file}, nil, io.Discard, logged)
		logged.Close()
		ended <- code
	}()
	line := make([]byte, 4096)
	n, err := log.Read(line)
	if err != nil || !strings.Contains(string(line[:n]), "are open") {
		t.Fatalf("got %q, %v", line[:n], err)
	}
	rest := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(log) // the pipe ends without error
		rest <- string(text)
	}()

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: "localhost"}}}
	resp, err := client.Get("https://" + address + "/franceconnect/jwks")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	client.CloseIdleConnections()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got status %d", resp.StatusCode)
	}
	stop()
	if code := <-ended; code != exitGood {
		t.Errorf("got exit status %d", code)
	}
	if text := <-rest; !strings.Contains(text, "are closed") {
		t.Errorf("got log %q", text)
	}
}

func TestRunExitStatus(t *testing.T) {
	good, _ := installation(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy, _ := installation(t, "127.0.0.1:0", taken.Addr().String())
	wrongRPPS, _ := installation(t, "99700218896", "99700218897")
	noSecret, _ := installation(t, "/secret", "/absent")

	tests := []struct {
		name string
		args []string
		env  []string
		want int
		says string
	}{
		{"help", []string{"--help"}, nil, exitGood, "--config"},
		{"no configuration", nil, nil, exitMisuse, "--config"},
		{"unknown flag", []string{"--config", good, "--verbose"}, nil, exitMisuse, "--verbose"},
		{"too much", []string{"--config", good, "more"}, nil, exitMisuse, "more"},
		{"absent file", []string{"--config", "/nonexistent/idpsim.toml"}, nil, exitFailed, "no such file"},
		{"unknown variable", []string{"--config", good}, []string{"GUICHET_IDPSIM_COLOUR=blue"}, exitFailed, "COLOUR"},
		{"taken port", []string{"--config", busy}, nil, exitFailed, "address already in use"},
		{"wrong check digit", []string{"--config", wrongRPPS}, nil, exitFailed, "check digit"},
		{"no secret", []string{"--config", noSecret}, nil, exitFailed, "absent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			if got := run(t.Context(), test.args, test.env, &out, &out); got != test.want {
				t.Errorf("got exit status %d, want %d", got, test.want)
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("got %q, want something about %q", out.String(), test.says)
			}
			if strings.Contains(out.String(), "2f7d0c4be1a94f63") {
				t.Error("the secret was printed")
			}
		})
	}
}
