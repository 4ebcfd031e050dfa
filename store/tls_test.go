package store_test

import (
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
