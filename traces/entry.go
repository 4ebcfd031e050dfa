package traces

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// The first lines of what is hashed. Nothing else of Guichet begins like that,
// and another form of the entry would have another number.
const (
	entryPrefix   = "guichet/trace/1\n"
	contextPrefix = "guichet/trace-context/1\n"
)

// SaltSize is how many random bytes go with an entry, and at purge with it: what
// is kept of it then is a hash that nobody can guess the entry of.
const SaltSize = 32

// Entry is one entry of the trace, as its bytes say it. What an entry does not
// have is its zero value.
type Entry struct {
	Salt     [SaltSize]byte
	ID       int64
	At       time.Time // UTC, to the microsecond
	Type     Type
	Outcome  string // granted, refused or failed
	Reason   string // a word of a closed list
	Account  uuid.UUID
	Role     string
	Provider string
	Behalf   uuid.UUID // the patient in whose place the account acted
	Patient  uuid.UUID
	Grant    uuid.UUID
	Ground   string // the grant's kind
	Purpose  string
	Records  []Named
	Entries  []int64  // entries of the trace that were disclosed
	Before   [32]byte // SHA-256 of what a change replaced
	After    [32]byte // and of what it put in its place
	Context  [32]byte // SHA-256 of the context's bytes
}

// Named is a thing that was disclosed or changed; of a refusal, what was tried,
// in version 0.
type Named struct {
	Kind    string
	ID      uuid.UUID
	Version int
}

// Context is where an entry came from.
type Context struct {
	Salt    [SaltSize]byte
	IP      string // the client's address, as the listener claims it (TR2.d)
	Peer    string // at the other end of the listener's connection, where that was not the client
	Origin  string // the listener's own address, as the database saw it
	Login   string // its role
	Session uuid.UUID
	Request uuid.UUID
	Process uuid.UUID
	XID     uint64 // the transaction that left the entry
}

// ParseEntry reads the bytes of an entry. It takes what Bytes gives and nothing
// else: no two texts are the same entry.
func ParseEntry(text []byte) (Entry, error) {
	p, err := newLines(text, entryPrefix)
	if err != nil {
		return Entry{}, fmt.Errorf("read entry: %w", err)
	}
	e := Entry{Salt: p.sum("salt"), ID: p.number("id"), At: time.UnixMicro(p.number("at")).UTC(), Type: Type(p.word("type")), Outcome: p.word("outcome"), Reason: p.word("reason"),
		Account: p.id("account"), Role: p.word("role"), Provider: p.word("provider"), Behalf: p.id("behalf"), Patient: p.id("patient"), Grant: p.id("grant"),
		Ground: p.word("ground"), Purpose: p.word("purpose")}
	kinds, ids, versions := p.list("kinds"), p.list("records"), p.list("versions")
	if len(kinds) != len(ids) || len(kinds) != len(versions) {
		return Entry{}, errors.New("read entry: kinds, records and versions differ in number")
	}
	for i := range kinds {
		e.Records = append(e.Records, Named{Kind: kinds[i], ID: p.parseID(ids[i]), Version: int(p.parseNumber(versions[i]))})
	}
	for _, id := range p.list("entries") {
		e.Entries = append(e.Entries, p.parseNumber(id))
	}
	e.Before, e.After, e.Context = p.sum("before"), p.sum("after"), p.sum("context")
	if err := p.end(); err != nil {
		return Entry{}, fmt.Errorf("read entry: %w", err)
	}
	if !bytes.Equal(e.Bytes(), text) {
		return Entry{}, errors.New("read entry: not written as entries are")
	}
	return e, nil
}

// Bytes is what the log has the hash of.
func (e Entry) Bytes() []byte {
	w := newWriter(entryPrefix, e.Salt)
	w.line("id", strconv.FormatInt(e.ID, 10))
	w.line("at", strconv.FormatInt(e.At.UnixMicro(), 10))
	w.line("type", string(e.Type))
	w.line("outcome", e.Outcome)
	w.line("reason", e.Reason)
	w.id("account", e.Account)
	w.line("role", e.Role)
	w.line("provider", e.Provider)
	w.id("behalf", e.Behalf)
	w.id("patient", e.Patient)
	w.id("grant", e.Grant)
	w.line("ground", e.Ground)
	w.line("purpose", e.Purpose)
	var kinds, ids, versions, entries []string
	for _, r := range e.Records {
		kinds, ids, versions = append(kinds, r.Kind), append(ids, r.ID.String()), append(versions, strconv.Itoa(r.Version))
	}
	for _, id := range e.Entries {
		entries = append(entries, strconv.FormatInt(id, 10))
	}
	w.line("kinds", strings.Join(kinds, " "))
	w.line("records", strings.Join(ids, " "))
	w.line("versions", strings.Join(versions, " "))
	w.line("entries", strings.Join(entries, " "))
	w.sum("before", e.Before)
	w.sum("after", e.After)
	w.sum("context", e.Context)
	return w.text
}

// ParseContext reads the bytes of a context, and takes what Bytes gives only.
func ParseContext(text []byte) (Context, error) {
	p, err := newLines(text, contextPrefix)
	if err != nil {
		return Context{}, fmt.Errorf("read context: %w", err)
	}
	c := Context{Salt: p.sum("salt"), IP: p.address("ip"), Peer: p.address("peer"), Origin: p.address("origin"), Login: p.word("login"),
		Session: p.id("session"), Request: p.id("request"), Process: p.id("process"), XID: uint64(p.number("xid"))} // #nosec G115 -- compared below
	if err := p.end(); err != nil {
		return Context{}, fmt.Errorf("read context: %w", err)
	}
	if !bytes.Equal(c.Bytes(), text) {
		return Context{}, errors.New("read context: not written as contexts are")
	}
	return c, nil
}

// Bytes is what the entry has the hash of.
func (c Context) Bytes() []byte {
	w := newWriter(contextPrefix, c.Salt)
	w.line("ip", c.IP)
	w.line("peer", c.Peer)
	w.line("origin", c.Origin)
	w.line("login", c.Login)
	w.id("session", c.Session)
	w.id("request", c.Request)
	w.id("process", c.Process)
	w.line("xid", strconv.FormatUint(c.XID, 10))
	return w.text
}

// Sum is what Entry.Context has of it.
func (c Context) Sum() [32]byte { return sha256.Sum256(c.Bytes()) }

// writer writes one line for each value that there is.
type writer struct{ text []byte }

func newWriter(prefix string, salt [SaltSize]byte) *writer {
	w := &writer{text: []byte(prefix)}
	w.line("salt", hex.EncodeToString(salt[:]))
	return w
}

func (w *writer) line(name, value string) {
	if value != "" {
		w.text = append(w.text, name+" "+value+"\n"...)
	}
}

func (w *writer) id(name string, id uuid.UUID) {
	if id != uuid.Nil {
		w.line(name, id.String())
	}
}

func (w *writer) sum(name string, sum [32]byte) {
	if sum != [32]byte{} {
		w.line(name, hex.EncodeToString(sum[:]))
	}
}

// lines reads them one after the other; what is wrong first is kept until end.
type lines struct {
	rest []string
	err  error
}

func newLines(text []byte, prefix string) (*lines, error) {
	body, ok := strings.CutPrefix(string(text), prefix)
	if !ok {
		return nil, fmt.Errorf("does not begin with %q", strings.TrimSuffix(prefix, "\n"))
	}
	body, ok = strings.CutSuffix(body, "\n")
	if !ok {
		return nil, errors.New("does not end with a line")
	}
	return &lines{rest: strings.Split(body, "\n")}, nil
}

// word returns the value of the next line where that is the one named, and ""
// where it is left out.
func (p *lines) word(name string) string {
	if len(p.rest) == 0 {
		return ""
	}
	value, ok := strings.CutPrefix(p.rest[0], name+" ")
	if !ok {
		return ""
	}
	p.rest = p.rest[1:]
	return value
}

func (p *lines) list(name string) []string {
	if value := p.word(name); value != "" {
		return strings.Split(value, " ")
	}
	return nil
}

func (p *lines) number(name string) int64 { return p.parseNumber(p.word(name)) }

func (p *lines) parseNumber(value string) int64 {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		p.fail(errors.New("a number is missing, or is none"))
	}
	return n
}

func (p *lines) id(name string) uuid.UUID {
	if value := p.word(name); value != "" {
		return p.parseID(value)
	}
	return uuid.Nil
}

func (p *lines) parseID(value string) uuid.UUID {
	id, err := uuid.Parse(value)
	if err != nil {
		p.fail(errors.New("an identifier is none"))
	}
	return id
}

func (p *lines) sum(name string) (sum [32]byte) {
	if value := p.word(name); value != "" {
		if n, err := hex.Decode(sum[:], []byte(value[:min(len(value), 2*len(sum))])); err != nil || n != len(sum) {
			p.fail(errors.New("a hash is none"))
		}
	}
	return sum
}

// address is one of a client, or a network where a caller gave one.
func (p *lines) address(name string) string {
	value := p.word(name)
	if value == "" {
		return ""
	}
	if _, err := netip.ParseAddr(value); err != nil {
		if _, err := netip.ParsePrefix(value); err != nil {
			p.fail(errors.New("an address is none"))
		}
	}
	return value
}

func (p *lines) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *lines) end() error {
	if p.err == nil && len(p.rest) > 0 {
		return errors.New("a line that has no place there")
	}
	return p.err
}

// Class says to whom a field of the entry may be shown.
type Class string

// The classes.
const (
	Public   Class = "public"   // says nothing of a person
	Personal Class = "personal" // of somebody who acted, or whose data it is
	Secret   Class = "secret"   // leaves with the whole entry only, to whoever may have it
)

// Field is one column of guichet.trace.
type Field struct {
	Name    string
	Class   Class
	Context bool // stands in the context's bytes, not in the entry's
	Meaning string
}

// Fields are all that an entry has, in the order of its bytes (TR2).
var Fields = []Field{
	{"id", Public, false, "the entry's number, never given twice"},
	{"at", Public, false, "when: the database's time, in UTC, to the microsecond (TR2.a)"},
	{"type", Public, false, "what: an event of the list (TR2.b)"},
	{"outcome", Public, false, "granted, refused or failed"},
	{"reason", Public, false, "why so: a word of a closed list, never free text"},
	{"account", Personal, false, "who (TR2.c)"},
	{"role", Public, false, "as what"},
	{"provider", Public, false, "signed in where"},
	{"behalf", Personal, false, "in whose place: the patient, under a mandate"},
	{"patient", Personal, false, "whose record"},
	{"grant_id", Personal, false, "by which grant"},
	{"ground", Public, false, "of which kind"},
	{"purpose", Public, false, "and for what"},
	{"kinds", Public, false, "with records and versions, one element for each thing disclosed or changed"},
	{"records", Personal, false, "their ids; of a refusal, what was tried"},
	{"versions", Public, false, "their versions; 0 of what was only tried"},
	{"entries", Public, false, "entries of the trace that were disclosed"},
	{"before", Public, false, "of a change, the SHA-256 of what it replaced (TR1.f)"},
	{"after", Public, false, "and of what it put in its place"},
	{"ip", Personal, true, "the client's address, as the listener claims it (TR2.d)"},
	{"peer", Public, true, "who the listener's peer was, where that was a proxy"},
	{"origin", Public, true, "the listener's own address, as the database saw it"},
	{"login", Public, true, "the listener's role"},
	{"session", Personal, true, "which session, never its token"},
	{"request", Public, true, "which request: the number in both logs"},
	{"process", Public, true, "which process, as it says itself"},
	{"xid", Public, true, "which transaction left the entry"},
	{"context", Secret, false, "where the entry came from, in its own bytes; in the entry, their SHA-256"},
	{"bytes", Secret, false, "the entry as it is proved, with its random bytes"},
}

// FieldOf returns the field of that name.
func FieldOf(name string) (Field, bool) {
	i := slices.IndexFunc(Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return Fields[i], true
}
