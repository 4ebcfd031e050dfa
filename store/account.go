package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// Account is what Guichet knows of the person signed in.
type Account struct {
	Person
	Patient *record.Patient // nil where the person has no record of their own
	SignIns []record.SignIn // newest first, the current one among them; at most 20. Refused counts the attempts between each and the next
}

// ReadAccount returns a signed-in person's account.
func (s *Store) ReadAccount(ctx context.Context, req Request) (*Account, error) {
	d, err := s.read(ctx, req, question{kind: "account"})
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	account, err := s.openAccount(d)
	return account, s.opened(ctx, req, d, err)
}

func (s *Store) openAccount(d *delivery) (*Account, error) {
	person, err := s.person(d)
	if err != nil {
		return nil, err
	}
	account := &Account{Person: *person}
	if d.first("patient") != nil {
		if account.Patient, _, err = s.patient(d); err != nil {
			return nil, err
		}
	}
	var refused int // since the sign-in before, in the order of the list
	for _, row := range signIns(d) {
		account.SignIns = append(account.SignIns, record.SignIn{At: *row.At, Provider: text(row.Provider), Refused: *row.Number - refused})
		refused = *row.Number
	}
	return account, nil
}

// signIns are the entries of a delivery that are sign-ins, latest first.
func signIns(d *delivery) []handover {
	var rows []handover
	for _, row := range d.rows {
		if row.Kind == "trace" && text(row.Event) == "sign-in" {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b handover) int { return cmp.Compare(b.Entry, a.Entry) })
	return rows
}

// lastSignIn is the sign-in before this session, and what was refused since
// (AA9); nil at the first.
func lastSignIn(d *delivery) *record.SignIn {
	var last *record.SignIn
	var refused time.Time
	for _, row := range signIns(d) {
		if text(row.Outcome) == "refused" {
			refused = *row.At
			continue
		}
		last = &record.SignIn{At: *row.At, Provider: text(row.Provider), Refused: *row.Number}
	}
	if last != nil {
		last.RefusedAt = refused
	}
	return last
}

// Person is who a session belongs to.
type Person struct {
	Name   string
	Role   record.Role
	IdleAt time.Time // when the session ends unless it is used
}

// Identified is a person as a provider has identified them.
type Identified struct {
	Provider string // franceconnect or psc
	Issuer   string
	Subject  string
	State    string // of the attempt: serves once
	Role     record.Role
	Identity record.Identity
	Mail     string // to inform them of an incident; empty where the provider gives none
	Evidence Evidence
	Earlier  []byte                // token of the session that the browser has, if any
	Until    time.Time             // when the provider's own session is over, which ours does not outlive; zero: no such rule
	Code     record.ActivationCode // that the hospital handed out, where they typed one; else empty
}

// Arrival is what a sign-in hands over.
type Arrival struct {
	Person
	LastSignIn *record.SignIn // the one before; nil at the first (AA9)
}

// Limits are how long a session lasts (DT9, AA13).
type Limits struct {
	Idle, Lifetime time.Duration
}

// SignIn opens a session under req.Token for a person, and returns who it is
// opened for and when they signed in last. Where it may not be, it returns
// *Refusal, having left its entry; fault.RateLimited where the account must
// wait; and fault.Ended where the session was opened and does not live: another
// was quicker, or it waits for one (AA8.b).
func (s *Store) SignIn(ctx context.Context, req Request, who Identified) (*Arrival, error) {
	if err := s.mayTryAs(ctx, req, who); err != nil {
		return nil, err
	}
	began := time.Now()
	entry, err := s.signIn(ctx, req, who)
	if errors.Is(err, errAgain) { // two first sign-ins at once: the second finds the first
		entry, err = s.signIn(ctx, req, who)
	}
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	arrival, err := s.arrive(ctx, req, who, entry, began)
	if err == nil {
		return arrival, nil
	}
	switch fault.KindOf(err) {
	case fault.NotFound:
		err = s.refusal(ctx, req, entry, who)
		if fault.KindOf(err) == fault.Unmatched {
			return nil, err
		}
	case fault.Ended:
		return nil, fmt.Errorf("sign in: %w", err)
	}
	// What is open and not answered for would stay open.
	return nil, errors.Join(fmt.Errorf("sign in: %w", err), s.EndSession(ctx, req, record.EndError))
}

// arrive receives what a sign-in was granted.
func (s *Store) arrive(ctx context.Context, req Request, who Identified, entry int64, began time.Time) (*Arrival, error) {
	d, err := s.receive(ctx, req, entry, began)
	if err != nil {
		return nil, err
	}
	person, err := s.refreshed(ctx, req, d, who)
	if err = s.opened(ctx, req, d, err); err != nil {
		return nil, err
	}
	return &Arrival{Person: *person, LastSignIn: lastSignIn(d)}, nil
}

// refreshed returns the person of a sign-in, after keeping what the provider
// says of them now where it is not what the account holds (identity, 1.8).
func (s *Store) refreshed(ctx context.Context, req Request, d *delivery, who Identified) (*Person, error) {
	row := d.first("account")
	person, held, err := s.heldOf(row)
	if err != nil {
		return nil, err
	}
	said := newAccountPayload(who)
	said.Mail = cmp.Or(said.Mail, held.Mail) // not said today, it still reaches them
	if held == said {
		return person, nil
	}
	at := row.place("account", "sealed")
	at.Version++
	sealed, err := seal(s.keys.Service(), said, at)
	if err != nil {
		return nil, err
	}
	var entry int64
	err = s.get(ctx, &entry, `SELECT guichet.refresh_account($1, $2, $3, $4, $5)`, req.Token, req.ip(), req.ID, at.Version, sealed)
	if err != nil && !errors.Is(err, errAgain) { // kept by another sign-in a moment ago
		return nil, fmt.Errorf("refresh account: %w", err)
	}
	person.Name = said.Name
	return person, nil
}

// marked is what is compared of a person, as blind indexes.
type marked struct {
	person, state, strict []byte
	given                 pq.ByteaArray // of the beginnings of the list of given names
	agrees                pq.ByteaArray // of a code with each reading of birth date and sex
	code                  []byte        // nil without one
}

func (s *Store) marksOf(who Identified) (m marked, err error) {
	if m.person, err = s.keys.Blind(envelope.Subject, who.Issuer, who.Subject); err != nil {
		return m, err
	}
	if m.state, err = s.keys.Blind(envelope.State, who.Provider, who.State); err != nil {
		return m, err
	}
	// Incomplete traits match nobody, since no record is indexed by such: the
	// refusal is the database's, and traced there.
	traits, _ := who.Identity.Strict()
	if m.strict, err = s.keys.Blind(envelope.Strict, traits[:]...); err != nil {
		return m, err
	}
	m.given, m.agrees = pq.ByteaArray{}, pq.ByteaArray{}
	names := who.Identity.GivenNames()
	for n := 2; n <= min(len(names), maxGiven); n++ {
		value, err := s.givenIndex(traits, names[:n])
		if err != nil {
			return m, err
		}
		m.given = append(m.given, value)
	}
	if who.Code == "" {
		return m, nil
	}
	m.code = []byte(who.Code)
	for _, reading := range who.Identity.Readings() {
		value, err := s.agreement(who.Code, reading)
		if err != nil {
			return m, err
		}
		m.agrees = append(m.agrees, value)
	}
	return m, nil
}

// maxGiven bounds how many given names are compared; few people have five.
const maxGiven = 32

// givenIndex is the index of a list of given names, with the strict traits: by
// itself it would be frequent.
func (s *Store) givenIndex(traits [5]string, names []string) ([]byte, error) {
	return s.keys.Blind(envelope.Strict, append(traits[:], names...)...)
}

func (s *Store) signIn(ctx context.Context, req Request, who Identified) (int64, error) {
	account, waiting := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	name, err := seal(s.keys.Service(), newAccountPayload(who), envelope.Place{Table: "account", Column: "sealed", Record: account.String(), Version: 1})
	if err != nil {
		return 0, err
	}
	proof, err := seal(s.keys.Service(), waitingPayload{Identity: newPatientPayload(who.Identity, nil), Provider: who.Provider}, waitingPlace(waiting))
	if err != nil {
		return 0, err
	}
	m, err := s.marksOf(who)
	if err != nil {
		return 0, err
	}
	evidence, err := s.sealEvidence(who)
	if err != nil {
		return 0, err
	}
	leave, err := s.accounts.wait(ctx, string(m.person))
	if err != nil {
		return 0, err
	}
	defer leave()
	var entry int64
	err = s.inLine(ctx, req.Address, func() error {
		return s.get(ctx, &entry, `SELECT guichet.sign_in($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
			req.Token, req.ip(), req.ID, who.Provider, who.Issuer, m.person, m.strict, m.state, string(who.Role), account, name, orEmpty(who.Earlier),
			evidence.id, evidence.witness, evidence.nonce, evidence.sealed, m.given, waiting, referenceOf(m.person), proof, m.code, m.agrees, orNull(who.Until))
	})
	return entry, err
}

// RefuseSignIn leaves the entry of a sign-in that failed before a person was
// known; reason is one of package auth's.
func (s *Store) RefuseSignIn(ctx context.Context, req Request, provider, reason string) error {
	var entry int64
	err := s.inLine(ctx, req.Address, func() error {
		return s.get(ctx, &entry, `SELECT guichet.refuse_sign_in($1, $2, $3, $4)`, req.ip(), req.ID, provider, reason)
	})
	if err != nil {
		return fmt.Errorf("refuse sign-in: %w", err)
	}
	return nil
}

// person opens the account that a delivery begins with.
func (s *Store) person(d *delivery) (*Person, error) {
	p, _, err := s.heldOf(d.first("account"))
	return p, err
}

// heldOf opens an account that was handed over.
func (s *Store) heldOf(row *handover) (*Person, accountPayload, error) {
	var p accountPayload
	if row == nil {
		return nil, p, fault.New(fault.Tampered, errors.New("delivery names no account"))
	}
	if err := unseal(s.keys.Service(), row.Sealed, row.place("account", "sealed"), &p); err != nil {
		return nil, p, err
	}
	return &Person{Name: p.Name, Role: record.Role(text(row.Role)), IdleAt: *row.At}, p, nil
}

// interval writes a duration as PostgreSQL reads it, in whole microseconds.
func interval(d time.Duration) string { return fmt.Sprintf("%d microseconds", d.Microseconds()) }

// orNull writes the zero time as none.
func orNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
