package main

import (
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"guichet/configs"
)

const (
	clientID     = "guichet"
	clientSecret = "a secret for tests only"
	portal       = "https://portal.test"
	verifier     = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // of RFC 7636 appendix B
	challenge    = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// people are those of the tests; one has a name that only escaping survives.
func people() []configs.IDPPerson {
	return []configs.IDPPerson{
		{Provider: "franceconnect", Login: "angela", Name: `Angela "la <b>douce</b>" & Cie`, Family: "DUBOIS", Given: "Angela Claire", Usual: "MARTIN",
			Birthdate: "1962-08-24", Gender: "female", Birthplace: "75107", Country: "99100"},
		{Provider: "franceconnect", Login: "abroad", Name: "Ida Ferro", Family: "FERRO", Given: "Ida",
			Birthdate: "1970-00-00", Gender: "female", Birthplace: "75107", Country: "99127"},
		{Provider: "psc", Login: "camille", Name: "Dr Camille Moreau", Family: "MOREAU", Given: "Camille",
			RPPS: "99700218896", Profession: "10", Structure: "Cabinet du Port"},
	}
}

// bench is a running pair of providers and the clock they go by.
type bench struct {
	t      *testing.T
	base   string
	client *http.Client
	mu     sync.Mutex // guards now: a handler may outlive its answer
	now    time.Time
	log    strings.Builder
}

func newBench(t *testing.T) *bench { t.Helper(); return newBenchWith(t, func(*configs.IDPSim) {}) }

// newBenchWith starts the providers with their configuration changed.
func newBenchWith(t *testing.T, change func(*configs.IDPSim)) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Now().Truncate(time.Second)}
	server := httptest.NewUnstartedServer(nil)
	b.base = "https://" + server.Listener.Addr().String()
	config := configs.IDPSim{PublicURL: b.base, People: people()}
	var secrets []configs.Secret
	for _, provider := range []string{"franceconnect", "psc"} {
		config.Clients = append(config.Clients, configs.IDPClient{
			Provider: provider, ClientID: clientID,
			RedirectURIs: []string{portal + "/callback/" + provider}, PostLogoutRedirectURI: portal + "/",
		})
		secrets = append(secrets, configs.NewSecret(clientSecret))
	}
	other := config.Clients[0] // the same but for its name
	other.ClientID = "other"
	config.Clients = append(config.Clients, other)
	secrets = append(secrets, configs.NewSecret(clientSecret))
	change(&config)
	handler, err := newHandler(config, secrets, slog.New(slog.NewTextHandler(&b.log, nil)), b.clock)
	if err != nil {
		t.Fatalf("newHandler: %v", err)
	}
	server.Config.Handler = handler
	server.StartTLS()
	t.Cleanup(server.Close)
	b.client = server.Client()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) advance(by time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(by)
}

// answer is a response read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bench) do(r *http.Request) answer {
	b.t.Helper()
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (b *bench) get(path string, q url.Values) answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.base+path+"?"+q.Encode(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *bench) post(path string, form url.Values, header ...string) answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func (b *bench) userinfo(provider, accessToken string) answer {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, b.base+"/"+provider+"/userinfo", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	return b.do(r)
}

// request is a sound authorization request, with changes: name, value, and so
// on; an empty value removes.
func request(provider string, changes ...string) url.Values {
	q := url.Values{
		"client_id": {clientID}, "redirect_uri": {portal + "/callback/" + provider}, "response_type": {"code"}, "acr_values": {"eidas1"},
		"state": {strings.Repeat("s", 43)}, "nonce": {strings.Repeat("n", 43)}, "scope": {"openid identite_pivot"},
	}
	if provider == "psc" {
		q.Set("scope", "openid scope_all")
		q.Set("code_challenge", challenge)
		q.Set("code_challenge_method", "S256")
	}
	return change(q, changes)
}

func change(q url.Values, changes []string) url.Values {
	for i := 0; i+1 < len(changes); i += 2 {
		q.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			q.Del(changes[i])
		}
	}
	return q
}

// form is what a browser would send: one way to read our own page that does not
// go through our own code.
type form struct {
	action string
	fields url.Values
	logins []string
}

var (
	formTag   = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	hiddenTag = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	optionTag = regexp.MustCompile(`<option value="([^"]*)">`)
)

func (b *bench) readForm(page answer) form {
	b.t.Helper()
	found := formTag.FindAllStringSubmatch(page.body, -1)
	if page.status != http.StatusOK || len(found) != 1 || strings.Count(page.body, `<select id="login" name="login">`) != 1 || strings.Count(page.body, "<button") != 1 {
		b.t.Fatalf("got status %d and not one form with one list and one button:\n%s", page.status, page.body)
	}
	f := form{action: found[0][1], fields: url.Values{}}
	for _, hidden := range hiddenTag.FindAllStringSubmatch(page.body, -1) {
		f.fields.Add(hidden[1], html.UnescapeString(hidden[2]))
	}
	people, _, _ := strings.Cut(page.body, "</select>") // the faults come after
	for _, option := range optionTag.FindAllStringSubmatch(people, -1) {
		f.logins = append(f.logins, option[1])
	}
	return f
}

// signIn goes through the form and returns the callback's parameters.
func (b *bench) signIn(provider, login string, changes ...string) url.Values {
	b.t.Helper()
	f := b.readForm(b.get("/"+provider+"/authorize", request(provider, changes...)))
	f.fields.Set("login", login)
	return b.callback(provider, b.post(f.action, f.fields))
}

func (b *bench) callback(provider string, a answer) url.Values {
	b.t.Helper()
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther || to.Scheme+"://"+to.Host+to.Path != portal+"/callback/"+provider {
		b.t.Fatalf("got status %d, location %q", a.status, a.header.Get("Location"))
	}
	return to.Query()
}

// tokens are the answer of the token endpoint.
type tokens struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
	ExpiresIn   int    `json:"expires_in"`
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
	Error       string `json:"error"`
}

func tokenRequest(provider, code string, changes ...string) url.Values {
	q := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {portal + "/callback/" + provider},
		"client_id": {clientID}, "client_secret": {clientSecret},
	}
	if provider == "psc" {
		q.Set("code_verifier", verifier)
	}
	return change(q, changes)
}

func (b *bench) exchange(provider string, q url.Values, header ...string) (tokens, answer) {
	b.t.Helper()
	a := b.post("/"+provider+"/token", q, header...)
	var got tokens
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		b.t.Fatalf("token endpoint: %v in %q", err, a.body)
	}
	return got, a
}

// open verifies a token with the published keys.
func (b *bench) open(provider, token string) claims {
	b.t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(b.get("/"+provider+"/jwks", nil).body), &set); err != nil {
		b.t.Fatal(err)
	}
	algorithm := jose.ES256
	if provider == "psc" {
		algorithm = jose.RS256
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		b.t.Fatalf("parse token: %v", err)
	}
	keys := set.Key(jws.Signatures[0].Header.KeyID)
	if len(keys) != 1 || !keys[0].IsPublic() {
		b.t.Fatalf("got %d published keys of that name", len(keys))
	}
	payload, err := jws.Verify(keys[0])
	if err != nil {
		b.t.Fatalf("verify token: %v", err)
	}
	got := claims{}
	if err := json.Unmarshal(payload, &got); err != nil {
		b.t.Fatal(err)
	}
	return got
}
