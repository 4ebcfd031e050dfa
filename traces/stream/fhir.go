package stream

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"guichet/traces"
)

// instant is a time of FHIR and of XML, in UTC, to the microsecond.
const instant = "2006-01-02T15:04:05.000000Z"

// The parts of an AuditEvent that we write.
type (
	auditEvent struct {
		ResourceType   string      `json:"resourceType"`
		ID             string      `json:"id"`
		Meta           *meta       `json:"meta,omitempty"`
		Type           coding      `json:"type"`
		Subtype        []coding    `json:"subtype"`
		Action         string      `json:"action"`
		Recorded       string      `json:"recorded"`
		Outcome        string      `json:"outcome"`
		OutcomeDesc    string      `json:"outcomeDesc,omitempty"`
		PurposeOfEvent []concept   `json:"purposeOfEvent,omitempty"`
		Agent          []fhirAgent `json:"agent"`
		Source         struct {
			Site     string    `json:"site,omitempty"`
			Observer reference `json:"observer"`
			Type     []coding  `json:"type"`
		} `json:"source"`
		Entity []fhirEntity `json:"entity"`
	}
	meta struct {
		Profile []string `json:"profile"`
	}
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding"`
	}
	reference struct {
		Type       string          `json:"type,omitempty"`
		Identifier *fhirIdentifier `json:"identifier,omitempty"`
		Display    string          `json:"display,omitempty"`
	}
	fhirIdentifier struct {
		System string `json:"system"`
		Value  string `json:"value"`
	}
	network struct {
		Address string `json:"address"`
		Type    string `json:"type"`
	}
	fhirAgent struct {
		Type         concept   `json:"type"`
		Role         []concept `json:"role,omitempty"`
		Who          reference `json:"who"`
		AltID        string    `json:"altId,omitempty"`
		Requestor    bool      `json:"requestor"`
		Policy       []string  `json:"policy,omitempty"`
		Network      *network  `json:"network,omitempty"`
		PurposeOfUse []concept `json:"purposeOfUse,omitempty"`
	}
	fhirEntity struct {
		What      *reference   `json:"what,omitempty"`
		Type      coding       `json:"type"`
		Role      *coding      `json:"role,omitempty"`
		Lifecycle *coding      `json:"lifecycle,omitempty"`
		Name      string       `json:"name,omitempty"`
		Query     []byte       `json:"query,omitempty"`
		Detail    []fhirDetail `json:"detail,omitempty"`
	}
	fhirDetail struct {
		Type  string `json:"type"`
		Value string `json:"valueString"`
	}
)

// displays are the names of the codes of HL7 that entities have.
var displays = map[string]map[string]string{
	"http://terminology.hl7.org/CodeSystem/audit-entity-type":     {person: "Person", systemObject: "System Object", other: "Other"},
	"http://terminology.hl7.org/CodeSystem/object-role":           {asPatient: "Patient", asReport: "Report", asResource: "Domain Resource", asSecret: "Security Resource", asQuery: "Query"},
	"http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle": {created: "Origination / Creation", used: "Access / Use"},
}

// AuditEvent says an entry as FHIR R4 JSON, after IHE BALP 1.1.3. It names a
// profile of BALP where it keeps to it: BALP has them for what succeeded, over
// a network, and of a read or a change for what concerned something.
func AuditEvent(e traces.Entry, c traces.Context, source Source) ([]byte, error) {
	v, err := newEvent(e, c, source)
	if err != nil {
		return nil, err
	}
	a := auditEvent{
		ResourceType: "AuditEvent", ID: strconv.FormatInt(e.ID, 10), Meta: v.profile(c),
		Type: coding(v.kind.Type), Subtype: []coding{coding(v.kind.Subtype), {System: system + "event", Code: string(e.Type), Display: v.meaning}},
		Action: v.kind.Action, Recorded: e.At.UTC().Format(instant), Outcome: v.outcome, OutcomeDesc: e.Reason,
	}
	if e.Purpose != "" {
		a.PurposeOfEvent = []concept{{Coding: []coding{{System: system + "purpose", Code: e.Purpose}}}}
	}
	for _, g := range v.agents {
		a.Agent = append(a.Agent, g.fhir())
	}
	a.Source.Site = source.Site
	a.Source.Observer.Display = source.Host
	a.Source.Type = []coding{{"http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server"}}
	for _, n := range v.entities {
		a.Entity = append(a.Entity, n.fhir())
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write audit event: %w", err)
	}
	return text, nil
}

func (v *event) profile(c traces.Context) *meta {
	name := map[string]string{"read": "Read", "query": "Query", "create": "Create", "update": "Update"}[v.kind.Category]
	if name == "" || v.Outcome != "granted" || c.IP == "" || v.kind.Category != "query" && len(v.Records) == 0 {
		return nil
	}
	if v.Patient != uuid.Nil {
		name = "Patient" + name
	}
	return &meta{Profile: []string{"https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit." + name}}
}

func (g agent) fhir() fhirAgent {
	a := fhirAgent{Type: concept{[]coding{coding(g.is)}}, Who: reference{Identifier: g.who.fhir(), Display: g.name}, AltID: id(g.process), Requestor: g.requestor}
	if g.role != "" {
		a.Role = []concept{{[]coding{{System: system + "role", Code: g.role}}}}
	}
	if g.grant != uuid.Nil {
		a.Policy = []string{g.grant.URN()}
	}
	if g.network != "" {
		a.Network = &network{g.address, g.network}
	}
	if g.ground != "" {
		purpose := concept{[]coding{{System: system + "ground", Code: g.ground}}}
		if known, ok := reasons[g.ground]; ok {
			purpose.Coding = append(purpose.Coding, coding(known))
		}
		a.PurposeOfUse = []concept{purpose}
	}
	return a
}

func (n entity) fhir() fhirEntity {
	a := fhirEntity{Role: codingOf("http://terminology.hl7.org/CodeSystem/object-role", n.role), Lifecycle: codingOf("http://terminology.hl7.org/CodeSystem/dicom-audit-lifecycle", n.lifecycle)}
	if n.object == "" {
		a.Type = coding{System: balpEntity, Code: "XrequestId"}
	} else {
		a.Type = *codingOf("http://terminology.hl7.org/CodeSystem/audit-entity-type", n.object)
	}
	if n.query != "" { // which has neither a name nor an identifier
		a.Query = []byte(n.query)
		return a
	}
	a.What, a.Name = &reference{Identifier: n.what.fhir()}, n.name
	if n.object == person {
		a.What.Type = "Patient"
	}
	for _, d := range n.details {
		a.Detail = append(a.Detail, fhirDetail{d.name, d.value})
	}
	return a
}

func (i identifier) fhir() *fhirIdentifier {
	if i.value == "" {
		return nil
	}
	return &fhirIdentifier{i.system, i.value}
}

func codingOf(system, code string) *coding {
	if code == "" {
		return nil
	}
	return &coding{system, code, displays[system][code]}
}
