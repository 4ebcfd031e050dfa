package witness_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"guichet/auth"
	"guichet/auth/authtest"
	"guichet/fault"
	"guichet/handlers/witness"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// counter is a portal's database with its provider and its witness.
type counter struct {
	*storetest.Database
	portal   *store.Store
	server   *authtest.Server
	provider *auth.Provider
	witness  *witness.Witness
	log      *bytes.Buffer
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	d := storetest.New(t)
	c := &counter{Database: d, portal: d.Open(t, "guichet_portal"), server: authtest.New(t, auth.ProSanteConnect), log: &bytes.Buffer{}}
	c.provider = newProvider(t, c.server.Options())
	c.witness = c.newWitness(t, c.provider)
	return c
}

func newProvider(t *testing.T, o auth.Options) *auth.Provider {
	t.Helper()
	p, err := auth.NewProvider(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *counter) newWitness(t *testing.T, p *auth.Provider) *witness.Witness {
	t.Helper()
	return witness.New(witness.Options{Store: c.Open(t, "guichet_sequencer"), Providers: []*auth.Provider{p}, Log: slog.New(slog.NewTextHandler(c.log, nil))})
}

// login is somebody whom the provider has identified.
func (c *counter) login(t *testing.T) *auth.Login {
	t.Helper()
	attempts, err := auth.NewAttempts("__Host-attempt", make([]byte, 64), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	redirect, err := c.provider.Begin(t.Context(), w, attempts, "/")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, c.server.SignIn(t, redirect).String(), nil)
	r.AddCookie(w.Result().Cookies()[0])
	login, err := c.provider.Finish(t.Context(), httptest.NewRecorder(), r, attempts)
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// identified is what the portal makes of a login.
func identified(l *auth.Login) store.Identified {
	return store.Identified{Provider: l.Provider, Issuer: l.Issuer, Subject: l.Subject, State: l.State, Role: l.Role, Identity: l.Identity,
		Evidence: store.Evidence{IDToken: l.IDToken, Subject: l.Token.Subject, Nonce: l.Token.Nonce}}
}

func (c *counter) signIn(t *testing.T, who store.Identified) store.Request {
	t.Helper()
	req := storetest.Request()
	if _, err := c.portal.SignIn(t.Context(), req, who); err != nil {
		t.Fatal(err)
	}
	return req
}

func (c *counter) check(t *testing.T) {
	t.Helper()
	if err := c.witness.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// found is what the latest check says, and which alerts were raised.
func (c *counter) found(t *testing.T) string {
	t.Helper()
	var s string
	// No sequencer runs here.
	if err := c.Superuser(t).QueryRow(`SELECT coalesce((SELECT outcome || ' ' || reason FROM guichet.trace WHERE type = 'sign-in.check' ORDER BY id DESC LIMIT 1), 'unchecked')
		|| coalesce((SELECT ', alert ' || string_agg(kind, ' ' ORDER BY id) FROM guichet.alert WHERE kind <> 'log-behind'), '')`).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *counter) wantLive(t *testing.T, req store.Request, want bool) {
	t.Helper()
	s, err := c.portal.LoadSession(t.Context(), req, false)
	if err != nil {
		t.Fatal(err)
	}
	if live := s.Ended == ""; live != want {
		t.Errorf("the session lives: %v (ended: %q), want %v", live, s.Ended, want)
	}
	if !want && s.Ended != record.EndAdmin {
		t.Errorf("ended as %q, want admin", s.Ended)
	}
}

func TestHonestSignIn(t *testing.T) {
	c := newCounter(t)
	req := c.signIn(t, identified(c.login(t)))
	if got := c.found(t); got != "unchecked" {
		t.Fatalf("before the check: %s", got)
	}
	c.check(t)
	if got := c.found(t); got != "granted proven" {
		t.Errorf("got %s, want it proven without an alert", got)
	}
	c.wantLive(t, req, true)
	before := c.entries(t)
	c.check(t)
	if after := c.entries(t); after != before {
		t.Errorf("with nothing to check, %d entries were left", after-before)
	}
}

func (c *counter) entries(t *testing.T) (n int) {
	t.Helper()
	if err := c.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestForgedSessions: whoever holds the portal's password and its keys opens a
// session as somebody else; it is found out, it ends, and somebody is told (W7).
func TestForgedSessions(t *testing.T) {
	stranger := record.Identity{Family: "TIERS", Given: "Paul"}
	for _, a := range []struct {
		name    string
		forge   func(t *testing.T, c *counter) store.Identified
		finds   string
		altered string // of the evidence, as SQL, after the sign-in
	}{
		{"a token of the thief's own making", func(t *testing.T, c *counter) store.Identified {
			who := identified(c.login(t))
			who.Evidence.IDToken = "eyJhbGciOiJub25lIn0.e30."
			return who
		}, "not-signed", ""},
		{"a token that another provider signed", func(t *testing.T, c *counter) store.Identified {
			who := identified(c.login(t))
			other := newCounter(t)
			who.Evidence.IDToken = other.login(t).IDToken
			return who
		}, "not-signed", ""},
		{"a token of an earlier sign-in, under a new nonce", func(t *testing.T, c *counter) store.Identified {
			first := c.login(t)
			c.signIn(t, identified(first))
			c.check(t)
			who := identified(c.login(t))
			who.Evidence.IDToken = first.IDToken
			return who
		}, "another-token", ""},
		{"the thief's own token, on another's account", func(t *testing.T, c *counter) store.Identified {
			victim := identified(c.login(t))
			victim.Subject, victim.Identity = "899700218896", stranger
			victim.Evidence.Subject = "the victim at the provider"
			c.signIn(t, victim)
			own := identified(c.login(t))
			own.Subject, own.Identity = "899700218896", stranger
			return own
		}, "another-person", ""},
		{"what was stored is altered", func(t *testing.T, c *counter) store.Identified {
			return identified(c.login(t))
		}, "does-not-open", `UPDATE guichet.evidence SET sealed = set_byte(sealed, octet_length(sealed) - 1, 255 - get_byte(sealed, octet_length(sealed) - 1))`},
		{"a token of the day before", func(t *testing.T, c *counter) store.Identified {
			return identified(c.login(t))
		}, "another-time", `UPDATE guichet.trace SET at = at + interval '1 day' WHERE type = 'sign-in'`},
	} {
		t.Run(a.name, func(t *testing.T) {
			c := newCounter(t)
			req := c.signIn(t, a.forge(t, c))
			if a.altered != "" {
				if _, err := c.Superuser(t).Exec(a.altered); err != nil {
					t.Fatal(err)
				}
			}
			c.wantLive(t, req, true)
			c.check(t)
			if got, want := c.found(t), "refused "+a.finds+", alert sign-in-unproven"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			c.wantLive(t, req, false)
			if _, err := c.portal.ReadHome(t.Context(), req); fault.KindOf(err) != fault.Ended {
				t.Errorf("home: got %v, want it refused at once", err)
			}
		})
	}
}

// TestTokenServesOnce: the same ID token opens no second session.
func TestTokenServesOnce(t *testing.T) {
	c := newCounter(t)
	who := identified(c.login(t))
	c.signIn(t, who)
	who.State = "another attempt"
	if _, err := c.portal.SignIn(t.Context(), storetest.Request(), who); fault.KindOf(err) != fault.Unmatched {
		t.Errorf("got %v, want it refused", err)
	}
	var reason string
	if err := c.Superuser(t).QueryRow(`SELECT reason FROM guichet.trace WHERE type = 'sign-in' ORDER BY id DESC LIMIT 1`).Scan(&reason); err != nil || reason != "token-used" {
		t.Errorf("reason %q, %v", reason, err)
	}
}

// TestProviderAway: nothing is said of a sign-in whose signature cannot be
// checked now; that it stays so raises an alert.
func TestProviderAway(t *testing.T) {
	c := newCounter(t)
	req := c.signIn(t, identified(c.login(t)))
	away := c.server.Options()
	away.JWKSURL = "https://127.0.0.1:1/jwks"
	w := c.newWitness(t, newProvider(t, away))
	if err := w.Check(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("got %v, want the provider to be away", err)
	}
	c.wantLive(t, req, true)
	c.SetClock(t, time.Now().Add(6*time.Minute))
	_ = w.Check(t.Context())
	_ = w.Check(t.Context())
	if got := c.found(t); got != "unchecked, alert sign-in-unchecked" {
		t.Errorf("got %s, want one alert", got)
	}
	c.SetClock(t, time.Now())
	c.check(t)
	if got := c.found(t); !strings.HasPrefix(got, "granted proven") {
		t.Errorf("once the provider is back: got %s", got)
	}
}

// TestTheWitnessesOwnSession: one that is over is opened anew.
func TestTheWitnessesOwnSession(t *testing.T) {
	c := newCounter(t)
	c.signIn(t, identified(c.login(t)))
	c.check(t)
	if _, err := c.Superuser(t).Exec(`INSERT INTO guichet.session_end (session, at, reason)
		SELECT s.id, guichet.clock(), 'error' FROM guichet.session s JOIN guichet.account a ON a.id = s.account WHERE a.role = 'witness'`); err != nil {
		t.Fatal(err)
	}
	c.signIn(t, identified(c.login(t)))
	c.check(t)
	var n int
	if err := c.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.evidence_check WHERE proven`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d proven, %v, want both", n, err)
	}
}

// TestOnlyTheWitness: the portal's role can neither read the evidence nor judge
// it, nor be a witness.
func TestOnlyTheWitness(t *testing.T) {
	c := newCounter(t)
	req := c.signIn(t, identified(c.login(t)))
	db := c.SQL(t, "guichet_portal")
	token := `'\x` + hex.EncodeToString(req.Token) + `'`
	for _, query := range []string{
		"SELECT guichet.ask_evidence(" + token + ", '{::1}', gen_random_uuid(), 'psc')",
		"SELECT guichet.check_evidence(" + token + ", '{::1}', gen_random_uuid(), gen_random_uuid(), 'signed', '', '', now())",
		"SELECT guichet.open_system(" + token + ", '{::1}', gen_random_uuid(), 'witness', '', gen_random_uuid(), '', '1 h')",
		"SELECT * FROM guichet.evidence",
	} {
		if _, err := db.Exec(query); err == nil || !strings.Contains(err.Error(), "42501") && !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: got %v, want it refused", query, err)
		}
	}
	if _, err := c.SQL(t, "guichet_intake").Exec(fmt.Sprintf("SELECT guichet.open_system('\\x%064x', '{::1}', gen_random_uuid(), 'witness', '', gen_random_uuid(), '', '1 h')", 1)); err == nil {
		t.Error("the intake's role became a witness")
	}
}
