package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"guichet/auth"
	"guichet/configs"
	"guichet/intake/sample"
	"guichet/store"

	"golang.org/x/sync/errgroup"
)

// newcomers are as many patients as sign in at once; each is one account.
const newcomers = 32

// encryption is FranceConnect+'s dearer one.
const encryption = "RSA-OAEP-256"

// measureSignIns signs people in through a FranceConnect+ that encrypts, from
// the portal's redirect to its answer to the callback. It comes last: it adds
// patients and accounts.
func (g *ground) measureSignIns(ctx context.Context, r *report) (err error) {
	s := &signIns{ground: g, provider: &stopwatch{}}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	for _, clients := range []int{1, 8} {
		if err := s.measure(ctx, r, clients); err != nil {
			return fmt.Errorf("%d clients: %w", clients, err)
		}
	}
	return nil
}

// signIns is one more portal, whose provider is reached through a stopwatch.
type signIns struct {
	*ground
	provider *stopwatch
	people   []sample.Person
	portal   string // address
	idp      string // URL of the stopwatch
	servers  []*http.Server
	programs []*program
}

func (s *signIns) prepare(ctx context.Context) error {
	if err := s.depositNewcomers(ctx); err != nil {
		return fmt.Errorf("deposit newcomers: %w", err)
	}
	key, err := auth.NewClientKey(encryption)
	if err != nil {
		return err
	}
	keys, err := auth.ParseClientKeys(encryption, [][]byte{key}, nil)
	if err != nil {
		return err
	}
	published, err := auth.PublicKeys(keys)
	if err != nil {
		return err
	}
	found, err := freeAddresses("signins-portal", "signins-mllp", "signins-ops", "signins-idpsim", "signins-stopwatch", "signins-keys")
	if err != nil {
		return err
	}
	for name, address := range found {
		s.ports[name] = address
	}
	local := func(name string) string {
		_, port, _ := strings.Cut(s.ports[name], ":")
		return "https://localhost:" + port
	}
	s.portal, s.idp = s.ports["signins-portal"], local("signins-stopwatch")
	for name, content := range map[string]string{
		"decryption.jwk": string(key), "signins.toml": s.guichetConfig(local("signins-idpsim")), "signins-idpsim.toml": s.idpsimConfig(local("signins-keys")),
	} {
		if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return s.start(ctx, published, local("signins-idpsim"))
}

// depositNewcomers gives the people who will sign in a record each.
func (s *signIns) depositNewcomers(ctx context.Context) (err error) {
	db, err := store.Open(ctx, store.Options{URL: s.cluster.URL("guichet_intake", traced), Password: password, Keys: s.keys})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	feed := newRequest()
	if err := db.OpenFeed(ctx, feed, "bench", "Laboratoire", store.Limits{Lifetime: 8 * time.Hour}); err != nil {
		return err
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return err
	}
	for _, person := range sample.Patients(seed+1, newcomers) {
		person.Visits = 1
		raw := sample.Reports(person, seed, time.Now().In(zone))[0]
		message, err := parse(raw, zone)
		if err != nil {
			return err
		}
		if _, err := db.Deposit(ctx, feed, &store.Deposit{Sender: message.Header.Sender, Control: message.Header.Control, Raw: raw,
			Identity: message.Identity, Identifiers: message.Identifiers, Reports: []store.Ordered{{Report: message.Report, Orders: message.Orders}}}); err != nil {
			return err
		}
		s.people = append(s.people, person)
	}
	return nil
}

// guichetConfig is the traced portal's, but for its provider.
func (s *signIns) guichetConfig(provider string) string {
	common, _, _ := strings.Cut(s.ground.guichetConfig(traced, "signins-"), "[providers.franceconnect]")
	var t text
	issuer, base := s.idp+"/franceconnect", provider+"/franceconnect"
	t.table("providers.franceconnect", "label", "FranceConnect+", "issuer", issuer, "authorization_url", base+"/authorize", "token_url", issuer+"/token",
		"userinfo_url", issuer+"/userinfo", "jwks_url", issuer+"/jwks", "end_session_url", issuer+"/session/end", "client_id", "bench",
		"client_secret_file", s.path("client"), "acr", "eidas2", "ca_file", s.path("ca.pem"), "encryption", encryption)
	t.list("decryption_key_files", s.path("decryption.jwk"))
	_, _ = t.WriteString("scopes = [\"openid\", \"identite_pivot\"]\nsigned_userinfo = true\n")
	t.list("algorithms", "ES256")
	return common + t.String() + s.revocationConfig()
}

func (s *signIns) idpsimConfig(keys string) string {
	var t text
	t.pairs("listen", s.ports["signins-idpsim"], "public_url", s.idp)
	t.table("tls", s.serverTLS("idpsim", "")...)
	t.table("[clients]", "provider", "franceconnect", "client_id", "bench", "client_secret_file", s.path("client"), "jwks_url", keys, "encryption", encryption,
		"ca_file", s.path("ca.pem"), "post_logout_redirect_uri", s.publicURL()+"/session-ended")
	t.list("redirect_uris", s.publicURL()+"/callback/franceconnect")
	for _, p := range s.people {
		country, place := "99100", p.Identity.Birthplace
		if strings.HasPrefix(place, "99") {
			country, place = place, ""
		}
		t.table("[people]", "provider", "franceconnect", "login", p.Local, "name", p.Local, "family", p.Identity.Family, "given", p.Identity.Given,
			"birthdate", p.Identity.Birthdate, "gender", string(p.Identity.Sex), "birthplace", place, "country", country)
	}
	return t.String()
}

// start brings up our keys, the provider, the stopwatch before it, and the
// portal.
func (s *signIns) start(ctx context.Context, published []byte, idpsim string) error {
	target, err := url.Parse(idpsim)
	if err != nil {
		return err
	}
	trusting, err := configs.ClientTLS{CA: s.path("ca.pem"), ServerName: "localhost"}.Config()
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{TLSClientConfig: trusting, MaxIdleConnsPerHost: newcomers, ForceAttemptHTTP2: false}}
	if err := s.serve("signins-stopwatch", s.provider.around(proxy)); err != nil {
		return err
	}
	if err := s.serve("signins-keys", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(published) })); err != nil {
		return err
	}
	for _, p := range []struct{ program, config, listener string }{{"idpsim", "signins-idpsim", "signins-idpsim"}, {"guichet", "signins", "signins-ops"}} {
		args := []string{"--config", s.path(p.config + ".toml")}
		if p.program == "guichet" {
			args = append([]string{"serve"}, args...)
		}
		started, err := start(ctx, s.path(p.program), args, s.path(p.config+".log"), s.ports[p.listener])
		if err != nil {
			return fmt.Errorf("start %s: %w", p.config, err)
		}
		s.programs = append(s.programs, started)
	}
	return nil
}

func (s *signIns) serve(name string, handler http.Handler) error {
	side := configs.ServerTLS{Certificate: s.path("idpsim.pem"), Key: s.path("idpsim.key")}
	secured, err := side.Config()
	if err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", s.ports[name], secured)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: startLimit, ErrorLog: log.New(io.Discard, "", 0)}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }() // until it is closed
	return nil
}

func (s *signIns) close() error {
	var err error
	for _, p := range s.programs {
		err = errors.Join(err, p.stop())
	}
	for _, server := range s.servers {
		err = errors.Join(err, server.Close())
	}
	s.programs, s.servers = nil, nil
	return err
}

// stopwatch sums what the provider takes to answer Guichet.
type stopwatch struct{ took atomic.Int64 }

func (s *stopwatch) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		next.ServeHTTP(w, r)
		s.took.Add(int64(time.Since(began)))
	})
}

func (s *signIns) measure(ctx context.Context, r *report, clients int) error {
	const rounds = 3
	visitors := make([]*newcomer, clients)
	for i := range visitors {
		var err error
		if visitors[i], err = s.arrive(s.people[i%len(s.people)].Local, fmt.Sprintf("192.0.2.%d", i)); err != nil {
			return err
		}
		if _, err := visitors[i].signIn(ctx); err != nil { // the account is made, keys are fetched
			return err
		}
	}
	var rate, own series
	for range rounds {
		before, began := s.provider.took.Load(), time.Now()
		var done, callbacks atomic.Int64
		group, ctx := errgroup.WithContext(ctx)
		for _, v := range visitors {
			group.Go(func() error {
				for time.Since(began) < s.plan.window && ctx.Err() == nil {
					took, err := v.signIn(ctx)
					if err != nil {
						return err
					}
					done.Add(1)
					callbacks.Add(int64(took))
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		n := float64(done.Load())
		rate.add(n / time.Since(began).Seconds())
		own.add(time.Duration(callbacks.Load()-(s.provider.took.Load()-before)).Seconds() * 1000 / n)
	}
	at := strconv.Itoa(clients)
	r.add(row{what: "sign-ins a second, FranceConnect+ (" + encryption + "), the provider on the same machine", clients: at, of: rate, digits: 1})
	r.add(row{what: "callback, mean time without the provider's, ms", clients: at, of: own, digits: 1})
	return nil
}

// newcomer is a browser that signs the same person in again and again.
type newcomer struct {
	*signIns
	login          string
	address        string // as the firewall tells: people do not sign in from one
	portal, people *http.Client
}

func (s *signIns) arrive(login, address string) (*newcomer, error) {
	asWAF, err := s.clientTLS("waf").Config()
	if err != nil {
		return nil, err
	}
	trusting, err := configs.ClientTLS{CA: s.path("ca.pem"), ServerName: "localhost"}.Config()
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &newcomer{signIns: s, login: login, address: address,
		portal: &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: asWAF}, CheckRedirect: stay, Timeout: startLimit},
		people: &http.Client{Transport: &http.Transport{TLSClientConfig: trusting}, CheckRedirect: stay, Timeout: startLimit}}, nil
}

// signIn returns how long the callback took.
func (n *newcomer) signIn(ctx context.Context) (time.Duration, error) {
	to, err := n.atPortal(ctx, "/login/franceconnect")
	if err != nil {
		return 0, err
	}
	form := to.Query()
	form.Set("login", n.login)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+to.Host+"/franceconnect/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	back, err := redirected(n.people.Do(r))
	if err != nil {
		return 0, fmt.Errorf("at the provider: %w", err)
	}
	began := time.Now()
	home, err := n.atPortal(ctx, back.RequestURI())
	if err == nil && home.Path != "/" {
		err = errors.New("the callback leads elsewhere")
	}
	return time.Since(began), err
}

func (n *newcomer) atPortal(ctx context.Context, path string) (*url.URL, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+n.signIns.portal+path, nil)
	if err != nil {
		return nil, err
	}
	r.Host = n.publicHost()
	r.Header.Set("X-Forwarded-For", n.address)
	to, err := redirected(n.portal.Do(r))
	if err != nil {
		return nil, fmt.Errorf("at the portal: %w", err)
	}
	return to, nil
}

// redirected returns where an answer leads.
func redirected(answer *http.Response, err error) (*url.URL, error) {
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, answer.Body) // so that the connection is kept
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("got %d and no redirect", answer.StatusCode)
	}
	return answer.Location()
}
