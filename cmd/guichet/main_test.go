package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// guichet runs the command and returns its exit code and what it printed.
func guichet(ctx context.Context, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(ctx, args, nil, &o, &e)
	return code, o.String(), e.String()
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		want int
		says string
	}{
		{"--help", good, "Usage: guichet"},
		{"", good, "Usage: guichet"},
		{"serve --help", good, "--config"},
		{"keys --help", good, "init"},
		{"sample --help", good, "--seed"},
		{"version", good, "guichet "},
		{"nonsense", misuse, "nonsense"},
		{"serve", misuse, "--config"},
		{"serve --config x --nonsense", misuse, "nonsense"},
		{"serve --config x --only nonsense", misuse, "no listener"},
		{"sample", misuse, "--out"},
		{"sample --out a --to b", misuse, "--out"},
		{"sample --to http://x", misuse, "mllp://"},
		{"sample --patients 0 --out a", misuse, "--patients"},
		{"serve --config /nowhere/guichet.toml", failed, "/nowhere/guichet.toml"},
		{"migrate --config /nowhere/guichet.toml", failed, "/nowhere/guichet.toml"},
		{"keys init --config /nowhere/guichet.toml", failed, "/nowhere/guichet.toml"},
	} {
		code, out, errOut := guichet(t.Context(), strings.Fields(c.args)...)
		if code != c.want || !strings.Contains(out+errOut, c.says) {
			t.Errorf("guichet %s: got %d, %q, want %d and %q", c.args, code, out+errOut, c.want, c.says)
		}
	}
}

// installation is a configuration whose database is a test's own.
func installation(t *testing.T, d *storetest.Database) string {
	t.Helper()
	dir := t.TempDir()
	authority := storetest.NewAuthority(t)
	authority.Issue(t, "localhost")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	password := write("password", d.Password("guichet_portal"))
	tls := fmt.Sprintf("certificate = %q\nkey = %q\nclient_ca = %q\nclient_name = \"waf\"\n", authority.Path("localhost.pem"), authority.Path("localhost.key"), authority.Path("ca.pem"))
	return write("guichet.toml", fmt.Sprintf(`
[hospital]
name = "Hôpital d’essai"
support_phone = "01 99 00 00 00"
support_hours = "toujours"
support_mail = "a@b.example"
alert_phone = "01 99 00 00 01"
[database.owner]
url = %q
[database.intake]
url = %q
password_file = %q
[database.console]
url = %q
password_file = %q
[keys]
master_file = %q
keyring_file = %q
[intake]
mllp = %q
local_authority = "HOP"
[intake.tls]
%s
`, d.URL("guichet_owner"), d.URL("guichet_intake"), password, d.URL("guichet_console"), password, filepath.Join(dir, "master"), filepath.Join(dir, "ring"), freeAddress(t), tls))
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestServeRefuses a database that is behind, ahead or altered, and keys that
// are not there; it says why in a sentence.
func TestServeRefuses(t *testing.T) {
	for _, c := range []struct{ name, alter, says string }{
		{"behind", `DELETE FROM guichet.migration`, "behind"},
		{"not prepared at all", `DROP SCHEMA guichet CASCADE`, "guichet migrate"},
		{"ahead", `INSERT INTO guichet.migration VALUES ('9999_later.sql', 'x')`, "ahead"},
		{"altered", `GRANT SELECT ON guichet.report TO guichet_intake`, "altered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := storetest.New(t)
			config := installation(t, d)
			if code, _, errOut := guichet(t.Context(), "serve", "--config", config); code != failed || !strings.Contains(errOut, "master") {
				t.Errorf("without keys: got %d, %q", code, errOut)
			}
			if code, out, errOut := guichet(t.Context(), "keys", "init", "--config", config); code != good || !strings.Contains(out, "Sauvegardez") {
				t.Fatalf("keys init: got %d, %q", code, errOut)
			}
			if code, _, _ := guichet(t.Context(), "keys", "init", "--config", config); code != failed {
				t.Error("keys init overwrites")
			}
			if code, _, errOut := guichet(t.Context(), "keys", "status", "--config", config); code != good {
				t.Errorf("keys status: %s", errOut)
			}
			if _, err := d.Superuser(t).Exec(c.alter); err != nil {
				t.Fatal(err)
			}
			code, _, errOut := guichet(t.Context(), "serve", "--config", config)
			if code != failed || !strings.Contains(errOut, c.says) {
				t.Errorf("got %d, %q, want %q", code, errOut, c.says)
			}
		})
	}
}

// TestServeLeavesItsTraces: a service that opens and closes says so (TR1.b).
func TestServeLeavesItsTraces(t *testing.T) {
	d := storetest.New(t)
	config := installation(t, d)
	if code, _, errOut := guichet(t.Context(), "keys", "init", "--config", config); code != good {
		t.Fatal(errOut)
	}
	if code, _, errOut := guichet(t.Context(), "migrate", "--config", config); code != good {
		t.Fatal("migrate again:", errOut)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		code, _, _ := guichet(ctx, "serve", "--config", config)
		done <- code
	}()
	admin := d.Superuser(t)
	var starts, stops int
	for starts == 0 {
		if err := admin.QueryRow(`SELECT count(*) FROM guichet.trace WHERE type = 'service.start'`).Scan(&starts); err != nil {
			t.Fatal(err)
		}
		select {
		case code := <-done:
			t.Fatalf("ended by itself with %d", code)
		default:
		}
	}
	stop()
	if code := <-done; code != good {
		t.Errorf("got %d", code)
	}
	if err := admin.QueryRow(`SELECT count(*) FILTER (WHERE type = 'service.start'), count(*) FILTER (WHERE type = 'service.stop') FROM guichet.trace`).Scan(&starts, &stops); err != nil {
		t.Fatal(err)
	}
	if starts != stops {
		t.Errorf("got %d starts and %d stops", starts, stops)
	}
}
