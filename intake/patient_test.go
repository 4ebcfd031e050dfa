package intake

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/record"
)

// patient parses a message with this PID.
func patient(t *testing.T, pid string) *Message {
	t.Helper()
	return mustParse(t, lines(mshLine, pid, obrLine))
}

func TestIdentifiers(t *testing.T) {
	id := func(authority, value string) record.Identifier {
		return record.Identifier{Authority: authority, Value: value}
	}
	tests := []struct {
		name, pid3 string
		want       []record.Identifier
	}{
		{"the French profile", "170017511200174^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS^^20101207", []record.Identifier{id(record.OIDNIR, "170017511200174")}},
		{"INS without namespace", "170017511200174^^^&1.2.250.1.213.1.4.9&ISO^INS", []record.Identifier{id(record.OIDNIA, "170017511200174")}},
		{"INS without its type", "170017511200174^^^INS-NIR&1.2.250.1.213.1.4.8", []record.Identifier{id(record.OIDNIR, "170017511200174")}},
		{"INS with another type", "170017511200174^^^&1.2.250.1.213.1.4.8&ISO^NNFRA", []record.Identifier{id(record.OIDNIR, "170017511200174")}},
		{"OID in place of the namespace", "170017511200174^^^1.2.250.1.213.1.4.8^INS", []record.Identifier{id(record.OIDNIR, "170017511200174")}},
		{"local", "42^^^HOP^PI", []record.Identifier{id("HOP", "42")}},
		{"local with an OID", "42^^^HOP&1.2.3.4&ISO^PI", []record.Identifier{id("HOP", "42")}},
		{"local without a type", "42^^^HOP", []record.Identifier{id("HOP", "42")}},
		{"both", "42^^^HOP^PI~170017511200174^^^&1.2.250.1.213.1.4.8&ISO^INS", []record.Identifier{id("HOP", "42"), id(record.OIDNIR, "170017511200174")}},
		{"another hospital's, with an OID", "7^^^CHU&1.2.3.5&ISO^PI", []record.Identifier{id("1.2.3.5", "7")}},
		{"another hospital's, FINESS", "7^^^CHU-X&000897406&N^PI", []record.Identifier{id("CHU-X", "7")}},
		{"twice the same", "42^^^HOP^PI~42^^^HOP^PI", []record.Identifier{id("HOP", "42")}},
		{"nobody's", "42", nil},
		{"a visit and an account", "1^^^HOP^VN~2^^^HOP^AN~3^^^X^SS", nil},
		{"no number", "^^^HOP^PI", nil},
		{"null", `""`, nil},
		{"spaces", " 42 ^^^ HOP ^PI", []record.Identifier{id("HOP", "42")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := patient(t, "PID|1||"+test.pid3+"||A^B||19700101|M").Identifiers
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestINSThatIsNotThisPersons is refused: what is wrong, and where.
func TestINSThatIsNotThisPersons(t *testing.T) {
	for _, c := range []struct {
		name, ins string
		want      Reason
	}{
		{"a key that is wrong", "261037511211692^^^&1.2.250.1.213.1.4.10&ISO^INS", ReasonINS},
		{"no key", "2610375112116^^^&1.2.250.1.213.1.4.8&ISO^INS", ReasonINS},
		{"a man's", "161037511211644^^^&1.2.250.1.213.1.4.10&ISO^INS", ReasonINSConflict},
		{"of another month", "261047511211610^^^&1.2.250.1.213.1.4.8&ISO^INS", ReasonINSConflict},
		{"another authority's number is no INS", "261037511211692^^^HOP^PI", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse(lines(mshLine, "PID|1||"+c.ins+"||A^B||19610309|F", obrLine), Options{LocalAuthority: "HOP"})
			got, _ := errors.AsType[*Problem](err)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (got == nil || got.Reason != c.want || got.Place.String() != "PID-3" || got.Ack != AckError):
				t.Errorf("got %v, want %s at PID-3", err, c.want)
			}
		})
	}
}

func TestLocalAuthorityMayBeAnOID(t *testing.T) {
	m, err := Parse(lines(mshLine, "PID|1||42^^^HOP&1.2.3.4&ISO^PI", obrLine), Options{LocalAuthority: "1.2.3.4"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]record.Identifier{{Authority: "1.2.3.4", Value: "42"}}, m.Identifiers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNames(t *testing.T) {
	tests := []struct{ name, pid5, family, given, usual string }{
		{"one name", "MARTIN^Jean", "MARTIN", "Jean", ""},
		{"legal name second", "DURAND^Anne^^^^^D~MARTIN^Anne^Anne Marie^^^^L", "MARTIN", "Anne Marie", "DURAND"},
		{"birth name by type B", "DURAND^Anne^^^^^D~MARTIN^Anne^^^^^B", "MARTIN", "Anne", "DURAND"},
		{"no type, first counts", "MARTIN^Anne~DURAND^Anne^^^^^D", "MARTIN", "Anne", "DURAND"},
		{"same name in use", "MARTIN^Anne^^^^^L~Martin^Anne^^^^^D", "MARTIN", "Anne", ""},
		{"a nickname is no name in use", "MARTIN^Anne^^^^^L~NANOU^Nanou^^^^^P", "MARTIN", "Anne", ""},
		{"list repeats the first", "PAT-TROIS^DOMINIQUE^DOMINIQUE^^^^L", "PAT-TROIS", "DOMINIQUE", ""},
		{"list goes on after the first", "MARTIN^Jean^Paul, Luc^^^^L", "MARTIN", "Jean Paul Luc", ""},
		{"compound given name", "MARTIN^Jean-Paul^Jean-Paul Luc^^^^L", "MARTIN", "Jean-Paul Luc", ""},
		{"list begins alike", "MARTIN^Jean^Jeanne^^^^L", "MARTIN", "Jean Jeanne", ""},
		{"only in the list", "MARTIN^^Luc", "MARTIN", "Luc", ""},
		{"escaped", `D\S\A^\T\`, "D^A", "&", ""},
		{"surname in parts", "DA SILVA&DA&SILVA^Ana^^^^^L", "DA SILVA", "Ana", ""},
		{"none", "", "", "", ""},
		{"null", `""`, "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := patient(t, "PID|1||1^^^HOP||"+test.pid5+"||19700101|M").Identity
			if got.Family != test.family || got.Given != test.given || got.Usual != test.usual {
				t.Errorf("got %q, %q, %q", got.Family, got.Given, got.Usual)
			}
		})
	}
}

func TestBirthdate(t *testing.T) {
	tests := []struct{ pid7, want string }{
		{"19610309", "1961-03-09"},
		{"19610309120000", "1961-03-09"},
		{"19610309120000+0100", "1961-03-09"},
		{"196103", "1961-03-00"},
		{"1961", "1961-00-00"},
		{"19610300", "1961-03-00"},
		{"19610000", "1961-00-00"},
		{"20000000", "2000-00-00"},
		{"", ""},
		{"0000", ""},
		{"00000000", ""},
		{`""`, ""},
	}
	for _, test := range tests {
		if got := patient(t, "PID|1||1^^^HOP||A^B||"+test.pid7+"|M").Identity.Birthdate; got != test.want {
			t.Errorf("PID-7 %q is %q, want %q", test.pid7, got, test.want)
		}
	}
}

func TestSexAndBirthplace(t *testing.T) {
	tests := []struct {
		pid8, pid11 string
		sex         record.Sex
		birthplace  string
	}{
		{"F", "^^^^^^BDL^^2a004", record.Female, "2A004"},
		{"M", "^^PARIS^^75007^FRA^H^^75107~^^^^^^BDL^^63220", record.Male, "63220"},
		{"U", "^^PARIS^^75007^FRA^H^^75107", record.SexUnknown, ""},
		{"m", "", record.Male, ""},
		{"A", `""`, record.SexUnknown, ""},
		{"F^Féminin", "^^^^^99350^BDL^^99350", record.Female, "99350"},
	}
	for _, test := range tests {
		got := patient(t, "PID|1||1^^^HOP||A^B||19700101|"+test.pid8+"|||"+test.pid11).Identity
		if got.Sex != test.sex || got.Birthplace != test.birthplace {
			t.Errorf("PID-8 %q, PID-11 %q: got %q, %q", test.pid8, test.pid11, got.Sex, got.Birthplace)
		}
	}
}

func TestMissing(t *testing.T) {
	tests := []struct {
		pid  string
		want []string
	}{
		{pidLine, nil},
		{"PID|1", []string{"no-identifier PID-3", "no-name PID-5.1", "no-given-name PID-5.2", "no-birthdate PID-7", "no-sex PID-8"}},
		{"PID|1||1^^^HOP||-^Jean||1970|M", []string{"no-name PID-5.1"}},
		{"PID|1||1^^^HOP||A^B||1970|U", []string{"no-sex PID-8"}},
	}
	for _, test := range tests {
		var got []string
		for _, problem := range patient(t, test.pid).Missing() {
			got = append(got, string(problem.Reason)+" "+problem.Place.String())
			if problem.Ack != AckError || problem.Code != requiredFieldMissing {
				t.Errorf("%s is answered %s, %d", problem.Reason, problem.Ack, problem.Code)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.pid, diff)
		}
	}
}
