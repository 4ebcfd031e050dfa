package intake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet/record"
)

func TestValues(t *testing.T) {
	text := func(printed string) record.Value { return record.Value{Kind: record.Text, Text: printed} }
	number := func(printed string) record.Value { return record.Value{Kind: record.Numeric, Text: printed} }
	structured := func(printed string) record.Value { return record.Value{Kind: record.Structured, Text: printed} }
	coded := func(printed, value, codeText, system string) record.Value {
		return record.Value{Kind: record.Coded, Text: printed, Code: record.Code{System: system, Value: value, Text: codeText}}
	}
	tests := []struct {
		name, kind, value, unit string
		want                    record.Value
	}{
		{"zeros stay", "NM", "5.30", "g/L", number("5.30")},
		{"leading zeros stay", "NM", "007", "", number("007")},
		{"no leading zero", "NM", ".5", "", number(".5")},
		{"negative", "NM", "-12.0", "", number("-12.0")},
		{"comma", "NM", "5,30", "", number("5,30")},
		{"long", "NM", "12345678901234567890.123456789", "", number("12345678901234567890.123456789")},
		{"spaces around", "NM", " 4.2 ", "", number("4.2")},
		{"comparator in a number", "NM", "<0.5", "", structured("<0.5")},
		{"comparator and space", "NM", ">= 200", "", structured(">= 200")},
		{"words in a number", "NM", "Hémolysé", "", text("Hémolysé")},
		{"not a number after all", "NM", "1.2.3", "", text("1.2.3")},
		{"two signs", "NM", "--5", "", text("--5")},
		{"about, in a number", "NM", "~5", "", text("~5")},
		{"repeated numbers", "NM", "60~120", "", text("60\n120")},
		{"less than", "SN", "<^5", "", structured("<5")},
		{"at least", "SN", ">=^32", "", structured(">=32")},
		{"titre", "SN", "^1^:^80", "", structured("1:80")},
		{"titre above", "SN", ">^1^:^1280", "", structured(">1:1280")},
		{"range", "SN", "^10^-^15", "", structured("10-15")},
		{"suffix", "SN", "^4^+", "", structured("4+")},
		{"only a number", "SN", "^10.50", "", number("10.50")},
		{"equals", "SN", "=^0.5", "", number("0.5")},
		{"number in the wrong place", "SN", "182", "", number("182")},
		{"comparison in one place", "SN", "<5", "", structured("<5")},
		{"words in structured", "SN", "^négatif", "", text("négatif")},
		{"nothing structured", "SN", "^^^", "", record.Value{}},
		{"two numbers and no separator", "SN", "^1^^80", "", text("1 ; 80")},
		{"a decimal after a number", "SN", "^1^^.5", "", text("1 ; .5")},
		{"a digit for a separator", "SN", "^1^5^80", "", text("1 ; 5 ; 80")},
		{"a number for a comparator", "SN", "1^80", "", text("1 ; 80")},
		{"a word for a comparator", "SN", "env.^80", "", text("env. ; 80")},
		{"a word for a suffix", "SN", "^3^croix", "", text("3 ; croix")},
		{"more than the type has", "SN", "^1^:^80^320", "", text("1 ; : ; 80 ; 320")},
		{"a decimal mark for a separator", "SN", ">^1^.^3", "", structured(">1.3")},
		{"string", "ST", "Jaune clair", "", text("Jaune clair")},
		{"string with delimiters", "ST", "CRP & VS ^ 2", "", text("CRP & VS ^ 2")},
		{"measure in a string", "ST", "5.30", "mmol/L", number("5.30")},
		{"comparison in a string", "ST", "<0.5", "mmol/L", structured("<0.5")},
		{"about, in a string", "ST", "~5", "", text("~5")},
		{"about, in a string with a unit", "ST", "~5", "mg/L", text("~5")},
		{"about, in a text", "TX", `~5 \T\ plus`, "", text("~5 & plus")},
		{"about, in a structured number", "SN", "~5", "", text("~5")},
		{"an empty line first", "TX", "~un~deux", "", text("un\ndeux")},
		{"two numbers, about", "NM", "~60~120", "", text("~60~120")},
		{"a repetition of nothing", "ST", "5~", "", text("5")},
		{"an empty line", "TX", "un~~deux~", "", text("un\n\ndeux")},
		{"number in a string without unit", "ST", "5.30", "", text("5.30")},
		{"text with lines", "TX", `un\.br\deux~trois`, "", text("un\ndeux\ntrois")},
		{"formatted text keeps its columns", "FT", `  A    1\.br\  B   12\.br\`, "", text("  A    1\n  B   12")},
		{"coded", "CWE", "NEG^Négatif^L", "", coded("Négatif", "NEG", "Négatif", "L")},
		{"coded by LOINC", "CE", "LA18592-8^In range^LN", "", coded("In range", "LA18592-8", "In range", "LN")},
		{"coded, text only", "CE", "^Positif", "", coded("Positif", "", "Positif", "")},
		{"coded, code only", "CWE", "COM^^L", "", coded("COM", "COM", "", "L")},
		{"coded, original text only", "CWE", "^^^^^^^^Traces", "", coded("Traces", "", "", "")},
		{"coded, original text and another", "CWE", "260415000^not detected^SCT^^^^^^None seen", "", coded("None seen (not detected)", "260415000", "not detected", "SCT")},
		{"coded, the laboratory's own text", "CWE", "782^Enterococcus raffinosus^SCT^ENTRAFVRE^ENTEROCOCCUS RAFFINOSIS, VRE^L", "", coded("Enterococcus raffinosus (ENTEROCOCCUS RAFFINOSIS, VRE)", "782", "Enterococcus raffinosus", "SCT")},
		{"coded, three texts", "CWE", "1^un^SCT^2^deux^L^^^trois", "", coded("trois (un, deux)", "1", "un", "SCT")},
		{"coded, the same text in capitals", "CWE", "NEG^Négatif^L^260385009^NÉGATIF^SCT^^^ négatif ", "", coded("négatif", "NEG", "Négatif", "L")},
		{"coded, the opposite text", "CWE", "POS^Positif^L^^^^^^Non positif", "", coded("Non positif (Positif)", "POS", "Positif", "L")},
		{"coded, a text with an addition", "CWE", "260385009^Negative (qualifier value)^SCT^^^^^^NEGATIVE", "", coded("Negative (qualifier value)", "260385009", "Negative (qualifier value)", "SCT")},
		{"coded, an original text with an addition", "CWE", "260385009^Negative^SCT^^^^^^Negative (no DNA)", "", coded("Negative (no DNA)", "260385009", "Negative", "SCT")},
		{"coded, two additions", "CWE", "1^Positif (faible)^L^^^^^^Positif (fort)", "", coded("Positif (fort) (Positif (faible))", "1", "Positif (faible)", "L")},
		{"coded, system by its identifier", "CWE", "260385009^Negative^^^^^^^^^^^^2.16.840.1.113883.6.96", "", coded("Negative", "260385009", "Negative", "")},
		{"coded, no system", "CE", "Positif^2+", "", coded("2+ (Positif)", "Positif", "2+", "")},
		{"coded, no system, the same twice", "CE", "Positif^POSITIF", "", coded("POSITIF", "Positif", "POSITIF", "")},
		{"coded, no system in the second", "CWE", "POS^Positif^L^+^deux croix", "", coded("Positif (deux croix, +)", "POS", "Positif", "L")},
		{"coded, only codes", "CWE", "A^^L^B^^99X", "", coded("A", "A", "", "L")},
		{"coded twice", "CWE", "A^Alpha^L~B^Bêta^L", "", text("Alpha\nBêta")},
		{"date", "DT", "20180705", "", text("2018-07-05")},
		{"date and time", "TS", "20180705143000+0200", "", text("2018-07-05 14:30:00 +0200")},
		{"time", "TM", "1430", "", text("14:30")},
		{"time as printed", "TM", "07:30", "", text("07:30")},
		{"time as said", "TM", "14h30", "", text("14h30")},
		{"date as printed", "DT", "2026-11-21", "", text("2026-11-21")},
		{"type in lower case", "nm", "5.30", "g/L", number("5.30")},
		{"range of times", "DR", "20230501102531-0400^20230502", "", text("2023-05-01 10:25:31 -0400 – 2023-05-02")},
		{"range of times without an end", "DR", "20230501", "", text("2023-05-01 –")},
		{"range without times", "DR", "avant^après^", "", text("avant après")},
		{"time with a word for its precision", "TS", "hier^matin", "", text("hier matin")},
		{"numeric array", "NA", "1^2^3", "", text("1 2 3")},
		{"price", "CP", "12&EUR^UP", "", text("12 EUR UP")},
		{"hierarchic designator", "HD", "1.2.840.317.5947431.51", "", text("1.2.840.317.5947431.51")},
		{"unknown type", "ZZ", "a^b&c", "", text("a b c")},
		{"no type", "", "a", "", text("a")},
		{"nothing", "NM", "", "g/L", record.Value{}},
		{"null", "ST", `""`, "", record.Value{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := results(t, "OBX|1|"+test.kind+"|A^Analyse^L||"+test.value+"|"+test.unit+"|||||F")
			if r.Count != 1 {
				t.Fatalf("%d results, want 1", r.Count)
			}
			if diff := cmp.Diff(test.want, r.Panels[0].Observations[0].Value); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoWordOfAResultIsLost holds for any words between any separators, of any
// type but those whose parts are no text: the systems of a code, the precision
// of a time, a pointer, a document.
func TestNoWordOfAResultIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"NM", "SN", "ST", "TX", "FT", "ID", "DT", "TM", "DR", "NA", "CP", "ZZ", ""}).Draw(t, "type")
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z]{2,4}|[0-9]{2,8}`), 1, 6).Draw(t, "words")
		var field strings.Builder
		marks := `[~^& <]{0,2}`
		if kind == "DR" {
			marks = `[~^ <]{0,2}` // what is behind & is the precision of a time
		}
		for _, word := range words {
			field.WriteString(rapid.StringMatching(marks).Draw(t, "before") + word + " ")
		}
		m, err := Parse(lines(mshLine, pidLine, obrLine, "OBX|1|"+kind+"|A||"+field.String()+"||||||F"), testRules)
		if err != nil {
			t.Fatal(err)
		}
		rest := strings.NewReplacer("-", "", ":", "", " ", "", "\n", "").Replace(m.Report.Panels[0].Observations[0].Value.Text)
		for _, word := range words {
			_, after, found := strings.Cut(rest, word)
			if !found {
				t.Fatalf("%s %q: %q is not in %q", kind, field.String(), word, m.Report.Panels[0].Observations[0].Value.Text)
			}
			rest = after
		}
	})
}

// TestNoWordOfACodedResultIsLost: what a coded result says in words is shown,
// and its codes where they name no system.
func TestNoWordOfACodedResultIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`|[a-z]{3}`)
		part := make([]string, 9)
		for i := range part {
			part[i] = word.Draw(t, "part")
		}
		shown := []int{1, 4, 8}
		for _, of := range []struct{ code, system int }{{0, 2}, {3, 5}} {
			if part[of.system] == "" {
				shown = append(shown, of.code)
			}
		}
		field := strings.Join(part, "^")
		m, err := Parse(lines(mshLine, pidLine, obrLine, "OBX|1|CWE|A||"+field+"||||||F"), testRules)
		if err != nil {
			t.Fatal(err)
		}
		printed := m.Report.Panels[0].Observations[0].Value.Text
		for _, i := range shown {
			if !strings.Contains(printed, part[i]) {
				t.Fatalf("%q: %q is not in %q", field, part[i], printed)
			}
		}
		if printed == "" && strings.Trim(part[0]+part[3], "^") != "" {
			t.Fatalf("%q: nothing is shown", field)
		}
	})
}
