package intake

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/record"
)

var (
	paris     = time.FixedZone("", 3600)
	testNow   = time.Date(2026, 11, 21, 9, 0, 0, 0, paris)
	testRules = Options{LocalAuthority: "HOP", Zone: paris, Now: func() time.Time { return testNow }}
)

const (
	mshLine = `MSH|^~\&|SIL|LABO|GUICHET|HOP|20261121080000+0100||ORU^R01^ORU_R01|M1|P|2.5|||||FRA|UNICODE UTF-8`
	pidLine = `PID|1||261037511211691^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS~8000001^^^HOP^PI||LEFÈVRE^Hélène^Hélène Marie^^^^L~GARNIER^Hélène^^^^^D||19610309|F|||^^PARIS^^75012^FRA^H^^75056~^^PARIS^^^^BDL^^75112`
	obrLine = `OBR|1|D1^HOP|B1^LABO|24326-1^Ionogramme^LN^IONO^Ionogramme sanguin^L|||20261120074500|||||||20261120083000||100^BÉGUIN^Marc^^^Dr||||||20261120140000|||F|||||||200&VASSEUR&Élise&&&Dr`
)

func lines(list ...string) []byte { return []byte(strings.Join(list, "\r") + "\r") }

func mustParse(t *testing.T, raw []byte) *Message {
	t.Helper()
	m, err := Parse(raw, testRules)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return m
}

// results parses a message with these OBX and NTE lines below one order.
func results(t *testing.T, list ...string) record.Report {
	t.Helper()
	return mustParse(t, lines(append([]string{mshLine, pidLine, obrLine}, list...)...)).Report
}

func problemOf(t *testing.T, raw []byte) *Problem {
	t.Helper()
	_, err := Parse(raw, testRules)
	var problem *Problem
	if !errors.As(err, &problem) {
		t.Fatalf("Parse: %v, want a Problem", err)
	}
	return problem
}

func second(year, month, day, hour, minute int) record.Moment {
	return record.Moment{At: time.Date(year, time.Month(month), day, hour, minute, 0, 0, paris), Precision: record.ToSecond}
}

func TestAWholeMessage(t *testing.T) {
	got := mustParse(t, lines(mshLine, pidLine, "NTE|1||À jeun.", "PV1|1|O", "ORC|RE|D1|B1", obrLine, "NTE|1||Tube conforme.",
		"OBX|1|NM|2823-3^Potassium^LN^K^Kaliémie^L||5.30|mmol/L^millimole par litre^UCUM|3.5 - 5.0|H~A|||F|||20261120074600||200^VASSEUR|^Potentiométrie||||||LBM Nord",
		"NTE|1||Contrôlé.", "NTE|2||Voir médecin.",
		"SPM|1|||^Sérum|||||||||||||20261120074500|20261120084500",
		"ORC|RE|D2|B2",
		"OBR|2|D2^HOP||CRP^Protéine C réactive^L|||20261120074700|||||||||||||||20261120150000|||P",
		"OBX|1|SN|1988-5^CRP^LN||<^5|mg/L|< 5|N|||P"))
	want := &Message{
		Header:   got.Header,
		Identity: record.Identity{Family: "LEFÈVRE", Given: "Hélène Marie", Usual: "GARNIER", Birthdate: "1961-03-09", Sex: record.Female, Birthplace: "75112"},
		Identifiers: []record.Identifier{
			{Authority: record.OIDNIRTest, Value: "261037511211691"}, {Authority: "HOP", Value: "8000001"},
		},
		Orders: []string{"B1^LABO", "D2^HOP"},
		Report: record.Report{
			Status: record.Partial, Title: "Ionogramme, Protéine C réactive",
			Titles: []string{"Ionogramme", "Protéine C réactive"}, Number: "B1", Laboratory: "LBM Nord",
			Prescriber: "Dr Marc BÉGUIN", Validator: "Dr Élise VASSEUR",
			Sampled: second(2026, 11, 20, 7, 45), Received: second(2026, 11, 20, 8, 30), Issued: second(2026, 11, 20, 15, 0),
			Comments: []string{"À jeun."}, Count: 2, Abnormal: 1,
			Panels: []record.Panel{
				{
					Order: "B1", Code: record.Code{System: record.LOINC, Value: "24326-1", Text: "Ionogramme"}, Title: "Ionogramme",
					Specimen: "Sérum", Status: record.Final, Sampled: second(2026, 11, 20, 7, 45), Comments: []string{"Tube conforme."},
					Observations: []record.Observation{{
						Code:  record.Code{System: record.LOINC, Value: "2823-3", Text: "Potassium"},
						Local: record.Code{System: "L", Value: "K", Text: "Kaliémie"}, Name: "Potassium",
						Value: record.Value{Kind: record.Numeric, Text: "5.30"}, Unit: "mmol/L", Reference: "3.5 - 5.0",
						Flags: []record.Flag{"H", "A"}, Status: record.Final, Method: "Potentiométrie",
						Sampled: second(2026, 11, 20, 7, 46), Comments: []string{"Contrôlé.", "Voir médecin."},
					}},
				},
				{
					Order: "D2", Code: record.Code{System: "L", Value: "CRP", Text: "Protéine C réactive"}, Title: "Protéine C réactive",
					Status: record.Preliminary, Sampled: second(2026, 11, 20, 7, 47),
					Observations: []record.Observation{{
						Code: record.Code{System: record.LOINC, Value: "1988-5", Text: "CRP"}, Name: "CRP",
						Value: record.Value{Kind: record.Structured, Text: "<5"}, Unit: "mg/L", Reference: "< 5",
						Flags: []record.Flag{"N"}, Status: record.Preliminary, Sampled: second(2026, 11, 20, 7, 47),
					}},
				},
			},
		},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Header{}, separators{})); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	header := got.Header
	if header.Sender != "SIL|LABO" || header.Receiver != "GUICHET|HOP" || header.Control != "M1" || header.Event != "ORU^R01" || header.Version != "2.5" || header.Charset != "UNICODE UTF-8" {
		t.Errorf("header is %+v", header)
	}
}

// TestTheSameMessageHoweverItIsWritten sends one message in other separators,
// line ends, character sets and frames of mind.
func TestTheSameMessageHoweverItIsWritten(t *testing.T) {
	base := lines(mshLine, pidLine, obrLine, `OBX|1|ST|X^Aspect^L||jaune \X26\ clair|||A|||F`)
	want := mustParse(t, base)
	latin := func(set string) []byte {
		return encode(strings.Replace(string(base), "UNICODE UTF-8", set, 1), charsetNamed(set))
	}
	tests := []struct {
		name string
		raw  []byte
	}{
		{"LF", []byte(strings.ReplaceAll(string(base), "\r", "\n"))},
		{"CRLF", []byte(strings.ReplaceAll(string(base), "\r", "\r\n"))},
		{"empty lines", []byte(strings.ReplaceAll(string(base), "\r", "\r\r\n  \r"))},
		{"no last line end", base[:len(base)-1]},
		{"byte order mark", append([]byte("\xEF\xBB\xBF"), base...)},
		{"8859/15", latin("8859/15")},
		{"8859/1", latin("8859/1")},
		{"8859/1 called UTF-8", []byte(strings.Replace(string(latin("8859/1")), "8859/1", "UNICODE UTF-8", 1))},
		{"UTF-8 called 8859/1", []byte(strings.Replace(string(base), "UNICODE UTF-8", "8859/1", 1))},
		{"other separators", []byte(strings.NewReplacer("|", "@", "^", "*", "~", "!", `\`, "%", "&", "$").Replace(string(base)))},
		{"truncation character", []byte(strings.Replace(string(base), `^~\&`, `^~\&#`, 1))},
		{"unknown segments", []byte(strings.Replace(string(base), "OBR|", "ZFA|1|2\rPRT||UC\rOBR|", 1))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mustParse(t, test.raw)
			if diff := cmp.Diff(want.Report, got.Report); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if got.Identity != want.Identity || got.Header.Sender != want.Header.Sender || !cmp.Equal(got.Identifiers, want.Identifiers) || !cmp.Equal(got.Orders, want.Orders) {
				t.Errorf("patient, sender or orders differ: %+v", got)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	obx := "OBX|1|NM|K^K^L||4.2|||N|||F"
	with := func(old, replacement string) []byte {
		return []byte(strings.Replace(string(lines(mshLine, pidLine, obrLine, obx)), old, replacement, 1))
	}
	tests := []struct {
		name   string
		raw    []byte
		reason Reason
		place  string
		code   int
		ack    AckCode
	}{
		{"nothing", nil, ReasonNotHL7, "", 100, AckReject},
		{"noise", []byte("GET / HTTP/1.1\r\n\r\n"), ReasonNotHL7, "", 100, AckReject},
		{"batch", lines("FHS|^~\\&|A", "BHS|^~\\&|A", mshLine), ReasonNotHL7, "", 100, AckReject},
		{"too few separators", with(`MSH|^~\&|`, `MSH|^|`), ReasonSeparators, "MSH-2", 102, AckReject},
		{"a separator twice", with(`MSH|^~\&|`, `MSH|^~^&|`), ReasonSeparators, "MSH-2", 102, AckReject},
		{"a letter as separator", with(`MSH|^~\&|`, `MSH|A~\&|`), ReasonSeparators, "MSH-2", 102, AckReject},
		{"a line break as separator", []byte("MSH\n^~\\&\nSIL"), ReasonNotHL7, "", 100, AckReject},
		{"a control character as separator", []byte("MSH\x01^~\\&\x01SIL"), ReasonSeparators, "MSH-2", 102, AckReject},
		{"character set", []byte(strings.Replace(string(with("LEFÈVRE", "LEF\xC8VRE")), "UNICODE UTF-8", "ISO IR87", 1)), ReasonCharset, "MSH-18", 103, AckError},
		{"another message type", with("ORU^R01^ORU_R01", "ADT^A01"), ReasonMessageType, "MSH-9.1", 200, AckReject},
		{"another event", with("ORU^R01^ORU_R01", "ORU^R03"), ReasonEvent, "MSH-9.2", 201, AckReject},
		{"another version", with("|P|2.5|", "|P|3.0|"), ReasonVersion, "MSH-12", 203, AckReject},
		{"no control ID", with("|M1|", "||"), ReasonNoControl, "MSH-10", 101, AckError},
		{"long control ID", with("|M1|", "|"+strings.Repeat("9", 200)+"|"), ReasonNoControl, "MSH-10", 101, AckError},
		{"no patient", with(pidLine+"\r", ""), ReasonNoPatient, "OBR", 100, AckError},
		{"only a header", lines(mshLine), ReasonNoPatient, "PID", 100, AckError},
		{"no order", with(obrLine+"\r"+obx, ""), ReasonNoOrder, "OBR", 100, AckError},
		{"result without order", with(obrLine+"\r", ""), ReasonNoOrder, "OBX", 100, AckError},
		{"two patients", with("\rOBX", "\rPID|2||9^^^HOP^PI||MARTIN^Jean||19700115|M\rOBR|1||B2\rOBX"), ReasonSeveralPatients, "PID(2)", 100, AckError},
		{"result below the next order's ORC", with(obx, obx+"\rORC|RE\r"+obx), ReasonNoOrder, "OBX(2)", 100, AckError},
		{"result below a patient", with("\rOBX", "\r"+pidLine+"\rOBX"), ReasonNoOrder, "OBX", 100, AckError},
		{"same number, other name", with("\rOBX", "\r"+strings.Replace(pidLine, "LEFÈVRE", "LEFEBVRE", 1)+"\rOBX"), ReasonSeveralPatients, "PID(2)", 100, AckError},
		{"two messages", with("\rOBR", "\r"+mshLine+"\rOBR"), ReasonSeveralMessages, "MSH(2)", 100, AckReject},
		{"a broken segment name", with("\rOBR|", "\rOB|"), ReasonSegment, "PID", 100, AckError},
		{"continuation segment", with(obx, obx+"\rADD|more"), ReasonContinued, "ADD", 100, AckError},
		{"continued message", with(obx, obx+"\rDSC|next|F"), ReasonContinued, "DSC-1", 100, AckError},
		{"sampling time", with("|20261120074500|", "|20261320|"), ReasonTime, "OBR-7", 102, AckError},
		{"result time", with(obx, obx+"|||hier"), ReasonTime, "OBX-14", 102, AckError},
		{"birth date", with("19610309", "19610231"), ReasonBirthdate, "PID-7", 102, AckError},
		{"birth date in words", with("19610309", "inconnue"), ReasonBirthdate, "PID-7", 102, AckError},
		{"not born yet", with("19610309", "20270101"), ReasonBirthdate, "PID-7", 102, AckError},
		{"day known, month not", with("19610309", "19610009"), ReasonBirthdate, "PID-7", 102, AckError},
		{"result status", with("|||F\r", "|||Q\r"), ReasonStatus, "OBX-11", 103, AckError},
		{"broken document", with(obx, "OBX|1|ED|X||^application^pdf^Base64^@@@@||||||F"), ReasonDocument, "OBX-5", 102, AckError},
		{"document that is not in the character set it says", with(obx, `OBX|1|ED|X||^text^xml^A^<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>||||||F`), ReasonDocument, "OBX-5", 102, AckError},
		{"unknown encoding", with(obx, "OBX|1|ED|X||^application^pdf^UUENCODE^AAAA||||||F"), ReasonDocument, "OBX-5", 102, AckError},
		{"hidden from the patient", with(obx, obx+"\rOBX|2|CE|INVISIBLE_PATIENT^^MetaDMPMSS||Y^^expandedYes-NoIndicator||||||F"), ReasonWithheld, "OBX(2)-5", 103, AckError},
		{"hidden from professionals", with(obx, obx+"\rOBX|2|CE|MASQUE_PS^^MetaDMPMSS||Y||||||F"), ReasonWithheld, "OBX(2)-5", 103, AckError},
		{"hidden, unclear", with(obx, obx+"\rOBX|2|CE|CONNEXION_SECRETE^^MetaDMPMSS||||||||F"), ReasonWithheld, "OBX(2)-5", 103, AckError},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := problemOf(t, test.raw)
			if got.Reason != test.reason || got.Place.String() != test.place || got.Code != test.code || got.Ack != test.ack {
				t.Errorf("got %s at %q, code %d, %s; want %s at %q, code %d, %s",
					got.Reason, got.Place, got.Code, got.Ack, test.reason, test.place, test.code, test.ack)
			}
			if got.Text == "" || got.Error() == "" {
				t.Error("the problem says nothing")
			}
		})
	}
}

func TestTooManySegments(t *testing.T) {
	raw := lines(mshLine, pidLine, obrLine, strings.Repeat("NTE|1||x\r", 20))
	if _, err := Parse(raw, Options{MaxSegments: 23}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := Parse(raw, Options{MaxSegments: 22})
	var problem *Problem
	if !errors.As(err, &problem) || problem.Reason != ReasonTooManySegments {
		t.Errorf("above the limit: %v", err)
	}
}

func TestTooManyPartsInOneSegment(t *testing.T) {
	for _, separator := range []string{"|", "~"} {
		problem := problemOf(t, lines(mshLine, pidLine, obrLine, "OBX|1|TX|A||"+strings.Repeat("a"+separator, 30_000)))
		if problem.Reason != ReasonTooManyParts || problem.Place.String() != "OBX" {
			t.Errorf("%q: %s at %s", separator, problem.Reason, problem.Place)
		}
	}
}

// TestOneReportFitsOneDeposit holds each bound at the limit and above it.
func TestOneReportFitsOneDeposit(t *testing.T) {
	const result = "OBX|1|NM|K^K^L||4.2|||N|||F\r"
	const pdf = "^application^pdf^Base64^JVBERi0xLjQK"
	patient := func(identifiers int) string {
		var list []string
		for i := range identifiers {
			list = append(list, fmt.Sprintf("%d^^^HOP^PI", i))
		}
		return "PID|1||" + strings.Join(list, "~") + "||MARTIN^Jean||19700115|M"
	}
	documents := func(n int) string { return "OBX|1|ED|D||" + strings.Repeat(pdf+"~", n) + "||||||F\r" }
	tests := []struct {
		name, patient, rest string
		place               string // empty when the message is taken
	}{
		{"orders", pidLine, strings.Repeat("OBR|1|D1||A\r", maxOrders), ""},
		{"orders", pidLine, strings.Repeat("OBR|1|D1||A\r", maxOrders+1), "OBR(501)"},
		{"identifiers", patient(maxIdentifiers), obrLine, ""},
		{"identifiers", patient(maxIdentifiers + 1), obrLine, "PID-3"},
		{"the same identifier", "PID|1||" + strings.Repeat("1^^^HOP^PI~", maxIdentifiers+1) + "||MARTIN^Jean", obrLine, "PID-3"},
		{"results", pidLine, obrLine + "\r" + strings.Repeat(result, maxItems), ""},
		{"results", pidLine, obrLine + "\r" + strings.Repeat(result, maxItems+1), "OBX(4501)"},
		{"documents of one result", pidLine, obrLine + "\r" + documents(maxItems), ""},
		{"documents of one result", pidLine, obrLine + "\r" + documents(maxItems+1), "OBX"},
		{"documents and results", pidLine, obrLine + "\r" + documents(maxItems-1) + result, ""},
		{"documents and results", pidLine, obrLine + "\r" + documents(maxItems-1) + result + result, "OBX(3)"},
		{"results of several orders", pidLine, strings.Repeat(obrLine+"\r"+strings.Repeat(result, maxItems/2), 2) + result, "OBX(4501)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw := lines(mshLine, test.patient, test.rest)
			if test.place == "" {
				mustParse(t, raw)
				return
			}
			got := problemOf(t, raw)
			if got.Reason != ReasonTooManyItems || got.Place.String() != test.place || got.Ack != AckError {
				t.Errorf("got %s at %q, %s; want it at %q", got.Reason, got.Place, got.Ack, test.place)
			}
		})
	}
}

// TestProblemsHoldNoValue checks what reaches logs and traces.
func TestProblemsHoldNoValue(t *testing.T) {
	const secret = "SECRET"
	for _, line := range []string{
		"PID|1||1^^^HOP^PI||" + secret + "^" + secret + "||" + secret, "OBR|1||" + secret + "||||" + secret,
		"OBX|1|NM|" + secret + "||" + secret + "||||||" + secret, secret + " " + secret,
	} {
		problem := problemOf(t, lines(mshLine, pidLine, obrLine, line))
		ack := string(Acknowledge(Header{}, problem.Ack, problem, testNow))
		for _, text := range []string{problem.Error(), problem.Text, fmt.Sprintf("%+v", *problem), ack} {
			if strings.Contains(text, secret) {
				t.Errorf("%q repeats a value", text)
			}
		}
	}
}

func TestOrdersWithoutANumberAreNamedByTheMessage(t *testing.T) {
	m := mustParse(t, lines(mshLine, pidLine, "OBR|1|||A", "OBR|2|D2||B", "OBR|3|||C"))
	if diff := cmp.Diff([]string{"M1#1", "D2", "M1#3"}, m.Orders); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}

func TestTheSamePatientTwiceIsOnePatient(t *testing.T) {
	m := mustParse(t, lines(mshLine, pidLine, obrLine, "OBX|1|NM|K||4.2|||N|||F", pidLine, "OBR|2||B2", "OBX|1|NM|NA||140|||N|||F"))
	if len(m.Report.Panels) != 2 || m.Report.Count != 2 {
		t.Errorf("%d panels, %d results, want 2 and 2", len(m.Report.Panels), m.Report.Count)
	}
}
