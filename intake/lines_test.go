package intake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestALineThatMayBeASegmentIsNotTakenForText: what cannot be told from a
// segment that was written badly is refused, since a result would vanish in the
// text of the one before it.
func TestALineThatMayBeASegmentIsNotTakenForText(t *testing.T) {
	const (
		open  = "OBX|1|TX|A||un" // may go on
		whole = "OBX|1|TX|A||un||||||F"
		note  = "NTE|1||un"
	)
	tests := []struct{ name, before, line, place string }{
		{"a space first", whole, " OBX|2|NM|NA||118|mmol/L||LL|||F", "OBX"},
		{"a space first, below a text", open, " OBX|2|NM|NA||118|mmol/L||LL|||F", "OBX"},
		{"a space first, below a comment", note, " OBX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"a tab first", note, "\tOBX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"a no-break space first", note, "\u00A0OBX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"a control character first", note, "\x02OBX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"lower case", note, "obx|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"mixed case", open, "Obx|2|NM|NA||118|mmol/L||LL|||F", "OBX"},
		{"a space after the name", note, "OBX |2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"a letter too few", note, "OB|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"a letter too many", note, "OBXX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"a zero for a letter", note, "0BX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"misspelt", note, "ODX|2|NM|NA||118|mmol/L||LL|||F", "NTE"},
		{"misspelt, below a result", whole, "ODX|2|NM|NA||118|mmol/L||LL|||F", "OBX"},
		{"misspelt, below an order", "ORC|RE", "ODX|2|NM|NA||118|mmol/L||LL|||F", "ORC"},
		{"of another message", "ORC|RE", "RXA|0|1|20261120", "ORC"},
		{"a segment without fields, below a text", open, "DSC", "OBX"},
		{"a segment without fields, below a comment", note, "PV2", "NTE"},
		{"a word of three letters at the end of a text", open, "FOO||||||F", "OBX"},
		{"the name of a local segment at the end of a text", open, "ZIK||||||F", "OBX"},
		{"a line below a whole result", whole, "suite du texte", "OBX"},
		{"a line below the laboratory of a result", whole + strings.Repeat("|", 12) + "LBM Nord", "suite du texte", "OBX"},
		{"a line below the type of a comment", note + "|RE", "suite du texte", "NTE"},
		{"a line below the unit of a result", "OBX|1|NM|A||5|mmol/L", "suite", "OBX"},
		{"the rest of a specimen", "SPM|1|||^Sérum", "SCT|^Bras", "SPM"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, end := range []string{"\r", "\n"} {
				raw := strings.Join([]string{mshLine, pidLine, obrLine, test.before, test.line}, end)
				got := problemOf(t, []byte(raw))
				if got.Reason != ReasonSegment || got.Place.String() != test.place || got.Ack != AckError {
					t.Errorf("got %s at %q, %s; want %s at %q", got.Reason, got.Place, got.Ack, ReasonSegment, test.place)
				}
			}
		})
	}
}

// TestTextInSeveralLinesIsKeptWhole holds what a line break may cut.
func TestTextInSeveralLinesIsKeptWhole(t *testing.T) {
	tests := []struct {
		name                     string
		list                     []string
		value, interval, comment string
	}{
		{"a text", []string{"OBX|1|TX|A||un\ndeux||||||F"}, "un\ndeux", "", ""},
		{"a text with an empty line", []string{"OBX|1|TX|A||un\n\ndeux||||||F"}, "un\n\ndeux", "", ""},
		{"three letters on a line", []string{"OBX|1|FT|A||Recherche positive :\nVIH\nVHC et VHB||||||F"}, "Recherche positive :\nVIH\nVHC et VHB", "", ""},
		{"three letters at the end", []string{"OBX|1|FT|A||Recherche :\nVIH"}, "Recherche :\nVIH", "", ""},
		{"an interval", []string{"OBX|1|TX|A||5||Femme < 5\nHomme < 7||||F"}, "5", "Femme < 5\nHomme < 7", ""},
		{"a comment", []string{"OBX|1|TX|A||5||||||F", "NTE|1||Voir aussi :\nCRP\n", "SPM|1|||^Sérum"}, "5", "", "Voir aussi :\nCRP"},
		{"a comment with a number and a separator", []string{"OBX|1|TX|A||5||||||F", "NTE|1||un\n12 mmol/L|RE"}, "5", "", "un\n12 mmol/L"},
		{"a number at the end of a text", []string{"OBX|1|FT|A||Sodium :\n140||||||F"}, "Sodium :\n140", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := results(t, test.list...).Panels[0].Observations[0]
			if o.Value.Text != test.value || o.Reference != test.interval || strings.Join(o.Comments, "|") != test.comment {
				t.Errorf("got %q, %q, %q", o.Value.Text, o.Reference, o.Comments)
			}
		})
	}
}

// TestSegmentsThatHoldNoResultArePassedOver keeps what a laboratory may send
// beside its results from stopping them.
func TestSegmentsThatHoldNoResultArePassedOver(t *testing.T) {
	want := mustParse(t, lines(mshLine, pidLine, obrLine, "OBX|1|NM|A||4.2||||||F"))
	got := mustParse(t, lines(mshLine, "SFT|a", "UAC|b", "EVN|R01", pidLine, "PD1|x", "ROL|1", "PRT|1", "NK1|1", "GT1|1", "IN1|1", "IN2", "IN3|1", "AL1|1", "DG1|1", "PR1|1", "ACC|1",
		"PV1|1|O", "PV2|", "DB1|1", "ZFA|1", "ORC|RE", "BLG|x", obrLine, "TQ1|1", "TQ2|1", "CTD|x", "OBX|1|NM|A||4.2||||||F", "FT1|1", "CTI|x", "SPM|1", "SAC|1", "INV|x", "TCD|x", "DEV|1", "ZZZ", "DSC|"))
	if diff := cmp.Diff(want.Report, got.Report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
