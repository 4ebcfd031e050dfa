package intake

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxSkip bounds what \.sp\ and \.sk\ may expand to, so that a short message
// cannot become a long one.
const maxSkip = 40

// separators are the delimiters a message declares in MSH-1 and MSH-2. A zero
// byte is a delimiter that the message does not have.
type separators struct {
	field, component, repetition, escape, subcomponent, truncation byte
}

var standard = separators{'|', '^', '~', '\\', '&', '#'}

// syntax is how one message is written.
type syntax struct {
	separators
	set charset // of the bytes in \X..\ escapes
}

// unescape resolves the escape sequences of raw (HL7 2.8, 2.7). Formatting
// becomes line breaks, highlighting is dropped, and what is no escape sequence
// is text: a sender's "C:\TEMP\X" loses nothing.
func (s *syntax) unescape(raw string) string {
	if s.escape == 0 || strings.IndexByte(raw, s.escape) < 0 {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw))
	for {
		before, rest, found := strings.Cut(raw, string(rune(s.escape)))
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := strings.IndexByte(rest, s.escape)
		if end < 0 {
			b.WriteByte(s.escape)
			b.WriteString(rest)
			return b.String()
		}
		name, following := s.whole(rest[:end], rest[end+1:])
		if text, ok := s.sequence(name); ok {
			b.WriteString(text)
			raw = following
			continue
		}
		b.WriteByte(s.escape) // not ours: its closing character may open the next
		b.WriteString(rest[:end])
		raw = rest[end:]
		if !s.opens(raw) {
			b.WriteByte(s.escape)
			raw = raw[1:]
		}
	}
}

// whole returns the escape sequence name together with those like it that
// follow directly: some senders escape the bytes of one character one by one
// (\XC3\\XA9\).
func (s *syntax) whole(name, rest string) (sequence, following string) {
	if !isHexadecimal(name) {
		return name, rest
	}
	var b strings.Builder
	b.WriteString(name)
	for rest != "" && rest[0] == s.escape {
		end := strings.IndexByte(rest[1:], s.escape)
		if end < 0 || !isHexadecimal(rest[1:end+1]) {
			break
		}
		b.WriteString(rest[2 : end+1])
		rest = rest[end+2:]
	}
	return b.String(), rest
}

func isHexadecimal(name string) bool {
	if len(name) < 3 || name[0] != 'X' {
		return false
	}
	_, err := hex.DecodeString(name[1:])
	return err == nil
}

// opens reports whether raw, which begins with the escape character, begins
// with a whole sequence that we know.
func (s *syntax) opens(raw string) bool {
	end := strings.IndexByte(raw[1:], s.escape)
	if end < 0 {
		return false
	}
	_, ok := s.sequence(raw[1 : end+1])
	return ok
}

// sequence returns what the escape sequence name stands for.
func (s *syntax) sequence(name string) (text string, ok bool) {
	switch name {
	case "F":
		return string(rune(s.field)), true
	case "S":
		return delimiter(s.component)
	case "T":
		return delimiter(s.subcomponent)
	case "R":
		return delimiter(s.repetition)
	case "E":
		return string(rune(s.escape)), true
	case "P":
		if s.truncation == 0 {
			return string(rune(standard.truncation)), true
		}
		return string(rune(s.truncation)), true
	case "H", "N":
		return "", true
	}
	if name == "" {
		return "", false
	}
	switch name[0] {
	case '.':
		return formatting(name[1:])
	case 'X':
		return s.hexadecimal(name[1:])
	case 'C', 'M': // switches to a character set we do not have (HL7 2.8, 2.7.2)
		_, err := hex.DecodeString(name[1:])
		return "", err == nil && (len(name) == 5 || len(name) == 7)
	}
	return "", false
}

func delimiter(c byte) (string, bool) {
	if c == 0 {
		return "", false
	}
	return string(rune(c)), true
}

func (s *syntax) hexadecimal(digits string) (string, bool) {
	bytes, err := hex.DecodeString(digits)
	if err != nil || len(bytes) == 0 {
		return "", false
	}
	return decodeBytes(bytes, s.set), true
}

// formatting returns what a command of formatted text does to plain text.
func formatting(command string) (string, bool) {
	if len(command) < 2 {
		return "", false
	}
	count := 1
	if number := strings.TrimLeft(strings.TrimSpace(command[2:]), "+-"); number != "" {
		n, err := strconv.Atoi(number)
		if err != nil {
			return "", false
		}
		count = min(n, maxSkip)
	}
	switch command[:2] {
	case "br", "ce":
		return "\n", true
	case "sp":
		return strings.Repeat("\n", count), true
	case "sk":
		return strings.Repeat(" ", count), true
	case "in", "ti", "fi", "nf":
		return "", true
	}
	return "", false
}

// escapeText writes text so that it can stand in a field of a message with
// these separators. Characters that would end a segment or a frame are spaces.
func (s separators) escapeText(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < ' ' || r == 0x7F {
			b.WriteByte(' ')
			continue
		}
		if r >= utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		name, special := "", true
		switch byte(r) {
		case s.escape:
			name = "E"
		case s.field:
			name = "F"
		case s.component:
			name = "S"
		case s.repetition:
			name = "R"
		case s.subcomponent:
			name = "T"
		default:
			special = false
		}
		switch {
		case !special:
			b.WriteRune(r)
		case s.escape == 0:
			b.WriteByte(' ')
		default:
			b.WriteByte(s.escape)
			b.WriteString(name)
			b.WriteByte(s.escape)
		}
	}
	return b.String()
}

// plain makes text safe to store and show: line breaks are \n, other control
// characters are gone, what is not UTF-8 is marked. Those that Unicode has from
// U+0080 to U+009F come from Windows-1252 that somebody took for 8859/1, and are
// read as such, like the same bytes.
func plain(text string) string {
	if !needsCleaning(text) {
		return text
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r == 0x7F:
			return -1
		case 0x80 <= r && r < 0xA0:
			return charmap.Windows1252.DecodeByte(byte(r))
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

func needsCleaning(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7F {
			return true
		}
	}
	return false
}
