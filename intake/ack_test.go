package intake

import (
	"strings"
	"testing"
	"time"
)

func TestAcknowledge(t *testing.T) {
	now := time.Date(2026, 11, 21, 9, 0, 0, 123, time.FixedZone("", 3600))
	const control = "Gdn0qaxqe8ebf"
	noBirthdate := NewProblem(ReasonNoBirthdate, Place{Segment: "PID", Sequence: 1, Field: 7})
	noGiven := NewProblem(ReasonNoGiven, Place{Segment: "PID", Sequence: 1, Field: 5, Component: 2})
	tests := []struct {
		name, msh string
		code      AckCode
		problem   *Problem
		want      []string
	}{
		{
			"accepted", mshLine, AckAccept, nil, []string{
				`MSH|^~\&|GUICHET|HOP|SIL|LABO|20261121090000+0100||ACK^R01^ACK|` + control + `|P|2.5|||||FRA|UNICODE UTF-8`,
				`MSA|AA|M1`,
			},
		},
		{
			"error, 2.5", mshLine, AckError, noGiven, []string{
				`MSH|^~\&|GUICHET|HOP|SIL|LABO|20261121090000+0100||ACK^R01^ACK|` + control + `|P|2.5|||||FRA|UNICODE UTF-8`,
				`MSA|AE|M1`,
				`ERR||PID^1^5^1^2|101^Required field missing^HL70357|E|||no-given-name|PID-5.2 : le prénom est absent`,
			},
		},
		{
			"error, 2.3, no character set", `MSH|^~\&|A|B|C|D|20260101||ORU^R01|7|T|2.3`, AckError, noBirthdate, []string{
				`MSH|^~\&|C|D|A|B|20261121090000+0100||ACK^R01|` + control + `|T|2.3`,
				`MSA|AE|7|PID-7 : la date de naissance est absente`,
				`ERR|PID^1^7^101&Required field missing&HL70357`,
			},
		},
		{
			"error, 2.4", `MSH|^~\&|A|B|C|D|20260101||ORU^R01|7|T|2.4`, AckError, noBirthdate, []string{
				`MSH|^~\&|C|D|A|B|20261121090000+0100||ACK^R01|` + control + `|T|2.4`,
				`MSA|AE|7|PID-7 : la date de naissance est absente`,
				`ERR|PID^1^7^101&Required field missing&HL70357`,
			},
		},
		{
			"French version and facility, 8859/15", "MSH|^~\\&|GAM|CHU \xBD&1.2&ISO|X|Y|20260101||ORU^R01^ORU_R01|7|P|2.5^FRA^2.11|||||FRA|8859/15", AckError, noGiven, []string{
				"MSH|^~\\&|X|Y|GAM|CHU \xBD&1.2&ISO|20261121090000+0100||ACK^R01^ACK|" + control + "|P|2.5^FRA^2.11|||||FRA|8859/15",
				"MSA|AE|7",
				"ERR||PID^1^5^1^2|101^Required field missing^HL70357|E|||no-given-name|PID-5.2 : le pr\xE9nom est absent",
			},
		},
		{
			"other separators", `MSH@*!%$@A*x@B@C@D@20260101@@ORU*R01@7*1@P@2.6`, AckReject, NewProblem(ReasonEvent, Place{Segment: "MSH", Sequence: 1, Field: 9, Component: 2}), []string{
				`MSH@*!%$@C@D@A*x@B@20261121090000+0100@@ACK*R01@` + control + `@P@2.6`,
				`MSA@AR@7*1`,
				`ERR@@MSH*1*9*1*2@201*Unsupported event code*HL70357@E@@@event@MSH-9.2 : l'evenement n'est pas pris en charge (R01 attendu)`,
			},
		},
		{
			"not HL7 at all", `GET / HTTP/1.1`, AckReject, NewProblem(ReasonNotHL7, Place{}), []string{
				`MSH|^~\&|||||20261121090000+0100||ACK|` + control + `|P|2.5`,
				`MSA|AR|`,
				`ERR|||100^Segment sequence error^HL70357|E|||not-hl7|le message ne commence pas par un segment MSH`,
			},
		},
		{
			"control characters are not sent back", "MSH|^~\\&|A\x0B|B\x1C|C|D|2026||ORU^R01|7\x1C|P|2.5", AckAccept, nil, []string{
				`MSH|^~\&|C|D|A|B|20261121090000+0100||ACK^R01|` + control + `|P|2.5`,
				`MSA|AA|7`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, _ := ParseHeader([]byte(test.msh))
			got := strings.Split(string(Acknowledge(h, test.code, test.problem, now)), "\r")
			want := append(test.want, "")
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Fatalf("got\n%q\nwant\n%q", got, want)
				}
			}
		})
	}
}

func TestEveryReasonHasItsAnswer(t *testing.T) {
	for reason, known := range reasons {
		problem := NewProblem(reason, Place{Segment: "PID"})
		if problem.Reason != reason || known.text == "" || conditions[problem.Code] == "" {
			t.Errorf("%s is incomplete", reason)
		}
		if problem.Ack != AckError && problem.Ack != AckReject {
			t.Errorf("%s is answered %q", reason, problem.Ack)
		}
	}
	if got := NewProblem("made up", Place{}); got.Reason != ReasonInternal {
		t.Errorf("a reason outside the list became %q", got.Reason)
	}
}

func TestSendersAreToldApart(t *testing.T) {
	seen := make(map[string]string)
	for _, names := range []string{"A|B", `A\F\B|`, "|A", "A|", "A^B|", `A\S\B|`, "A&B|", "|", `A|B\F\`} {
		h, err := ParseHeader([]byte(`MSH|^~\&|` + names + `|||2026||ORU^R01|1|P|2.5`))
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[h.Sender]; ok {
			t.Errorf("%q and %q are both %q", names, other, h.Sender)
		}
		seen[h.Sender] = names
	}
}

func TestVersions(t *testing.T) {
	for _, version := range []string{"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.2"} {
		if !knownVersion(version) {
			t.Errorf("%s is refused", version)
		}
	}
	for _, version := range []string{"", "2", "2.", "2.0", "2.9", "2.10", "3.0", "2.3.z", "2.3.", "2.3.10", "12.3", "2.5 "} {
		if knownVersion(version) {
			t.Errorf("%s is accepted", version)
		}
	}
	h, err := ParseHeader([]byte(`MSH|^~\&|A|B|||2026||ORU|1|P|2.2`))
	if err != nil || h.Event != "ORU^R01" {
		t.Errorf("an old ORU is %q, %v", h.Event, err)
	}
}
