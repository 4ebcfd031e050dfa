package stream

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"guichet/intake/fhir"
	"guichet/traces"
)

// rule is one line of a profile: how often a path leads to something. A step of
// a path may choose by the code of a type, as agent[110153], and its end may want
// a value, as action=R.
type rule struct {
	path     string
	min, max int
}

const many = -1

// resource is what FHIR itself wants of an AuditEvent and its JSON schema does
// not say; and what IHE BALP wants in all its profiles.
var resource = []rule{
	{"type.system", 1, 1}, {"type.code", 1, 1}, {"recorded", 1, 1}, {"action", 1, 1}, {"outcome", 1, 1}, {"subtype", 1, many}, {"agent", 1, many}, {"agent.media", 0, 0},
	{"source.observer", 1, 1}, {"source.type.code=4", 1, 1}, {"entity[1]", 0, 1}, {"entity[XrequestId]", 0, 1}, {"entity[2]", 0, 1},
	{"agent[IRCP].network", 0, 0}, {"agent[AUT].network", 0, 0}, // users are no devices
}

// profiles are those of BALP 1.1.3, line by line from their definitions.
var profiles = map[string][]rule{
	"Read": slices.Concat(restful("R", "read", "110152", "110153"), user("IRCP"), data, []rule{{"entity", 1, many}}),
	"Query": slices.Concat(restful("E", "search-type", "110153", "110152"), user("IRCP"), []rule{
		{"entity", 1, many}, {"entity[2]", 1, 1}, {"entity[2].role.code=24", 1, 1}, {"entity[2].what", 0, 0}, {"entity[2].lifecycle", 0, 0},
		{"entity[2].query", 1, 1}, {"entity[2].detail", 0, 0}, {"entity[2].description", 0, 1}, {"entity[2].name", 0, 0}}),
	"Create":  slices.Concat(restful("C", "create", "110153", "110152"), user("AUT"), data, []rule{{"entity", 1, many}}),
	"Update":  slices.Concat(restful("U", "update", "110153", "110152"), user("AUT"), data, []rule{{"entity", 1, many}}),
	"Patient": {{"entity", 2, many}, {"entity[1]", 1, 1}, {"entity[1].role.code=1", 1, 1}, {"entity[1].what", 1, 1}, {"entity[1].what.type=Patient", 1, 1}},
	// Not of BALP, which has no sign-in but OAuth's: DICOM PS3.15 A.5.3.11.
	"User authentication": {{"type.code=110114", 1, 1}, {"action=E", 1, 1}, {"agent[IRCP]", 1, 1}, {"agent[IRCP].who", 1, 1}, {"agent[IRCP].requestor=true", 1, 1},
		{"agent[110153]", 0, 1}, {"agent[110152].network", 1, 1}},
}

func restful(action, interaction, client, server string) []rule {
	return []rule{{"type.code=rest", 1, 1}, {"type.system=http://terminology.hl7.org/CodeSystem/audit-event-type", 1, 1}, {"subtype.code=" + interaction, 1, 1}, {"subtype.system=http://hl7.org/fhir/restful-interaction", 1, 1},
		{"action=" + action, 1, 1}, {"outcome=0", 1, 1}, {"recorded", 1, 1}, {"agent", 2, many},
		{"agent[" + client + "]", 1, 1}, {"agent[" + client + "].who", 1, 1}, {"agent[" + client + "].network", 1, 1},
		{"agent[" + server + "]", 1, 1}, {"agent[" + server + "].who", 1, 1}, {"agent[" + server + "].network", 1, 1},
		{"entity[XrequestId]", 0, 1}}
}

func user(is string) []rule {
	return []rule{{"agent[" + is + "]", 0, 1}, {"agent[" + is + "].requestor=false", 0, 0}, {"agent[" + is + "].network", 0, 0}}
}

var data = []rule{{"entity[2]", 1, 1}, {"entity[2].what", 1, 1}, {"entity[2].role.code=24", 0, 0}, {"entity[2].role", 1, 1}}

// count is how many things a path leads to.
func count(node any, path string) int {
	path, value, valued := strings.Cut(path, "=")
	found := []any{node}
	for step := range strings.SplitSeq(path, ".") {
		name, code, chosen := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		var next []any
		for _, n := range found {
			child, there := n.(object)[name]
			if list, ok := child.([]any); ok {
				next = append(next, list...)
			} else if there {
				next = append(next, child)
			}
		}
		if chosen {
			next = slices.DeleteFunc(next, func(n any) bool { return text(n, "type", "code") != code && text(n, "type", "coding", "code") != code })
		}
		found = next
	}
	if valued {
		found = slices.DeleteFunc(found, func(n any) bool { return n != value && n != (value == "true") })
	}
	return len(found)
}

// keeps compares a resource with the rules of a profile.
func keeps(t interface{ Errorf(string, ...any) }, r object, name string, rules []rule) {
	for _, rule := range rules {
		if n := count(r, rule.path); n < rule.min || rule.max != many && n > rule.max {
			t.Errorf("%s, by %s: %d times %s, which has %d..%d", text(r, "subtype", "code"), name, n, rule.path, rule.min, rule.max)
		}
	}
}

// claimed are the profiles that a resource says it keeps to.
func claimed(t *testing.T, r object) []string {
	t.Helper()
	list, _ := at(r["meta"], "profile").([]any)
	if len(list) != 1 {
		return nil
	}
	uri, _ := list[0].(string)
	name, ok := strings.CutPrefix(uri, "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.")
	if !ok {
		t.Fatalf("no profile of BALP: %s", uri)
	}
	if plain, ok := strings.CutPrefix(name, "Patient"); ok {
		return []string{plain, "Patient"}
	}
	return []string{name}
}

// TestAuditEventIsFHIR by the official schema, and what it says to keep to, it
// keeps to.
func TestAuditEventIsFHIR(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e, c := drawn(rt, rapid.SampledFrom(traces.Events).Draw(rt, "event").Type)
		text, err := AuditEvent(e, c, here)
		if err != nil {
			rt.Fatal(err)
		}
		if err := fhir.Check(text); err != nil {
			rt.Fatalf("%s: %v", text, err)
		}
		_, r := readAuditEvent(t, text)
		keeps(rt, r, "FHIR", resource)
		if agents := count(r, "agent"); count(r, "agent.requestor") != agents || count(r, "agent.who") != agents {
			rt.Errorf("an agent of which it is not said who it is, or whether it asked: %s", text)
		}
		for _, name := range claimed(t, r) {
			if profiles[name] == nil {
				rt.Fatalf("no profile of BALP: %s", name)
			}
			keeps(rt, r, name, profiles[name])
		}
	})
}

// TestProfilesOfBALP: what succeeded, from a client, on something, keeps to the
// profile that it should, and says so.
func TestProfilesOfBALP(t *testing.T) {
	account, patient, grant, request, session := uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()
	c := traces.Context{IP: "192.0.2.7", Login: "guichet_portal", Session: session, Request: request, XID: 1}
	read := traces.Entry{ID: 1, At: time.UnixMicro(1).UTC(), Outcome: "granted", Reason: "grant", Account: account, Role: "patient", Patient: patient, Grant: grant, Ground: "self",
		Records: []traces.Named{{Kind: "account", ID: account, Version: 1}, {Kind: "patient", ID: patient, Version: 1}, {Kind: "report", ID: uuid.New(), Version: 2}}}
	for _, k := range []struct {
		of       traces.Type
		change   func(*traces.Entry, *traces.Context)
		profiles []string
	}{
		{traces.ReportRead, nil, []string{"Read", "Patient"}},
		{traces.DocumentRead, nil, []string{"Read", "Patient"}},
		{traces.AccountRead, func(e *traces.Entry, _ *traces.Context) { e.Patient = uuid.Nil }, []string{"Read"}},
		{traces.ReportList, nil, []string{"Query", "Patient"}},
		{traces.ReportList, func(e *traces.Entry, _ *traces.Context) { e.Records = nil }, []string{"Query", "Patient"}},
		{traces.CodeList, func(e *traces.Entry, _ *traces.Context) { e.Patient = uuid.Nil }, []string{"Query"}},
		{traces.ReportDeposit, nil, []string{"Create", "Patient"}},
		{traces.MessageQuarantine, func(e *traces.Entry, _ *traces.Context) { e.Patient = uuid.Nil }, []string{"Create"}},
		{traces.AccountTraits, nil, []string{"Update", "Patient"}},
		{traces.SignIn, nil, []string{"User authentication"}},
		{traces.SignOut, nil, []string{"User authentication"}},
		{traces.ReportRead, func(e *traces.Entry, _ *traces.Context) { e.Outcome = "refused" }, nil},
		{traces.ReportRead, func(e *traces.Entry, _ *traces.Context) { e.Records = nil }, nil},
		{traces.ReportRead, func(_ *traces.Entry, c *traces.Context) { c.IP = "" }, nil},
		{traces.SettingChange, nil, nil},
	} {
		e, c := read, c
		e.Type = k.of
		if k.change != nil {
			k.change(&e, &c)
		}
		content, err := AuditEvent(e, c, here)
		if err != nil {
			t.Fatal(err)
		}
		_, r := readAuditEvent(t, content)
		want := k.profiles
		if slices.Contains(want, "User authentication") {
			want = nil
		}
		if got := claimed(t, r); !slices.Equal(got, want) {
			t.Errorf("%s: claims %q, want %q", k.of, got, want)
		}
		keeps(t, r, "FHIR", resource)
		for _, name := range k.profiles {
			keeps(t, r, name, profiles[name])
		}
	}
}

// TestWhatStandsWhere: the words of BALP that a table of cardinalities does not
// show.
func TestWhatStandsWhere(t *testing.T) {
	account, patient, report := uuid.New(), uuid.New(), uuid.New()
	e := traces.Entry{ID: 7, At: time.UnixMicro(1790000000123456).UTC(), Type: traces.ReportRead, Outcome: "granted", Reason: "grant", Account: account, Role: "patient", Behalf: patient, Patient: patient,
		Grant: uuid.New(), Ground: "mandate", Purpose: "own-record", Records: []traces.Named{{Kind: "account", ID: account, Version: 1}, {Kind: "report", ID: report, Version: 2}}}
	content, err := AuditEvent(e, traces.Context{IP: "192.0.2.7", Request: uuid.New()}, here)
	if err != nil {
		t.Fatal(err)
	}
	_, r := readAuditEvent(t, content)
	for _, want := range []string{
		"recorded=2026-09-21T14:13:20.123456Z",
		"entity[2].what.identifier.value=" + report.String(), // of several records, the one that the event is named after
		"entity[2].role.code=3",
		"agent[IRCP].who.identifier.system=urn:guichet:account",
		"agent[IRCP].policy=urn:uuid:" + e.Grant.String(),
		"agent[IRCP].purposeOfUse.coding.code=PWATRNY",
		"agent[DELEGATOR].who.identifier.value=" + patient.String(),
		"agent[110152].network.address=192.0.2.7",
		"agent[110153].network.address=guichet.example",
		"purposeOfEvent.coding.code=own-record",
	} {
		if count(r, want) != 1 {
			t.Errorf("no %s in %s", want, content)
		}
	}
	e.Type = traces.ReportList
	session := uuid.New()
	content, err = AuditEvent(e, traces.Context{Session: session}, here)
	if err != nil {
		t.Fatal(err)
	}
	_, r = readAuditEvent(t, content)
	if count(r, "agent[110153].who.identifier.value="+session.String()) != 1 || count(r, "agent[110153].network") != 0 {
		t.Errorf("no client that is known by its session alone: %s", content)
	}
	if query := base64.StdEncoding.EncodeToString([]byte("report.list?patient=" + patient.String())); count(r, "entity[2].query="+query) != 1 {
		t.Errorf("another query: %s", content)
	}
}
