package demo

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// secrets are the demo's random secrets, each in a file of its own that
// configuration names. They are kept between runs.
type secrets struct {
	dir    string
	values map[string]string // by file name
}

// rolesWithPassword are the database roles that this demo's programs come as.
// The owner comes by the name that the kernel vouches for; a role without
// password cannot come at all.
var rolesWithPassword = []string{"guichet_portal", "guichet_intake", "guichet_console", "guichet_sequencer", "guichet_officer"}

const (
	cookieSecret = "portal_cookie"
	clientSecret = "_client" // after the provider's name

	franceConnectKey   = "franceconnect_encryption.jwk"
	proSanteConnectKey = "psc_signature.jwk"
)

// keepSecrets reads the secrets in dir and makes those that are missing.
func keepSecrets(dir string) (secrets, error) {
	lengths := map[string]int{
		cookieSecret:                   64,
		"franceconnect" + clientSecret: 32,
	}
	for _, role := range rolesWithPassword {
		lengths[role] = 32
	}
	s := secrets{dir: dir, values: map[string]string{}}
	for name, length := range lengths {
		value, err := keepSecret(filepath.Join(dir, name), length)
		if err != nil {
			return secrets{}, fmt.Errorf("keep secret %s: %w", name, err)
		}
		s.values[name] = value
	}
	return s, nil
}

// keepSecret returns a secret of length random bytes, in hex.
func keepSecret(path string, length int) (string, error) {
	content, err := os.ReadFile(path) // #nosec G304 -- in the demo's folder
	if err == nil && len(content) == hex.EncodedLen(length) {
		return string(content), os.Chmod(path, 0o600)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	random := make([]byte, length)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	value := hex.EncodeToString(random)
	return value, writeFile(path, 0o600, []byte(value))
}

// keepProviderKeys makes our keys towards the providers where they are missing:
// one that FranceConnect+ encrypts for, and one that we sign with to Pro Santé
// Connect.
func (d *demo) keepProviderKeys() error {
	for name, algorithm := range map[string]string{franceConnectKey: encryption, proSanteConnectKey: "ES256"} {
		file := d.secrets.file(name)
		if _, err := os.Stat(file); err == nil {
			continue
		}
		if err := d.steps.ProviderKey(algorithm, file); err != nil {
			return fmt.Errorf("keep key %s: %w", name, err)
		}
	}
	return nil
}

// file is where configuration finds a secret.
func (s secrets) file(name string) string { return filepath.Join(s.dir, name) }

// passwords are those of the database roles.
func (s secrets) passwords() map[string]string {
	found := map[string]string{}
	for _, role := range rolesWithPassword {
		found[role] = s.values[role]
	}
	return found
}
