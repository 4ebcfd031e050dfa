package auth_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/record"
)

// certified is oidc-provider, which has nothing of ours, running under node.
type certified struct {
	issuer string
	client *http.Client // follows nothing, keeps cookies
	said   *bytes.Buffer
}

// startCertified starts it with the client and the person that are given; the
// relying party's keys come from where the client says.
func startCertified(t *testing.T, kind string, client map[string]any, person authtest.Claims) *certified {
	t.Helper()
	folder := filepath.Join("testdata", "certified")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider")); err != nil {
		t.Fatal("oidc-provider is not installed: run scripts/install.sh test")
	}
	server := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate, which is for 127.0.0.1
	defer server.Close()
	certificate := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	settings, err := json.Marshal(map[string]any{"kind": kind, "client": client, "person": person,
		"certificate": string(chain), "key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))})
	if err != nil {
		t.Fatal(err)
	}
	file, ca := filepath.Join(t.TempDir(), "settings.json"), filepath.Join(t.TempDir(), "ca.pem")
	for path, content := range map[string][]byte{file: settings, ca: chain} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := &certified{said: &bytes.Buffer{}}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(folder, "provider.mjs"), file) // #nosec G204 -- our own script
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca, "NODE_NO_WARNINGS=1")
	cmd.Stderr = c.said
	cmd.WaitDelay = 5 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal("start node:", err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the provider said: %s", c.said)
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && c.issuer == "" {
		if strings.HasPrefix(lines.Text(), "https://") {
			c.issuer = lines.Text()
			break
		}
	}
	if c.issuer == "" {
		t.Fatal("the provider did not start")
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(chain)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.client = &http.Client{Jar: jar, Timeout: 20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(c.client.CloseIdleConnections)
	return c
}

// walk follows redirects as a browser does, until one leads to the portal.
func (c *certified) walk(t *testing.T, address string) string {
	t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		resp, err := c.client.Get(at.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		next, err := resp.Location()
		if err != nil {
			t.Fatalf("%s answers %d without a redirect", at.Path, resp.StatusCode)
		}
		if strings.HasPrefix(next.String(), authtest.PortalURL+"/") {
			return next.String()
		}
		at = next
	}
	t.Fatal("the provider redirects without end")
	return ""
}

// options are how Guichet sees it.
func (c *certified) options(name string) auth.Options {
	return auth.Options{
		Name: name, Label: "certified", Issuer: c.issuer, Discovery: c.issuer + "/.well-known/openid-configuration", EndSessionURL: c.issuer + "/session/end",
		ClientID: authtest.ClientID, ClientSecret: authtest.ClientSecret, RedirectURL: authtest.PortalURL + "/callback/" + name,
		PostLogoutRedirectURL: authtest.PortalURL + "/session-ended", Transport: c.client.Transport,
	}
}

// publishing serves our keys, as the portal does.
func publishing(t *testing.T, keys *atomic.Pointer[auth.ClientKeys]) string {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set, err := auth.PublicKeys(keys.Load())
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(set)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/.well-known/jwks.json"
}

// client is what we declare to a provider.
func client(name string, more map[string]any) map[string]any {
	declared := map[string]any{
		"client_id": authtest.ClientID, "client_secret": authtest.ClientSecret, "token_endpoint_auth_method": "client_secret_post",
		"redirect_uris": []string{authtest.PortalURL + "/callback/" + name}, "post_logout_redirect_uris": []string{authtest.PortalURL + "/session-ended"},
		"response_types": []string{"code"}, "grant_types": []string{"authorization_code"},
		"require_auth_time": true, // both real ones always tell it
	}
	for key, value := range more {
		declared[key] = value
	}
	return declared
}

// TestSignInAtACertifiedFranceConnectPlus: ES256, signed then encrypted, eidas2,
// no PKCE, pairwise subjects.
func TestSignInAtACertifiedFranceConnectPlus(t *testing.T) {
	for _, encryption := range []string{"RSA-OAEP-256", "ECDH-ES"} {
		t.Run(encryption, func(t *testing.T) {
			var keys atomic.Pointer[auth.ClientKeys]
			keys.Store(authtest.Keys(t, encryption))
			c := startCertified(t, "franceconnect", client(auth.FranceConnect, map[string]any{
				"jwks_uri": publishing(t, &keys), "subject_type": "pairwise", "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "ES256",
				"id_token_encrypted_response_alg": encryption, "id_token_encrypted_response_enc": "A256GCM",
				"userinfo_encrypted_response_alg": encryption, "userinfo_encrypted_response_enc": "A256GCM",
			}), authtest.New(t, auth.FranceConnect).Person)
			o := c.options(auth.FranceConnect)
			o.ACR, o.AMR, o.Scopes, o.Algorithms, o.SignedUserinfo = "eidas2", true, []string{"openid", "identite_pivot"}, []string{"ES256"}, true
			o.Encryption, o.Keys = encryption, func() (*auth.ClientKeys, error) { return keys.Load(), nil }
			p, b := newProvider(t, o), newBrowser(t, nil)
			var subject string
			for range 2 {
				login, err := b.finish(p, c.walk(t, b.begin(p, "/")))
				if err != nil {
					t.Fatal(err)
				}
				if login.ACR != "eidas2" || login.Identity.Family != "DUBOIS" || len(login.AMR) == 0 || strings.Count(login.IDToken, ".") != 2 || login.Role != record.RolePatient {
					t.Errorf("got %+v", login)
				}
				if subject != "" && login.Subject != subject {
					t.Error("the same person has two subjects")
				}
				subject = login.Subject
				wantSignedOut(t, c, p, login)
			}

			o.Encryption, o.Keys = "", nil // who cannot open it sees nothing in it
			plain := newProvider(t, o)
			_, err := b.finish(plain, c.walk(t, b.begin(plain, "/")))
			wantRefusal(t, err, auth.ReasonIDToken)
		})
	}
}

// TestSignInAtACertifiedProSanteConnect: RS256, PKCE, and each way to
// authenticate.
func TestSignInAtACertifiedProSanteConnect(t *testing.T) {
	for _, method := range []string{auth.ClientSecretPost, auth.ClientSecretBasic, auth.PrivateKeyJWT} {
		t.Run(method, func(t *testing.T) {
			var keys atomic.Pointer[auth.ClientKeys]
			keys.Store(authtest.Keys(t, "ECDH-ES"))
			declared := map[string]any{"token_endpoint_auth_method": method}
			if method == auth.PrivateKeyJWT {
				declared["jwks_uri"], declared["token_endpoint_auth_signing_alg"] = publishing(t, &keys), "ES256"
			}
			c := startCertified(t, "psc", client(auth.ProSanteConnect, declared), authtest.New(t, auth.ProSanteConnect).Person)
			o := c.options(auth.ProSanteConnect)
			o.ACR, o.Scopes, o.Algorithms, o.PKCE, o.ClientAuth = "eidas1", []string{"openid", "scope_all"}, []string{"RS256"}, true, method
			if method == auth.PrivateKeyJWT {
				o.ClientSecret, o.Keys = "", func() (*auth.ClientKeys, error) { return keys.Load(), nil }
			}
			p, b := newProvider(t, o), newBrowser(t, nil)
			for range 2 {
				login, err := b.finish(p, c.walk(t, b.begin(p, "/")))
				if err != nil {
					t.Fatal(err)
				}
				if login.Subject != "899700218896" || login.Role != record.RolePhysician || len(login.Practices) != 1 {
					t.Errorf("got %+v", login)
				}
				wantSignedOut(t, c, p, login)
			}
		})
	}
}

// wantSignedOut ends the session at the provider with what was kept for that:
// it takes the hint and asks the person, or leads straight back.
func wantSignedOut(t *testing.T, c *certified, p *auth.Provider, login *auth.Login) {
	t.Helper()
	resp, err := c.client.Get(p.EndSession(login.IDToken, "the state of a sign-out"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 400 {
		t.Errorf("sign-out: got %d", resp.StatusCode)
	}
}
