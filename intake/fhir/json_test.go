package fhir

import (
	"fmt"
	"strings"
	"testing"
)

func TestStrictJSON(t *testing.T) {
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d":1`, i)
	}
	for text, want := range map[string]Reason{
		`{}`: "", ` [1, -0, 1.50, 1E3, 1e-12, true, false, null, "a\u00e9\ud83d\ude00\n"] `: "", `"é😀"`: "",
		``: ReasonNotJSON, ` `: ReasonNotJSON, `{`: ReasonNotJSON, `{"a"`: ReasonNotJSON, `{"a":1,}`: ReasonNotJSON, `[1,]`: ReasonNotJSON, `{} {}`: ReasonNotJSON, `{}x`: ReasonNotJSON,
		`NaN`: ReasonNotJSON, `Infinity`: ReasonNotJSON, `[01]`: ReasonNotJSON, `[+1]`: ReasonNotJSON, `[.5]`: ReasonNotJSON, `[1.]`: ReasonNotJSON, `[1e]`: ReasonNotJSON, `[0x1]`: ReasonNotJSON,
		`{'a':1}`: ReasonNotJSON, `{a:1}`: ReasonNotJSON, `{"a":1 /* c */}`: ReasonNotJSON, "\"a\nb\"": ReasonNotJSON, `"\x"`: ReasonNotJSON, `"\u12"`: ReasonNotJSON, `"a`: ReasonNotJSON, `"\`: ReasonNotJSON, `"\u`: ReasonNotJSON,
		`{"a":1,"a":2}`: ReasonDuplicateKey, `{"a":1,"\u0061":2}`: ReasonDuplicateKey, `{"x":{"a":1,"b":2,"a":3}}`: ReasonDuplicateKey, `{` + strings.Join(many, ",") + `,"k7":1}`: ReasonDuplicateKey, `{` + strings.Join(many, ",") + `}`: "",
		"\"\xff\"": ReasonEncoding, `"\ud800"`: ReasonEncoding, `"\udc00"`: ReasonEncoding, `"\ud800\u0041"`: ReasonEncoding, `"\u0000"`: ReasonEncoding, `"\b"`: ReasonEncoding, `"\ud800x"`: ReasonEncoding,
		`[1e9999]`: ReasonNumber, `[` + strings.Repeat("9", 65) + `]`: ReasonNumber,
		strings.Repeat("[", 64) + strings.Repeat("]", 64): "", strings.Repeat("[", 66) + strings.Repeat("]", 66): ReasonTooDeep, strings.Repeat("[", 1_000_000): ReasonTooDeep,
	} {
		if got := checkJSON([]byte(text)); got != want {
			t.Errorf("%.40q: got %q, want %q", text, got, want)
		}
	}
}
