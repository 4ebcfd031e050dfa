package auth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// maxToken is far above any token of a provider's.
const maxToken = 64 << 10

// header is the protected header of a token, letter by letter: Go's own
// decoding into a struct would take "ALG" for "alg".
type header map[string]json.RawMessage

// readHeader reads the header of a compact token of that many parts.
func readHeader(raw string, parts int) (header, bool) {
	// The library also reads the JSON serialisation, whose headers may lie
	// outside the signature.
	if len(raw) > maxToken || strings.Count(raw, ".") != parts-1 || strings.ContainsAny(raw, "{} \r\n\t") {
		return nil, false
	}
	first, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		return nil, false
	}
	var h header
	if err := json.Unmarshal(text, &h); err != nil || h == nil {
		return nil, false
	}
	return h, true
}

func (h header) text(name string) string {
	var s string
	if err := json.Unmarshal(h[name], &s); err != nil {
		return "" // absent, or not a text
	}
	return s
}

func (h header) has(name string) bool { _, ok := h[name]; return ok }
