package fhir

import (
	"strings"

	"guichet/record"
)

// contact reads how to reach the patient (GA5.b): of each kind the first that
// is understood and still in use.
func contact(p *patient) record.Contact {
	var c record.Contact
	for _, one := range p.Telecom {
		if one.Use == "old" {
			continue
		}
		switch one.System {
		case "email":
			c.Mail = first(c.Mail, record.Mail(strings.TrimPrefix(one.Value, "mailto:")))
		case "phone", "sms":
			c.Phone = first(c.Phone, record.Phone(strings.TrimPrefix(one.Value, "tel:")))
		}
	}
	for _, one := range p.Address {
		if one.Use == "old" || one.Use == "billing" {
			continue
		}
		street := strings.Join(one.Line, ", ")
		if street == "" { // a town alone reaches nobody
			c.Address = first(c.Address, record.PostalAddress(one.Text))
			continue
		}
		c.Address = first(c.Address, record.PostalAddress(street, one.PostalCode+" "+one.City, one.Country))
	}
	return c
}
