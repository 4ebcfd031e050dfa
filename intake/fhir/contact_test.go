package fhir

import (
	"testing"

	"guichet/record"
)

func TestContact(t *testing.T) {
	base := `{"resourceType":"Patient","identifier":[{"system":"urn:s","value":"1"}]`
	for _, c := range []struct {
		name, elements string
		want           record.Contact
	}{
		{"none", ``, record.Contact{}},
		{"all", `,"telecom":[{"system":"phone","value":"01 45 67 89 01","use":"home"},{"system":"email","value":"camille@exemple.fr"},{"system":"email","value":"autre@exemple.fr"}],` +
			`"address":[{"use":"home","line":["3 rue du Port","bât. B"],"city":"Paris","postalCode":"75012","country":"FRA"}]`,
			record.Contact{Mail: "camille@exemple.fr", Phone: "0145678901", Address: "3 rue du Port, bât. B, 75012 Paris, FRA"}},
		{"old ones", `,"telecom":[{"system":"phone","value":"0145678901","use":"old"},{"system":"sms","value":"0612345678"}],"address":[{"use":"old","city":"Paris"},{"text":"3 rue du Port\n75012 Paris"}]`,
			record.Contact{Phone: "0612345678", Address: "3 rue du Port 75012 Paris"}},
		{"as URLs", `,"telecom":[{"system":"phone","value":"tel:+33612345678"},{"system":"email","value":"mailto:camille@exemple.fr"}]`, record.Contact{Mail: "camille@exemple.fr", Phone: "+33612345678"}},
		{"a town alone", `,"address":[{"city":"Paris","postalCode":"75012"}]`, record.Contact{}},
		{"what is not understood is left out", `,"telecom":[{"system":"fax","value":"0145678901"},{"system":"phone","value":"néant"},{"system":"email","value":"camille"},{"value":"0145678901"}]`, record.Contact{}},
	} {
		if got := parse(t, base+c.elements+"}").Contact; got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
