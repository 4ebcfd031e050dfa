package intake

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/record"
)

func TestAnalysisCodes(t *testing.T) {
	loinc := record.Code{System: record.LOINC, Value: "2823-3", Text: "Potassium"}
	local := record.Code{System: "L", Value: "K", Text: "Kaliémie"}
	tests := []struct {
		obx3        string
		code, local record.Code
		name        string
	}{
		{"2823-3^Potassium^LN^K^Kaliémie^L", loinc, local, "Potassium"},
		{"K^Kaliémie^L^2823-3^Potassium^LN", loinc, local, "Kaliémie"},
		{"2823-3^Potassium^LN", loinc, record.Code{}, "Potassium"},
		{"K^Kaliémie^L", local, record.Code{}, "Kaliémie"},
		{"K", record.Code{Value: "K"}, record.Code{}, "K"},
		{"GLU^Glucose^LN", record.Code{System: "LN", Value: "GLU", Text: "Glucose"}, record.Code{}, "Glucose"},
		{"^^^K^Kaliémie^L", local, record.Code{}, "Kaliémie"},
		{"K^Kaliémie^L^^^^^^Potassium sérique", local, record.Code{}, "Potassium sérique"},
		{"", record.Code{}, record.Code{}, ""},
	}
	for _, test := range tests {
		o := results(t, "OBX|1|NM|"+test.obx3+"||4.2||||||F").Panels[0].Observations[0]
		if o.Code != test.code || o.Local != test.local || o.Name != test.name {
			t.Errorf("OBX-3 %q: got %+v, %+v, %q", test.obx3, o.Code, o.Local, o.Name)
		}
	}
}

func TestUnitsIntervalsAndFlags(t *testing.T) {
	tests := []struct {
		name, obx6, obx7, obx8 string
		unit, reference        string
		flags                  []record.Flag
		abnormal               int
	}{
		{"plain", "mmol/L", "3.5 - 5.0", "H", "mmol/L", "3.5 - 5.0", []record.Flag{"H"}, 1},
		{"UCUM and text", "10*3/uL^mille par microlitre^UCUM", "4.0-10.0", "N", "10*3/uL", "4.0-10.0", []record.Flag{"N"}, 0},
		{"unit as text only", "^UI/mL", "", "", "UI/mL", "", nil, 0},
		{"unit in the second triplet", "^^^G/L^giga par litre^L", "", "", "G/L", "", nil, 0},
		{"unit in its original text only", "^^^^^^^^G/L", "", "", "G/L", "", nil, 0},
		{"power of ten not escaped", "10^9/L", "", "", "10^9/L", "", nil, 0},
		{"power of ten not escaped, with text", "10^9/L^giga par litre^L", "", "", "10^9/L", "", nil, 0},
		{"negative power of ten not escaped", "x10^-3/L", "", "", "x10^-3/L", "", nil, 0},
		{"a number and a text", "10^CM^METRIC", "", "", "10^CM", "", nil, 0},
		{"no unit, and a text", "1^CM^METRIC", "", "", "CM", "", nil, 0},
		{"a number and its text", "1^1^UCUM", "", "", "1", "", nil, 0},
		{"coded flag", "", "", "A^Abnormal^HL70078^^^^2.7", "", "", []record.Flag{"A"}, 1},
		{"empty coded flag", "", "", "^^^^^^2.7", "", "", nil, 0},
		{"flag in the second triplet", "", "", "^^^H^Haut^L", "", "", []record.Flag{"H"}, 1},
		{"flag as text only", "", "", "^HIGH", "", "", []record.Flag{"HIGH"}, 0},
		{"flag as text in the second triplet", "", "", "^^^^Haut^L", "", "", []record.Flag{"Haut"}, 0},
		{"flags in lower case", "", "", "hh~pos", "", "", []record.Flag{"HH", "POS"}, 1},
		{"the laboratory's own in lower case", "", "", "élevé~x", "", "", []record.Flag{"élevé", "x"}, 0},
		{"several", "", "", "N~HH~A", "", "", []record.Flag{"N", "HH", "A"}, 1},
		{"susceptible", "", "", "S", "", "", []record.Flag{"S"}, 0},
		{"resistant", "", "", "R", "", "", []record.Flag{"R"}, 0},
		{"the laboratory's own", "", "", "!!", "", "", []record.Flag{"!!"}, 0},
		{"interval in words", "", `Femme \T\ enfant < 5\.br\Homme < 7`, "", "", "Femme & enfant < 5\nHomme < 7", nil, 0},
		{"interval with delimiters", "", "70^105", "", "", "70^105", nil, 0},
		{"nulls", `""`, `""`, `""`, "", "", nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := results(t, "OBX|1|NM|A||4.2|"+test.obx6+"|"+test.obx7+"|"+test.obx8+"|||F")
			o := r.Panels[0].Observations[0]
			if o.Unit != test.unit || o.Reference != test.reference || !cmp.Equal(o.Flags, test.flags) || r.Abnormal != test.abnormal {
				t.Errorf("got %q, %q, %v, %d abnormal", o.Unit, o.Reference, o.Flags, r.Abnormal)
			}
		})
	}
}

func TestStatuses(t *testing.T) {
	tests := []struct {
		name, obr25 string
		obx11       []string
		want        []record.Status // of the results shown
		panel       record.Status
	}{
		{"final", "F", []string{"F", "F"}, []record.Status{record.Final, record.Final}, record.Final},
		{"corrected result in a final order", "F", []string{"F", "C"}, []record.Status{record.Final, record.Corrected}, record.Corrected},
		{"corrected order", "C", []string{"F"}, []record.Status{record.Final}, record.Corrected},
		{"some final", "", []string{"F", "P"}, []record.Status{record.Final, record.Preliminary}, record.Partial},
		{"some to come", "", []string{"F", "I"}, []record.Status{record.Final, record.Registered}, record.Partial},
		{"some cancelled", "", []string{"F", "X"}, []record.Status{record.Final, record.Cancelled}, record.Final},
		{"all preliminary", "", []string{"P", "R"}, []record.Status{record.Preliminary, record.Preliminary}, record.Preliminary},
		{"one taken back", "F", []string{"F", "D"}, []record.Status{record.Final}, record.Final},
		{"all taken back", "F", []string{"D", "D"}, nil, record.Cancelled},
		{"for the wrong patient", "F", []string{"W"}, nil, record.Cancelled},
		{"no status of its own", "F", []string{""}, []record.Status{record.Final}, record.Final},
		{"no status at all", "", []string{""}, []record.Status{record.Preliminary}, record.Preliminary},
		{"amended and appended", "", []string{"A", "B"}, []record.Status{record.Corrected, record.Corrected}, record.Corrected},
		{"nothing yet", "I", nil, nil, record.Registered},
		{"cancelled order", "X", nil, nil, record.Cancelled},
		{"unknown order status", "Z", []string{"F"}, []record.Status{record.Final}, record.Final},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list := []string{mshLine, pidLine, "OBR|1||B1" + strings.Repeat("|", 22) + test.obr25}
			for _, status := range test.obx11 {
				list = append(list, "OBX|1|NM|A^"+status+"||4.2|||A|||"+status)
			}
			r := mustParse(t, lines(list...)).Report
			var got []record.Status
			for _, o := range r.Panels[0].Observations {
				got = append(got, o.Status)
			}
			if !cmp.Equal(test.want, got) || r.Panels[0].Status != test.panel || r.Status != test.panel {
				t.Errorf("results %v, panel %s, report %s; want %v, %s", got, r.Panels[0].Status, r.Status, test.want, test.panel)
			}
		})
	}
}

func TestCancelledResultsAreCountedButNotAbnormal(t *testing.T) {
	r := results(t, "OBX|1|NM|A||4.2|||HH|||X", "OBX|2|NM|B||9|||HH|||F")
	if r.Count != 2 || r.Abnormal != 1 {
		t.Errorf("%d results, %d abnormal, want 2 and 1", r.Count, r.Abnormal)
	}
}

func TestTextThatGoesOn(t *testing.T) {
	text := func(r record.Report) (list []string) {
		for _, o := range r.Panels[0].Observations {
			list = append(list, o.Value.Text)
		}
		return list
	}
	tests := []struct {
		name string
		obx  []string
		want []string
	}{
		{"a line each", []string{"OBX|1|TX|A||un||||||F", "OBX|2|TX|A||deux||||||F", "OBX|3|TX|A||||||||F", "OBX|4|TX|A||trois||||||F"}, []string{"un\ndeux\n\ntrois"}},
		{"formatted", []string{`OBX|1|FT|A|1|un\.br\deux||||||F`, "OBX|2|FT|A|1|trois||||||F"}, []string{"un\ndeux\ntrois"}},
		{"nothing first", []string{"OBX|1|TX|||||||||F", "OBX|2|TX|||un||||||F"}, []string{"un"}},
		{"another analysis", []string{"OBX|1|TX|A||un||||||F", "OBX|2|TX|B||deux||||||F"}, []string{"un", "deux"}},
		{"another isolate", []string{"OBX|1|TX|A|1|un||||||F", "OBX|2|TX|A|2|deux||||||F"}, []string{"un", "deux"}},
		{"another status", []string{"OBX|1|TX|A||un||||||F", "OBX|2|TX|A||deux||||||C"}, []string{"un", "deux"}},
		{"another flag", []string{"OBX|1|TX|A||un|||N|||F", "OBX|2|TX|A||deux|||A|||F"}, []string{"un", "deux"}},
		{"numbers are results", []string{"OBX|1|NM|A||1||||||F", "OBX|2|NM|A||2||||||F"}, []string{"1", "2"}},
		{"another time", []string{"OBX|1|TX|A||un||||||F|||20261120", "OBX|2|TX|A||deux||||||F|||20261121"}, []string{"un", "deux"}},
		{"another producer", []string{"OBX|1|TX|A||un||||||F||||L1", "OBX|2|TX|A||deux||||||F||||L2"}, []string{"un", "deux"}},
		{"another observer", []string{"OBX|1|TX|A||un||||||F|||||1^A", "OBX|2|TX|A||deux||||||F|||||2^B"}, []string{"un", "deux"}},
		{"another method", []string{"OBX|1|TX|A||un||||||F||||||^M1", "OBX|2|TX|A||deux||||||F||||||^M2"}, []string{"un", "deux"}},
		{"another laboratory", []string{"OBX|1|TX|A||un||||||F||||||||||||L1", "OBX|2|TX|A||deux||||||F||||||||||||L2"}, []string{"un", "deux"}},
		{"the same, one with separators at its end", []string{"OBX|1|TX|A||un||||||F|||", "OBX|2|TX|A||deux||||||F"}, []string{"un\ndeux"}},
		{"type in lower case", []string{"OBX|1|tx|A||un||||||F", "OBX|2|TX|A||deux||||||F"}, []string{"un\ndeux"}},
		{"about", []string{"OBX|1|TX|A||un||||||F", "OBX|2|TX|A||~5||||||F"}, []string{"un\n~5"}},
		{"a comment between", []string{"OBX|1|TX|A||un||||||F", "NTE|1||c", "OBX|2|TX|A||deux||||||F"}, []string{"un", "deux"}},
		{"an order between", []string{"OBX|1|TX|A||un||||||F", "OBR|2||B2", "OBX|1|TX|A||deux||||||F"}, []string{"un"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, text(results(t, test.obx...))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestALineBreakInsideAField(t *testing.T) {
	r := results(t, "OBX|1|TX|A||première ligne\ndeuxième ligne||||||F", "NTE|1||un\rdeux")
	o := r.Panels[0].Observations[0]
	if o.Value.Text != "première ligne\ndeuxième ligne" || o.Status != record.Final || !cmp.Equal(o.Comments, []string{"un\ndeux"}) {
		t.Errorf("got %+v", o)
	}
}

func TestComments(t *testing.T) {
	m := mustParse(t, lines(mshLine, pidLine, "NTE|1||patient", "ORC|RE", "NTE|1||ordre", obrLine, "NTE|1||panneau~suite", "NTE|2||",
		"OBX|1|NM|A||1||||||F", "NTE|1||résultat", "OBX|2|NM|B||2||||||D", "NTE|1||d'un résultat retiré",
		"SPM|1|||^Sérum", "NTE|1||tube"))
	r := m.Report
	if diff := cmp.Diff([]string{"patient"}, r.Comments); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ordre", "panneau\nsuite", "tube"}, r.Panels[0].Comments); diff != "" {
		t.Errorf("panel (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"résultat"}, r.Panels[0].Observations[0].Comments); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestCommentsWithNowhereElseToGoAreTheReports(t *testing.T) {
	m := mustParse(t, lines(mshLine, "NTE|1||message", pidLine, obrLine, "NTE|1||~5 mg", "ORC|RE", "NTE|1||ordre sans suite"))
	if diff := cmp.Diff([]string{"message", "ordre sans suite"}, m.Report.Comments); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"~5 mg"}, m.Report.Panels[0].Comments); diff != "" {
		t.Errorf("panel (-want +got):\n%s", diff)
	}
}

func TestDocuments(t *testing.T) {
	pdf := "JVBERi0xLjQK" // %PDF-1.4
	tests := []struct {
		name, value, status string
		mediaType, bytes    string // no document when mediaType is empty
		results             int
	}{
		{"PDF", "^application^pdf^Base64^" + pdf, "F", "application/pdf", "%PDF-1.4\n", 0},
		{"PDF by its bytes", "^AP^Octet-stream^Base64^" + pdf, "F", "application/pdf", "%PDF-1.4\n", 0},
		{"not the PDF it says", "^application^pdf^Base64^PHNjcmlwdD4=", "F", "application/octet-stream", "<script>", 0},
		{"without padding, lower case", "^application^pdf^base64^PHNjcmlwdD4", "F", "application/octet-stream", "<script>", 0},
		{"broken into lines", `^application^pdf^Base64^JVBE\.br\Ri0x` + "\nLjQK", "F", "application/pdf", "%PDF-1.4\n", 0},
		{"CDA", "^TEXT^XML^Base64^PENsaW5pY2FsRG9jdW1lbnQvPg==", "F", "text/xml", "<ClinicalDocument/>", 0},
		{"plain text", "^text^^Base64^Ym9uam91cg==", "F", "text/plain", "bonjour", 0},
		{"plain text to the byte", `^text^plain^A^  un\X0D0A\\X09\deux\X07\  `, "F", "text/plain", "  un\r\n\tdeux\a  ", 0},
		{"plain text unencoded", `^text^plain^A^bonjour \T\ bonsoir`, "F", "text/plain", "bonjour & bonsoir", 0},
		{"XML unencoded", `^text^xml^A^<?xml version="1.0" encoding="utf-8"?><a>é</a>`, "F", "text/xml", `<?xml version="1.0" encoding="utf-8"?><a>é</a>`, 0},
		{"XML unencoded, ASCII", `^text^xml^A^<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, "F", "text/xml", `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, 0},
		{"hexadecimal", "^IM^JPEG^Hex^FFD8FFE0", "F", "image/jpeg", "\xFF\xD8\xFF\xE0", 0},
		{"taken back", "^application^pdf^Base64^" + pdf, "D", "", "", 0},
		{"empty", "^application^pdf^Base64^", "F", "", "", 1},
		{"cancelled", "^application^pdf^Base64^" + pdf, "X", "", "", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := results(t, "OBX|1|ED|11502-2^Compte rendu^LN||"+test.value+"||||||"+test.status)
			var want []record.Document
			if test.mediaType != "" {
				want = []record.Document{{Title: "Compte rendu", MediaType: test.mediaType, Size: len(test.bytes), Bytes: []byte(test.bytes)}}
			}
			if diff := cmp.Diff(want, r.Documents); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if r.Count != test.results {
				t.Errorf("%d results, want %d", r.Count, test.results)
			}
		})
	}
}

func TestADocumentWhoseTypeIsInLowerCase(t *testing.T) {
	r := results(t, "OBX|1|ed|A^Compte rendu||^application^pdf^Base64^JVBERi0xLjQK||||||F")
	if r.Count != 0 || len(r.Documents) != 1 || string(r.Documents[0].Bytes) != "%PDF-1.4\n" {
		t.Errorf("got %+v", r)
	}
}

func TestAPointerToADocumentIsNotedWithoutItsAddress(t *testing.T) {
	o := results(t, "OBX|1|RP|IMG^Image^L||https://interne.example^^image^PICT||||||F").Panels[0].Observations[0]
	if o.Value != (record.Value{}) || !cmp.Equal(o.Comments, []string{notTransmitted}) {
		t.Errorf("got %+v", o)
	}
}

func TestACancelledDocumentIsNotSaidToBeKept(t *testing.T) {
	o := results(t, "OBX|1|ED|A||^application^pdf^Base64^JVBERi0xLjQK||||||X").Panels[0].Observations[0]
	if o.Status != record.Cancelled || len(o.Comments) != 0 {
		t.Errorf("got %+v", o)
	}
}

func TestTransmissionFlagsAreNoResults(t *testing.T) {
	r := results(t, "OBX|1|NM|A||1||||||F",
		"OBX|2|CE|INVISIBLE_PATIENT^^MetaDMPMSS||N^^expandedYes-NoIndicator||||||F",
		"OBX|3|CE|DESTDMP^Destinataire DMP^MetaDMPMSS||Y^^expandedYes-NoIndicator||||||F", "NTE|1||pour la plateforme",
		"OBX|4|ED|CORPSMAIL_PS^Corps du mail^MetaDMPMSS||^TEXT^^Base64^Ym9uam91cg==||||||F")
	if r.Count != 1 || len(r.Documents) != 0 || len(r.Panels[0].Observations[0].Comments) != 0 {
		t.Errorf("got %d results, %d documents, comments %v", r.Count, len(r.Documents), r.Panels[0].Observations[0].Comments)
	}
}

func TestTimesOfAReport(t *testing.T) {
	day := func(d, hour int) record.Moment { return second(2026, 11, d, hour, 0) }
	m := mustParse(t, lines(mshLine, pidLine,
		"OBR|1||B1|||||||||||", "OBX|1|NM|A||1||||||F|||20261119100000", "SPM|1|||^Urine|||||||||||||20261119090000^20261119093000|20261119120000",
		"OBR|2||B2||||20261118080000", "OBX|1|NM|B||1||||||F",
		"OBR|3||B3", "OBX|1|NM|C||1||||||F|||20261120070000"))
	r := m.Report
	want := []record.Moment{day(19, 9), day(18, 8), day(20, 7)}
	for i, panel := range r.Panels {
		if panel.Sampled != want[i] && !panel.Sampled.At.Equal(want[i].At) {
			t.Errorf("panel %d sampled at %v, want %v", i, panel.Sampled.At, want[i].At)
		}
	}
	if !r.Sampled.At.Equal(day(18, 8).At) || !r.Received.At.Equal(day(19, 12).At) || !r.Panels[1].Observations[0].Sampled.At.Equal(day(18, 8).At) {
		t.Errorf("sampled %v, received %v", r.Sampled.At, r.Received.At)
	}
	if !r.Issued.At.Equal(second(2026, 11, 21, 8, 0).At) {
		t.Errorf("issued %v, want the time of the message", r.Issued.At)
	}
}

func TestPeopleInFields(t *testing.T) {
	tests := []struct{ obr16, obr32, prescriber, validator string }{
		{"100^BÉGUIN^Marc^^^Dr", "200&VASSEUR&Élise", "Dr Marc BÉGUIN", "Élise VASSEUR"},
		{"^BLUE^Eva^^^DR^^^^D", "444^HIPPOCRATES^HOWARD H", "DR Eva BLUE", "HOWARD H HIPPOCRATES"},
		{"100", "L07&LABBIO&JULIE", "", "JULIE LABBIO"},
		{"Dr Untel", "", "Dr Untel", ""},
		{"1^D'ANGELO&D'&ANGELO^Lia~2^AUTRE", "1&A&B&&&Dr^202611", "Lia D'ANGELO", "Dr B A"},
	}
	for _, test := range tests {
		r := mustParse(t, lines(mshLine, pidLine, "OBR|1||B1"+strings.Repeat("|", 13)+test.obr16+strings.Repeat("|", 16)+test.obr32)).Report
		if r.Prescriber != test.prescriber || r.Validator != test.validator {
			t.Errorf("OBR-16 %q, OBR-32 %q: got %q, %q", test.obr16, test.obr32, r.Prescriber, r.Validator)
		}
	}
}
