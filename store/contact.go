package store

import (
	"guichet/envelope"
	"guichet/record"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// Ways of reaching a patient, as guichet.contact names them.
const (
	wayMail    = "mail"
	wayPhone   = "phone"
	wayAddress = "address"
)

// reach is what a message says of how to reach a patient, sealed, an element a
// way: what is new of one leaves the others as they were.
type reach struct {
	ways, ids      pq.StringArray
	values, sealed pq.ByteaArray
}

func (s *Store) sealContact(patient *keyed, c record.Contact) (*reach, error) {
	r := &reach{ways: pq.StringArray{}, ids: pq.StringArray{}, values: pq.ByteaArray{}, sealed: pq.ByteaArray{}}
	for _, said := range []struct{ way, text string }{{wayMail, c.Mail}, {wayPhone, c.Phone}, {wayAddress, c.Address}} {
		if said.text == "" {
			continue
		}
		id := uuid.Must(uuid.NewV7())
		// Six parts: no patient's civil index has as many. With the patient among
		// them, two people of one address do not look alike.
		value, err := s.keys.Blind(envelope.Civil, "contact", patient.id.String(), said.way, said.text, "", "")
		if err != nil {
			return nil, err
		}
		sealed, err := patient.key.Seal([]byte(said.text), contactPlace(patient.id, said.way, id))
		if err != nil {
			return nil, err
		}
		r.ways, r.ids = append(r.ways, said.way), append(r.ids, id.String())
		r.values, r.sealed = append(r.values, value), append(r.sealed, sealed)
	}
	return r, nil
}

// contactPlace binds a contact to its patient and its way.
func contactPlace(patient uuid.UUID, way string, id uuid.UUID) envelope.Place {
	return envelope.Place{Table: "contact", Column: way, Patient: patient.String(), Record: id.String(), Version: 1}
}
