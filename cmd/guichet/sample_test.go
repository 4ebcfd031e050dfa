package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/configs"
	"guichet/intake"
	"guichet/intake/sample"
	"guichet/store/storetest"
)

// generated runs the command and returns the files that it wrote.
func generated(t *testing.T, args ...string) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "out")
	if code, out, errOut := guichet(t.Context(), append([]string{"sample", "--now", "2026-11-21", "--out", dir}, args...)...); code != good || !strings.Contains(out, "reports") {
		t.Fatal(code, out, errOut)
	}
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSampleWritesAFolderForEachPatient (GP6.b).
func TestSampleWritesAFolderForEachPatient(t *testing.T) {
	files := generated(t, "--patients", "12", "--seed", "7")
	folders := make(map[string]int)
	for name, content := range files {
		switch filepath.Ext(name) {
		case ".hl7":
			if !strings.HasPrefix(content, "MSH|") {
				t.Errorf("%s is no HL7 message", name)
			}
			if files[strings.TrimSuffix(name, ".hl7")+".json"] == "" {
				t.Errorf("%s has no FHIR beside it", name)
			}
		case ".json":
			var bundle struct{ ResourceType, Type string }
			if err := json.Unmarshal([]byte(content), &bundle); err != nil || bundle.ResourceType != "Bundle" || bundle.Type != "transaction" {
				t.Errorf("%s is a %s %s, %v", name, bundle.Type, bundle.ResourceType, err)
			}
		}
		folders[filepath.Dir(name)]++
	}
	if len(folders) != 13 { // with that of the index
		t.Errorf("%d folders, want one for each patient", len(folders))
	}
	index := files["index.md"]
	if strings.Count(index, "\n| p") != 12 || !strings.Contains(index, "| comptes rendus |") || !strings.Contains(index, "21/11/2026") {
		t.Errorf("the index is\n%s", index)
	}
}

func TestSampleOfOneDayIsTheSame(t *testing.T) {
	first := generated(t, "--patients", "4", "--seed", "7")
	t.Setenv("TZ", "Pacific/Kiritimati")
	t.Setenv("LC_ALL", "tr_TR.UTF-8")
	if !maps.Equal(first, generated(t, "--patients", "4", "--seed", "7")) {
		t.Error("the same seed gave other bytes")
	}
	if maps.Equal(first, generated(t, "--patients", "4", "--seed", "8")) {
		t.Error("another seed gave the same bytes")
	}
}

func TestSampleWritesTheFormatWanted(t *testing.T) {
	for format, unwanted := range map[string]string{"hl7": ".json", "fhir": ".hl7"} {
		for name := range generated(t, "--patients", "5", "--format", format) {
			if filepath.Ext(name) == unwanted {
				t.Errorf("--format %s writes %s", format, name)
			}
		}
	}
}

func TestSampleRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "old"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want int
		says string
	}{
		{"--format pdf --out x", misuse, "--format"},
		{"--now yesterday --out x", misuse, "--now"},
		{"--now 1026-11-21 --out x", misuse, "--now"},
		{"--patients 100001 --out x", misuse, "--patients"},
		{"--to mllp://x:1 --format fhir", misuse, "mllp://"},
		{"--to https://x/fhir --format hl7", misuse, "https://"},
		{"--to file:///x", misuse, "mllp://"},
		{"--to mllp+tls://localhost:1 --ca /nowhere/ca.pem", failed, "/nowhere/ca.pem"},
		{"--out " + full, failed, "not empty"},
	} {
		code, out, errOut := guichet(t.Context(), append([]string{"sample"}, strings.Fields(c.args)...)...)
		if code != c.want || !strings.Contains(out+errOut, c.says) {
			t.Errorf("sample %s: got %d, %q, want %d and %q", c.args, code, out+errOut, c.want, c.says)
		}
	}
}

// receiver has a certificate, as its clients have.
func receiver(t *testing.T) (*storetest.Authority, *tls.Config, []string) {
	t.Helper()
	a := storetest.NewAuthority(t)
	a.Issue(t, "localhost")
	a.Issue(t, "feed")
	secured, err := configs.ServerTLS{Certificate: a.Path("localhost.pem"), Key: a.Path("localhost.key"), ClientCA: a.Path("ca.pem")}.Config()
	if err != nil {
		t.Fatal(err)
	}
	return a, secured, []string{"sample", "--patients", "3", "--seed", "5", "--ca", a.Path("ca.pem"), "--cert", a.Path("feed.pem"), "--key", a.Path("feed.key"), "--to"}
}

func TestSampleSendsBundles(t *testing.T) {
	_, secured, args := receiver(t)
	var mu sync.Mutex
	var got [][]byte
	refuse := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/fhir" || r.Header.Get("Content-Type") != "application/fhir+json" || len(r.TLS.PeerCertificates) == 0 {
			t.Errorf("got %s %s, %s, %v", r.Method, r.URL.Path, r.Header.Get("Content-Type"), err)
		}
		got = append(got, content)
		if refuse {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	server.TLS = secured
	server.StartTLS()
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	address := "https://localhost:" + port + "/fhir"
	if code, _, errOut := guichet(t.Context(), append(args, address)...); code != good {
		t.Fatal(code, errOut)
	}
	now, err := today()
	if err != nil {
		t.Fatal(err)
	}
	var want [][]byte
	for p := range sample.Stream(5, 3) {
		before := len(want)
		for m := range sample.Messages(p, 5, now) {
			want = append(want, m.FHIR())
		}
		if len(want) == before {
			want = append(want, sample.Admission(p, now))
		}
	}
	if len(want) == 0 || !slices.EqualFunc(want, got, bytes.Equal) {
		t.Errorf("got %d bundles, want %d", len(got), len(want))
	}
	refuse = true
	if code, _, errOut := guichet(t.Context(), append(args, address)...); code != failed || !strings.Contains(errOut, "422") {
		t.Errorf("refused: got %d, %q", code, errOut)
	}
}

func TestSampleSendsMessages(t *testing.T) {
	_, secured, args := receiver(t)
	listener, err := tls.Listen("tcp", "localhost:0", secured)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	answer := intake.AckAccept
	n := 0
	server := intake.Server{Handle: func(_ context.Context, _ intake.Peer, raw []byte) []byte {
		m, err := intake.Parse(raw, intake.Options{LocalAuthority: sample.Authority})
		if err != nil {
			t.Errorf("message %d: %v", n, err)
			return nil
		}
		n++
		return intake.Acknowledge(m.Header, answer, nil, time.Now())
	}}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"mllp", "mllp+tls"} {
		before := n
		if code, _, errOut := guichet(t.Context(), append(args, fmt.Sprintf("%s://localhost:%s", scheme, port))...); code != good || n == before {
			t.Errorf("%s: got %d, %q, and %d messages", scheme, code, errOut, n-before)
		}
	}
	answer = intake.AckReject
	if code, _, errOut := guichet(t.Context(), append(args, "mllp://localhost:"+port)...); code != failed || !strings.Contains(errOut, "refused") {
		t.Errorf("refused: got %d, %q", code, errOut)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestSampleHelp(t *testing.T) {
	code, out, _ := guichet(t.Context(), "sample", "--help")
	for _, want := range []string{"--format", "--now", "mllp+tls://", "https://", "docs/sample.md"} {
		if code != good || !bytes.Contains([]byte(out), []byte(want)) {
			t.Errorf("help lacks %s: %s", want, out)
		}
	}
}

// TestTheProcedureRuns runs the commands of docs/sample.md (GP6.d). Those that
// send have nobody to send to, but are understood.
func TestTheProcedureRuns(t *testing.T) {
	page, err := os.ReadFile("../../docs/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(page)) {
		line, _, _ = strings.Cut(line, "#")
		command, found := strings.CutPrefix(line, "guichet ")
		if !found {
			continue
		}
		n++
		want := failed
		args := strings.Fields(command)
		if i := slices.Index(args, "--out"); i >= 0 {
			want, args[i+1] = good, filepath.Join(t.TempDir(), "out")
		}
		if code, _, errOut := guichet(t.Context(), args...); code != want {
			t.Errorf("guichet %s: got %d, %q, want %d", command, code, errOut, want)
		}
	}
	if n < 4 {
		t.Errorf("%d commands, want 4 at least", n)
	}
}
