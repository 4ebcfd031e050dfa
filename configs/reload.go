package configs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// fileState tells whether a file has changed: another file in its place (also
// behind a symbolic link), another time or another size.
type fileState struct{ info os.FileInfo }

func (s fileState) sameAs(info os.FileInfo) bool {
	return s.info != nil && os.SameFile(s.info, info) && s.info.ModTime().Equal(info.ModTime()) &&
		s.info.Size() == info.Size() && s.info.Mode() == info.Mode()
}

// Watched is a value made of files. It is made again when one of them has
// changed, which is asked at each handshake: a few stat calls beside a
// signature.
type Watched[T any] struct {
	mu     sync.Mutex // guards states and value
	states []fileState
	value  *T
}

// Get returns the value, made again if need be. A change that cannot be used
// is logged once and leaves the old value.
func (w *Watched[T]) Get(files []string, read func() (*T, error)) (*T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed, err := w.changed(files)
	if err == nil && !changed {
		return w.value, nil
	}
	if err == nil {
		var value *T
		if value, err = read(); err == nil {
			w.value = value
			return value, nil
		}
	}
	if w.value == nil {
		return nil, err
	}
	if changed {
		slog.Error("file not reloaded, the old one stays in use", "error", err.Error())
	}
	return w.value, nil
}

// changed reports whether a file differs from what was last seen, and notes
// what it sees.
func (w *Watched[T]) changed(files []string) (bool, error) {
	if w.states == nil {
		w.states = make([]fileState, len(files))
	}
	seen := make([]fileState, len(files))
	changed := w.value == nil
	var missing error
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			missing = err
			changed = changed || w.states[i].info != nil
			continue
		}
		seen[i] = fileState{info: info}
		changed = changed || !w.states[i].sameAs(info)
	}
	w.states = seen
	return changed, missing
}

// keyPair is a certificate with its private key.
type keyPair struct {
	certificate, key string
	Watched[tls.Certificate]
}

func (p *keyPair) current() (*tls.Certificate, error) {
	return p.Get([]string{p.certificate, p.key}, p.read)
}

func (p *keyPair) read() (*tls.Certificate, error) {
	certificate, err := os.ReadFile(p.certificate)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	key, err := readPrivate(p.key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	clear(key)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", p.certificate, err)
	}
	if err := checkStrength(pair.Leaf); err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", p.certificate, err)
	}
	return &pair, nil
}

// authorities is a bundle of certificate authorities.
type authorities struct {
	file string
	Watched[x509.CertPool]
}

func (a *authorities) current() (*x509.CertPool, error) { return a.Get([]string{a.file}, a.read) }

func (a *authorities) read() (*x509.CertPool, error) {
	bundle, err := os.ReadFile(a.file)
	if err != nil {
		return nil, fmt.Errorf("read certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bundle) {
		return nil, fmt.Errorf("read certificate authority %s: %w", a.file, errors.New("no certificate in it"))
	}
	return pool, nil
}
