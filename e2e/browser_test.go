package e2e

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const browserFolder = "browser"

// TestBrowser runs what is tested in Chromium.
func TestBrowser(t *testing.T) {
	// GUICHET_BROWSER=session runs one file, for whoever works on it.
	files, err := filepath.Glob(filepath.Join(browserFolder, "*"+os.Getenv("GUICHET_BROWSER")+"*.test.mjs"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d browser tests: %v", len(files), err)
	}
	// One after the other: a person has one session at a time.
	arguments := []string{"--test", "--test-concurrency=1", "--test-reporter=tap"}
	for _, file := range files {
		arguments = append(arguments, filepath.Base(file))
	}
	out, err := runNode(t, 30*time.Minute, arguments...)
	if err != nil {
		t.Errorf("%v\n%s", err, failures(out))
	}
	for _, line := range regexp.MustCompile(`(?m)^# (tests|pass|fail|\d+ runs) .*$`).FindAllString(out, -1) {
		t.Log(strings.TrimPrefix(line, "# "))
	}
}

// runNode runs a script of browser/ against a demo of its own: what other tests
// send to theirs would change the pages.
func runNode(t *testing.T, limit time.Duration, arguments ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: install the Debian packages nodejs and npm")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: install the Debian package chromium")
	}
	if _, err := os.Stat(filepath.Join(browserFolder, "node_modules", "playwright-core")); err != nil {
		t.Fatal("the browser tests' packages are missing: run npm ci --prefix e2e/browser")
	}
	d := newDemo(t)
	d.share(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, program, arguments...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) } // it ends its browser first
	command.WaitDelay = 10 * time.Second
	command.Dir = browserFolder
	command.Env = append(os.Environ(),
		"GUICHET_READY="+filepath.Join(d.dir, "ready.json"),
		"GUICHET_GALLERY="+gallery(t),
		"GUICHET_CHROMIUM="+chromium,
		"GUICHET_PSQL="+psql(t),
		"GUICHET_PROGRAM="+filepath.Join(suite.programs, "guichet"),
		"NODE_EXTRA_CA_CERTS="+d.Ready.CA,
		"GUICHET_KEYS="+strings.Join([]string{d.servedKey(t, d.Ready.URLs.Public), d.servedKey(t, d.Ready.URLs.FranceConnect)}, ","))
	out, err := command.CombinedOutput()
	return string(out), err
}

// servedKey names the key that a server of the demo proves to have, under a
// certificate of the demo's authority for that very host.
func (d *demo) servedKey(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: d.authority(t)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", u.Host)
	if err != nil {
		t.Fatal(fmt.Errorf("check certificate of %s: %w", u.Host, err))
	}
	defer func() { _ = conn.Close() }()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// failures leaves out of a report in TAP what went well.
func failures(report string) string {
	var b strings.Builder
	inFailure := false
	for line := range strings.SplitSeq(report, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, "not ok"):
			inFailure = true
		case strings.HasPrefix(trimmed, "ok "), strings.HasPrefix(trimmed, "# "):
			inFailure = false
		}
		if inFailure {
			b.WriteString(line + "\n")
		}
	}
	if b.Len() == 0 {
		return report
	}
	return b.String()
}
