package configs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// TLS is our side of the connections to the provider: whom to believe, and the
// certificate to show where one is configured, which is read again when its
// files change.
func (p Provider) TLS() (*tls.Config, error) {
	config, err := Trusting(p.CAFile)
	if err != nil {
		return nil, err
	}
	if p.ClientCertificate == "" {
		return config, nil
	}
	pair := &keyPair{certificate: p.ClientCertificate, key: p.ClientKey}
	if _, err := pair.current(); err != nil {
		return nil, err
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.current() }
	return config, nil
}

// Trusting is the client's side of TLS that believes the authorities of a file;
// without one, those of the system.
func Trusting(file string) (*tls.Config, error) {
	config := policy()
	if file == "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("read system authorities: %w", err)
		}
		config.RootCAs = pool
		return config, nil
	}
	trusted := &authorities{file: file}
	pool, err := trusted.current()
	if err != nil {
		return nil, err
	}
	config.RootCAs = pool
	return config, nil
}

// ClientSecret is what the token endpoint is shown; empty where the agreed
// method shows none.
func (p Provider) ClientSecret() (Secret, error) {
	if !p.usesSecret() {
		return Secret{}, nil
	}
	return ReadSecret(p.ClientSecretFile)
}

// PrivateFiles are private files and what is made of them, made again when one
// of them has changed. What cannot be used leaves the old.
type PrivateFiles[T any] struct {
	files   []string
	parse   func(contents [][]byte) (*T, error)
	watched Watched[T]
}

// WatchPrivate reads files as parse wants them, which gets their contents in
// order.
func WatchPrivate[T any](files []string, parse func(contents [][]byte) (*T, error)) *PrivateFiles[T] {
	return &PrivateFiles[T]{files: files, parse: parse}
}

// Current returns what the files are now.
func (p *PrivateFiles[T]) Current() (*T, error) { return p.watched.Get(p.files, p.read) }

func (p *PrivateFiles[T]) read() (*T, error) {
	contents := make([][]byte, len(p.files))
	for i, file := range p.files {
		content, err := readPrivate(file)
		if err != nil {
			return nil, err
		}
		contents[i] = content
	}
	value, err := p.parse(contents)
	for _, content := range contents {
		clear(content)
	}
	return value, err
}
