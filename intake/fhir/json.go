package fhir

import (
	"encoding/json"
	"unicode/utf8"
)

// maxDepth bounds how deep objects and arrays may lie in one another; the
// deepest published Bundle has 15 levels.
const maxDepth = 64

// maxNumber bounds the characters of a number, and maxExponent the digits of
// its exponent, so that no number costs more to handle than to send.
const (
	maxNumber   = 64
	maxExponent = 3
)

// Validation costs time for each value, and more for each that is wrong: no
// message costs more than these many. The densest published example would have
// 650,000 in 16 MiB.
const (
	maxEntries  = 20_000 // of a Bundle
	maxElements = 5_000  // of any other array
	maxValues   = 750_000
)

// fewKeys is up to how many keys an object is searched for a second one
// without an index.
const fewKeys = 16

// checkJSON says whether text is one JSON value as FHIR wants it: RFC 8259,
// UTF-8, no key twice, no control characters, no half of a surrogate pair.
// What passes means the same to every reader, so that what was checked is what
// is stored and shown.
func checkJSON(text []byte) Reason {
	if !utf8.Valid(text) {
		return ReasonEncoding
	}
	s := &scanner{text: text}
	s.space()
	if !s.value(0) {
		return s.reason()
	}
	if s.space(); s.at != len(text) {
		return ReasonNotJSON
	}
	return ""
}

// scanner reads JSON without keeping anything of it.
type scanner struct {
	text    []byte
	at      int
	values  int    // so far
	entries bool   // the value that follows is the list of a Bundle's entries
	fault   Reason // where it is more than bad syntax
}

func (s *scanner) reason() Reason {
	if s.fault != "" {
		return s.fault
	}
	return ReasonNotJSON
}

func (s *scanner) fail(reason Reason) bool {
	s.fault = reason
	return false
}

// peek returns the next byte, and 0 at the end: no value begins with it.
func (s *scanner) peek() byte {
	if s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) skip(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) literal(word string) bool {
	if end := s.at + len(word); end <= len(s.text) && string(s.text[s.at:end]) == word {
		s.at = end
		return true
	}
	return false
}

func (s *scanner) value(depth int) bool {
	if depth > maxDepth {
		return s.fail(ReasonTooDeep)
	}
	if s.values++; s.values > maxValues {
		return s.fail(ReasonTooManyItems)
	}
	switch s.peek() {
	case '{':
		return s.object(depth)
	case '[':
		return s.array(depth)
	case '"':
		_, ok := s.string(false)
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.number()
}

func (s *scanner) array(depth int) bool {
	limit := maxElements
	if s.entries {
		limit = maxEntries
	}
	s.entries = false
	s.at++
	if s.space(); s.skip(']') {
		return true
	}
	for n := 1; ; n++ {
		if n > limit {
			return s.fail(ReasonTooManyItems)
		}
		s.space()
		if !s.value(depth + 1) {
			return false
		}
		if s.space(); s.skip(']') {
			return true
		}
		if !s.skip(',') {
			return false
		}
	}
}

func (s *scanner) object(depth int) bool {
	s.at++
	if s.space(); s.skip('}') {
		return true
	}
	var seen keys
	for {
		s.space()
		if s.peek() != '"' {
			return false
		}
		key, ok := s.string(true)
		if !ok {
			return false
		}
		if !seen.add(key) {
			return s.fail(ReasonDuplicateKey)
		}
		s.space()
		if !s.skip(':') {
			return false
		}
		s.space()
		s.entries = depth == 0 && key == "entry"
		if !s.value(depth + 1) {
			return false
		}
		s.entries = false
		if s.space(); s.skip('}') {
			return true
		}
		if !s.skip(',') {
			return false
		}
	}
}

// keys are those of one object.
type keys struct {
	list  []string
	index map[string]bool
}

// add reports whether key is a new one.
func (k *keys) add(key string) bool {
	if k.index != nil {
		if k.index[key] {
			return false
		}
		k.index[key] = true
		return true
	}
	for _, known := range k.list {
		if known == key {
			return false
		}
	}
	k.list = append(k.list, key)
	if len(k.list) > fewKeys {
		k.index = make(map[string]bool, 4*fewKeys)
		for _, known := range k.list {
			k.index[known] = true
		}
	}
	return true
}

// string passes over a string, and returns what it says where that is wanted.
func (s *scanner) string(wanted bool) (string, bool) {
	start, escaped := s.at, false
	s.at++
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			if !wanted {
				return "", true
			}
			if !escaped {
				return string(s.text[start+1 : s.at-1]), true
			}
			var decoded string
			err := json.Unmarshal(s.text[start:s.at], &decoded)
			return decoded, err == nil
		case c == '\\':
			escaped = true
			if !s.escape() {
				return "", false
			}
		case c < ' ':
			return "", false
		default:
			s.at++
		}
	}
	return "", false
}

// escape passes over one escape sequence. FHIR allows no control characters
// but tab, line feed and carriage return; half of a surrogate pair would be
// read as another character than was sent.
func (s *scanner) escape() bool {
	s.at++
	c := s.peek()
	s.at++
	switch c {
	case '"', '\\', '/', 'n', 'r', 't':
		return true
	case 'b', 'f':
		return s.fail(ReasonEncoding)
	case 'u':
		unit, ok := s.hex()
		if !ok {
			return false
		}
		switch {
		case unit < ' ' && unit != '\t' && unit != '\n' && unit != '\r', 0xDC00 <= unit && unit < 0xE000:
			return s.fail(ReasonEncoding)
		case 0xD800 <= unit && unit < 0xDC00:
			if !s.literal(`\u`) {
				return s.fail(ReasonEncoding)
			}
			low, ok := s.hex()
			if !ok {
				return false
			}
			if low < 0xDC00 || low >= 0xE000 {
				return s.fail(ReasonEncoding)
			}
		}
		return true
	}
	return false
}

func (s *scanner) hex() (unit rune, ok bool) {
	for range 4 {
		c := s.peek()
		s.at++
		switch {
		case '0' <= c && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			unit = unit<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			unit = unit<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}

func (s *scanner) number() bool {
	start := s.at
	s.skip('-')
	if !s.skip('0') && s.digits() == 0 {
		return false
	}
	if s.skip('.') && s.digits() == 0 {
		return false
	}
	if s.skip('e') || s.skip('E') {
		if !s.skip('+') {
			s.skip('-')
		}
		switch n := s.digits(); {
		case n == 0:
			return false
		case n > maxExponent:
			return s.fail(ReasonNumber)
		}
	}
	if s.at-start > maxNumber {
		return s.fail(ReasonNumber)
	}
	return true
}

func (s *scanner) digits() int {
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at - start
}
