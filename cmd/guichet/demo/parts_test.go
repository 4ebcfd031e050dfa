package demo

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestATakenPortIsOneSentence(t *testing.T) {
	t.Parallel()
	first := freePort(t)
	p, err := derivePorts(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []int{p.waf, p.portal, p.intake, p.mllp, p.ops, p.providers, p.console} {
		for _, address := range []string{"127.0.0.1", "::1", "::"} {
			l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(number)))
			if err != nil && address != "127.0.0.1" {
				continue // no IPv6 here
			}
			if err != nil {
				t.Fatal(err)
			}
			err = checkPorts(p)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if err == nil || !strings.Contains(err.Error(), "port "+strconv.Itoa(number)) || !strings.Contains(err.Error(), "--port") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s:%d taken: %v", address, number, err)
			}
		}
	}
	if err := checkPorts(p); err != nil {
		t.Errorf("all free: %v", err)
	}
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f, err := claimFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.release(); err != nil {
			t.Error(err)
		}
	})
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	return f
}

func loadLeaf(t *testing.T, f *folder, name string) *x509.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(f.path("tls", name+".pem"), f.path("tls", name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func roots(t *testing.T, f *folder) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(f.path("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no authority in ca.pem")
	}
	return pool
}

func TestCertificatesServeOnePurposeEach(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if err := issueCertificates(f, time.Now()); err != nil {
		t.Fatal(err)
	}
	pool := roots(t, f)
	for _, l := range leaves {
		usage, other := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
		if l.client {
			usage, other = other, usage
		}
		certificate := loadLeaf(t, f, l.name)
		for _, name := range l.dns {
			if _, err := certificate.Verify(x509.VerifyOptions{Roots: pool, DNSName: name, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
				t.Errorf("%s as %s: %v", l.name, name, err)
			}
		}
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{other}}); err == nil {
			t.Errorf("%s also serves the other side", l.name)
		}
		for _, address := range []string{"127.0.0.1", "::1"} {
			if err := certificate.VerifyHostname(address); (err == nil) == l.client {
				t.Errorf("%s at %s: %v", l.name, address, err)
			}
		}
	}
}

func TestTheAuthorityVouchesForThisMachineOnly(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	ca, err := makeAuthority(f, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"impots.gouv.fr", "local", "host", "wafs"} {
		if err := ca.issue(f, leaf{name: "forged", dns: []string{name}}, time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := loadLeaf(t, f, "forged").Verify(x509.VerifyOptions{Roots: roots(t, f), DNSName: name}); err == nil {
			t.Errorf("a certificate for %s is believed", name)
		}
	}
	if !ca.certificate.MaxPathLenZero || ca.certificate.MaxPathLen != 0 {
		t.Error("it may make further authorities")
	}
}

func TestKeysAreClosedToOthers(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if err := issueCertificates(f, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := keepSecrets(f.path("secrets")); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, below := range []string{"tls", "secrets"} {
		err := filepath.WalkDir(f.path(below), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) == ".pem" {
				return err
			}
			found, err := entry.Info()
			if err != nil {
				return err
			}
			count++
			if found.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %o", entry.Name(), found.Mode().Perm())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := 1 + len(leaves) + 6; count != want {
		t.Errorf("%d keys and secrets, want %d", count, want)
	}
}

func TestCertificatesAreKeptUntilTheyExpireOrNoLongerFit(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	cases := []struct {
		name    string
		now     time.Time
		damage  func(t *testing.T, f *folder)
		renewed []string // ca, or a leaf; everything else must be kept
	}{
		{name: "the next day", now: begun.Add(24 * time.Hour)},
		{name: "a month before their end", now: begun.Add(leafLife - renewBefore + 2*time.Hour), renewed: []string{"waf", "portal", "waf-client", "mllp", "feed", "providers"}},
		{name: "when the authority would not outlast them", now: begun.Add(authorityLife - leafLife + 2*time.Hour), renewed: []string{"ca", "waf", "portal", "waf-client", "mllp", "feed", "providers"}},
		{name: "a key of another certificate", now: begun, renewed: []string{"feed"}, damage: func(t *testing.T, f *folder) {
			if err := os.Rename(f.path("tls", "mllp.key"), f.path("tls", "feed.key")); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a key open to others", now: begun, renewed: []string{"waf"}, damage: func(t *testing.T, f *folder) {
			if err := os.Chmod(f.path("tls", "waf.key"), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "a lost key of the authority", now: begun, renewed: []string{"ca", "waf", "portal", "waf-client", "mllp", "feed", "providers"}, damage: func(t *testing.T, f *folder) {
			if err := os.Remove(f.path("tls", "ca.key")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	cases[3].renewed = append(cases[3].renewed, "mllp") // whose key is gone
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			if err := issueCertificates(f, begun); err != nil {
				t.Fatal(err)
			}
			before := certificates(t, f)
			if tc.damage != nil {
				tc.damage(t, f)
			}
			if err := issueCertificates(f, tc.now); err != nil {
				t.Fatal(err)
			}
			for name, after := range certificates(t, f) {
				if got, want := after != before[name], slices.Contains(tc.renewed, name); got != want {
					t.Errorf("%s renewed: %v, want %v", name, got, want)
				}
			}
		})
	}
}

func certificates(t *testing.T, f *folder) map[string]string {
	t.Helper()
	found := map[string]string{}
	paths := map[string]string{"ca": f.path("ca.pem")}
	for _, l := range leaves {
		paths[l.name] = f.path("tls", l.name+".pem")
	}
	for name, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(content)
	}
	return found
}

func TestProgramsGetNoVariableThatOverridesTheirConfiguration(t *testing.T) {
	t.Parallel()
	got := environment([]string{"PATH=/bin", "GUICHET_PORTAL_LISTEN=0.0.0.0:1", "PGHOST=elsewhere", "LANG=fr_FR.UTF-8"})
	if want := []string{"PATH=/bin", "LANG=fr_FR.UTF-8"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnUnfinishedInstallationStartsOver(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	if err := os.Mkdir(f.path(clusterName), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	if f.has(clusterName) {
		t.Error("half a cluster was kept")
	}
	if err := os.Mkdir(f.path(clusterName), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.mark(installedMark); err != nil {
		t.Fatal(err)
	}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	if !f.has(clusterName) {
		t.Error("a finished cluster was removed")
	}
	if err := os.Remove(f.path(clusterName)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.placeCluster(); err == nil || !strings.Contains(err.Error(), "--fresh") {
		t.Errorf("the database is gone: %v", err)
	}
}

func TestALogThatGrewIsSetAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "serve.log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, largestLog+1); err != nil {
		t.Fatal(err)
	}
	file, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("first\nlast\n"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := os.Stat(path + ".1"); err != nil || found.Size() != largestLog+1 {
		t.Errorf("the old log: %v", err)
	}
	if got := lastWords(path); !strings.HasPrefix(got, "last (see ") {
		t.Errorf("last words %q", got)
	}
}
