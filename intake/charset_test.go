package intake

import "testing"

func TestDecode(t *testing.T) {
	tests := []struct {
		name, declared, raw, want string
		unreadable                bool
	}{
		{name: "ASCII, nothing declared", raw: "Na 140", want: "Na 140"},
		{name: "UTF-8 as declared", declared: "UNICODE UTF-8", raw: "Kaliémie œ €", want: "Kaliémie œ €"},
		{name: "8859/15 as declared", declared: "8859/15", raw: "c\xBDur 5 \xA4 \xE9", want: "cœur 5 € é"},
		{name: "8859/1 as declared", declared: "8859/1", raw: "\xBD caf\xE9 \xA4", want: "½ café ¤"},
		{name: "declared UTF-8, sent 8859/15", declared: "UNICODE UTF-8", raw: "c\xBDur \xE9", want: "cœur é"},
		{name: "declared 8859/1, sent UTF-8", declared: "8859/1", raw: "Kaliémie", want: "Kaliémie"},
		{name: "declared 8859/15, sent UTF-8", declared: "8859/15", raw: "10 µg", want: "10 µg"},
		{name: "declared ASCII, sent UTF-8", declared: "ASCII", raw: "é", want: "é"},
		{name: "nothing declared, sent 8859/15", raw: "\xE9t\xE9", want: "été"},
		{name: "declared 8859/1, sent Windows-1252", declared: "8859/1", raw: "l\x92\x9Cil", want: "l’œil"},
		{name: "unknown, but ASCII", declared: "GB 18030-2000", raw: "Na", want: "Na"},
		{name: "unknown, but UTF-8", declared: "UNICODE UTF-16", raw: "é", want: "é"},
		{name: "UTF-8 with one character cut", declared: "UNICODE UTF-8", raw: "5 µmol/L, Kali\xC3", unreadable: true},
		{name: "UTF-8 with one byte lost", raw: "5 \xB5mol/L, Kaliémie", unreadable: true},
		{name: "UTF-8 cut, declared 8859/15", declared: "8859/15", raw: "5 µmol/L, Kali\xC3", unreadable: true},
		{name: "UTF-8 in the middle of 8859/1", declared: "8859/1", raw: "\xE9t\xE9, gel\xE9, \xE0 5 µmol/L", unreadable: true},
		{name: "UTF-8 quotes in the middle of 8859/15", declared: "8859/15", raw: "\xE9t\xE9 “gelé”", unreadable: true},
		{name: "Greek in the middle of 8859/15", declared: "8859/15", raw: "\xE9t\xE9 β", unreadable: true},
		{name: "capitals and quotes in 8859/15", declared: "8859/15", raw: "\xABPOSITIVIT\xC9\xBB \xE0 v\xE9rifier", want: "«POSITIVITÉ» à vérifier"},
		{name: "capitals and quotes in Windows-1252", declared: "8859/1", raw: "\x93LEV\xC9\x94, \xE0 CONTR\xD4L\xC9\x85", want: "“LEVÉ”, à CONTRÔLÉ…"},
		{name: "unknown and unreadable", declared: "ISO IR87", raw: "\xE9", unreadable: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, ok := decode([]byte(test.raw), charsetNamed(test.declared))
			if ok == test.unreadable || got != test.want {
				t.Errorf("decode = %q, %t, want %q", got, ok, test.want)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	tests := []struct{ set, text, want string }{
		{"UNICODE UTF-8", "é€", "é€"},
		{"8859/1", "é œ €", "\xE9 ? ?"},
		{"8859/15", "é œ €", "\xE9 \xBD \xA4"},
		{"ASCII", "prénom", "prenom"},
		{"", "é", "e"},
		{"GB 18030-2000", "é", "e"},
	}
	for _, test := range tests {
		if got := string(encode(test.text, charsetNamed(test.set))); got != test.want {
			t.Errorf("encode(%q, %q) = %q, want %q", test.text, test.set, got, test.want)
		}
	}
}
