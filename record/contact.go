package record

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Contact is how to reach a person, as a system has said it, one of each at
// most; it serves to tell them of an incident (GA5). Nobody is recognised by it.
type Contact struct {
	Mail    string
	Phone   string // digits, after a + where it is written internationally
	Address string // postal, in one line
}

const (
	maxMail    = 254 // RFC 5321, 4.5.3.1
	maxAddress = 300
)

var (
	mail  = regexp.MustCompile(`^[^\s@<>(),;:"\\]+@[^\s@<>(),;:"\\]+\.[^\s@<>(),;:"\\.]+$`)
	phone = regexp.MustCompile(`^(\+[1-9])?[0-9]{3,14}$`)
)

// Mail returns text where it is the address of a mailbox, else nothing: what is
// not understood is left out, never a reason to refuse.
func Mail(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > maxMail || !mail.MatchString(text) || strings.ContainsFunc(text, isUnprintable) {
		return ""
	}
	return text
}

var phoneMarks = strings.NewReplacer("(0)", "", " ", "", "\u00a0", "", "\u202f", "", ".", "", "-", "", "/", "", "(", "", ")", "")

// Phone returns the digits of a telephone number, or nothing.
func Phone(text string) string {
	text = phoneMarks.Replace(strings.TrimSpace(text))
	if !phone.MatchString(text) {
		return ""
	}
	return text
}

// PostalAddress returns the lines of an address as one, or nothing where that
// is too long for one.
func PostalAddress(lines ...string) string {
	var parts []string
	for _, line := range lines {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			parts = append(parts, line)
		}
	}
	text := strings.Join(parts, ", ")
	if utf8.RuneCountInString(text) > maxAddress || strings.ContainsFunc(text, isUnprintable) {
		return ""
	}
	return text
}

func isUnprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
