package intake

import (
	"testing"

	"pgregory.net/rapid"
)

func TestUnescape(t *testing.T) {
	s := &syntax{separators: standard, set: utf8Set}
	tests := []struct{ name, raw, want string }{
		{"nothing to do", "5.30 mmol/L", "5.30 mmol/L"},
		{"the five delimiters", `a\F\b\S\c\T\d\R\e\E\f`, `a|b^c&d~e\f`},
		{"truncation", `cut\P\`, "cut#"},
		{"hexadecimal", `\X21\\X4142\`, "!AB"},
		{"hexadecimal in the message's character set", `\XC3A9\`, "é"},
		{"hexadecimal byte by byte", `10 \XC2\\XB5\g \XC3\\XA9\\X21\`, "10 µg é!"},
		{"hexadecimal that is no UTF-8", `\XB5\g \XE9\`, "µg é"},
		{"hexadecimal and a break", `\XC3\\.br\\XA9\`, "Ã\n©"},
		{"line breaks", `one\.br\two\.sp\three\.sp+2\four`, "one\ntwo\nthree\n\nfour"},
		{"centre, skip, indent, fill", `a\.ce\b\.sk 3\c\.in+4\d\.ti-2\e\.fi\f\.nf\g`, "a\nb   cdefg"},
		{"highlight", `a \H\loud\N\ b`, "a loud b"},
		{"character set switches", `\C2842\a\M824041\b`, "ab"},
		{"not a switch", `\Cafe\ `, `\Cafe\ `},
		{"unknown and local", `a \Z99\ b`, `a \Z99\ b`},
		{"a path", `C:\TEMP\X`, `C:\TEMP\X`},
		{"a path before an escape", `C:\TEMP\F\X`, `C:\TEMP|X`},
		{"alone at the end", `100 \`, `100 \`},
		{"twice", `a\\b`, `a\\b`},
		{"bad hexadecimal", `\X2\ \XZZ\ \X\`, `\X2\ \XZZ\ \X\`},
		{"a million lines", `a\.sp1000000\b`, "a" + string(make40()) + "b"},
		{"not a number of lines", `\.spx\`, `\.spx\`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := s.unescape(test.raw); got != test.want {
				t.Errorf("unescape(%q) = %q, want %q", test.raw, got, test.want)
			}
		})
	}
}

func make40() []byte {
	lines := make([]byte, 40)
	for i := range lines {
		lines[i] = '\n'
	}
	return lines
}

func TestUnescapeWithOtherSeparators(t *testing.T) {
	s := &syntax{separators: separators{field: '@', component: '~', repetition: '&', escape: '#', subcomponent: '\\'}}
	if got, want := s.unescape(`a#F#b#S#c#T#d#R#e#E#f|^`), `a@b~c\d&e#f|^`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnescapeWithoutAnEscapeCharacter(t *testing.T) {
	s := &syntax{separators: separators{field: '|', component: '^', repetition: '~'}}
	if got := s.unescape(`a\F\b`); got != `a\F\b` {
		t.Errorf("got %q", got)
	}
}

// TestEscapedTextComesBack holds for any text of one line.
func TestEscapedTextComesBack(t *testing.T) {
	s := &syntax{separators: standard, set: utf8Set}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~é°µ\\|^&~FSTRE.br]{0,40}`).Draw(t, "text")
		if got := s.unescape(standard.escapeText(text)); got != text {
			t.Fatalf("%q came back as %q", text, got)
		}
	})
}

func TestPlainRemovesControlCharacters(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"a\r\nb\rc\nd", "a\nb\nc\nd"},
		{"a\x00b\x0Bc\x1Cd\x7Fe", "abcde"},
		{"l\u0092\u009Cil\u0085 \u0096 5 \u0080", "l’œil… – 5 €"},
		{"\u0081", "\uFFFD"},
		{"\ttab é", "\ttab é"},
		{"bad \xFF byte", "bad \uFFFD byte"},
	}
	for _, test := range tests {
		if got := plain(test.raw); got != test.want {
			t.Errorf("plain(%q) = %q, want %q", test.raw, got, test.want)
		}
	}
}
