package store_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"guichet/record"
	"guichet/store"
)

// person returns traits that differ from a standard person's by a change.
func person(change func(*record.Identity)) record.Identity {
	id := record.Identity{Family: "LEFÈVRE", Given: "Camille", Birthdate: "1984-03-14", Sex: record.Female, Birthplace: "75112"}
	if change != nil {
		change(&id)
	}
	return id
}

func family(name string) record.Identity { return person(func(i *record.Identity) { i.Family = name }) }
func called(names string) record.Identity {
	return person(func(i *record.Identity) { i.Given = names })
}
func place(code string) record.Identity {
	return person(func(i *record.Identity) { i.Birthplace = code })
}
func born(date string) record.Identity {
	return person(func(i *record.Identity) { i.Birthdate = date })
}

const signedIn = "signed in"

// matchingCases is the table of cases of a first sign-in, which
// docs/identity-matching.md shows.
var matchingCases = []struct {
	group, name string
	records     []record.Identity // what the hospital's systems sent, each under a number of its own
	says        record.Identity   // what the provider says
	want        string            // signedIn, or the reason of the refusal
	why         string
}{
	{"Spelling", "the same traits", []record.Identity{person(nil)}, person(nil), signedIn, "five traits agree with one record"},
	{"Spelling", "accents and case", []record.Identity{family("LEFEVRE")}, family("Lefèvre"), signedIn, "systems write them or not"},
	{"Spelling", "accents as marks of their own", []record.Identity{family("LEFE\u0300VRE")}, family("LEFÈVRE"), signedIn, "the same letters in Unicode"},
	{"Spelling", "ligature", []record.Identity{family("OEUVRARD")}, family("ŒUVRARD"), signedIn, "Œ is OE"},
	{"Spelling", "ß", []record.Identity{family("STRASSER")}, family("Straßer"), signedIn, "ß is SS"},
	{"Spelling", "İ and ı", []record.Identity{family("YILDIRIM")}, family("YILDIRİM"), signedIn, "the point is a mark like an accent"},
	{"Spelling", "a letter that is no accent's (Ł)", []record.Identity{family("LASKI")}, family("ŁASKI"), "no-match", "the civil register transcribes; whether it did is not guessed"},
	{"Spelling", "apostrophe", []record.Identity{family("D ALMEIDA")}, family("D’Almeida"), signedIn, "an apostrophe is a space"},
	{"Spelling", "apostrophe left out", []record.Identity{family("DALMEIDA")}, family("D'ALMEIDA"), "no-match", "DALMEIDA is a name too"},
	{"Spelling", "hyphen in the birth name", []record.Identity{family("MARTIN DUPRE")}, family("MARTIN-DUPRÉ"), signedIn, "a hyphen is a space"},
	{"Spelling", "half of a double name", []record.Identity{family("MARTIN")}, family("MARTIN-DUPRÉ"), "no-match", "another name"},
	{"Spelling", "particle kept", []record.Identity{family("DE LA TOUR")}, family("de la Tour"), signedIn, "the same words"},
	{"Spelling", "particle left out", []record.Identity{family("TOUR")}, family("DE LA TOUR"), "no-match", "TOUR is a name too"},
	{"Spelling", "Le written together", []record.Identity{family("LEGOFF")}, family("LE GOFF"), "no-match", "LEGOFF is a name too"},
	{"Spelling", "a name cut short by a feed", []record.Identity{family("LEFEVR")}, family("LEFÈVRE"), "no-match", "what was cut is not guessed"},

	{"Given names", "all of them on one side", []record.Identity{called("Camille")}, called("Camille Anne Marie"), signedIn, "the INS counts the first; the record knows no other"},
	{"Given names", "all of them on the other", []record.Identity{called("Camille Anne Marie")}, called("Camille"), signedIn, "the provider says no other"},
	{"Given names", "the record has the beginning of the list", []record.Identity{called("Camille Anne")}, called("Camille Anne Marie"), signedIn, "what both know agrees"},
	{"Given names", "the same first one, others differ", []record.Identity{called("Camille Anne")}, called("Camille Rose"), "given-names", "of twins named so, one may have no record"},
	{"Given names", "the provider has the beginning of the record's list", []record.Identity{called("Camille Anne Marie")}, called("Camille Anne"), "given-names", "the civil register gives all of them: it is the record that holds one too many"},
	{"Given names", "in another order", []record.Identity{called("Anne Camille")}, called("Camille Anne"), "no-match", "the first one is the trait"},
	{"Given names", "compound, with its hyphen", []record.Identity{called("JEAN-PIERRE")}, called("Jean-Pierre Marie"), signedIn, "one given name"},
	{"Given names", "compound, with a space in the record", []record.Identity{called("JEAN PIERRE")}, called("Jean-Pierre"), "no-match", "JEAN PIERRE may be two given names, and another person"},
	{"Given names", "an initial", []record.Identity{called("C")}, called("Camille"), "no-match", "twins may share it"},
	{"Given names", "a diminutive", []record.Identity{called("Cam")}, called("Camille"), "no-match", "not the register's"},

	{"Changed names", "the record has the name in use as birth name", []record.Identity{family("MOREAU")}, person(func(i *record.Identity) { i.Usual = "Moreau" }), "no-match", "the birth name is the trait"},
	{"Changed names", "another name in use", []record.Identity{person(func(i *record.Identity) { i.Usual = "Moreau" })}, person(nil), signedIn, "the name in use is no trait"},

	{"Birth date", "presumed, 00 in the record", []record.Identity{born("1984-00-00")}, born("1984-01-01"), "no-match", "the first of January may be the day"},
	{"Birth date", "presumed, written the same", []record.Identity{born("1984-01-01")}, born("1984-01-01"), signedIn, "five traits agree"},
	{"Birth date", "presumed, 00 on both sides", []record.Identity{born("1984-03-00")}, born("1984-03-00"), signedIn, "five traits agree"},
	{"Birth date", "day and month exchanged", []record.Identity{born("1984-05-03")}, born("1984-03-05"), "no-match", "a mistake, or another person"},

	{"Sex", "not stated by the provider", []record.Identity{person(nil)}, person(func(i *record.Identity) { i.Sex = record.SexUnknown }), "no-match", "four traits are too few"},
	{"Sex", "another", []record.Identity{person(nil)}, person(func(i *record.Identity) { i.Sex = record.Male }), "no-match", "a correction is an operator's to see"},

	{"Place of birth", "none in the record", []record.Identity{place("")}, person(nil), "no-match", "four traits are too few: never automatic"},
	{"Place of birth", "abroad, the country", []record.Identity{place("99352")}, place("99352"), signedIn, "five traits agree"},
	{"Place of birth", "abroad, another country", []record.Identity{place("99350")}, place("99352"), "no-match", "another person"},
	{"Place of birth", "Corsica, in lower case", []record.Identity{place("2a004")}, place("2A004"), signedIn, "the same code"},
	{"Place of birth", "Corsica, 20 of old", []record.Identity{place("20004")}, place("2A004"), "no-match", "codes of two times are not compared"},
	{"Place of birth", "a municipality that merged", []record.Identity{place("14011")}, place("14666"), "no-match", "codes of two times are not compared"},

	{"Several", "homonyms, both known", []record.Identity{place("31555"), place("33063")}, place("33063"), signedIn, "the place tells them apart"},
	{"Several", "a homonym of whom there is no record", []record.Identity{place("31555")}, place("33063"), "no-match", "not the same person"},
	{"Several", "a homonym whose record lacks the place", []record.Identity{place("")}, place("33063"), "no-match", "never automatic"},
	{"Several", "twins", []record.Identity{called("Camille"), called("Claire")}, called("Claire"), signedIn, "the given name tells them apart"},
	{"Several", "twins, one without a record", []record.Identity{called("Camille")}, called("Claire"), "no-match", "not the same person"},
	{"Several", "twins who share the first given name", []record.Identity{called("Camille Anne"), called("Camille Rose")}, called("Camille Rose"), "several-matches", "five traits agree with two records"},
	{"Several", "two records of one patient", []record.Identity{person(nil), person(nil)}, person(nil), "several-matches", "to be merged, or an operator says which"},
}

// TestMatchingCases walks the table, and keeps the document in step with it.
func TestMatchingCases(t *testing.T) {
	var doc strings.Builder
	group := ""
	for i, c := range matchingCases {
		t.Run(c.group+": "+c.name, func(t *testing.T) {
			w := newWorld(t)
			for n, who := range c.records {
				w.deposit(t, bloodCount(who, fmt.Sprint(100+n), fmt.Sprint("C", n), fmt.Sprint("O", n), "11.2", sampled))
			}
			req, err := w.trySignIn(t, c.says, "sub")
			if got := outcomeOf(err); got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
			waiting := w.count(t, `SELECT count(*) FROM guichet.waiting_identity`)
			if c.want != signedIn {
				if waiting != 1 {
					t.Errorf("%d wait for an operator, want the one who was refused", waiting)
				}
				return
			}
			if home, err := w.portal.ReadHome(t.Context(), req); err != nil || home.Patient == nil || waiting != 0 {
				t.Errorf("home: got %+v, %v; %d wait", home, err, waiting)
			}
		})
		if c.group != group {
			group = c.group
			fmt.Fprintf(&doc, "| **%s** | | | | |\n", group)
		}
		becomes := "signed in"
		if c.want != signedIn {
			becomes = "refused, `" + c.want + "`"
		}
		var records []string
		for _, who := range c.records {
			records = append(records, differing(who, c.says, i == 0))
		}
		fmt.Fprintf(&doc, "| %s | %s | %s | %s | %s |\n", c.name, strings.Join(records, "; "), differing(c.says, c.records[0], i == 0), becomes, c.why)
	}
	const file, begin, end = "../docs/identity-matching.md", "<!-- cases -->\n", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(text), begin)
	_, tail, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatal("docs/identity-matching.md lacks the place of the table")
	}
	want := head + begin + "| case | the record has | the provider says | becomes | why |\n|---|---|---|---|---|\n" + doc.String() + end + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Error("docs/identity-matching.md is not the table of cases: go test ./store -run TestMatchingCases -update, and read the difference")
	}
}

// differing writes the traits of who that are not other's, or all.
func differing(who, other record.Identity, all bool) string {
	var parts []string
	for _, part := range []struct{ name, own, others string }{
		{"", who.Family, other.Family}, {"", who.Given, other.Given}, {"in use ", who.Usual, other.Usual}, {"", who.Birthdate, other.Birthdate},
		{"", string(who.Sex), string(other.Sex)}, {"", who.Birthplace, other.Birthplace},
	} {
		switch {
		case !all && part.own == part.others:
		case part.own == "" && part.name == "":
			parts = append(parts, "–")
		case part.own != "":
			parts = append(parts, part.name+part.own)
		}
	}
	if len(parts) == 0 {
		return "the same"
	}
	return strings.Join(parts, ", ")
}

func outcomeOf(err error) string {
	refusal, ok := errors.AsType[*store.Refusal](err)
	switch {
	case err == nil:
		return signedIn
	case ok:
		return refusal.Reason
	}
	return err.Error()
}

func (w *world) count(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := w.Superuser(t).QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
