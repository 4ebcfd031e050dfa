package record

import (
	"strings"
	"testing"
)

func TestContact(t *testing.T) {
	long := strings.Repeat("a", maxMail)
	for _, c := range []struct{ name, got, want string }{
		{"a mailbox", Mail(" camille.moreau@exemple.fr "), "camille.moreau@exemple.fr"},
		{"no mailbox", Mail("camille.moreau"), ""},
		{"two", Mail("a@exemple.fr,b@exemple.fr"), ""},
		{"with a name", Mail("Camille <c@exemple.fr>"), ""},
		{"a second header", Mail("c@exemple.fr\r\nBcc: x@exemple.fr"), ""},
		{"steers a terminal", Mail("c\x1b[2J@exemple.fr"), ""},
		{"too long", Mail(long + "@exemple.fr"), ""},
		{"a telephone", Phone("06 12 34 56 78"), "0612345678"},
		{"international", Phone("+33 (0)6.12.34.56.78"), "+33612345678"},
		{"no telephone", Phone("néant"), ""},
		{"a mail for a telephone", Phone("c@exemple.fr"), ""},
		{"too many digits", Phone(strings.Repeat("1", 16)), ""},
		{"a formula", Phone("=1+1"), ""},
		{"an address", PostalAddress(" 3  rue du Port", "", "75012 Paris"), "3 rue du Port, 75012 Paris"},
		{"nothing", PostalAddress("", " "), ""},
		{"a long address", PostalAddress(long, long), ""},
		{"an address that steers", PostalAddress("3 rue \x1b[2J"), ""},
		{"not UTF-8", PostalAddress("3 rue \xff"), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}
