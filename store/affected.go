package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"guichet/envelope"
	"guichet/fault"
	"guichet/record"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// LongestIncident is how far apart the ends of an incident may be.
const LongestIncident = 31 * 24 * time.Hour

// An Incident says which entries are looked at: those of a window of time,
// From included and To not, that meet each condition that is given; of several
// networks, accounts or sessions, any one.
type Incident struct {
	From, To time.Time
	Networks []netip.Prefix     // the client's address lies in one of them
	Accounts []uuid.UUID        // one of them acted
	Sessions []uuid.UUID        // one of them, as entries name it
	Patient  *record.Identifier // one of the numbers of whom they are about
	Report   *uuid.UUID         // or another thing that they name
}

// Affected is somebody to inform of an incident (GA5): a user, or the patient
// whose data it is, who may never have signed in.
type Affected struct {
	Kind        string // user or patient
	Name        string
	Birthdate   string
	Contact     record.Contact
	First, Last time.Time // entries that name them
	Entries     int
}

// ListAffected returns whom the entries of an incident name, by name. It returns
// *Declined where no patient has the number (absent), and where there are too
// many to be named by one entry (too-many).
func (s *Store) ListAffected(ctx context.Context, req Request, of Incident) ([]Affected, error) {
	var number []byte
	if of.Patient != nil {
		var err error
		if number, err = s.identifierIndex(*of.Patient); err != nil {
			return nil, fmt.Errorf("list affected: %w", err)
		}
	}
	var networks pq.StringArray // none: NULL, for any
	for _, network := range of.Networks {
		networks = append(networks, network.Masked().String())
	}
	began := time.Now()
	var entry int64
	err := s.get(ctx, &entry, `SELECT guichet.ask_affected($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		req.Token, req.ip(), req.ID, of.From, of.To, networks, texts(of.Accounts), texts(of.Sessions), number, of.Report)
	d, err := s.disclose(ctx, req, entry, began, err)
	if fault.KindOf(err) == fault.NotFound { // refused, or nobody
		reason, err := s.whyRefused(ctx, req, entry)
		if err == nil && reason != "" {
			err = &Declined{Reason: reason}
		}
		if err != nil {
			return nil, fmt.Errorf("list affected: %w", err)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list affected: %w", err)
	}
	list, err := s.openAffected(d)
	return list, s.opened(ctx, req, d, err)
}

// texts is NULL of none.
func texts(ids []uuid.UUID) pq.StringArray {
	var all pq.StringArray
	for _, id := range ids {
		all = append(all, id.String())
	}
	return all
}

func (s *Store) openAffected(d *delivery) ([]Affected, error) {
	people := make(map[uuid.UUID]*Affected)
	keys := make(map[uuid.UUID]*envelope.Key)
	for i := range d.rows {
		row := &d.rows[i]
		switch row.Kind {
		case "account":
			person, held, err := s.heldOf(row)
			if err != nil {
				return nil, err
			}
			people[*row.ID] = &Affected{Kind: "user", Name: person.Name, Birthdate: held.Birthdate, Contact: record.Contact{Mail: held.Mail}}
		case "patient":
			patient, key, err := s.patientOf(row)
			if err != nil {
				return nil, err
			}
			people[*row.ID], keys[*row.ID] = &Affected{Kind: "patient", Name: patient.Identity.Name(), Birthdate: patient.Identity.Birthdate}, key
		}
	}
	for i := range d.rows {
		if err := d.rows[i].addTo(people, keys); err != nil {
			return nil, err
		}
	}
	var list []Affected
	for _, person := range people {
		list = append(list, *person)
	}
	slices.SortFunc(list, func(a, b Affected) int {
		return cmp.Or(cmp.Compare(record.Canonical(a.Name), record.Canonical(b.Name)), cmp.Compare(a.Birthdate, b.Birthdate), cmp.Compare(b.Kind, a.Kind), a.First.Compare(b.First))
	})
	return list, nil
}

var errNobody = errors.New("delivery speaks of somebody whom it does not name")

// addTo adds what a row says of somebody to what the others said.
func (h *handover) addTo(people map[uuid.UUID]*Affected, keys map[uuid.UUID]*envelope.Key) error {
	of := h.ID
	if h.Kind == "contact" {
		of = h.Patient
	}
	if h.Kind != "contact" && h.Kind != "first" && h.Kind != "last" {
		return nil
	}
	person := people[*of]
	if person == nil {
		return fault.New(fault.Tampered, errNobody)
	}
	switch h.Kind {
	case "first":
		person.First, person.Entries = *h.At, *h.Number
	case "last":
		person.Last = *h.At
	case "contact":
		way := text(h.Event)
		plain, err := keys[*of].Open(h.Sealed, contactPlace(*of, way, *h.ID))
		if err != nil {
			return err
		}
		switch way {
		case wayMail:
			person.Contact.Mail = string(plain)
		case wayPhone:
			person.Contact.Phone = string(plain)
		case wayAddress:
			person.Contact.Address = string(plain)
		}
	}
	return nil
}
