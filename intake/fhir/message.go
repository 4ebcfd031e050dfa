package fhir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"guichet/record"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// defaultBytes bounds a message where Options do not.
const defaultBytes = 16 << 20

// One report must fit one deposit, which is stored whole or not at all. These
// bounds are far above any report, and below what one deposit takes: beyond
// them the sender hears what to mend, instead of a failure to store.
const (
	maxPanels      = 500
	maxItems       = 4_500 // results and documents of a report
	maxIdentifiers = 50
	maxReports     = 2_000
	maxRows        = 50_000 // of all reports
	maxVisits      = 2 * maxRows
	maxWork        = 128 << 20 // bytes of context read again and again
	maxGroups      = 8         // in one another
	maxTitle       = 1_000     // of a report, a group or a specimen, in bytes
)

// Options say how to read messages in one hospital.
type Options struct {
	LocalAuthority string           // assigning authority of the hospital's own patient numbers, as in HL7 v2
	LocalSystems   []string         // identifier systems that mean the same; nil means urn:guichet:LocalAuthority
	Zone           *time.Location   // of dates, which have no offset; nil means UTC
	Now            func() time.Time // nobody is born later; nil means time.Now
	MaxBytes       int              // of a message; 0 means 16 MiB
}

func (o Options) withDefaults() Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultBytes
	}
	if o.LocalSystems == nil && o.LocalAuthority != "" {
		o.LocalSystems = []string{"urn:guichet:" + o.LocalAuthority}
	}
	return o
}

// Message is what one message says.
type Message struct {
	Control     string // the sender's name for the message, or else a hash of it
	Kind        string // resourceType of the whole
	BundleType  string // of a Bundle
	Identity    record.Identity
	Identifiers []record.Identifier
	Contact     record.Contact
	Reports     []Ordered
	Entries     []Entry // of a Bundle, or the single resource

	digest      [sha256.Size]byte // of the bytes that came
	patientPath string
	header      string // id of a message's MessageHeader
	event       json.RawMessage
}

// Ordered is a report with what recognises it when it comes again, corrected.
type Ordered struct {
	Report record.Report // without IDs; one panel for each order
	Orders []string      // the sender's name of each panel's order
	Also   []string      // other names of the report
	Holds  []string      // names of the results in it
	Whole  bool          // all there is of it: what it does not mention is no longer so

	Withdraws bool // it takes back what was sent in error
}

// Entry is what the answer says about one resource.
type Entry struct {
	Type   string
	ID     string // the sender's, of a PUT
	Update bool   // PUT
	Ours   bool   // read; else it stays in the sealed original only
}

// Parse reads a message about one patient: kind is the resource type of the
// address it came to, empty for the base, and id that of a PUT, else empty. An
// error is of type Problems.
func Parse(raw []byte, kind, id string, o Options) (*Message, error) {
	o = o.withDefaults()
	if len(raw) > o.MaxBytes {
		return nil, Problems{NewProblem(ReasonTooLarge)}
	}
	text := bytes.TrimPrefix(raw, []byte("\xEF\xBB\xBF"))
	if reason := checkJSON(text); reason != "" {
		return nil, Problems{NewProblem(reason)}
	}
	schema, err := official()
	if err != nil {
		return nil, Problems{NewProblem(ReasonInternal)}
	}
	r := &reader{schema: schema, options: o, digest: sha256.Sum256(raw)}
	m := r.read(text, kind, id)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return m, nil
}

// A reader reads one message.
type reader struct {
	schema    *schema
	options   Options
	digest    [sha256.Size]byte // of the bytes that came
	problems  Problems
	envelope  envelope
	resources []*resource // of the entries, or the single one
	inner     []*resource // contained in them
	work      int         // bytes of context read so far
	index     index
}

func (r *reader) read(text []byte, kind, id string) *Message {
	var head struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
	}
	if text = bytes.TrimSpace(text); text[0] != '{' || json.Unmarshal(text, &head) != nil || !r.schema.types[head.ResourceType] ||
		head.ResourceType != kind && (kind != "" || head.ResourceType != "Bundle") {
		r.problems.add(ReasonResourceType)
		return nil
	}
	if id != "" && id != head.ID {
		r.problems.add(ReasonID, head.ResourceType+".id")
		return nil
	}
	switch {
	case kind == "" || kind == "Bundle":
		r.bundle(text)
	case isOurs(kind):
		if one := r.resource(text, kind); one != nil && id != "" {
			one.request = &request{Method: "PUT"}
		}
	default:
		r.problems.add(ReasonNothing, kind)
	}
	if len(r.problems) > 0 {
		return nil
	}
	m := &Message{Kind: head.ResourceType, BundleType: r.envelope.Type, digest: r.digest}
	r.fill(m, text)
	for _, one := range r.resources {
		m.Entries = append(m.Entries, Entry{Type: one.kind, ID: one.id, Update: one.request != nil && one.request.Method == "PUT", Ours: isOurs(one.kind)})
	}
	return m
}

// fill reads what is ours.
func (r *reader) fill(m *Message, text []byte) {
	r.index = newIndex(r.resources)
	if !slices.ContainsFunc(r.resources, func(one *resource) bool { return isOurs(one.kind) }) {
		r.problems.add(ReasonNothing, m.Kind)
		return
	}
	m.Control = r.control(text)
	if len(r.resources) > 0 && m.BundleType == "message" {
		r.readHeader(m, r.resources[0])
	}
	patients := r.patient(m)
	if patients == nil {
		return
	}
	b := &builder{reader: r, patients: make(map[*resource]bool), message: m}
	for _, one := range patients {
		b.patients[one] = true
	}
	b.build()
	if len(r.problems) > 0 {
		return
	}
	if r.mustReport(m) && len(m.Reports) == 0 {
		r.problems.add(ReasonNothing, m.Kind)
	}
}

// mustReport: a document or a message that says nothing we keep but who it is
// about would seem taken, and nobody would find it.
func (r *reader) mustReport(m *Message) bool {
	return m.BundleType == "document" || m.BundleType == "message"
}

func (r *reader) readHeader(m *Message, header *resource) {
	var fields struct {
		ID         string          `json:"id"`
		EventURI   json.RawMessage `json:"eventUri"`
		EventCoded json.RawMessage `json:"eventCoding"`
	}
	if header.decode(&fields, &r.problems) {
		m.header = fields.ID
		if fields.EventURI != nil {
			m.event = fields.EventURI
		} else {
			m.event = fields.EventCoded
		}
	}
}

// control names the message as its sender does: by the Bundle's identifier,
// its header's or its own id, or the resource's.
func (r *reader) control(text []byte) string {
	if id := r.envelope.Identifier; id != nil && id.Value != "" {
		return id.System + "|" + id.Value
	}
	first := r.resources[0]
	switch {
	case first.kind == "MessageHeader" && first.id != "":
		return "MessageHeader/" + first.id
	case r.envelope.ID != "":
		return "Bundle/" + r.envelope.ID
	case r.envelope.ResourceType == "" && first.id != "":
		return first.kind + "/" + first.id
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// treeOf decodes an object, numbers as they are written.
func treeOf(raw []byte) (map[string]any, bool) {
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, false
	}
	fields, ok := tree.(map[string]any)
	return fields, ok
}

// Missing returns what the patient of m lacks to be known or made: the caller
// decides what it can do without.
func (m *Message) Missing() Problems {
	var list Problems
	lacks := func(absent bool, reason Reason, element string) {
		if absent {
			list.add(reason, m.patientPath+"."+element)
		}
	}
	lacks(len(m.Identifiers) == 0, ReasonNoIdentifier, "identifier")
	lacks(record.Canonical(m.Identity.Family) == "", ReasonNoName, "name.family")
	lacks(record.Canonical(m.Identity.Given) == "", ReasonNoGiven, "name.given")
	lacks(m.Identity.Birthdate == "", ReasonNoBirthdate, "birthDate")
	lacks(m.Identity.Sex == record.SexUnknown, ReasonNoSex, "gender")
	return list
}

// Conflict returns the problem of a patient whose identifier is known with
// other traits.
func (m *Message) Conflict() *Problem {
	return NewProblem(ReasonIdentityConflict, m.patientPath)
}

// line is text as one clean line.
func line(text string) string {
	return strings.Join(strings.Fields(lines(text)), " ")
}

// lines is text without control characters, its lines ended by \n. What shows
// as nothing, or turns the text that follows around, is gone too: it would make
// what is read another thing than what was sent.
func lines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(c rune) rune {
		switch {
		case c == '\r':
			return '\n'
		case c == '\n' || c == '\t':
			return c
		case c < ' ' || 0x7F <= c && c < 0xA0 || isInvisible(c):
			return -1
		}
		return c
	}, text)
	return strings.TrimRight(text, " \t\n")
}

// isInvisible reports whether c is one of Unicode's marks of direction or of
// no width.
func isInvisible(c rune) bool {
	return 0x200B <= c && c <= 0x200F || 0x202A <= c && c <= 0x202E || 0x2060 <= c && c <= 0x2069 || c == 0xFEFF || c == 0x061C
}

func first(candidates ...string) string {
	for _, text := range candidates {
		if text != "" {
			return text
		}
	}
	return ""
}
