package intake

import (
	"strings"
	"testing"
)

// withField returns a message in which field n of the segment that begins
// with start is value.
func withField(start string, n int, value string) []byte {
	list := []string{mshLine, pidLine, "PD1|", "PV1|1|O", "PV2|", "ORC|RE", obrLine, "OBX|1|NM|A||1||||||F"}
	for i, line := range list {
		if strings.HasPrefix(line, start) {
			fields := append(strings.Split(line, "|"), make([]string, 40)...)
			if start == "MSH" {
				n--
			}
			fields[n] = value
			list[i] = strings.Join(fields, "|")
		}
	}
	return lines(list...)
}

// TestRestrictionsAreHonoured: what a sender asks to be withheld is not shown,
// however it is asked.
func TestRestrictionsAreHonoured(t *testing.T) {
	tests := []struct {
		segment string
		field   int
		value   string
		place   string // empty where the message is taken
	}{
		{"ORC", 28, "V^Very restricted^HL70177", "ORC-28"},
		{"ORC", 28, "R", "ORC-28"},
		{"ORC", 28, "r", "ORC-28"},
		{"ORC", 28, "HIV^^HL70177", "ORC-28"},
		{"ORC", 28, "^Restreint", "ORC-28"},
		{"ORC", 28, "U~V", "ORC-28"},
		{"ORC", 28, "SECRET^Usage interne^99LABO", "ORC-28"},
		{"ORC", 28, "U^Usual control^HL70177", ""},
		{"ORC", 28, "N^normal^2.16.840.1.113883.5.25", ""},
		{"ORC", 28, `""`, ""},
		{"ORC", 28, "^^HL70177", ""},
		{"ORC", 28, "N^Très restreint^99LABO", "ORC-28"},
		{"OBX", 13, "R", "OBX-13"},
		{"OBX", 13, "BIOLOGISTE", ""}, // a code of the laboratory's own
		{"OBX", 13, "Très restreint", "OBX-13"},
		{"OBX", 13, "N", ""},
		{"OBX", 13, " ", ""},
		{"PD1", 12, "Y", "PD1-12"},
		{"PD1", 12, "N", ""},
		{"PV2", 22, "Y", "PV2-22"},
		{"PV2", 22, "N", ""},
		{"PV1", 16, "V", "PV1-16"},
		{"PV1", 16, "VIP", "PV1-16"},
		{"PV1", 16, "Incognito", "PV1-16"},
		{"PV1", 16, "N", ""},
		{"PV1", 16, "0", ""},
		{"MSH", 8, "R", "MSH-8"},
		{"MSH", 8, "Very restricted", "MSH-8"},
		{"MSH", 8, "Très restreint", "MSH-8"},
		{"MSH", 8, "x^V", "MSH-8"},
		{"MSH", 8, "LABBACKGROUND", ""},
	}
	for _, test := range tests {
		t.Run(test.segment+" "+test.value, func(t *testing.T) {
			raw := withField(test.segment, test.field, test.value)
			if test.place == "" {
				mustParse(t, raw)
				return
			}
			got := problemOf(t, raw)
			if got.Reason != ReasonWithheld || got.Place.String() != test.place || got.Ack != AckError {
				t.Errorf("got %s at %q, %s; want %s at %q", got.Reason, got.Place, got.Ack, ReasonWithheld, test.place)
			}
		})
	}
}

func TestAccessRestrictionSegment(t *testing.T) {
	for line, place := range map[string]string{
		"ARV|1|A|DEM": "ARV-3", "ARV|1|A|NO~ALL": "ARV-3", "ARV|1|A": "ARV-3", "ARV": "ARV-3", "ARV|1|A|NO^None": "",
	} {
		raw := lines(mshLine, pidLine, line, obrLine, "OBX|1|NM|A||1||||||F")
		if place == "" {
			mustParse(t, raw)
			continue
		}
		if got := problemOf(t, raw); got.Reason != ReasonWithheld || got.Place.String() != place {
			t.Errorf("%q: got %s at %q, want it withheld at %q", line, got.Reason, got.Place, place)
		}
	}
}

// TestTransmissionFlagsThatWithhold holds the flags of the French profile,
// written as its document says and as senders may write them.
func TestTransmissionFlagsThatWithhold(t *testing.T) {
	tests := []struct {
		obx3, obx5 string
		withheld   bool
	}{
		{"INVISIBLE_PATIENT^Document Non Visible par le patient^MetaDMPMSS", "Y^^expandedYes-NoIndicator", true},
		{"INVISIBLE_PATIENT^^MetaDMPMSS", "N^^expandedYes-NoIndicator", false},
		{"INVISIBLE_PATIENT^^MetaDMPMSS", "n", false},
		{"INVISIBLE_PATIENT", "Y", true},
		{"INVISIBLE_PATIENT^^L", "Y", true},
		{"invisible_patient^^99ABC", "Y", true},
		{"X^INVISIBLE_PATIENT^L", "Y", true},
		{"X^^L^MASQUE_PS^^MetaDMPMSS", "Y", true},
		{"^^^^^^^^Connexion secrète", "Y", true},
		{"INVISIBLE_REP_LEGAUX_MINEUR^^MetaDMPMSS", "Y", true},
		{"MASQUE_PS-2^^METADMPMSS-V2", "Y", true},
		{"DOC&INVISIBLE_PATIENT", "Y", true},
		{"INVISIBLE PATIENT", "Y", true},
		{"INVISIBLE_PATIENT", "", true},
		{"INVISIBLE_PATIENT", `""`, true},
		{"INVISIBLE_PATIENT", "^N", true},
		{"INVISIBLE_PATIENT", "N~Y", true},
		{"INVISIBLE_PATIENT", "N~N", false},
		{"INVISIBLE_PATIENT", "Non", true},
		{"DESTDMP^Destinataire DMP^MetaDMPMSS", "Y", false},
	}
	for _, test := range tests {
		raw := lines(mshLine, pidLine, obrLine, "OBX|1|NM|A||1||||||F", "OBX|2|CE|"+test.obx3+"||"+test.obx5+"||||||F")
		if !test.withheld {
			if m := mustParse(t, raw); m.Report.Count != 1 {
				t.Errorf("%q, %q: %d results, want the flag to be none", test.obx3, test.obx5, m.Report.Count)
			}
			continue
		}
		if got := problemOf(t, raw); got.Reason != ReasonWithheld || got.Place.String() != "OBX(2)-5" {
			t.Errorf("%q, %q: got %s at %q", test.obx3, test.obx5, got.Reason, got.Place)
		}
	}
}
