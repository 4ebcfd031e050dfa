package portal

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/fault/logtest"
	"guichet/handlers"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
	"guichet/web"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

var limits = store.Limits{Idle: 15 * time.Minute, Lifetime: 8 * time.Hour}

// site is a portal over TLS, its database and its provider.
type site struct {
	*storetest.Database
	portal   *store.Store
	intake   *store.Store
	feed     store.Request
	provider *authtest.Server
	server   *httptest.Server
	waf      tls.Certificate

	authority *storetest.Authority // of the WAF's certificate
	log       *logtest.Log
	tracesKey string // of the log of traces; empty: it is not signed
	metrics   *handlers.Metrics
}

func newSite(t *testing.T, provider string) *site {
	t.Helper()
	d := storetest.New(t)
	s := &site{Database: d, portal: d.Open(t, "guichet_portal"), intake: d.Open(t, "guichet_intake"), feed: storetest.Request(),
		provider: authtest.New(t, provider), log: &logtest.Log{}, metrics: handlers.NewMetrics()}
	if err := s.intake.OpenFeed(t.Context(), s.feed, "AB", "Laboratoire", limits); err != nil {
		t.Fatal(err)
	}
	s.serve(t, s.portal)
	return s
}

// serve starts the portal on a store.
func (s *site) serve(t *testing.T, db *store.Store) {
	t.Helper()
	options := s.provider.Options()
	options.Timeout = 2 * time.Second // some faults are slow answers
	rp, err := auth.NewProvider(options)
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := auth.NewAttempts("__Host-attempt", bytes.Repeat([]byte{7}, 64), nil)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(web.Site{Hospital: "Hôpital d’essai", SupportPhone: "01 99 00 00 00", SupportHours: "toujours", SupportMail: "a@b.example", AlertPhone: "01 99 00 00 01",
		Doors: []web.Door{{Provider: rp.Name(), Label: rp.Label(), For: web.ForPatients}}})
	if err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse(authtest.PortalURL)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := New(Options{Store: db, Web: pages, Providers: []*auth.Provider{rp}, Attempts: attempts, Log: slog.New(slog.NewJSONHandler(s.log, nil)),
		Metrics: s.metrics, PublicURL: public, TracesKey: s.tracesKey})
	if err != nil {
		t.Fatal(err)
	}
	if s.authority == nil {
		s.authority = storetest.NewAuthority(t)
		s.waf = s.authority.Issue(t, "waf")
	}
	s.server = httptest.NewUnstartedServer(handler)
	s.server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: s.authority.Pool()}
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
}

// deposit stores a report of one result for whoever the provider signs in.
func (s *site) deposit(t *testing.T, who record.Identity, local, value string) record.ReportID {
	t.Helper()
	receipt, err := s.intake.Deposit(t.Context(), s.feed, &store.Deposit{Sender: "LABO", Control: local + value, Raw: []byte("MSH|" + local + value), Identity: who,
		Identifiers: []record.Identifier{{Authority: "HOP", Value: local}}, Reports: []store.Ordered{{Orders: []string{value}, Report: record.Report{Status: record.Final, Title: "Titre-canari", Panels: []record.Panel{{Title: "P", Observations: []record.Observation{{
			Code: record.Code{System: record.LOINC, Value: "718-7"}, Name: "Hémoglobine", Value: record.Value{Kind: record.Numeric, Text: value}, Unit: "g/dL", Status: record.Final}}}},
			Documents: []record.Document{{Title: "t", MediaType: "application/pdf", Bytes: []byte("%PDF-1.4")}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Reports[0].ID
}

// me is the person whom the provider signs in.
func (s *site) me() record.Identity {
	claim := func(name string) string { v, _ := s.provider.Person[name].(string); return v }
	return record.Identity{Family: claim("family_name"), Given: claim("given_name"), Birthdate: claim("birthdate"), Sex: record.Sex(claim("gender")), Birthplace: claim("birthplace")}
}

// become makes the provider sign in somebody else from now on.
func (s *site) become(subject string, who record.Identity) {
	s.provider.Sub = subject
	s.provider.Person["family_name"], s.provider.Person["given_name"], s.provider.Person["birthdate"] = who.Family, who.Given, who.Birthdate
	s.provider.Person["gender"], s.provider.Person["birthplace"] = string(who.Sex), who.Birthplace
}

// browser follows no redirects, keeps cookies, and reaches the site as the WAF
// would.
func (s *site) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := s.server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", s.server.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", Certificates: []tls.Certificate{s.waf}},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, site: s, client: &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, path string, header map[string]string) answer {
	b.t.Helper()
	return b.send(method, path, nil, header)
}

// post sends a form.
func (b *browser) post(path string, form url.Values, header map[string]string) answer {
	b.t.Helper()
	if header == nil {
		header = make(map[string]string)
	}
	header["Content-Type"] = "application/x-www-form-urlencoded"
	return b.send("POST", path, strings.NewReader(form.Encode()), header)
}

func (b *browser) send(method, path string, body io.Reader, header map[string]string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, authtest.PortalURL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	for name, value := range header {
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(page)}
}

func (b *browser) get(path string) answer { b.t.Helper(); return b.do("GET", path, nil) }

// signIn goes through the provider and returns the portal's answer to the
// callback.
func (b *browser) signIn() answer {
	b.t.Helper()
	begun := b.get("/login/" + b.site.provider.Options().Name)
	if begun.status != http.StatusSeeOther {
		b.t.Fatalf("login: got %d", begun.status)
	}
	back := b.site.provider.SignIn(b.t, begun.header.Get("Location"))
	return b.get(back.RequestURI())
}

// token is the session cookie's value.
func (b *browser) token() string {
	public, _ := url.Parse(authtest.PortalURL)
	for _, c := range b.client.Jar.Cookies(public) {
		if c.Name == "__Host-guichet" {
			return c.Value
		}
	}
	return ""
}

// traces counts entries of a type and outcome.
func (s *site) traces(t *testing.T, kind, outcome string) int {
	t.Helper()
	var n int
	if err := s.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace WHERE type = $1 AND outcome = $2`, kind, outcome).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *site) exec(t *testing.T, query string) {
	t.Helper()
	if _, err := s.Superuser(t).Exec(query); err != nil {
		t.Fatal(err)
	}
}

// latest is the number of the latest entry of a type.
func (s *site) latest(t *testing.T, kind string) string {
	t.Helper()
	var entry string
	if err := s.Superuser(t).QueryRow(`SELECT max(id) FROM guichet.trace WHERE type = $1`, kind).Scan(&entry); err != nil {
		t.Fatal(err)
	}
	return entry
}
