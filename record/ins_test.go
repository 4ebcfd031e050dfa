package record

import (
	"fmt"
	"strings"
	"testing"
)

// number completes thirteen characters with their key.
func number(first string) string {
	return first + NIRKey(first)
}

func TestCheckINS(t *testing.T) {
	helene := Identity{Family: "LEFÈVRE", Given: "Hélène", Birthdate: "1961-03-09", Sex: Female, Birthplace: "75112"}
	who := func(change func(*Identity)) Identity { i := helene; change(&i); return i }
	born := func(date, place string) Identity {
		return who(func(i *Identity) { i.Birthdate, i.Birthplace = date, place })
	}
	for _, c := range []struct {
		name, value string
		who         Identity
		want        INSFault
	}{
		{"hers", "261037511211691", helene, ""},
		{"with spaces", "2 61 03 75 112 116 91", helene, ""},
		{"the example of the NIR's documentation", "255081416802538", born("1955-08-30", "14168"), ""},
		{"a digit mistyped", "261037511211791", helene, INSKey},
		{"two digits exchanged", "260137511211691", helene, INSKey},
		{"another key", "261037511211692", helene, INSKey},
		{"key 97 of a multiple of 97", number("2610375112086"), helene, ""},
		{"without its key", "2610375112116", helene, INSForm},
		{"empty", "", helene, INSForm},
		{"letters", "26103751121AA91", helene, INSForm},
		{"of a sex that there is not", "961037511211691", helene, INSForm},
		{"a digit of another alphabet", "26103751121169\u0661", helene, INSForm},
		{"of a man", number("1610375112116"), helene, INSSex},
		{"of a woman who waits for her number", number("8610375112116"), helene, ""},
		{"of a man who waits for his", number("7610375112116"), helene, INSSex},
		{"of a foreigner being registered", number("4610375112116"), helene, ""},
		{"sex unknown", number("1610375112116"), who(func(i *Identity) { i.Sex = SexUnknown }), ""},
		{"another year", number("2620375112116"), helene, INSBirthdate},
		{"another month", number("2610475112116"), helene, INSBirthdate},
		{"a month that the register does not know", number("2612075112116"), helene, ""},
		{"a presumed date without a month", number("2610475112116"), born("1961-00-00", "75112"), ""},
		{"no birth date", number("2620475112116"), born("", "75112"), ""},
		{"another department", number("2610313112116"), helene, INSPlace},
		{"another municipality of the department: they merge", number("2610375101116"), helene, ""},
		{"no place", number("2610313112116"), born("1961-03-09", ""), ""},
		{"a place that is no code", number("2610313112116"), born("1961-03-09", "Paris"), ""},
		{"abroad, the country", number("2610399352116"), born("1961-03-09", "99352"), ""},
		{"abroad, another country: states divide", number("2610399205116"), born("1961-03-09", "99351"), ""},
		{"said to be born abroad", number("2610375112116"), born("1961-03-09", "99352"), INSPlace},
		{"Ajaccio", number("261032A004116"), born("1961-03-09", "2A004"), ""},
		{"Bastia", number("261032B033116"), born("1961-03-09", "2B033"), ""},
		{"Ajaccio in lower case", strings.ToLower(number("261032A004116")), born("1961-03-09", "2A004"), ""},
		{"Ajaccio, when it was in 20", number("2610320004116"), born("1961-03-09", "2A004"), ""},
		{"Ajaccio in 20, long after", number("2900320004116"), born("1990-03-09", "2A004"), INSPlace},
		{"Saint-Denis, when it was in Seine", number("2610375066116"), born("1961-03-09", "93066"), ""},
		{"Saint-Denis in Seine, long after", number("2900375066116"), born("1990-03-09", "93066"), INSPlace},
		{"Oran, when it was a department", number("2570392003116"), born("1957-03-09", "99352"), ""},
		{"Oran said to be in Morocco", number("2570392003116"), born("1957-03-09", "99350"), INSPlace},
		{"Casablanca", number("2500395003116"), born("1950-03-09", "99350"), ""},
		{"Saint-Barthélemy, of Guadeloupe then", number("2610397123116"), born("1961-03-09", "97701"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := (Identifier{Authority: OIDNIR, Value: c.value}).CheckINS(c.who); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for _, authority := range []string{OIDNIRTest, OIDNIRDemo} {
		if got := (Identifier{Authority: authority, Value: number("2610313112116")}).CheckINS(helene); got != "" {
			t.Errorf("%s: got %q, want the place of a fictitious person passed over", authority, got)
		}
		if got := (Identifier{Authority: authority, Value: number("1610375112116")}).CheckINS(helene); got != INSSex {
			t.Errorf("%s: got %q, want the sex looked at", authority, got)
		}
	}
}

// TestKeyFindsEveryMistypedDigit of a number, Corsica's too.
func TestKeyFindsEveryMistypedDigit(t *testing.T) {
	for _, first := range []string{"2610375112116", "190012A004001"} {
		whole := number(first)
		for i := range whole {
			for d := byte('0'); d <= '9'; d++ {
				changed := whole[:i] + string(d) + whole[i+1:]
				fault := Identifier{Authority: OIDNIR, Value: changed}.CheckINS(Identity{})
				if (changed == whole) != (fault == "") {
					t.Errorf("%s for %s: got %q", changed, whole, fault)
				}
			}
		}
	}
}

func FuzzCheckINS(f *testing.F) {
	f.Add("261037511211691", "1961-03-09", "75112", "female")
	f.Add("190012A00400123", "1990", "2A004", "male")
	f.Add("é", "é", "é", "é")
	f.Fuzz(func(t *testing.T, value, birthdate, place, sex string) {
		who := Identity{Birthdate: birthdate, Birthplace: place, Sex: Sex(sex)}
		id := Identifier{Authority: OIDNIR, Value: value}
		fault := id.CheckINS(who)
		if again := id.Canonical().CheckINS(who); again != fault {
			t.Errorf("%q, then in canonical form %q", fault, again)
		}
		if bare := id.CheckINS(Identity{}); bare != "" && bare != fault {
			t.Errorf("%q with traits, %q without: a number that is wrong is so for everybody", fault, bare)
		}
		if fault == "" && len(fmt.Sprint(id.Canonical().Value)) != insLength {
			t.Errorf("%q passes", value)
		}
	})
}
