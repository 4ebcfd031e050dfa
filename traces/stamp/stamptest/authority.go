// Package stamptest is a time stamp authority for tests: `openssl ts`, with a
// certification authority of its own.
package stamptest

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Authority answers questions about time stamps. It is an http.Handler.
type Authority struct {
	t      testing.TB
	folder string
}

const configuration = `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = placeholder
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[middle]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[tsa]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[server]
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
[stamps]
serial = %[1]s/serial
crypto_device = builtin
signer_cert = %[1]s/tsa.pem
certs = %[1]s/middle.pem
signer_key = %[1]s/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
`

// New makes an authority whose certificate leads, over one between, to its own
// root.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, folder: t.TempDir()}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(a.path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("openssl.cnf", fmt.Sprintf(configuration, a.folder))
	write("serial", "01\n")
	for _, c := range []struct{ name, issuer string }{{"root", ""}, {"middle", "root"}, {"tsa", "middle"}, {"server", "middle"}} {
		a.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", a.path(c.name+".key"))
		args := []string{"req", "-new", "-x509", "-sha256", "-days", "2", "-config", a.path("openssl.cnf"), "-extensions", c.name, "-subj", "/CN=test " + c.name, "-key", a.path(c.name + ".key"), "-out", a.path(c.name + ".pem")}
		if c.issuer != "" {
			args = append(args, "-CA", a.path(c.issuer+".pem"), "-CAkey", a.path(c.issuer+".key"))
		}
		a.run(args...)
	}
	return a
}

func (a *Authority) path(name string) string { return filepath.Join(a.folder, name) }

func (a *Authority) run(args ...string) {
	a.t.Helper()
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil { // #nosec G204 -- a test's own arguments
		a.t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
}

// Root is the file of what its certificate leads to.
func (a *Authority) Root() string { return a.path("root.pem") }

// Pool trusts it.
func (a *Authority) Pool() *x509.CertPool {
	a.t.Helper()
	pem, err := os.ReadFile(a.Root())
	if err != nil {
		a.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}

// Files are the certificate and the key of a server, which leads to the same root,
// and the certificate between.
func (a *Authority) Files() (certificate, key, between string) {
	return a.path("server.pem"), a.path("server.key"), a.path("middle.pem")
}

// Answer answers a question in DER.
func (a *Authority) Answer(question []byte) ([]byte, error) {
	folder, err := os.MkdirTemp(a.folder, "answer")
	if err != nil {
		return nil, err
	}
	asked, answer := filepath.Join(folder, "asked"), filepath.Join(folder, "answer")
	if err := os.WriteFile(asked, question, 0o600); err != nil {
		return nil, err
	}
	command := exec.Command("openssl", "ts", "-reply", "-config", a.path("openssl.cnf"), "-section", "stamps", "-queryfile", asked, "-out", answer) // #nosec G204 -- a test's own arguments
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("openssl ts: %w\n%s", err, out)
	}
	return os.ReadFile(answer) // #nosec G304 -- written just above
}

// ServeHTTP implements http.Handler (RFC 3161, 3.4).
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	question, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "not a question", http.StatusBadRequest)
		return
	}
	answer, err := a.Answer(question)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(answer)
}
