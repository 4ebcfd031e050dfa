package intake

import (
	"slices"
	"strings"

	"guichet/record"
)

// contact reads how to reach the patient (GA5.b): of each kind the first that
// is understood.
func contact(pid *segment) record.Contact {
	c := record.Contact{Address: home(pid.field(11).repetitions())}
	for _, xtn := range pid.field(13).repetitions() {
		if c.Mail == "" {
			c.Mail = mailbox(xtn)
		}
		if c.Phone == "" {
			c.Phone = telephone(xtn)
		}
	}
	return c
}

// homes are the types of an address (HL7 table 0190) at which somebody is
// found: neither where they were born nor an address known to be bad.
var homes = []string{"", "H", "L", "P", "M", "C"}

func home(addresses []element) string {
	for _, xad := range addresses {
		street, other := xad.component(1).subcomponent(1).text(), xad.component(2).text()
		if street+other == "" || !slices.Contains(homes, strings.ToUpper(xad.component(7).text())) {
			continue // a town alone reaches nobody
		}
		town := xad.component(5).text() + " " + xad.component(3).text()
		if text := record.PostalAddress(street, other, town, xad.component(6).text()); text != "" {
			return text
		}
	}
	return ""
}

// mailbox reads XTN-4, or XTN-1 where a sender put the mail there.
func mailbox(xtn element) string {
	return firstOf(record.Mail(xtn.component(4).text()), record.Mail(xtn.component(1).text()))
}

// telephones are the types of equipment (HL7 table 0202) that ring.
var telephones = []string{"", "PH", "CP", "SAT"}

// telephone reads XTN-12, XTN-1, or the number in parts.
func telephone(xtn element) string {
	if !slices.Contains(telephones, strings.ToUpper(xtn.component(3).text())) {
		return ""
	}
	parts := xtn.component(6).text() + xtn.component(7).text()
	if country := strings.TrimPrefix(xtn.component(5).text(), "+"); country != "" && parts != "" {
		parts = "+" + country + strings.TrimPrefix(parts, "0")
	}
	return firstOf(record.Phone(xtn.component(12).text()), record.Phone(xtn.component(1).text()), record.Phone(parts))
}
