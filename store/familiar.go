package store

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// familiar remembers for a minute whose messages have just come, so that the
// next of the same patient need not ask for the keyset again. It answers for
// nothing: deposit compares each number and trait with what is stored, and one
// that no longer agrees is found anew. A minute bounds how long an erased
// patient's keyset outlives its row (monitor, section 7).
type familiar struct {
	mu       sync.Mutex
	patients map[[sha256.Size]byte]acquaintance
}

type acquaintance struct {
	patient keyed
	until   time.Time
}

const (
	familiarFor = time.Minute
	familiarMax = 1000 // patients
)

// fingerprint stands for all that a message is found by.
func (m *marks) fingerprint() [sha256.Size]byte {
	h := sha256.New()
	for i, field := range m.fields {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(field)))
		h.Write(size[:])
		h.Write([]byte(field))
		binary.BigEndian.PutUint64(size[:], uint64(len(m.values[i])))
		h.Write(size[:])
		h.Write(m.values[i])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func (f *familiar) find(m *marks) (*keyed, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.patients[m.fingerprint()]
	if !ok || time.Now().After(known.until) {
		return nil, false
	}
	return &known.patient, true
}

func (f *familiar) remember(m *marks, patient *keyed) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.patients) >= familiarMax {
		for mark, known := range f.patients {
			if now.After(known.until) {
				delete(f.patients, mark)
			}
		}
	}
	if f.patients == nil || len(f.patients) >= familiarMax {
		f.patients = make(map[[sha256.Size]byte]acquaintance)
	}
	f.patients[m.fingerprint()] = acquaintance{patient: keyed{id: patient.id, key: patient.key, wrapped: patient.wrapped}, until: now.Add(familiarFor)}
}

func (f *familiar) forget(m *marks) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.patients, m.fingerprint())
}
