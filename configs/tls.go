package configs

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// minRSA is the smallest RSA key of a certificate we show (ANSSI: 2048 bits,
// 3072 after 2030).
const minRSA = 2048

// policy is what every TLS connection of ours keeps to: DT6.b and DT7, after
// the ANSSI guide SDE-NT-35. TLS 1.3 is taken where both sides have it; with
// TLS 1.2 only ephemeral elliptic-curve key exchange and authenticated
// encryption are left, so neither CBC nor SHA-1 nor static RSA.
func policy() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		},
		CurvePreferences: []tls.CurveID{
			tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024, // hybrid: post-quantum beside elliptic curve
			tls.X25519, tls.CurveP256, tls.CurveP384,
		},
	}
}

// Config makes the TLS side of a listener. The certificate, its key and the
// client CA are read again when their files change, without a restart; a new
// set that cannot be read leaves the old one in use.
func (s ServerTLS) Config() (*tls.Config, error) {
	pair := &keyPair{certificate: s.Certificate, key: s.Key}
	if _, err := pair.current(); err != nil {
		return nil, fmt.Errorf("configure tls listener: %w", err)
	}
	config := policy()
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.current() }
	// net/http would add these to its own copy only, not to what
	// GetConfigForClient returns. Clients that name no protocol, such as an
	// MLLP sender, are not concerned.
	config.NextProtos = []string{"h2", "http/1.1"}
	// A ticket would outlive a revoked certificate by up to seven days, and
	// saves no round trip under TLS 1.3.
	config.SessionTicketsDisabled = true
	if s.ClientCA == "" {
		return config, nil
	}
	return s.requireClient(config)
}

// requireClient adds mutual TLS to config (DT7.b).
func (s ServerTLS) requireClient(config *tls.Config) (*tls.Config, error) {
	authorities := &authorities{file: s.ClientCA}
	pool, err := authorities.current()
	if err != nil {
		return nil, fmt.Errorf("configure tls listener: %w", err)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.ClientCAs = pool
	if s.ClientName != "" {
		config.VerifyConnection = func(state tls.ConnectionState) error {
			return checkClientName(state, s.ClientName)
		}
	}
	base := config.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool, err := authorities.current()
		if err != nil {
			return nil, err
		}
		fresh := base.Clone()
		fresh.ClientCAs = pool
		return fresh, nil
	}
	return config, nil
}

// checkClientName wants the name among the certificate's DNS names, letter by
// letter: x509's own check would take a wildcard or an address for it.
func checkClientName(state tls.ConnectionState, name string) error {
	if len(state.VerifiedChains) == 0 || len(state.VerifiedChains[0]) == 0 {
		return errors.New("check client certificate: not verified")
	}
	leaf := state.VerifiedChains[0][0]
	if !slices.ContainsFunc(leaf.DNSNames, func(held string) bool { return strings.EqualFold(held, name) }) {
		return errors.New("check client certificate: it does not hold the expected name")
	}
	return nil
}

// Config makes the TLS side of a client. Both ends are ours, so nothing older
// than TLS 1.3 is spoken. The client certificate is read again when its files
// change; the CA is read once.
func (c ClientTLS) Config() (*tls.Config, error) {
	config, err := c.Outside()
	if err != nil {
		return nil, err
	}
	config.MinVersion = tls.VersionTLS13
	return config, nil
}

// Outside is Config where the other end is not ours.
func (c ClientTLS) Outside() (*tls.Config, error) {
	config := policy()
	config.ServerName = c.ServerName
	if c.CA != "" {
		authorities := &authorities{file: c.CA}
		pool, err := authorities.current()
		if err != nil {
			return nil, fmt.Errorf("configure tls client: %w", err)
		}
		config.RootCAs = pool
	}
	if c.Certificate == "" && c.Key == "" {
		return config, nil
	}
	pair := &keyPair{certificate: c.Certificate, key: c.Key}
	if _, err := pair.current(); err != nil {
		return nil, fmt.Errorf("configure tls client: %w", err)
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.current() }
	return config, nil
}

// checkStrength refuses a certificate whose key is below what ANSSI accepts.
func checkStrength(leaf *x509.Certificate) error {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSA {
			return fmt.Errorf("its RSA key has %d bits, %d are needed", key.N.BitLen(), minRSA)
		}
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize < 256 {
			return errors.New("its elliptic curve is smaller than 256 bits")
		}
	}
	return nil
}
