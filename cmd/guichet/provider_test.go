package main

import (
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/certificate"
	"guichet/configs"
)

func TestKeysProvider(t *testing.T) {
	for _, algorithm := range []string{"RSA-OAEP-256", "ECDH-ES", "ES256"} {
		file := filepath.Join(t.TempDir(), "key.jwk")
		args := []string{"keys", "provider", "--algorithm", algorithm, "--out", file}
		if code, out, errOut := guichet(t.Context(), args...); code != good || !strings.Contains(out, file) || strings.Contains(out, `"d"`) {
			t.Fatalf("%s: got %d, %q, %q", algorithm, code, out, errOut)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, %v", algorithm, info.Mode(), err)
		}
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if code, _, errOut := guichet(t.Context(), args...); code != failed || !strings.Contains(errOut, "file exists") {
			t.Errorf("%s, again: got %d, %q", algorithm, code, errOut)
		}
		if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
			t.Errorf("%s: the first key was replaced", algorithm)
		}
	}
	if code, _, _ := guichet(t.Context(), "keys", "provider", "--algorithm", "RS256", "--out", "x"); code != misuse {
		t.Errorf("another algorithm: got %d, want %d", code, misuse)
	}
}

// TestNewProvider makes the relying party from each kind of setting, and says
// which file is wrong.
func TestNewProvider(t *testing.T) {
	folder := t.TempDir()
	key := func(name, algorithm string) string {
		file := filepath.Join(folder, name)
		if code, _, errOut := guichet(t.Context(), "keys", "provider", "--algorithm", algorithm, "--out", file); code != good {
			t.Fatal(errOut)
		}
		return file
	}
	secret := filepath.Join(folder, "client")
	if err := os.WriteFile(secret, []byte("of the client"), 0o600); err != nil {
		t.Fatal(err)
	}
	opening, signing := key("opening", "ECDH-ES"), key("signing", "ES256")
	base := configs.Provider{
		Label: "L", Issuer: "https://a.example", Discovery: "https://a.example/.well-known/openid-configuration", EndSessionURL: "https://a.example/end",
		ClientID: "guichet", ClientSecretFile: secret, Scopes: []string{"openid"}, ACR: "eidas2", Algorithms: []string{"ES256"},
		Encryption: "ECDH-ES", DecryptionKeys: []string{opening}, SignedUserinfo: true,
	}
	peers, err := certificate.NewChecker("providers", configs.Revocation{WhenUnknown: configs.Refuse}, certificate.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "https", Host: "portal.example"}
	for name, test := range map[string]struct {
		change func(*configs.Provider)
		says   string
	}{
		"a secret, and encryption":    {func(*configs.Provider) {}, ""},
		"an assertion":                {func(c *configs.Provider) { c.ClientAuth, c.SigningKeyFiles = "private_key_jwt", []string{signing} }, ""},
		"a table of roles":            {func(c *configs.Provider) { c.Roles = map[string]string{"10": "physician", "21": "professional"} }, ""},
		"keys in each other's place":  {func(c *configs.Provider) { c.DecryptionKeys = []string{signing} }, "decryption key"},
		"a key that is not there":     {func(c *configs.Provider) { c.DecryptionKeys = []string{folder + "/nowhere"} }, "nowhere"},
		"encryption without a key":    {func(c *configs.Provider) { c.DecryptionKeys = nil }, "no key to open with"},
		"a secret that is not there":  {func(c *configs.Provider) { c.ClientSecretFile = folder + "/nowhere" }, "nowhere"},
		"a certificate without a key": {func(c *configs.Provider) { c.ClientCertificate, c.ClientKey = secret, secret }, "certificate"},
		"an authority that is none":   {func(c *configs.Provider) { c.CAFile = secret }, "authority"},
	} {
		t.Run(name, func(t *testing.T) {
			c := base
			test.change(&c)
			p, err := newProvider("franceconnect", c, public, peers)
			switch {
			case test.says == "" && (err != nil || p.Label() != "L"):
				t.Errorf("got %v", err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("got %v, want it to say %q", err, test.says)
			}
		})
	}
}
