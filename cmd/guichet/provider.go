package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"guichet/auth"
	"guichet/certificate"
	"guichet/configs"
	"guichet/record"
)

// newProvider makes the relying party of one provider as it is configured.
func newProvider(name string, c configs.Provider, public *url.URL, peers *certificate.Checker) (*auth.Provider, error) {
	secret, err := c.ClientSecret()
	if err != nil {
		return nil, err
	}
	secured, err := c.TLS()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second, Proxy: http.ProxyFromEnvironment}
	options := auth.Options{Name: name, Label: c.Label, Issuer: c.Issuer, Discovery: c.Discovery, AuthorizationURL: c.AuthorizationURL, TokenURL: c.TokenURL,
		UserinfoURL: c.UserinfoURL, JWKSURL: c.JWKSURL, EndSessionURL: c.EndSessionURL,
		ClientID: c.ClientID, ClientAuth: c.ClientAuth, ClientSecret: secret.Reveal(), Encryption: c.Encryption,
		RedirectURL: public.JoinPath("callback", name).String(), PostLogoutRedirectURL: public.JoinPath("session-ended").String(),
		ACR: c.ACR, AMR: c.AMR, Scopes: c.Scopes, Algorithms: c.Algorithms, PKCE: c.PKCE, SignedUserinfo: c.SignedUserinfo,
		MaxAuthAge: c.MaxAuthAge, Roles: rolesOf(c.Roles), Transport: peers.Transport(transport)}
	if options.Keys, err = clientKeys(c); err != nil {
		return nil, err
	}
	return auth.NewProvider(options)
}

// clientKeys returns how to come by our keys as their files are now, nil where
// the provider needs none.
func clientKeys(c configs.Provider) (func() (*auth.ClientKeys, error), error) {
	if len(c.DecryptionKeys)+len(c.SigningKeyFiles) == 0 {
		return nil, nil
	}
	files := configs.WatchPrivate(slices.Concat(c.DecryptionKeys, c.SigningKeyFiles), func(contents [][]byte) (*auth.ClientKeys, error) {
		opening := len(c.DecryptionKeys)
		return auth.ParseClientKeys(c.Encryption, contents[:opening], contents[opening:])
	})
	if _, err := files.Current(); err != nil {
		return nil, err
	}
	return files.Current, nil
}

// rolesOf is the table of professions, nil where configuration has none.
func rolesOf(table map[string]string) map[string]record.Role {
	if len(table) == 0 {
		return nil
	}
	roles := make(map[string]record.Role, len(table))
	for profession, role := range table {
		roles[profession] = record.Role(role)
	}
	return roles
}

type keysProviderCommand struct {
	Algorithm string `required:"" enum:"RSA-OAEP-256,ECDH-ES,ES256" help:"What it is for: RSA-OAEP-256 or ECDH-ES to open what the provider encrypts, ES256 to sign (private_key_jwt)."`
	Out       string `required:"" type:"path" placeholder:"FILE" help:"Where it goes; a file that exists is left alone."`
}

// Run makes a private key in a file of its own, which configuration then names.
func (c keysProviderCommand) Run(e *environment) error {
	if err := makeProviderKey(c.Algorithm, c.Out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.out, "Clé %s : %s\nNommez-la dans la configuration du fournisseur, puis attendez qu'il l'ait lue avant de retirer l'ancienne (docs/identity.md).\n", c.Algorithm, c.Out)
	return err
}

func makeProviderKey(algorithm, path string) error {
	key, err := auth.NewClientKey(algorithm)
	if err != nil {
		return err
	}
	if err := writeNewFile(path, key); err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}

// writeNewFile writes a private file whole, or not at all where one exists.
func writeNewFile(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), path) // fails where path exists
}
