package store_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"guichet/fault"
	"guichet/store"
	"guichet/store/pgtest"
	"guichet/store/storetest"
)

// TestTLS: over TCP the server's certificate is verified in full, and the
// server wants the role's own (DT7, AA3.a).
func TestTLS(t *testing.T) {
	ours, theirs := storetest.NewAuthority(t), storetest.NewAuthority(t)
	for _, name := range []string{"localhost", "guichet_portal", "guichet_intake"} {
		ours.Issue(t, name)
		theirs.Issue(t, name)
	}
	cluster, err := pgtest.Start(t.Context(), pgtest.Options{TLS: &pgtest.TLSFiles{CA: ours.Path("ca.pem"), Certificate: ours.Path("localhost.pem"), Key: ours.Path("localhost.key")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	if err := store.Prepare(t.Context(), cluster.URL("postgres", "postgres"), "guichet", map[string]string{"guichet_portal": "right"}); err != nil {
		t.Fatal(err)
	}
	base := cluster.TLSURL("guichet_portal", "guichet")
	files := func(a *storetest.Authority, name string) string {
		return "&sslrootcert=" + a.Path("ca.pem") + "&sslcert=" + a.Path(name+".pem") + "&sslkey=" + a.Path(name+".key")
	}
	for _, c := range []struct {
		name, url, password string
		opens               bool
	}{
		{"all as it should be", base + files(ours, "guichet_portal"), "right", true},
		{"wrong password", base + files(ours, "guichet_portal"), "wrong", false},
		{"another authority for the server", base + strings.Replace(files(ours, "guichet_portal"), ours.Path("ca.pem"), theirs.Path("ca.pem"), 1), "right", false},
		{"a certificate of another authority", base + strings.Replace(files(theirs, "guichet_portal"), theirs.Path("ca.pem"), ours.Path("ca.pem"), 1), "right", false},
		{"another role's certificate", base + files(ours, "guichet_intake"), "right", false},
		{"no certificate", base + "&sslrootcert=" + ours.Path("ca.pem"), "right", false},
		{"a server of another name", strings.Replace(base, "localhost", "127.0.0.1", 1) + files(ours, "guichet_portal"), "right", false},
	} {
		s, err := store.Open(t.Context(), store.Options{URL: c.url, Password: c.password})
		if (err == nil) != c.opens {
			t.Errorf("%s: got %v", c.name, err)
		}
		if err == nil {
			_ = s.Close()
		} else if strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "right") {
			t.Errorf("%s: the error holds the password", c.name)
		}
	}
	for _, mode := range []string{"disable", "require", "verify-ca", "prefer", "allow", ""} {
		url := strings.Replace(base, "sslmode=verify-full", "sslmode="+mode, 1) + files(ours, "guichet_portal")
		if _, err := store.Open(t.Context(), store.Options{URL: url, Password: "right"}); err == nil || fault.KindOf(err) == fault.Unavailable {
			t.Errorf("sslmode %q: got %v, want it refused before anything is sent", mode, err)
		}
	}
	if _, err := store.Open(t.Context(), store.Options{URL: strings.Replace(base, "guichet_portal@", "guichet_portal:right@", 1) + files(ours, "guichet_portal")}); err == nil {
		t.Error("a password in the URL is accepted")
	}
}

// TestTheServersCertificateIsCheckedFurther: what is given as Verify has the
// last word, after full verification and never instead of it (AA3.b).
func TestTheServersCertificateIsCheckedFurther(t *testing.T) {
	ours, theirs := storetest.NewAuthority(t), storetest.NewAuthority(t)
	for _, name := range []string{"localhost", "guichet_portal", "guichet_owner"} {
		ours.Issue(t, name)
	}
	cluster, err := pgtest.Start(t.Context(), pgtest.Options{TLS: &pgtest.TLSFiles{CA: ours.Path("ca.pem"), Certificate: ours.Path("localhost.pem"), Key: ours.Path("localhost.key")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	if err := store.Prepare(t.Context(), cluster.URL("postgres", "postgres"), "guichet", map[string]string{"guichet_portal": "right", "guichet_owner": "right"}); err != nil {
		t.Fatal(err)
	}
	var looked int
	var answer error
	verify := func(state tls.ConnectionState) error {
		looked++
		if len(state.VerifiedChains) == 0 || state.VerifiedChains[0][0].DNSNames[0] != "localhost" {
			t.Error("it is asked about what TLS has not verified")
		}
		return answer
	}
	url := func(role, ca string) string {
		return cluster.TLSURL(role, "guichet") + "&sslrootcert=" + ca + "&sslcert=" + ours.Path(role+".pem") + "&sslkey=" + ours.Path(role+".key")
	}
	o := store.Options{URL: url("guichet_portal", ours.Path("ca.pem")), Password: "right", Verify: verify}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if looked == 0 {
		t.Error("nobody asked")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	answer = errors.New("revoked")
	if _, err := store.Open(t.Context(), o); err == nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("refused by Verify: got %v, want the database unavailable", err)
	}
	if err := store.MigrateWith(t.Context(), store.Options{URL: url("guichet_owner", ours.Path("ca.pem")), Password: "right", Verify: verify}); err == nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("migrations, refused by Verify: got %v", err)
	}

	answer, looked = nil, 0
	for name, bad := range map[string]string{
		"another authority":        url("guichet_portal", theirs.Path("ca.pem")),
		"another name":             strings.Replace(o.URL, "localhost", "127.0.0.1", 1),
		"the system's authorities": url("guichet_portal", "system"),
		"no authority named":       strings.Replace(o.URL, "&sslrootcert="+ours.Path("ca.pem"), "", 1),
		"no name sent":             strings.Replace(url("guichet_portal", theirs.Path("ca.pem")), "localhost", "127.0.0.1", 1) + "&sslsni=0",
	} {
		if _, err := store.Open(t.Context(), store.Options{URL: bad, Password: "right", Verify: verify}); err == nil {
			t.Errorf("%s: it opens", name)
		}
	}
	if looked != 0 {
		t.Errorf("TLS let %d of the wrong ones through", looked)
	}
}
