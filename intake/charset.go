package intake

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// charset is a character set of HL7 table 0211 that we read and write.
type charset int

const (
	ascii charset = iota
	utf8Set
	latin1 // 8859/1
	latin9 // 8859/15
	unsupported
)

// charsetNamed returns the character set that a sender means by name (MSH-18).
func charsetNamed(name string) charset {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "", "ASCII", "US-ASCII", "ISO IR6":
		return ascii
	case "UNICODE UTF-8", "UTF-8", "UTF8", "UNICODE":
		return utf8Set
	case "8859/1", "8859-1", "ISO-8859-1", "ISO8859-1", "ISO IR100":
		return latin1
	case "8859/15", "8859-15", "ISO-8859-15", "ISO8859-15":
		return latin9
	}
	return unsupported
}

// decode turns raw into UTF-8. Senders declare one character set and send
// another, in both directions, so the bytes decide where they can: text with
// accents that is valid UTF-8 throughout is UTF-8, since 8-bit text almost
// never is by chance. What is not UTF-8 is what was declared, or else 8859/15,
// the character set of the French profile. ok is false when neither the bytes
// nor the declaration say how to read it, or the bytes say two things.
func decode(raw []byte, declared charset) (text string, actual charset, ok bool) {
	switch {
	case utf8.Valid(raw):
		if declared == unsupported || declared == ascii {
			declared = utf8Set
		}
		return string(raw), declared, true
	case declared == unsupported, holdsUTF8(raw):
		return "", declared, false
	case declared == latin1:
		return decodeBytes(raw, latin1), latin1, true
	}
	return decodeBytes(raw, latin9), latin9, true
}

// holdsUTF8 reports whether raw, which is not UTF-8 as a whole, holds
// characters that are: a text cut in the middle of one, or put together from
// two. Read as 8-bit text, its µmol/L would become Âµmol/L.
func holdsUTF8(raw []byte) bool {
	for len(raw) > 0 {
		_, size := utf8.DecodeRune(raw)
		if size > 1 && !endsWord(raw[:size]) {
			return true
		}
		raw = raw[size:]
	}
	return false
}

// endsWord reports whether two bytes are, in the 8-bit sets, a capital that
// French words end with (É, Ù, Û) and what may follow it: … ’ ” – —, a no-break
// space, ». They are the pairs of 8-bit text that UTF-8 knows too.
func endsWord(pair []byte) bool {
	return len(pair) == 2 && bytes.IndexByte([]byte("\xC9\xD9\xDB"), pair[0]) >= 0 &&
		bytes.IndexByte([]byte("\x85\x92\x94\x96\x97\xA0\xBB"), pair[1]) >= 0
}

// decodeBytes reads raw, a whole or a part of a message, as set. In the two
// 8-bit sets, the range 0x80 to 0x9F is read as Windows-1252: the control
// characters that ISO puts there are never meant, its quotes and œ are.
func decodeBytes(raw []byte, set charset) string {
	if set == utf8Set || set == ascii {
		if utf8.Valid(raw) {
			return string(raw)
		}
		set = latin9
	}
	table := charmap.ISO8859_15
	if set == latin1 {
		table = charmap.ISO8859_1
	}
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/8)
	for _, c := range raw {
		switch {
		case c < utf8.RuneSelf:
			b.WriteByte(c)
		case c < 0xA0:
			b.WriteRune(charmap.Windows1252.DecodeByte(c))
		default:
			b.WriteRune(table.DecodeByte(c))
		}
	}
	return b.String()
}

// encode writes text in set. What the set lacks loses its accent, or becomes
// a question mark.
func encode(text string, set charset) []byte {
	switch set {
	case utf8Set:
		return []byte(text)
	case latin1:
		return encodeTable(text, charmap.ISO8859_1)
	case latin9:
		return encodeTable(text, charmap.ISO8859_15)
	}
	return encodeASCII(text)
}

func encodeTable(text string, table *charmap.Charmap) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if c, ok := table.EncodeRune(r); ok {
			out = append(out, c)
			continue
		}
		out = append(out, encodeASCII(string(r))...)
	}
	return out
}

func encodeASCII(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range norm.NFD.String(text) {
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case unicode.Is(unicode.Mn, r):
		default:
			out = append(out, '?')
		}
	}
	return out
}
