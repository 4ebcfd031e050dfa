// Package envelope seals and opens what Guichet stores. Every patient has a
// keyset of their own, wrapped by the master key; what belongs to no patient
// yet is sealed under the service keyset. Associated data binds a ciphertext
// to the place it was made for, so that nothing can be swapped or moved
// (DT4.b); names and numbers are found by keyed blind indexes.
//
// Package envelope trusts the master key and nothing that it is asked to
// open. It uses Tink and calls no cryptographic primitive itself (GC2).
package envelope

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"guichet/fault"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Master wraps and unwraps keysets: a key file here, a key service or a
// hardware module elsewhere. It is Tink's AEAD, and never leaves this package
// but as that.
type Master = tink.AEAD

// Field names a blind index. Each has a keyset of its own, so that values of
// two fields cannot be compared.
type Field string

// The blind indexes. Birth date and sex never stand alone: their frequency
// would betray them (monitor, section 7).
const (
	Identifier Field = "identifier" // one patient number with its authority
	Strict     Field = "strict"     // the five INS traits together
	Civil      Field = "civil"      // family, first given name, birth date and sex together
	Subject    Field = "subject"    // issuer and subject of a person at a provider
	Message    Field = "message"    // sender, control ID and bytes of a message
	Order      Field = "order"      // sender and order number
	Analysis   Field = "analysis"   // patient, system and code: equal analyses of two patients differ
	State      Field = "state"      // the state parameter of a sign-in, to be used once
)

var fields = []Field{Identifier, Strict, Civil, Subject, Message, Order, Analysis, State}

// Place is where a ciphertext belongs. All of it is associated data.
type Place struct {
	Table, Column string
	Patient       string // empty for what belongs to no patient
	Record        string
	Version       int
}

const format = "guichet/1"

// associated returns the associated data of p: parts are length-prefixed, so
// that no two places have the same bytes.
func (p Place) associated() []byte {
	return join(format, p.Table, p.Column, p.Patient, p.Record, strconv.Itoa(p.Version))
}

func join(parts ...string) []byte {
	n := 0
	for _, part := range parts {
		n += binary.MaxVarintLen32 + len(part)
	}
	b := make([]byte, 0, n)
	for _, part := range parts {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// Key seals and opens the records of one patient, or the service's own.
type Key struct {
	aead tink.AEAD
}

// Seal encrypts plain for the place at.
func (k *Key) Seal(plain []byte, at Place) ([]byte, error) {
	sealed, err := k.aead.Encrypt(plain, at.associated())
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s: %w", at.Table, at.Column, err)
	}
	return sealed, nil
}

// Open decrypts what was sealed for the place at. Anything else is
// fault.Tampered: a changed bit, another place, an older version, another key.
func (k *Key) Open(sealed []byte, at Place) ([]byte, error) {
	plain, err := k.aead.Decrypt(sealed, at.associated())
	if err != nil {
		return nil, fault.New(fault.Tampered, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, errSealed))
	}
	return plain, nil
}

var errSealed = errors.New("ciphertext does not belong here")

// Keyring holds the keys of an installation.
type Keyring struct {
	master  Master
	service *Key
	index   map[Field]*prf.Set
}

// Service returns the key for what belongs to no patient.
func (r *Keyring) Service() *Key { return r.service }

// NewPatient makes the keyset of a patient and wraps it.
func (r *Keyring) NewPatient(patient string) (*Key, []byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, nil, fmt.Errorf("make patient keyset: %w", err)
	}
	wrapped, err := wrap(handle, r.master, "patient", patient)
	if err != nil {
		return nil, nil, fmt.Errorf("wrap patient keyset: %w", err)
	}
	key, err := newKey(handle)
	return key, wrapped, err
}

// Patient unwraps the keyset of a patient.
func (r *Keyring) Patient(patient string, wrapped []byte) (*Key, error) {
	handle, err := unwrap(wrapped, r.master, "patient", patient)
	if err != nil {
		return nil, fault.New(fault.Tampered, fmt.Errorf("unwrap patient keyset: %w", err))
	}
	return newKey(handle)
}

// Blind returns the 32-byte blind index of the parts together.
func (r *Keyring) Blind(field Field, parts ...string) ([]byte, error) {
	set, ok := r.index[field]
	if !ok {
		return nil, fmt.Errorf("blind index %q: no such field", field)
	}
	value, err := set.ComputePrimaryPRF(join(parts...), 32)
	if err != nil {
		return nil, fmt.Errorf("blind index %q: %w", field, err)
	}
	return value, nil
}

func newKey(handle *keyset.Handle) (*Key, error) {
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	return &Key{aead: primitive}, nil
}

func wrap(handle *keyset.Handle, master Master, use ...string) ([]byte, error) {
	var b bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), master, join(append([]string{format, "keyset"}, use...)...)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unwrap(wrapped []byte, master Master, use ...string) (*keyset.Handle, error) {
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(wrapped)), master, join(append([]string{format, "keyset"}, use...)...))
	if err != nil {
		// Tink's text could quote what it was given.
		return nil, errors.New("wrapped keyset does not open under the master key")
	}
	return handle, nil
}

// String keeps a key out of any text.
func (k *Key) String() string { return "[key]" }

// GoString keeps a key out of any text.
func (k *Key) GoString() string { return k.String() }

// describe lists the fields, for messages of Init and Open.
func describe(fs []Field) string {
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}
