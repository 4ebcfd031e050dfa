package auth

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guichet/record"
)

// person is what a userinfo says about whoever signed in.
type person struct {
	identity   record.Identity
	mail       string // empty where it is not said, or none
	role       record.Role
	nationalID string // professionals only
	practices  []record.Practice
	structures []record.Structure
}

const (
	maxName    = 256     // characters, FranceConnect's own limit
	oldestYear = 1850    // nobody alive was born before
	france     = "99100" // as a country of the official geographic code
)

var (
	birthdate    = regexp.MustCompile(`^([0-9]{4})-(00|0[1-9]|1[0-2])-(0[0-9]|[12][0-9]|3[01])$`)
	municipality = regexp.MustCompile(`^(?:2[AB]|[0-9]{2})[0-9]{3}$`)
	country      = regexp.MustCompile(`^99[0-9]{3}$`)
)

// civilClaims are FranceConnect's claims. FranceConnect gives the identity as the
// civil register corrects it; FranceConnect+ gives the identity provider's, and
// the register's beside it, with the prefix rnipp_, to those who may ask.
type civilClaims struct {
	Given           string `json:"given_name"`
	Family          string `json:"family_name"`
	Usual           string `json:"preferred_username"`
	Birthdate       string `json:"birthdate"`
	Gender          string `json:"gender"`
	Birthplace      string `json:"birthplace"`
	Country         string `json:"birthcountry"`
	Mail            word   `json:"email"`
	RNIPPGiven      string `json:"rnipp_given_name"`
	RNIPPFamily     string `json:"rnipp_family_name"`
	RNIPPBirthdate  string `json:"rnipp_birthdate"`
	RNIPPGender     string `json:"rnipp_gender"`
	RNIPPBirthplace string `json:"rnipp_birthplace"`
	RNIPPCountry    string `json:"rnipp_birthcountry"`
}

// preferRegister puts the register's traits where they were given: they are
// what the record has. A place of birth is one trait in two claims.
func (c *civilClaims) preferRegister() {
	c.Given = cmp.Or(c.RNIPPGiven, c.Given)
	c.Family = cmp.Or(c.RNIPPFamily, c.Family)
	c.Birthdate = cmp.Or(c.RNIPPBirthdate, c.Birthdate)
	c.Gender = cmp.Or(c.RNIPPGender, c.Gender)
	if c.RNIPPBirthplace != "" || c.RNIPPCountry != "" {
		c.Birthplace, c.Country = c.RNIPPBirthplace, c.RNIPPCountry
	}
}

// parseCivil reads FranceConnect's claims: the traits of the civil register,
// by which a first sign-in finds its one record.
func parseCivil(userinfo []byte, now time.Time) (person, *Refusal) {
	var c civilClaims
	if err := json.Unmarshal(userinfo, &c); err != nil {
		return person{}, refuse(ReasonUserinfo, "claims are malformed")
	}
	c.preferRegister()
	given, okGiven := cleanName(c.Given)
	family, okFamily := cleanName(c.Family)
	if !okGiven || !okFamily {
		return person{}, refuse(ReasonTraits, "names are absent or malformed")
	}
	if !isBirthdate(c.Birthdate, now) {
		return person{}, refuse(ReasonTraits, "birth date is absent or malformed")
	}
	sex, ok := sexOf(c.Gender)
	if !ok {
		return person{}, refuse(ReasonTraits, "gender is absent or unknown")
	}
	place, ok := birthplaceOf(c.Birthplace, c.Country)
	if !ok {
		return person{}, refuse(ReasonTraits, "place of birth is absent or malformed")
	}
	return person{
		role: record.RolePatient, mail: record.Mail(string(c.Mail)),
		identity: record.Identity{
			Family: family, Given: given, Usual: usualName(c.Usual, family),
			Birthdate: c.Birthdate, Sex: sex, Birthplace: place,
		},
	}, nil
}

// cleanName returns a name with single spaces, and whether it is one: Latin letters,
// with hyphens, apostrophes and the odd full stop among them.
func cleanName(s string) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName {
		return "", false
	}
	hasLetter := false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Latin, r):
			hasLetter = true
		case unicode.Is(unicode.Mn, r), strings.ContainsRune(" -'’.", r):
		default:
			return "", false
		}
	}
	return s, hasLetter
}

// usualName returns the name in use where it is one and differs from the birth
// name. It decides nothing, so a malformed one is left out, not refused.
func usualName(s, family string) string {
	name, ok := cleanName(s)
	if !ok || record.Canonical(name) == record.Canonical(family) {
		return ""
	}
	return name
}

// isBirthdate reports whether s is a day in the past. The month, or the day, may
// be 00 where the register does not know it, so time.Parse alone would not do.
func isBirthdate(s string, now time.Time) bool {
	m := birthdate.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	year, month, day := number(m[1]), number(m[2]), number(m[3])
	if month == 0 && day != 0 {
		return false
	}
	earliest := time.Date(year, time.Month(max(month, 1)), max(day, 1), 0, 0, 0, 0, time.UTC)
	if earliest.Month() != time.Month(max(month, 1)) { // the 30th of February
		return false
	}
	return year >= oldestYear && !earliest.After(now)
}

// number reads digits that a pattern has let through.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}

func sexOf(gender string) (record.Sex, bool) {
	switch gender {
	case "female":
		return record.Female, true
	case "male":
		return record.Male, true
	case "unspecified":
		return record.SexUnknown, true
	}
	return record.SexUnknown, false
}

// birthplaceOf returns the code of the place of birth as the INS traits have
// it: the municipality, or the country for those born abroad.
func birthplaceOf(place, land string) (string, bool) {
	if land != "" && land != france {
		return land, country.MatchString(land)
	}
	return place, municipality.MatchString(place)
}
