package record

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Sex is the administrative sex of the INS traits.
type Sex string

const (
	SexUnknown Sex = ""
	Female     Sex = "female"
	Male       Sex = "male"
)

// An Identifier names a patient within the domain that assigned it.
type Identifier struct {
	Authority string // OID for the INS (1.2.250.1.213.1.4.8/.9/.10/.11), else the sender's namespace
	Value     string
}

// Object identifiers of the INS (Référentiel INS v2.1): NIR, NIA, and the two
// for tests and demonstrations.
const (
	OIDNIR     = "1.2.250.1.213.1.4.8"
	OIDNIA     = "1.2.250.1.213.1.4.9"
	OIDNIRTest = "1.2.250.1.213.1.4.10"
	OIDNIRDemo = "1.2.250.1.213.1.4.11"
)

// IsINS reports whether id is a national health identity number.
func (id Identifier) IsINS() bool {
	switch id.Authority {
	case OIDNIR, OIDNIA, OIDNIRTest, OIDNIRDemo:
		return true
	}
	return false
}

// Canonical folds what two systems may write otherwise of the same number: forms
// of letters and digits, and the spaces within an INS.
func (id Identifier) Canonical() Identifier {
	id.Value = norm.NFKC.String(strings.TrimSpace(id.Value))
	if id.IsINS() {
		id.Value = strings.ToUpper(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, id.Value))
	}
	return id
}

// Identity is who a person is for the civil register: the five strict traits
// of the INS, and the name in use.
type Identity struct {
	Family     string // birth name
	Given      string // all birth given names, separated by spaces; a compound name keeps its hyphen
	Usual      string // name in use, where it differs from the birth name
	Birthdate  string // YYYY-MM-DD; a presumed date may hold 00 for the month or the day
	Sex        Sex
	Birthplace string // INSEE code of the place of birth, 99xxx when born abroad; may be empty
}

// First returns the first given name.
func (id Identity) First() string {
	first, _, _ := strings.Cut(strings.TrimSpace(id.Given), " ")
	return first
}

// GivenNames returns the given names in canonical form: a compound one, held
// together by a hyphen, is one.
func (id Identity) GivenNames() []string {
	var names []string
	for _, name := range strings.Fields(id.Given) {
		if name = Canonical(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// A Reading is a birth date and a sex as one system may have written them.
type Reading struct {
	Birthdate string
	Sex       Sex
}

// Readings returns how another system may have written the same birth date and
// sex: a presumed day or month as 00 or as 01, a sex that is not stated as
// either. It is for whoever also brings a code; nobody is found by it.
func (id Identity) Readings() []Reading {
	dates := []string{id.Birthdate}
	if len(id.Birthdate) == len("YYYY-MM-DD") {
		year, month, day := id.Birthdate[:5], id.Birthdate[5:8], id.Birthdate[8:]
		if day == "01" {
			dates = append(dates, year+month+"00")
		}
		if day == "01" && month == "01-" {
			dates = append(dates, year+"00-00")
		}
		if day == "00" && month != "00-" {
			dates = append(dates, year+month+"01")
		}
		if day == "00" && month == "00-" {
			dates = append(dates, year+"01-01")
		}
	}
	sexes := []Sex{id.Sex}
	if id.Sex == SexUnknown {
		sexes = []Sex{Female, Male}
	}
	var readings []Reading
	for _, date := range dates {
		for _, sex := range sexes {
			readings = append(readings, Reading{date, sex})
		}
	}
	return readings
}

// Name returns the name to greet a person with: first given name, then the
// name in use.
func (id Identity) Name() string {
	family := id.Usual
	if family == "" {
		family = id.Family
	}
	return strings.TrimSpace(id.First() + " " + family)
}

// Strict returns the five strict traits in canonical form, and whether all
// five are present. Two people with equal strict traits cannot be told apart
// by them.
func (id Identity) Strict() (traits [5]string, complete bool) {
	traits = [5]string{Canonical(id.Family), Canonical(id.First()), id.Birthdate, string(id.Sex), strings.ToUpper(id.Birthplace)}
	for _, t := range traits {
		if t == "" {
			return traits, false
		}
	}
	return traits, true
}

// Civil returns the four traits without which no patient is made (contract:
// name, given name, birth date and sex), and whether all are present.
func (id Identity) Civil() (traits [4]string, complete bool) {
	traits = [4]string{Canonical(id.Family), Canonical(id.First()), id.Birthdate, string(id.Sex)}
	for _, t := range traits {
		if t == "" {
			return traits, false
		}
	}
	return traits, true
}

// Canonical folds a name for comparison: ligatures apart, no diacritics, upper
// case, everything but letters and digits a single space.
func Canonical(name string) string {
	name = ligatures.Replace(name)
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(unicode.ToUpper(r))
		default:
			gap = true
		}
	}
	return b.String()
}

var ligatures = strings.NewReplacer("œ", "oe", "Œ", "OE", "æ", "ae", "Æ", "AE", "ß", "ss", "ﬁ", "fi", "ﬂ", "fl")
