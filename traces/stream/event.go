// Package stream says entries of the trace in the formats that a hospital's
// audit repository and its SIEM read, and sends them there: FHIR AuditEvent
// after IHE BALP, the audit message of DICOM, and CEF, in lines of syslog.
//
// It promises that each format carries all that an entry says and nothing
// besides: no random bytes of the entry, and no text that is not a word of a
// closed list, a number, an identifier or an address. What is anything else is
// refused. It does no I/O except in [Sender].
package stream

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"guichet/traces"
)

// Source is who sends.
type Source struct {
	Host    string // this machine's name
	Site    string // the hospital's word for where it stands; may be empty
	Version string // of Guichet
}

// The systems of our own identifiers and words: system is followed by account,
// patient, session, request, entry, role, purpose or ground, or by the kind of a
// record.
const (
	system     = "urn:guichet:"
	actReason  = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	balpEntity = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
)

// outcomes are those of AuditEvent.outcome and EventOutcomeIndicator.
var outcomes = map[string]string{"granted": "0", "refused": "4", "failed": "8"}

// reasons are the published words for the grounds of a grant that have one.
var reasons = map[string]traces.Coding{
	"self":      {System: actReason, Code: "PATRQT", Display: "patient requested"},
	"mandate":   {System: actReason, Code: "PWATRNY", Display: "power of attorney"},
	"care":      {System: actReason, Code: "TREAT", Display: "treatment"},
	"emergency": {System: actReason, Code: "ETREAT", Display: "Emergency Treatment"},
}

var (
	recipient   = traces.Coding{System: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", Code: "IRCP", Display: "information recipient"}
	author      = traces.Coding{System: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", Code: "AUT", Display: "author (originator)"}
	delegator   = traces.Coding{System: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", Code: "DELEGATOR", Display: "delegator"}
	itself      = traces.Coding{System: traces.DCM, Code: "110150", Display: "Application"}
	destination = traces.Coding{System: traces.DCM, Code: "110152", Display: "Destination Role ID"}
	origin      = traces.Coding{System: traces.DCM, Code: "110153", Display: "Source Role ID"}
)

// event is an entry in what FHIR and DICOM have in common.
type event struct {
	traces.Entry
	kind     traces.Kind
	meaning  string
	outcome  string
	agents   []agent
	entities []entity
	source   Source
}

// agent is who took part: the user, whoever stands behind them, their machine,
// and ours.
type agent struct {
	is        traces.Coding
	who       identifier
	name      string
	role      string
	process   uuid.UUID
	requestor bool
	address   string
	network   string // what the address is: 1 a machine's name, 2 of IP
	grant     uuid.UUID
	ground    string
}

type identifier struct{ system, value string }

// entity is what the act was about.
type entity struct {
	what      identifier
	name      string
	object    string // its type: 1 person, 2 system object, 4 other
	role      string
	lifecycle string // 1 created, 6 used
	query     string
	details   []detail
}

type detail struct{ name, value string }

// The types of entities, their roles and lifecycles that we use.
const (
	person, systemObject, other               = "1", "2", "4"
	asPatient, asReport, asResource, asSecret = "1", "3", "4", "13"
	asQuery                                   = "24"
	created, used                             = "1", "6"
)

func newEvent(e traces.Entry, c traces.Context, s Source) (*event, error) {
	line, err := check(e, c, s)
	if err != nil {
		return nil, err
	}
	v := &event{Entry: e, kind: line.Kind, meaning: line.Meaning, outcome: outcomes[e.Outcome], source: s}
	v.addAgents(c)
	v.addEntities(c)
	return v, nil
}

// check refuses what would leave as free text, and what has no code.
func check(e traces.Entry, c traces.Context, s Source) (traces.Event, error) {
	line, ok := traces.EventOf(e.Type)
	if !ok {
		return line, errors.New("say entry: not an event of the list")
	}
	if outcomes[e.Outcome] == "" {
		return line, errors.New("say entry: not an outcome")
	}
	words := []string{e.Reason, e.Role, e.Provider, e.Ground, e.Purpose, c.Login, s.Host, s.Site, s.Version}
	for _, r := range e.Records {
		words = append(words, r.Kind)
	}
	for _, word := range words {
		if strings.ContainsFunc(word, func(r rune) bool { return r < '!' || r > '~' }) {
			return line, errors.New("say entry: something in it is no word")
		}
	}
	for _, address := range []string{c.IP, c.Peer, c.Origin} {
		if !isAddress(address) {
			return line, errors.New("say entry: an address is none")
		}
	}
	if s.Host == "" || s.Version == "" {
		return line, errors.New("say entry: the source has no name or no version")
	}
	return line, nil
}

func isAddress(text string) bool {
	_, asAddress := netip.ParseAddr(text)
	_, asNetwork := netip.ParsePrefix(text)
	return text == "" || asAddress == nil && !strings.Contains(text, "%") || asNetwork == nil
}

// addAgents names them as BALP does: of a read, the data go from us to the
// client; of all else, what is asked or changed comes from the client. Addresses
// are those of machines: a user has none.
func (v *event) addAgents(c traces.Context) {
	user, client, server := author, origin, destination
	switch v.kind.Category {
	case "read":
		user, client, server = recipient, destination, origin
	case "query", "audit-log", "authentication":
		user = recipient
	case "application":
		server = itself
	}
	if v.Account != uuid.Nil {
		v.agents = append(v.agents, agent{is: user, who: identifier{system + "account", v.Account.String()}, role: v.Role, requestor: true, grant: v.Grant, ground: v.Ground})
	}
	if v.Behalf != uuid.Nil {
		v.agents = append(v.agents, agent{is: delegator, who: identifier{system + "patient", v.Behalf.String()}})
	}
	if c.IP != "" || c.Session != uuid.Nil {
		a := agent{is: client, name: c.IP, requestor: v.Account == uuid.Nil, address: c.IP}
		if c.Session != uuid.Nil {
			a.who = identifier{system + "session", c.Session.String()}
		}
		if c.IP != "" {
			a.network = "2"
		}
		v.agents = append(v.agents, a)
	}
	a := agent{is: server, name: v.source.Host, process: c.Process, address: v.source.Host, network: "1"}
	if c.Login != "" {
		a.who = identifier{system + "listener", c.Login}
	}
	v.agents = append(v.agents, a)
}

// addEntities begins with what BALP has one of: the patient, and the query or
// the data, which alone is a system object. All other records are of type other.
func (v *event) addEntities(c traces.Context) {
	if v.Patient != uuid.Nil {
		v.add(entity{what: identifier{system + "patient", v.Patient.String()}, name: "patient", object: person, role: asPatient})
	}
	main := -1
	if v.kind.Category == "query" {
		// No page has a query of its own: what was asked is the event, and of whom.
		query := string(v.Type)
		if v.Patient != uuid.Nil {
			query += "?patient=" + v.Patient.String()
		}
		v.add(entity{name: "query", object: systemObject, role: asQuery, query: query})
	} else {
		main = v.mainRecord()
	}
	for i, r := range v.Records {
		n := entity{what: identifier{system + r.Kind, r.ID.String()}, name: r.Kind, object: other, role: asResource, details: []detail{{"version", strconv.Itoa(r.Version)}}}
		if i == main {
			n.object = systemObject
		}
		if r.Kind == "report" {
			n.role = asReport
		}
		v.add(n)
	}
	for _, id := range v.Entries {
		v.add(entity{what: identifier{system + "entry", strconv.FormatInt(id, 10)}, name: "entry", object: other, role: asSecret, lifecycle: used})
	}
	if c.Request != uuid.Nil {
		v.add(entity{what: identifier{system + "request", c.Request.String()}, name: "request"})
	}
	if c.Session != uuid.Nil {
		v.add(entity{what: identifier{system + "session", c.Session.String()}, name: "session", object: other, role: asSecret})
	}
	v.add(entity{what: identifier{system + "entry", strconv.FormatInt(v.ID, 10)}, name: "entry", object: other, role: asSecret, lifecycle: created, details: details(v.Entry, c)})
}

func (v *event) add(n entity) { v.entities = append(v.entities, n) }

// mainRecord is the place of the record that the event is named after, as the
// report of report.read; else the first, and -1 where there is none.
func (v *event) mainRecord() int {
	noun, _, _ := strings.Cut(string(v.Type), ".")
	for i, r := range v.Records {
		if r.Kind == noun {
			return i
		}
	}
	return min(0, len(v.Records)-1)
}

// details are what an entry says that no format has a place for.
func details(e traces.Entry, c traces.Context) []detail {
	var role string
	if e.Account == uuid.Nil { // else it is the user's
		role = e.Role
	}
	var list []detail
	for _, d := range []detail{
		{"role", role}, {"provider", e.Provider}, {"behalf", id(e.Behalf)}, {"grant", id(e.Grant)}, {"ground", e.Ground}, {"purpose", e.Purpose}, {"before", sum(e.Before)}, {"after", sum(e.After)},
		{"peer", c.Peer}, {"origin", c.Origin}, {"login", c.Login}, {"process", id(c.Process)}, {"xid", strconv.FormatUint(c.XID, 10)},
	} {
		if d.value != "" {
			list = append(list, d)
		}
	}
	return list
}

func id(u uuid.UUID) string {
	if u == uuid.Nil {
		return ""
	}
	return u.String()
}

func sum(s [32]byte) string {
	if s == [32]byte{} {
		return ""
	}
	return hex.EncodeToString(s[:])
}
