package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"guichet/intake"
	"guichet/intake/sample"
	"guichet/record"
	"guichet/session"
	"guichet/store"

	"github.com/google/uuid"
)

const (
	seed    = 7
	visits  = 8  // of each patient; the last shows two earlier results of most analyses
	results = 20 // of the report that is read
)

// reader is a signed-in patient, and the report that they read.
type reader struct {
	token   []byte
	cookie  string
	report  record.ReportID
	patient sample.Person
	message []byte // that the report came in
}

// fill makes a database and fills it through the product.
func (g *ground) fill(ctx context.Context) (err error) {
	passwords := make(map[string]string)
	for _, role := range store.Roles {
		passwords[role] = password
	}
	if err := store.Prepare(ctx, g.cluster.URL("postgres", "postgres"), filled, passwords); err != nil {
		return err
	}
	if err := store.Migrate(ctx, g.cluster.URL("guichet_owner", filled), ""); err != nil {
		return err
	}
	if err := g.depositSamples(ctx); err != nil {
		return fmt.Errorf("deposit samples: %w", err)
	}
	if err := g.signIn(ctx); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	g.shape, err = g.measureShape(ctx)
	return err
}

// shape is what one deposited report of the size wanted is made of.
type shape struct {
	panels int
	sizes  map[string]int // bytes of what is sealed, by what it is
}

func (g *ground) measureShape(ctx context.Context) (shape, error) {
	report := fmt.Sprintf("'%s'", g.readers[0].report)
	s := shape{sizes: make(map[string]int)}
	var err error
	if s.panels, err = g.count(ctx, filled, `SELECT count(*) FROM guichet.panel WHERE report = `+report); err != nil {
		return s, err
	}
	for name, query := range map[string]string{
		"message":     `SELECT max(octet_length(sealed)) FROM guichet.message`,
		"report":      `SELECT octet_length(sealed) FROM guichet.report WHERE id = ` + report,
		"panel":       `SELECT avg(octet_length(sealed))::integer FROM guichet.panel WHERE report = ` + report,
		"observation": `SELECT avg(octet_length(sealed))::integer FROM guichet.observation WHERE report = ` + report,
		"document":    `SELECT avg(octet_length(sealed))::integer FROM guichet.document WHERE report = ` + report,
		"content":     `SELECT avg(octet_length(content))::integer FROM guichet.document WHERE report = ` + report,
	} {
		if s.sizes[name], err = g.count(ctx, filled, query); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (g *ground) open(ctx context.Context, role string) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: g.cluster.URL(role, filled), Password: password, Keys: g.keys})
}

// depositSamples deposits the reports of as many patients as the plan wants,
// of those whose last report has the size that is to be read.
func (g *ground) depositSamples(ctx context.Context) (err error) {
	db, err := g.open(ctx, "guichet_intake")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return err
	}
	feed := newRequest()
	if err := db.OpenFeed(ctx, feed, "bench", "Laboratoire", store.Limits{Lifetime: 8 * time.Hour}); err != nil {
		return err
	}
	for _, person := range sample.Patients(seed, 2*g.plan.patients) {
		if len(g.readers) == g.plan.patients {
			return nil
		}
		person.Visits = visits
		messages := sample.Reports(person, seed, time.Now().In(zone))
		last, err := parse(messages[len(messages)-1], zone)
		if err != nil {
			return err
		}
		if last.Report.Count != results {
			continue // a child's reports are shorter
		}
		read := reader{patient: person, message: messages[len(messages)-1]}
		for _, raw := range messages {
			message, err := parse(raw, zone)
			if err != nil {
				return err
			}
			receipt, err := db.Deposit(ctx, feed, &store.Deposit{Sender: message.Header.Sender, Control: message.Header.Control, Raw: raw,
				Identity: message.Identity, Identifiers: message.Identifiers, Reports: []store.Ordered{{Report: message.Report, Orders: message.Orders}}})
			if err != nil {
				return err
			}
			read.report = receipt.Reports[0].ID
		}
		g.readers = append(g.readers, read)
	}
	return errors.New("too few patients have a report of the size wanted")
}

func parse(raw []byte, zone *time.Location) (*intake.Message, error) {
	return intake.Parse(raw, intake.Options{LocalAuthority: sample.Authority, Zone: zone})
}

// signIn opens a session for each patient, as the portal does after FranceConnect.
func (g *ground) signIn(ctx context.Context) (err error) {
	db, err := g.open(ctx, "guichet_portal")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	sessions := session.New(keeper{db}, session.Options{})
	for i := range g.readers {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		if err != nil {
			return err
		}
		s, err := sessions.Begin(r)
		if err != nil {
			return err
		}
		req := newRequest()
		req.Token = s.Token
		if _, err := db.SignIn(ctx, req, store.Identified{Provider: "franceconnect", Issuer: "bench", Subject: g.readers[i].patient.Local,
			State: req.ID.String(), Role: record.RolePatient, Identity: g.readers[i].patient.Identity,
			Evidence: store.Evidence{IDToken: "bench", Subject: g.readers[i].patient.Local, Nonce: req.ID.String()}}); err != nil {
			return err
		}
		s.Put("provider", "franceconnect")
		answer := headers{}
		if err := s.Save(answer); err != nil {
			return err
		}
		cookies := (&http.Response{Header: http.Header(answer)}).Cookies()
		if len(cookies) != 1 {
			return errors.New("no session cookie")
		}
		g.readers[i].token, g.readers[i].cookie = s.Token, cookies[0].Name+"="+cookies[0].Value
	}
	return nil
}

// headers takes the header of an answer that nobody reads.
type headers http.Header

func (h headers) Header() http.Header         { return http.Header(h) }
func (h headers) Write(b []byte) (int, error) { return len(b), nil }
func (h headers) WriteHeader(int)             {}

// keeper keeps sessions in the store, as the portal's does.
type keeper struct{ store *store.Store }

func (k keeper) Load(ctx context.Context, token []byte, used bool) (*session.State, error) {
	req := newRequest()
	req.Token = token
	s, err := k.store.LoadSession(ctx, req, used)
	if err != nil {
		return nil, err
	}
	return &session.State{Ended: s.Ended, At: s.At, Values: s.Values}, nil
}

func (k keeper) Save(ctx context.Context, token, values []byte) error {
	return k.store.SaveSession(ctx, token, values)
}

// newRequest is one from this machine, with a new random token.
func newRequest() store.Request {
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	return store.Request{Token: token, Address: netip.MustParseAddr("127.0.0.1"), ID: uuid.New()}
}
