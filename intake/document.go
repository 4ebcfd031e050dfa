package intake

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"guichet/record"
)

// document reads an encapsulated document (ED): source, type, subtype,
// encoding, data. ok is false when it does not decode; an ED without data is a
// document without bytes.
func document(e element, title string) (d record.Document, ok bool) {
	data, ok := decodeDocument(strings.ToUpper(e.component(4).text()), e.component(5))
	if !ok {
		return d, false
	}
	return record.Document{
		Title:     title,
		MediaType: mediaType(data, strings.ToLower(e.component(2).text()), strings.ToLower(e.component(3).text())),
		Size:      len(data),
		Bytes:     data,
	}, true
}

func decodeDocument(encoding string, data element) ([]byte, bool) {
	if data.isEmpty() {
		return nil, true
	}
	switch encoding {
	case "BASE64":
		return decodeBase64(data.lines())
	case "HEX":
		decoded, err := hex.DecodeString(strings.Join(strings.Fields(data.lines()), ""))
		return decoded, err == nil
	case "A", "":
		text := data.syntax.unescape(data.raw)
		return []byte(text), !isMisdeclared(text)
	}
	return nil, false
}

// isMisdeclared reports whether text, which is now UTF-8, is an XML document
// that says it is not: whoever opens it would read other letters.
func isMisdeclared(text string) bool {
	declaration, _, ok := strings.Cut(strings.TrimSpace(text), "?>")
	_, named, encoded := strings.Cut(declaration, "encoding")
	if !ok || !encoded || !strings.HasPrefix(declaration, "<?xml") {
		return false
	}
	return !strings.Contains(strings.ToUpper(named), "UTF-8") && strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// decodeBase64 accepts what senders write: broken into lines, and with or
// without padding. The last bits are not checked.
func decodeBase64(text string) ([]byte, bool) {
	compact := strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\t' {
			return -1
		}
		return r
	}, text)
	compact = strings.TrimRight(compact, "=")
	decoded, err := base64.RawStdEncoding.DecodeString(compact)
	return decoded, err == nil
}

// mediaType says what data is; kind and subtype are those of the field, in
// lower case.
func mediaType(data []byte, kind, subtype string) string {
	return record.MediaType(data, subtype == "xml" || subtype == "hl7-cda+xml", kind == "text" || kind == "tx" || kind == "ft")
}
