package e2e

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown are published messages of every kind of value, of several senders and
// character sets. No two that share an order number are about one patient.
var shown = []string{
	"ans-hl7v2-exemples/Volets/TRANS_DOC_CDA_HL7V2/V2.1/ORU/Transmission initiale ORU/message_ORU_CR_Bio_INIT_N1_N3.hl7",
	"DERIVED-ans-latin-mllp/2_V2_1_ORU_Transmission_initiale_ORU_message_ORU_CR_Bio_INIT_N1_N3_hl7.8859-15.mllp",
	"cdc-data-exchange/fns-hl7-pipeline/fn-structure-validator/covidELR/2.3.1 HL7 Test File with HHS Data.txt",
	"cdc-data-exchange/tst-hl7-pipeline/messages/PHLIP_FLU_2.5.1_OBX2CWE_OBX5ST.txt",
	"cdc-reportstream/FHIR_to_HL7/sample_MN_20240816-0001.hl7",
	"cdc-reportstream/HL7_to_FHIR/sample_oru_20241015-001.hl7", // twenty orders of one number
	"cdc-reportstream/HL7_to_INTERNAL/CE-20200415-0001.hl7",
	"cosyte-hl7/canonical/oru-r01.hl7",
	"cosyte-hl7/canonical/oru-r01-sn-results.hl7",
	"cosyte-hl7/edge-cases/escape-formatting.hl7",
	"cosyte-hl7/nte/obx-result-notes.hl7",
	"cosyte-hl7/text/hex-and-delimiters.hl7",
	"linuxforhealth/ORU-multiline-short.hl7",
	"microsoft-fhir-converter/ORU-R01-RMGEAD.hl7",
	"ruby-hl7/nist/ORU_R01_2.5.1_SampleTestCase5.er7",
	"ruby-hl7/nist/ORU_R01_2.5.1_SampleTestCase6.er7",
}

func TestAPublishedMessageIsOnItsPatientsPageWithinASecond(t *testing.T) {
	people := suite.demo.people(t, "patient", "guardian")
	clients := make(map[string]*client)
	slowest, rows := time.Duration(0), 0
	for i, name := range shown {
		p := people[i%len(people)]
		t.Run(name[:strings.Index(name, "/")]+"/"+path.Base(name), func(t *testing.T) {
			m := published(t, name).about(p)
			if clients[p.Login] == nil {
				clients[p.Login] = suite.demo.signedIn(t, p)
			}
			c := clients[p.Login].in(t)
			before := c.get("/reports").reports(t)
			if a := suite.demo.sendHL7(t, m.bytes()); a.code != "AA" || a.control != field(m[0], 9) {
				t.Fatalf("answer %s for message %s: %s", a.code, a.control, strings.ReplaceAll(a.raw, "\r", "\n"))
			}
			sent := time.Now()
			fresh := slices.DeleteFunc(c.get("/reports").reports(t), func(link string) bool { return slices.Contains(before, link) })
			if len(fresh) != 1 {
				t.Fatalf("%d new reports on the patient's page, want 1", len(fresh))
			}
			report := c.get(fresh[0])
			took := time.Since(sent)
			if took > time.Second {
				t.Errorf("on the page %s after the answer, want a second at most", took)
			}
			want, documents := m.results()
			compareResults(t, shownResults(t, report), want)
			if got := len(report.root(t).all(class("docs"))); (got > 0) != (documents > 0) {
				t.Errorf("%d lists of documents for %d documents", got, documents)
			}
			slowest, rows = max(slowest, took), rows+len(want)
			resendChangesNothing(t, m, c)
		})
	}
	t.Logf("%d messages, %d results compared, on the page after %s at most", len(shown), rows, slowest)
}

func resendChangesNothing(t *testing.T, m message, c *client) {
	t.Helper()
	before, list := rowCounts(t), c.get("/reports").reports(t)
	if a := suite.demo.sendHL7(t, m.bytes()); a.code != "AA" {
		t.Errorf("answer %s to a resend, want AA", a.code)
	}
	if after := rowCounts(t); after != before {
		t.Errorf("rows %s after a resend, want %s as before", after, before)
	}
	if again := c.get("/reports").reports(t); !slices.Equal(again, list) {
		t.Errorf("%d reports after a resend, want %d as before", len(again), len(list))
	}
}

// rowCounts are the sizes of all tables that a deposit writes: those of what
// was understood and given to somebody.
func rowCounts(t *testing.T) string {
	t.Helper()
	var parts []string
	for _, table := range []string{"patient", "report", "panel", "observation", "document", "message"} {
		parts = append(parts, fmt.Sprintf("'%s ', (SELECT count(*) FROM guichet.%s)", table, table))
	}
	return suite.demo.query(t, "SELECT concat_ws(' ', "+strings.Join(parts, ", ")+
		", 'deposit', (SELECT count(*) FROM guichet.trace WHERE type = 'report.deposit'))")[0]
}

// shownResults are the rows of a report, as its hooks for scripts have them.
func shownResults(t *testing.T, p *page) []result {
	t.Helper()
	var rows []result
	for _, row := range p.root(t).all(tag("tr"), has("data-code")) {
		value := row.one(t, class("value")).one(t, tag("data"))
		shown := essence(value.text())
		if value.attribute("value") == "" && shown == "sansrésultat" {
			shown = ""
		}
		rows = append(rows, result{
			code:      row.attribute("data-code"),
			value:     value.attribute("value"),
			shown:     shown,
			unit:      row.one(t, class("unit")).text(),
			reference: row.one(t, class("reference")).attribute("data-reference"),
			flags:     row.one(t, class("flag")).attribute("data-flag"),
		})
	}
	return rows
}

func compareResults(t *testing.T, got, want []result) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d results on the page, want %d", len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("result %d is %q, want %q", i+1, got[i], want[i])
		}
	}
}

func TestAMessageThatIsNotUnderstoodGetsAnAnswerThatSaysWhere(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	valid := published(t, "cosyte-hl7/canonical/oru-r01.hl7").about(p)
	before, kept := rowCounts(t), quarantined(t)
	for name, change := range map[string]func(message) message{
		"no patient":   func(m message) message { return slices.DeleteFunc(m, func(s []string) bool { return s[0] == "PID" }) },
		"no order":     func(m message) message { return slices.DeleteFunc(m, func(s []string) bool { return s[0] == "OBR" }) },
		"another type": func(m message) message { m[0][8] = "SIU^S12"; return m },
	} {
		t.Run(name, func(t *testing.T) {
			m := parse(valid.bytes())
			m[0][9] = "e2e " + name
			a := suite.demo.sendHL7(t, change(m).bytes())
			if a.code != "AE" && a.code != "AR" {
				t.Errorf("answer %s, want AE or AR", a.code)
			}
			if !strings.Contains(a.raw, "\rERR|") {
				t.Error("the answer has no ERR")
			}
		})
	}
	if after := rowCounts(t); after != before {
		t.Errorf("rows %s after refused messages, want %s as before", after, before)
	}
	if got := quarantined(t) - kept; got != 3 {
		t.Errorf("%d of 3 refused messages were kept for somebody to look at", got)
	}
}

func TestAPatientWhoseTraitsDisagreeGetsNothing(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	c := suite.demo.signedIn(t, p)
	before := c.get("/reports").reports(t)
	p.Traits.Birthdate = "1931-01-31"
	m := published(t, "cosyte-hl7/canonical/oru-r01.hl7").about(p)
	m[0][9] = "e2e traits"
	rows, kept := rowCounts(t), quarantined(t)
	if a := suite.demo.sendHL7(t, m.bytes()); a.code == "AA" {
		t.Error("answer AA, as if somebody had got it")
	}
	if after := c.get("/reports").reports(t); !slices.Equal(after, before) {
		t.Error("a message about somebody else with the same number came to the patient")
	}
	if after := rowCounts(t); after != rows {
		t.Errorf("rows %s, want %s as before", after, rows)
	}
	if got := quarantined(t) - kept; got != 1 {
		t.Errorf("%d messages went to quarantine, want 1", got)
	}
}

func quarantined(t *testing.T) int {
	t.Helper()
	return suite.demo.count(t, "SELECT count(*) FROM guichet.quarantine")
}
