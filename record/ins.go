package record

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// INSFault says what is wrong with an INS.
type INSFault string

// The faults of an INS, in the order in which they are looked for.
const (
	INSForm      INSFault = "form"      // not fifteen characters built as a NIR is
	INSKey       INSFault = "key"       // the last two digits do not check the others
	INSSex       INSFault = "sex"       // its first digit contradicts the sex
	INSBirthdate INSFault = "birthdate" // its year or month contradicts the birth date
	INSPlace     INSFault = "place"     // its department contradicts the place of birth
)

const insLength = 15

var placeCode = regexp.MustCompile(`^(?:2[AB]|[0-9]{2})[0-9]{3}$`)

// CheckINS returns what is wrong with an INS that is said to be who's, or "".
// Only what certainly contradicts the traits is a fault: a number without a
// month, a department that was divided since, a trait that is not given, are
// none. The place is not looked at under the OIDs for tests, whose published
// people do not have their own.
func (id Identifier) CheckINS(who Identity) INSFault {
	number := id.Canonical().Value
	if _, ok := insDigits(number); !ok {
		return INSForm
	}
	switch {
	case number[13:] != NIRKey(number[:13]):
		return INSKey
	case !agreesSex(number[0], who.Sex):
		return INSSex
	case !agreesBirthdate(number[1:3], number[3:5], who.Birthdate):
		return INSBirthdate
	case (id.Authority == OIDNIR || id.Authority == OIDNIA) && !agreesPlace(number[5:10], who.Birthplace, who.Birthdate):
		return INSPlace
	}
	return ""
}

// insDigits returns the thirteen digits that the key is computed of, and
// whether number is built as a NIR: 1 to 4 for who has one or is about to, 7
// and 8 for who waits for one; the rest digits, but for Corsica's letter.
func insDigits(number string) (uint64, bool) {
	if len(number) != insLength || !strings.Contains("123478", number[:1]) {
		return 0, false
	}
	digits := number[:13]
	// Corsica counts as 19 and 18, which is 20 less one and two million.
	switch digits[5:7] {
	case "2A":
		digits = digits[:5] + "19" + digits[7:]
	case "2B":
		digits = digits[:5] + "18" + digits[7:]
	}
	for _, c := range []byte(digits + number[13:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}

// NIRKey returns the two digits that check the first thirteen characters of a
// NIR, what they lack to the next multiple of 97; "" where they are no NIR's.
func NIRKey(first string) string {
	n, ok := insDigits(first + "00")
	if !ok {
		return ""
	}
	return fmt.Sprintf("%02d", 97-n%97)
}

func agreesSex(digit byte, sex Sex) bool {
	switch sex {
	case Male:
		return digit%2 == 1
	case Female:
		return digit%2 == 0
	}
	return true
}

// agreesBirthdate compares year and month. A month above 12 stands for one that
// the register does not know.
func agreesBirthdate(year, month, birthdate string) bool {
	if len(birthdate) != len("YYYY-MM-DD") {
		return true
	}
	if year != birthdate[2:4] {
		return false
	}
	known := month >= "01" && month <= "12" && birthdate[5:7] != "00"
	return !known || month == birthdate[5:7]
}

// agreesPlace compares departments. Of a number the place is that of the day it
// was given, of the traits that of the day of birth or of today: municipalities
// merge, and these departments were divided or became countries.
func agreesPlace(place, birthplace, birthdate string) bool {
	if !placeCode.MatchString(birthplace) || place[:2] == birthplace[:2] {
		return true
	}
	year := birthdate[:min(4, len(birthdate))]
	switch place[:2] {
	case "20": // Corsica, until 1976
		return year <= "1976" && (birthplace[:2] == "2A" || birthplace[:2] == "2B")
	case "75", "78": // Seine and Seine-et-Oise, until 1968
		return year <= "1968" && strings.Contains("75 78 91 92 93 94 95", birthplace[:2])
	case "91", "92", "93", "94": // Algeria's, until 1962
		return year <= "1962" && birthplace == "99352"
	case "95": // Morocco
		return year <= "1962" && birthplace == "99350"
	case "96": // Tunisia
		return year <= "1962" && birthplace == "99351"
	case "97", "98": // overseas territories that have become countries, or another's
		return birthplace[:2] == "97" || birthplace[:2] == "98" || birthplace[:2] == "99"
	}
	return false
}
