package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/intake"
	"guichet/store"
	"guichet/store/pgtest"
	"guichet/store/storetest"
)

// estate is an installation whose every peer's certificate is of one authority.
type estate struct {
	t         *testing.T
	database  *storetest.Database
	authority *storetest.Authority
	pairs     map[string]tls.Certificate
	config    string
	address   map[string]string // by listener
}

// newEstate writes the configuration of all listeners; lists says which file
// every kind of peer's list is in.
func newEstate(t *testing.T, lists string) *estate {
	t.Helper()
	e := &estate{t: t, database: storetest.New(t), authority: storetest.NewAuthority(t), pairs: map[string]tls.Certificate{}, address: map[string]string{}}
	for _, name := range []string{"waf", "feed", "stranger"} {
		e.pairs[name] = e.authority.Issue(t, name)
	}
	provider := httptest.NewUnstartedServer(http.NotFoundHandler())
	e.pairs["provider"] = e.authority.Issue(t, "localhost")
	provider.TLS = &tls.Config{Certificates: []tls.Certificate{e.pairs["provider"]}}
	e.authority.Issue(t, "localhost") // the listeners' own, in the files
	provider.StartTLS()
	t.Cleanup(provider.Close)
	base := strings.Replace(provider.URL, "127.0.0.1", "localhost", 1)
	for _, listener := range []string{"portal", "fhir", "mllp", "ops"} {
		e.address[listener] = freeAddress(t)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if lists == "" {
		lists = e.authority.Path("ca.crl")
	}
	password := write("password", e.database.Password("guichet_portal"))
	side := func(client string) string {
		return fmt.Sprintf("certificate = %q\nkey = %q\nclient_ca = %q\nclient_name = %q\n", e.authority.Path("localhost.pem"), e.authority.Path("localhost.key"), e.authority.Path("ca.pem"), client)
	}
	e.config = write("guichet.toml", fmt.Sprintf(`
[hospital]
name = "Hôpital d’essai"
support_phone = "01 99 00 00 00"
support_hours = "toujours"
support_mail = "a@b.example"
alert_phone = "01 99 00 00 01"
[database.portal]
url = %q
password_file = %q
[database.intake]
url = %q
password_file = %q
[keys]
master_file = %q
keyring_file = %q
[ops]
listen = %q
[portal]
listen = %q
public_url = "https://portail.example"
cookie_secret_file = %q
[portal.tls]
%s
[intake]
mllp = %q
fhir = %q
fhir_url = "https://localhost/fhir"
local_authority = "HOP"
[intake.tls]
%s
[providers.franceconnect]
label = "FranceConnect"
issuer = %[14]q
authorization_url = "%[14]s/authorize"
token_url = "%[14]s/token"
userinfo_url = "%[14]s/userinfo"
jwks_url = "%[14]s/jwks"
end_session_url = "%[14]s/end"
client_id = "essai"
client_secret_file = %[15]q
scopes = ["openid"]
acr = "eidas1"
algorithms = ["ES256"]
ca_file = %[16]q
[revocation.providers]
crl_files = [%[17]q]
[revocation.feeds]
crl_files = [%[17]q]
[revocation.waf]
crl_files = [%[17]q]
`, e.database.URL("guichet_portal"), password, e.database.URL("guichet_intake"), password, filepath.Join(dir, "master"), filepath.Join(dir, "ring"),
		e.address["ops"], e.address["portal"], write("cookie", strings.Repeat("5a", 64)), side("waf"), e.address["mllp"], e.address["fhir"], side("feed"),
		base, write("secret", "of the client"), e.authority.Path("ca.pem"), lists))
	if code, _, errOut := guichet(t.Context(), "keys", "init", "--config", e.config); code != good {
		t.Fatal(errOut)
	}
	return e
}

// serve runs the installation until the end of the test.
func (e *estate) serve() {
	e.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan string, 1)
	go func() {
		_, _, errOut := guichet(ctx, "serve", "--config", e.config)
		done <- errOut
	}()
	e.t.Cleanup(func() { stop(); <-done })
	for _, address := range e.address {
		for {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				_ = conn.Close()
				break
			}
			select {
			case errOut := <-done:
				done <- errOut
				e.t.Fatal("ended by itself:", errOut)
			default:
			}
		}
	}
}

func (e *estate) client(name string) *tls.Config {
	return &tls.Config{RootCAs: e.authority.Pool(), ServerName: "localhost", Certificates: []tls.Certificate{e.pairs[name]}, NextProtos: []string{"http/1.1"}}
}

// get asks a listener as the holder of a certificate, on a new connection.
func (e *estate) get(as, listener, path string) (string, error) {
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, "https://"+e.address[listener]+path, http.NoBody)
	if err != nil {
		return "", err
	}
	if listener == "portal" {
		request.Host = "portail.example"
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: e.client(as), DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.Status + string(text), err
}

// send sends an HL7 v2 message that will be refused, and returns the answer.
func (e *estate) send() (string, error) {
	conn, err := tls.Dial("tcp", e.address["mllp"], e.client("feed"))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	answer, err := intake.Send(e.t.Context(), conn, []byte("MSH|^~\\&|LABO|LABO|GUICHET|HOP|20260101120000||ORU^R01|1|P|2.5\rPID|1\r"))
	return string(answer), err
}

// TestAFeedThatIsNotRegisteredIsTraced: the authority vouches for it, and it is
// not the system that may deposit (GA2.a); nor is one that was revoked (AA3.b).
func TestAFeedThatIsNotRegisteredIsTraced(t *testing.T) {
	e := newEstate(t, "")
	e.serve()
	db := e.database.Superuser(t)
	refused := func() (reasons string) {
		t.Helper()
		if err := db.QueryRow(`SELECT coalesce(string_agg(DISTINCT t.reason || ' ' || host(t.ip) || ' ' || t.login, ', ' ORDER BY t.reason || ' ' || host(t.ip) || ' ' || t.login), '') FROM guichet.trace t
			WHERE t.type = 'feed.open' AND t.outcome = 'refused'`).Scan(&reasons); err != nil {
			t.Fatal(err)
		}
		return reasons
	}
	if answer, err := e.get("feed", "fhir", "/fhir/metadata"); err != nil || refused() != "" {
		t.Errorf("the registered one: %.40q, %v, %s", answer, err, refused())
	}
	if answer, err := e.get("stranger", "fhir", "/fhir/metadata"); err == nil {
		t.Errorf("a stranger: answers %.80q", answer)
	}
	if conn, err := tls.Dial("tcp", e.address["mllp"], e.client("stranger")); err == nil {
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("a stranger: speaks HL7")
		}
		_ = conn.Close()
	}
	if got := refused(); got != "unregistered 127.0.0.1 guichet_intake" {
		t.Errorf("traced: %s", got)
	}
	e.authority.Revoke(t, e.pairs["feed"])
	if answer, err := e.get("feed", "fhir", "/fhir/metadata"); err == nil {
		t.Errorf("revoked: answers %.80q", answer)
	}
	if got := refused(); got != "certificate 127.0.0.1 guichet_intake, unregistered 127.0.0.1 guichet_intake" {
		t.Errorf("traced: %s", got)
	}
}

// TestServeRefusesRevokedPeers on each listener, from the next connection on,
// and says so in its figures (AA3.b, DT7).
func TestServeRefusesRevokedPeers(t *testing.T) {
	e := newEstate(t, "")
	e.serve()
	ways := map[string]func() (string, error){
		"portal": func() (string, error) { return e.get("waf", "portal", "/") },
		"fhir":   func() (string, error) { return e.get("feed", "fhir", "/fhir/metadata") },
		"mllp":   e.send,
	}
	want := map[string]string{"portal": "200 OK", "fhir": "200 OK", "mllp": "MSA|A"}
	expect := func(when string, refused ...string) {
		t.Helper()
		for listener, way := range ways {
			answer, err := way()
			if len(refused) > 0 && strings.Contains(strings.Join(refused, " "), listener) {
				if err == nil {
					t.Errorf("%s, %s: answers %.80q", when, listener, answer)
				}
			} else if err != nil || !strings.Contains(answer, want[listener]) {
				t.Errorf("%s, %s: %.200q, %v", when, listener, answer, err)
			}
		}
	}
	expect("at first")
	e.authority.Revoke(t, e.pairs["waf"])
	expect("the WAF revoked", "portal")
	e.authority.Revoke(t, e.pairs["feed"])
	expect("the feed revoked", "fhir", "mllp")

	response, err := http.Get("http://" + e.address["ops"] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	figures, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`guichet_certificate_checks_total{outcome="revoked",peer="waf"} 1`, `guichet_certificate_checks_total{outcome="revoked",peer="feeds"} 2`,
		`guichet_certificate_expiry_timestamp_seconds{use="portal.tls.certificate"}`, `guichet_certificate_expiry_timestamp_seconds{use="intake.tls.client_ca"}`,
		`guichet_certificate_expiry_timestamp_seconds{use="revocation.feeds.crl_files.0"}`, `guichet_certificate_expiry_timestamp_seconds{use="peer.waf"}`,
	} {
		if !strings.Contains(string(figures), line) {
			t.Errorf("the figures have no line %s", line)
		}
	}
}

// TestServeWantsItsLists: a list that is configured and not there stops the
// start, and one of another authority lets nobody in.
func TestServeWantsItsLists(t *testing.T) {
	e := newEstate(t, "/nowhere/ca.crl")
	if code, _, errOut := guichet(t.Context(), "serve", "--config", e.config); code != failed || !strings.Contains(errOut, "/nowhere/ca.crl") {
		t.Errorf("without its list: %d, %q", code, errOut)
	}
	e = newEstate(t, storetest.NewAuthority(t).Path("ca.crl"))
	e.serve()
	if answer, err := e.get("waf", "portal", "/"); err == nil {
		t.Errorf("with another authority's list: %.80q", answer)
	}
}

// TestARevokedProviderIsTraced with a reason of its own: somebody may stand in
// between (TR1.d).
func TestARevokedProviderIsTraced(t *testing.T) {
	e := newEstate(t, "")
	e.authority.Revoke(t, e.pairs["provider"])
	e.serve()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: e.client("waf"),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, e.address["portal"])
		}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(address string) *http.Response {
		t.Helper()
		response, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response
	}
	onward, err := get("https://portail.example/login/franceconnect").Location()
	if err != nil {
		t.Fatal(err)
	}
	answer := url.Values{"code": {"abc"}, "state": {onward.Query().Get("state")}}
	if response := get("https://portail.example/callback/franceconnect?" + answer.Encode()); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("answered %s", response.Status)
	}
	var reason string
	if err := e.database.Superuser(t).QueryRow(`SELECT reason FROM guichet.trace WHERE type = 'sign-in' AND outcome = 'refused'`).Scan(&reason); err != nil || reason != "provider-certificate" {
		t.Errorf("traced as %q, %v", reason, err)
	}
}

// TestCommandsRefuseARevokedDatabase, over TCP, before they show a password.
func TestCommandsRefuseARevokedDatabase(t *testing.T) {
	authority := storetest.NewAuthority(t)
	server := authority.Issue(t, "localhost")
	authority.Issue(t, "guichet_intake")
	cluster, err := pgtest.Start(t.Context(), pgtest.Options{TLS: &pgtest.TLSFiles{CA: authority.Path("ca.pem"), Certificate: authority.Path("localhost.pem"), Key: authority.Path("localhost.key")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	if err := store.Prepare(t.Context(), cluster.URL("postgres", "postgres"), "guichet", map[string]string{"guichet_intake": "right"}); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), cluster.URL("guichet_owner", "guichet"), ""); err != nil {
		t.Fatal(err)
	}
	e := newEstate(t, authority.Path("ca.crl"))
	text, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	password := filepath.Join(t.TempDir(), "right")
	if err := os.WriteFile(password, []byte("right"), 0o600); err != nil {
		t.Fatal(err)
	}
	over := cluster.TLSURL("guichet_intake", "guichet") + "&sslrootcert=" + authority.Path("ca.pem") + "&sslcert=" + authority.Path("guichet_intake.pem") + "&sslkey=" + authority.Path("guichet_intake.key")
	changed := strings.Replace(string(text), e.database.URL("guichet_intake"), over, 1)
	changed = strings.Replace(changed, "[database.intake]\nurl = \""+over+"\"\npassword_file = ", fmt.Sprintf("[database.intake]\nurl = %q\npassword_file = %q #", over, password), 1)
	changed += fmt.Sprintf("[revocation.database]\ncrl_files = [%q]\n", authority.Path("ca.crl"))
	if err := os.WriteFile(e.config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := guichet(t.Context(), "quarantine", "list", "--config", e.config); code != good {
		t.Fatalf("with a good certificate: %d, %s", code, errOut)
	}
	authority.Revoke(t, server)
	for _, command := range []string{"quarantine list", "serve --only intake"} {
		code, _, errOut := guichet(t.Context(), append(strings.Fields(command), "--config", e.config)...)
		if code != failed || !strings.Contains(errOut, `"peer":"database"`) || !strings.Contains(errOut, `"cause":"revoked"`) {
			t.Errorf("%s, revoked: %d, %s", command, code, errOut)
		}
	}
}
