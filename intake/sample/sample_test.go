package sample

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/intake"
	"guichet/record"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.FixedZone("", 3600))

func parse(t *testing.T, raw []byte) *intake.Message {
	t.Helper()
	m, err := intake.Parse(raw, intake.Options{LocalAuthority: Authority, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatalf("parse: %v\n%s", err, bytes.ReplaceAll(raw, []byte("\r"), []byte("\n")))
	}
	return m
}

func TestEveryMessageIsReadWithItsPatient(t *testing.T) {
	for _, p := range append(People(), Patients(7, 25)...) {
		for _, raw := range Reports(p, 7, now) {
			m := parse(t, raw)
			if diff := cmp.Diff(p.Identity, m.Identity); diff != "" {
				t.Fatalf("%s: identity (-want +got):\n%s", p.Login, diff)
			}
			if diff := cmp.Diff(p.Identifiers(), m.Identifiers); diff != "" {
				t.Fatalf("%s: identifiers (-want +got):\n%s", p.Login, diff)
			}
			if missing := m.Missing(); len(missing) > 0 {
				t.Errorf("%s: %v is missing", p.Login, missing[0])
			}
			r := m.Report
			if r.Count < 2 || r.Sampled.IsZero() || r.Sampled.At.After(now) || r.Issued.IsZero() || r.Received.IsZero() ||
				r.Laboratory == "" || r.Prescriber == "" || r.Validator == "" || r.Number == "" || r.Title == "" {
				t.Errorf("%s: report lacks something: %+v", p.Login, r)
			}
		}
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	for i, p := range Patients(3, 10) {
		again := Patients(3, 10)[i]
		if !slices.EqualFunc(Reports(p, 3, now), Reports(again, 3, now), bytes.Equal) {
			t.Errorf("%s: other bytes the second time", p.Login)
		}
		if p.Visits > 0 && slices.EqualFunc(Reports(p, 3, now), Reports(p, 4, now), bytes.Equal) {
			t.Errorf("%s: another seed changes nothing", p.Login)
		}
	}
}

func TestTheCastIsWhatTheDemoNeeds(t *testing.T) {
	roles := make(map[string]int)
	rich := 0
	logins := make(map[string]bool)
	for _, p := range People() {
		roles[p.Role]++
		n := len(Reports(p, 1, now))
		if n >= 25 {
			rich++
		}
		if p.Role == "unknown" && n != 0 || p.Role != "unknown" && n == 0 {
			t.Errorf("%s (%s): %d messages", p.Login, p.Role, n)
		}
		if !regexp.MustCompile(`^[a-z0-9]{3,12}$`).MatchString(p.Login) || logins[p.Login] {
			t.Errorf("login %q is not short, plain and unique", p.Login)
		}
		logins[p.Login] = true
		if _, complete := p.Identity.Strict(); !complete {
			t.Errorf("%s: traits are missing", p.Login)
		}
	}
	if diff := cmp.Diff(map[string]int{"patient": 5, "guardian": 1, "child": 1, "unknown": 1}, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if rich != 2 {
		t.Errorf("%d rich histories, want 2", rich)
	}
}

func TestHomonymsDifferInBirthplaceAndINSOnly(t *testing.T) {
	var pair []Person
	for _, p := range People() {
		if p.Identity.Family == "MARTIN" {
			pair = append(pair, p)
		}
	}
	if len(pair) != 2 {
		t.Fatalf("%d people named MARTIN, want 2", len(pair))
	}
	a, b := pair[0], pair[1]
	civilA, _ := a.Identity.Civil()
	civilB, _ := b.Identity.Civil()
	if civilA != civilB || a.Identity.Birthplace == b.Identity.Birthplace || a.INS == b.INS || a.Local == b.Local {
		t.Errorf("not a homonym pair: %+v, %+v", a, b)
	}
}

func TestINSHasItsKey(t *testing.T) {
	tests := []struct{ number, key string }{
		{"2550814168025", "38"}, // the example of the public documentation of the NIR
		{"2A", ""},
	}
	for _, test := range tests {
		if got := record.NIRKey(test.number); test.key != "" && got != test.key {
			t.Errorf("record.NIRKey(%s) = %s, want %s", test.number, got, test.key)
		}
	}
	shape := regexp.MustCompile(`^[12]\d{4}(\d{2}|2[AB])\d{6}\d{2}$`)
	seen := make(map[string]bool)
	for _, p := range append(People(), Patients(11, 400)...) {
		if !shape.MatchString(p.INS) || record.NIRKey(p.INS[:13]) != p.INS[13:] {
			t.Errorf("%s: INS %s is not built like one", p.Login, p.INS)
		}
		if seen[p.INS] {
			t.Errorf("%s: INS %s is given twice", p.Login, p.INS)
		}
		seen[p.INS] = true
	}
}

// TestARichHistoryShowsEveryKindOfResult walks the first rich history.
func TestARichHistoryShowsEveryKindOfResult(t *testing.T) {
	var kinds = make(map[record.ValueKind]int)
	texts := make(map[string]bool)
	flags := make(map[record.Flag]int)
	var documents, corrected int
	orders := make(map[string]int)
	for _, raw := range Reports(People()[0], 1, now) {
		m := parse(t, raw)
		documents += len(m.Report.Documents)
		for _, d := range m.Report.Documents {
			if d.MediaType != "application/pdf" || !bytes.HasSuffix(d.Bytes, []byte("%%EOF\n")) {
				t.Errorf("document is %s", d.MediaType)
			}
		}
		if m.Report.Status == record.Corrected {
			corrected++
		}
		for i, panel := range m.Report.Panels {
			orders[m.Orders[i]]++
			if panel.Specimen == "" || panel.Title == "" {
				t.Errorf("panel without specimen or title: %+v", panel)
			}
			for _, o := range panel.Observations {
				kinds[o.Value.Kind]++
				texts[o.Value.Text] = true
				for _, f := range o.Flags {
					flags[f]++
				}
				if o.Code.Value == "" || o.Name == "" {
					t.Errorf("result without codes: %+v", o)
				}
			}
		}
	}
	for _, kind := range []record.ValueKind{record.Numeric, record.Structured, record.Text, record.Coded} {
		if kinds[kind] == 0 {
			t.Errorf("no value of kind %d", kind)
		}
	}
	for _, text := range []string{"<5", "1:80", "Négatif"} {
		if !texts[text] {
			t.Errorf("no value %q", text)
		}
	}
	for _, flag := range []record.Flag{"N", "H", "HH"} {
		if flags[flag] == 0 {
			t.Errorf("no flag %q", flag)
		}
	}
	for _, raw := range Reports(People()[1], 1, now) {
		for _, panel := range parse(t, raw).Report.Panels {
			for _, o := range panel.Observations {
				for _, f := range o.Flags {
					flags[f]++
				}
			}
		}
	}
	if flags["L"] == 0 || flags["LL"] == 0 {
		t.Errorf("the second rich history has flags %v, want L and LL among them", flags)
	}
	if documents != 3 || corrected != 1 {
		t.Errorf("%d documents and %d corrections, want 3 and 1", documents, corrected)
	}
	twice := 0
	for _, n := range orders {
		if n == 2 {
			twice++
		}
	}
	if twice == 0 {
		t.Error("the correction does not name the orders it corrects")
	}
}

func TestThePDFIsWellFormed(t *testing.T) {
	document := pdf([]string{"Élévation (légère) \\ 5 µmol/L", "œdème"})
	at := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(document)
	if at == nil {
		t.Fatal("no startxref")
	}
	for i, entry := range regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(document, -1) {
		offset := 0
		for _, c := range entry[1] {
			offset = offset*10 + int(c-'0')
		}
		want := []byte{byte('1' + i), ' ', '0', ' ', 'o', 'b', 'j'}
		if !bytes.HasPrefix(document[offset:], want) {
			t.Errorf("object %d is not where the table says", i+1)
		}
	}
	if !bytes.Contains(document, []byte("\\(l\xE9g\xE8re\\) \\\\ 5 \xB5mol/L")) {
		t.Error("text is not escaped WinAnsi")
	}
}
