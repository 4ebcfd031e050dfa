package stream

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	syslog "github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"guichet/traces"
)

// said is what a message says, as its reader understands it. The readers share
// nothing with what writes.
type said struct {
	ID                                            int64
	At                                            int64 // microseconds
	Type, Category, Action, Outcome, Reason       string
	Account, Role, Provider, Behalf, Patient      string
	Grant, Ground, Purpose, Before, After         string
	IP, Peer, Origin, Login                       string
	Session, Request, Process, XID, Host, Version string
	Records                                       []traces.Named
	Entries                                       []int64
}

// sayings is what all formats must say.
func sayings(e traces.Entry, c traces.Context, s Source) said {
	text := func(u uuid.UUID) string {
		if u == uuid.Nil {
			return ""
		}
		return u.String()
	}
	hash := func(h [32]byte) string {
		if h == [32]byte{} {
			return ""
		}
		return hex.EncodeToString(h[:])
	}
	line, _ := traces.EventOf(e.Type)
	return said{ID: e.ID, At: e.At.UnixMicro(), Type: string(e.Type), Category: line.Kind.Category, Action: line.Kind.Action, Outcome: e.Outcome, Reason: e.Reason,
		Account: text(e.Account), Role: e.Role, Provider: e.Provider, Behalf: text(e.Behalf), Patient: text(e.Patient), Grant: text(e.Grant), Ground: e.Ground, Purpose: e.Purpose,
		Before: hash(e.Before), After: hash(e.After), IP: c.IP, Peer: c.Peer, Origin: c.Origin, Login: c.Login, Session: text(c.Session), Request: text(c.Request),
		Process: text(c.Process), XID: strconv.FormatUint(c.XID, 10), Host: s.Host, Version: s.Version, Records: e.Records, Entries: e.Entries}
}

// detailed puts what stands in details where it belongs.
func (s *said) detailed(t testing.TB, details map[string]string) {
	t.Helper()
	for name, place := range map[string]*string{"provider": &s.Provider, "ground": &s.Ground, "purpose": &s.Purpose, "before": &s.Before, "after": &s.After, "peer": &s.Peer,
		"origin": &s.Origin, "login": &s.Login, "xid": &s.XID, "role": &s.Role, "grant": &s.Grant, "behalf": &s.Behalf, "process": &s.Process} {
		value, ok := details[name]
		delete(details, name)
		if ok && *place != "" && *place != value {
			t.Errorf("%s is said twice, as %q and %q", name, *place, value)
		}
		if ok {
			*place = value
		}
	}
	if len(details) > 0 {
		t.Errorf("details that nobody expects: %v", slices.Sorted(maps.Keys(details)))
	}
}

var outcomeWords = map[string]string{"0": "granted", "4": "refused", "8": "failed"}

func number(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Errorf("not a number: %q", text)
	}
	return n
}

func named(t testing.TB, kind, id, version string) traces.Named {
	t.Helper()
	parsed, err := uuid.Parse(id)
	if err != nil {
		t.Errorf("not an identifier: %q", id)
	}
	return traces.Named{Kind: kind, ID: parsed, Version: int(number(t, version))}
}

func microseconds(t testing.TB, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") {
		t.Errorf("not a time in UTC: %q", text)
	}
	return at.UnixMicro()
}

// --- FHIR

// object is a node of JSON.
type object = map[string]any

// at returns what stands under names, in the first element of each array.
func at(node any, names ...string) any {
	for _, name := range names {
		if list, ok := node.([]any); ok && len(list) > 0 {
			node = list[0]
		}
		fields, _ := node.(object)
		node = fields[name]
	}
	return node
}

func text(node any, names ...string) string {
	value, _ := at(node, names...).(string)
	return value
}

func elements(node any, name string) []any {
	list, _ := at(node, name).([]any)
	return list
}

func readAuditEvent(t testing.TB, content []byte) (s said, resource object) {
	t.Helper()
	if err := json.Unmarshal(content, &resource); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	s = said{ID: number(t, text(resource, "id")), At: microseconds(t, text(resource, "recorded")), Action: text(resource, "action"),
		Outcome: outcomeWords[text(resource, "outcome")], Reason: text(resource, "outcomeDesc"), Purpose: text(resource, "purposeOfEvent", "coding", "code"), Host: text(resource, "source", "observer", "display")}
	for _, subtype := range elements(resource, "subtype") {
		if text(subtype, "system") == "urn:guichet:event" {
			s.Type = text(subtype, "code")
		}
	}
	for _, agent := range elements(resource, "agent") {
		value := text(agent, "who", "identifier", "value")
		switch system := text(agent, "who", "identifier", "system"); {
		case system == "urn:guichet:account":
			s.Account, s.Role, s.Ground = value, text(agent, "role", "coding", "code"), text(agent, "purposeOfUse", "coding", "code")
		case text(agent, "type", "coding", "code") == "DELEGATOR":
			s.Behalf = value
		case system == "urn:guichet:listener":
			s.Login, s.Process = value, text(agent, "altId")
		}
		if text(agent, "network", "type") == "2" {
			s.IP = text(agent, "network", "address")
		}
	}
	for _, entity := range elements(resource, "entity") {
		system, value := text(entity, "what", "identifier", "system"), text(entity, "what", "identifier", "value")
		details := make(map[string]string)
		for _, d := range elements(entity, "detail") {
			details[text(d, "type")] = text(d, "valueString")
		}
		version, record := details["version"]
		switch lifecycle := text(entity, "lifecycle", "code"); {
		case record:
			s.Records = append(s.Records, named(t, strings.TrimPrefix(system, "urn:guichet:"), value, version))
		case text(entity, "type", "code") == "1":
			s.Patient = value
		case text(entity, "role", "code") == "24": // the query, which says nothing that is not said elsewhere
		case system == "urn:guichet:entry" && lifecycle == "6":
			s.Entries = append(s.Entries, number(t, value))
		case system == "urn:guichet:entry" && lifecycle == "1":
			if number(t, value) != s.ID {
				t.Errorf("two numbers: %s and %d", value, s.ID)
			}
			s.detailed(t, details)
		case text(entity, "type", "code") == "XrequestId":
			s.Request = value
		case system == "urn:guichet:session":
			s.Session = value
		default:
			t.Errorf("an entity that nobody expects: %v", entity)
		}
	}
	return s, resource
}

// --- DICOM

// element is a node of XML.
type element struct {
	name       string
	attributes map[string]string
	children   []*element
	text       string
}

func readXML(t testing.TB, content []byte) *element {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(content)))
	root := &element{}
	open := []*element{root}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attributes: make(map[string]string)}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
	if len(root.children) != 1 {
		t.Fatalf("%d roots", len(root.children))
	}
	return root.children[0]
}

func (e *element) all(name string) (list []*element) {
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

func (e *element) one(name string) *element {
	if list := e.all(name); len(list) == 1 {
		return list[0]
	}
	return &element{}
}

func readDICOM(t testing.TB, content []byte) (s said, root *element) {
	t.Helper()
	root = readXML(t, content)
	event := root.one("EventIdentification")
	s = said{At: microseconds(t, event.attributes["EventDateTime"]), Action: event.attributes["EventActionCode"], Outcome: outcomeWords[event.attributes["EventOutcomeIndicator"]],
		Reason: event.one("EventOutcomeDescription").text, Host: root.one("AuditSourceIdentification").attributes["AuditSourceID"]}
	for _, c := range event.all("EventTypeCode") {
		if c.attributes["codeSystemName"] == "urn:guichet:event" {
			s.Type = c.attributes["csd-code"]
		}
	}
	for _, p := range root.all("ActiveParticipant") {
		role := p.all("RoleIDCode")[0].attributes["csd-code"]
		switch {
		case role == "IRCP" || role == "AUT":
			s.Account = p.attributes["UserID"]
			if roles := p.all("RoleIDCode"); len(roles) > 1 {
				s.Role = roles[1].attributes["csd-code"]
			}
		case role == "DELEGATOR":
			s.Behalf = p.attributes["UserID"]
		}
		s.Process += p.attributes["AlternativeUserID"]
		if p.attributes["NetworkAccessPointTypeCode"] == "2" {
			s.IP = p.attributes["NetworkAccessPointID"]
		}
	}
	for _, o := range root.all("ParticipantObjectIdentification") {
		kind, value := o.one("ParticipantObjectIDTypeCode").attributes["csd-code"], o.attributes["ParticipantObjectID"]
		details := make(map[string]string)
		for _, d := range o.all("ParticipantObjectDetail") {
			plain, err := base64.StdEncoding.DecodeString(d.attributes["value"])
			if err != nil {
				t.Error(err)
			}
			details[d.attributes["type"]] = string(plain)
		}
		version, record := details["version"]
		switch lifecycle := o.attributes["ParticipantObjectDataLifeCycle"]; {
		case record:
			s.Records = append(s.Records, named(t, o.one("ParticipantObjectName").text, value, version))
		case kind == "2":
			s.Patient = value
		case kind == "10":
		case kind == "entry" && lifecycle == "6":
			s.Entries = append(s.Entries, number(t, value))
		case kind == "entry" && lifecycle == "1":
			s.ID = number(t, value)
			s.detailed(t, details)
		case kind == "XrequestId":
			s.Request = value
		case kind == "session":
			s.Session = value
		default:
			t.Errorf("an object that nobody expects: %v", o)
		}
	}
	return s, root
}

// --- CEF

// parseCEF takes a line of CEF to pieces: seven of the header, and the fields.
func parseCEF(line string) (header []string, fields map[string]string, err error) {
	var piece strings.Builder
	i := 0
	for ; i < len(line) && len(header) < 7; i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line) && (line[i+1] == '\\' || line[i+1] == '|'):
			i++
			piece.WriteByte(line[i])
		case line[i] == '\\':
			return nil, nil, errors.New("a backslash alone in the header")
		case line[i] == '|':
			header = append(header, piece.String())
			piece.Reset()
		default:
			piece.WriteByte(line[i])
		}
	}
	if len(header) < 7 {
		return nil, nil, errors.New("a header too short")
	}
	if strings.ContainsAny(line, "\r\n") {
		return nil, nil, errors.New("more than a line")
	}
	fields = make(map[string]string)
	name := ""
	set := func(value string) error {
		if _, twice := fields[name]; twice {
			return fmt.Errorf("%s stands twice", name)
		}
		fields[name] = value
		return nil
	}
	for ; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			plain, ok := map[byte]byte{'\\': '\\', '=': '=', 'r': '\r', 'n': '\n'}[line[i]]
			if !ok {
				return nil, nil, errors.New("an escape that is none")
			}
			piece.WriteByte(plain)
		case line[i] == '=': // what stands before it, from the last space on, is a name
			value, next := "", piece.String()
			if name != "" {
				space := strings.LastIndexByte(next, ' ')
				if space < 0 {
					return nil, nil, errors.New("an equals sign alone in a value")
				}
				value, next = next[:space], next[space+1:]
				if err := set(value); err != nil {
					return nil, nil, err
				}
			}
			if next == "" || strings.Trim(next, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
				return nil, nil, fmt.Errorf("%q is no name", next)
			}
			name = next
			piece.Reset()
		default:
			piece.WriteByte(line[i])
		}
	}
	if name != "" {
		err = set(piece.String())
	}
	return header, fields, err
}

func readCEF(t testing.TB, line string) said {
	t.Helper()
	header, fields, err := parseCEF(line)
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	take := func(name string) string {
		value := fields[name]
		delete(fields, name)
		return value
	}
	custom := func(label string) string {
		for name, value := range fields {
			if base, ok := strings.CutSuffix(name, "Label"); ok && value == label {
				delete(fields, name)
				return take(base)
			}
		}
		return ""
	}
	list := func(label string) []string {
		joined := custom(label)
		for n := 2; ; n++ {
			more := take("guichet" + strings.ToUpper(label[:1]) + label[1:] + strconv.Itoa(n))
			if len(more) > 4000 {
				t.Errorf("a field of %d characters", len(more))
			}
			if more == "" {
				break
			}
			joined += " " + more
		}
		return strings.Fields(joined)
	}
	src := take("src")
	s := said{ID: number(t, take("externalId")), Type: header[4], Category: take("cat"), Action: take("act"), Outcome: take("outcome"), Reason: take("reason"), Account: take("suser"), Role: take("spriv"),
		IP: src + custom("Source IPv6 Address") + take("guichetNetwork"), Host: take("dvchost"), Version: header[3], Patient: custom("patient"), Session: custom("session"), Request: custom("request"), Grant: custom("grant")}
	if address, err := netip.ParseAddr(src); src != "" && (err != nil || !address.Is4()) {
		t.Errorf("src is %q, which is none of IPv4", src)
	}
	if strings.Join(header[:3], " ") != "CEF:0 Guichet Guichet" {
		t.Errorf("header %q", header)
	}
	if n := number(t, header[6]); n < 0 || n > 10 {
		t.Errorf("severity %d", n)
	}
	count := number(t, custom("count"))
	s.At = number(t, custom("microseconds"))
	if rt := number(t, take("rt")); rt != time.UnixMicro(s.At).UnixMilli() {
		t.Errorf("rt %d is not the time", rt)
	}
	for _, n := range list("entries") {
		s.Entries = append(s.Entries, number(t, n))
	}
	for _, r := range list("records") {
		parts := strings.Split(r, "/")
		if len(parts) != 3 {
			t.Fatalf("a record that is none: %q", r)
		}
		s.Records = append(s.Records, named(t, parts[0], parts[1], parts[2]))
	}
	if int(count) != len(s.Records) {
		t.Errorf("%d records, told as %d", len(s.Records), count)
	}
	details := make(map[string]string)
	for name, value := range fields {
		details[strings.ToLower(strings.TrimPrefix(name, "guichet"))] = value
	}
	s.detailed(t, details)
	return s
}

// --- syslog

func readSyslog(t testing.TB, line []byte) *rfc5424.SyslogMessage {
	t.Helper()
	parsed, err := rfc5424.NewParser().Parse(line)
	if err != nil {
		t.Fatalf("not of syslog: %v: %s", err, line)
	}
	message, ok := parsed.(*rfc5424.SyslogMessage)
	if !ok || !syslog.Message(message).Valid() || message.Message == nil || message.MsgID == nil {
		t.Fatalf("not of syslog: %s", line)
	}
	return message
}
