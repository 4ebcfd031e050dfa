package stream

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"

	"guichet/traces"
)

// The audit message of DICOM PS3.15 A.5.1. The order of elements is that of the
// schema.
type (
	auditMessage struct {
		XMLName      xml.Name `xml:"AuditMessage"`
		Event        eventIdentification
		Participants []activeParticipant   `xml:"ActiveParticipant"`
		Source       auditSource           `xml:"AuditSourceIdentification"`
		Objects      []participatingObject `xml:"ParticipantObjectIdentification"`
	}
	eventIdentification struct {
		XMLName     xml.Name     `xml:"EventIdentification"`
		Action      string       `xml:"EventActionCode,attr"`
		At          string       `xml:"EventDateTime,attr"`
		Outcome     string       `xml:"EventOutcomeIndicator,attr"`
		ID          codedValue   `xml:"EventID"`
		Types       []codedValue `xml:"EventTypeCode"`
		Description string       `xml:"EventOutcomeDescription,omitempty"`
	}
	codedValue struct {
		Code   string `xml:"csd-code,attr"`
		System string `xml:"codeSystemName,attr"`
		Text   string `xml:"originalText,attr"`
	}
	activeParticipant struct {
		UserID      string       `xml:"UserID,attr"`
		Alternative string       `xml:"AlternativeUserID,attr,omitempty"`
		Requestor   bool         `xml:"UserIsRequestor,attr"`
		Address     string       `xml:"NetworkAccessPointID,attr,omitempty"`
		Network     string       `xml:"NetworkAccessPointTypeCode,attr,omitempty"`
		Roles       []codedValue `xml:"RoleIDCode"`
	}
	auditSource struct {
		Site string     `xml:"AuditEnterpriseSiteID,attr,omitempty"`
		ID   string     `xml:"AuditSourceID,attr"`
		Type sourceType `xml:"AuditSourceTypeCode"`
	}
	sourceType struct {
		Code string `xml:"csd-code,attr"`
	}
	participatingObject struct {
		ID        string      `xml:"ParticipantObjectID,attr"`
		Type      string      `xml:"ParticipantObjectTypeCode,attr"`
		Role      string      `xml:"ParticipantObjectTypeCodeRole,attr,omitempty"`
		Lifecycle string      `xml:"ParticipantObjectDataLifeCycle,attr,omitempty"`
		IDType    codedValue  `xml:"ParticipantObjectIDTypeCode"`
		Name      string      `xml:"ParticipantObjectName,omitempty"`
		Query     string      `xml:"ParticipantObjectQuery,omitempty"`
		Details   []valuePair `xml:"ParticipantObjectDetail"`
	}
	valuePair struct {
		Type  string `xml:"type,attr"`
		Value string `xml:"value,attr"` // base64
	}
)

// DICOM says an entry as an audit message of DICOM PS3.15 A.5, the one that an
// audit repository of IHE ATNA takes.
func DICOM(e traces.Entry, c traces.Context, source Source) ([]byte, error) {
	v, err := newEvent(e, c, source)
	if err != nil {
		return nil, err
	}
	m := auditMessage{
		Event: eventIdentification{Action: v.kind.Action, At: e.At.UTC().Format(instant), Outcome: v.outcome, Description: e.Reason,
			ID: coded(v.kind.EventID), Types: []codedValue{coded(v.kind.Subtype), {string(e.Type), system + "event", v.meaning}}},
		Source: auditSource{Site: source.Site, ID: source.Host, Type: sourceType{"4"}},
	}
	for _, g := range v.agents {
		m.Participants = append(m.Participants, g.dicom())
	}
	for _, n := range v.entities {
		m.Objects = append(m.Objects, n.dicom(e.Type))
	}
	text, err := xml.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write audit message: %w", err)
	}
	return text, nil
}

func (g agent) dicom() activeParticipant {
	p := activeParticipant{UserID: g.who.value, Alternative: id(g.process), Requestor: g.requestor, Address: g.address, Network: g.network, Roles: []codedValue{coded(g.is)}}
	if p.UserID == "" {
		p.UserID = g.name
	}
	if g.role != "" {
		p.Roles = append(p.Roles, codedValue{g.role, system + "role", g.role})
	}
	return p
}

func (n entity) dicom(t traces.Type) participatingObject {
	o := participatingObject{ID: n.what.value, Type: n.object, Role: n.role, Lifecycle: n.lifecycle, Name: n.name, IDType: codedValue{n.name, system + "identifier", n.name}}
	switch {
	case n.object == "":
		o.Type = other
		o.IDType = codedValue{"XrequestId", balpEntity, n.name}
	case n.object == person:
		o.IDType = codedValue{"2", "RFC-3881", "Patient Number"}
	case n.query != "": // a name or a query, and an identifier in any case
		o.ID, o.Name, o.Query = string(t), "", encode(n.query)
		o.IDType = codedValue{"10", "RFC-3881", "Search Criteria"}
	}
	for _, d := range n.details {
		o.Details = append(o.Details, valuePair{d.name, encode(d.value)})
	}
	return o
}

func coded(c traces.Coding) codedValue {
	if c.System == traces.DCM {
		c.System = "DCM"
	}
	return codedValue{c.Code, c.System, c.Display}
}

func encode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
