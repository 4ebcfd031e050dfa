package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrivateFilesAreReadAgain(t *testing.T) {
	folder := t.TempDir()
	first, second := filepath.Join(folder, "first"), filepath.Join(folder, "second")
	write := func(path, text string, mode os.FileMode) {
		t.Helper()
		fresh := path + ".new"
		if err := os.WriteFile(fresh, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(fresh, path); err != nil {
			t.Fatal(err)
		}
	}
	write(first, "one", 0o600)
	files := WatchPrivate([]string{first, second}, func(contents [][]byte) (*string, error) {
		text := string(contents[0]) + " " + string(contents[1])
		if strings.Contains(text, "bad") {
			return nil, errors.New("bad")
		}
		return &text, nil
	})
	if _, err := files.Current(); err == nil {
		t.Error("a file that is not there was accepted")
	}
	write(second, "two", 0o600)
	for _, step := range []struct {
		file, text string
		mode       os.FileMode
		want       string
	}{
		{second, "two", 0o600, "one two"},
		{first, "three", 0o600, "three two"},
		{second, "bad", 0o600, "three two"},
		{second, "four", 0o644, "three two"},
		{second, "four", 0o600, "three four"},
	} {
		write(step.file, step.text, step.mode)
		got, err := files.Current()
		if err != nil || *got != step.want {
			t.Errorf("after %q with mode %o: got %v, %v, want %q", step.text, step.mode, got, err, step.want)
		}
	}
}

func TestProviderTLS(t *testing.T) {
	a := newAuthority(t)
	if config, err := (Provider{}).TLS(); err != nil || config.RootCAs == nil || config.GetClientCertificate != nil {
		t.Errorf("plain: got %v", err)
	}
	if config, err := (Provider{CAFile: a.path("ca.pem")}).TLS(); err != nil || config.RootCAs == nil {
		t.Errorf("with an authority: got %v", err)
	}
	for name, p := range map[string]Provider{
		"no authority": {CAFile: a.path("nowhere.pem")}, "no certificate": {ClientCertificate: a.path("nowhere.pem"), ClientKey: a.path("nowhere.key")},
	} {
		if _, err := p.TLS(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestClientSecretIsReadWhereItIsShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("of the client"), 0o600); err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]string{"": "of the client", "client_secret_basic": "of the client", "private_key_jwt": "", "tls_client_auth": ""} {
		got, err := Provider{ClientAuth: method, ClientSecretFile: file}.ClientSecret()
		if err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v", method, got.Reveal(), err)
		}
	}
}
