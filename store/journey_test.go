package store_test

import (
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"

	"github.com/google/go-cmp/cmp"
)

var limits = store.Limits{Idle: 15 * time.Minute, Lifetime: 8 * time.Hour}

// Camille and Léa are fictitious.
var (
	camille = record.Identity{Family: "LEFÈVRE", Given: "Camille Anne", Usual: "Moreau", Birthdate: "1984-03-14", Sex: record.Female, Birthplace: "75112"}
	lea     = record.Identity{Family: "ŒUVRARD", Given: "Léa", Birthdate: "1990-01-02", Sex: record.Female, Birthplace: "69381"}
)

func numbers(local string) []record.Identifier {
	return []record.Identifier{{Authority: "HOP", Value: local}, {Authority: record.OIDNIRTest, Value: "1" + local}}
}

// bloodCount is a deposit of three results; value is that of the first.
func bloodCount(who record.Identity, local, control, order, value string, sampled time.Time) *store.Deposit {
	moment := record.Moment{At: sampled.UTC().Truncate(time.Second), Precision: record.ToMinute}
	result := func(code, name, value string) record.Observation {
		return record.Observation{Code: record.Code{System: record.LOINC, Value: code, Text: name}, Name: name, Value: record.Value{Kind: record.Numeric, Text: value},
			Unit: "g/dL", Reference: "12.0-16.0", Flags: []record.Flag{"N"}, Status: record.Final, Sampled: moment, Comments: []string{"à jeun"}}
	}
	return &store.Deposit{
		Sender: "LABO|CHB", Control: control, Raw: []byte("MSH|" + control + "|" + value), Identity: who, Identifiers: numbers(local), Reports: []store.Ordered{{Orders: []string{order}, Report: record.Report{Status: record.Final, Title: "NFS", Number: order, Laboratory: "Biologie", Sampled: moment, Count: 3,
			Panels: []record.Panel{{Order: order, Title: "Numération", Sampled: moment, Observations: []record.Observation{
				result("718-7", "Hémoglobine", value), result("4544-3", "Hématocrite", "32.5"), result("787-2", "VGM", "79")}}},
			Documents: []record.Document{{Title: "Compte rendu", MediaType: "application/pdf", Bytes: []byte("%PDF-1.4 " + value)}}}}},
	}
}

// world is a database with a feed and its listeners' stores.
type world struct {
	*storetest.Database
	intake, portal *store.Store
	feed           store.Request
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldIn(t, storetest.New(t))
}

func newWorldIn(t testing.TB, d *storetest.Database) *world {
	t.Helper()
	w := &world{Database: d, intake: d.Open(t, "guichet_intake"), portal: d.Open(t, "guichet_portal"), feed: storetest.Request()}
	if err := w.intake.OpenFeed(t.Context(), w.feed, "AB:CD", "Laboratoire", limits); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) deposit(t testing.TB, d *store.Deposit) *store.Receipt {
	t.Helper()
	receipt, err := w.intake.Deposit(t.Context(), w.feed, d)
	if err != nil {
		t.Fatal("deposit:", err)
	}
	return receipt
}

// signIn opens a session for a patient.
func (w *world) signIn(t testing.TB, who record.Identity, subject string) store.Request {
	t.Helper()
	req, err := w.trySignIn(t, who, subject)
	if err != nil {
		t.Fatal("sign in:", err)
	}
	return req
}

func (w *world) trySignIn(t testing.TB, who record.Identity, subject string) (store.Request, error) {
	t.Helper()
	req := storetest.Request()
	_, err := w.portal.SignIn(t.Context(), req, evidenced(store.Identified{Provider: "franceconnect", Issuer: "https://fc.example", Subject: subject,
		State: req.ID.String(), Role: record.RolePatient, Identity: who}))
	return req, err
}

// evidenced adds what an honest sign-in rests on: a token of its own.
func evidenced(who store.Identified) store.Identified {
	who.Evidence = store.Evidence{IDToken: "a token", Subject: who.Subject, Nonce: who.State}
	return who
}

func TestTheWholeWay(t *testing.T) {
	w := newWorld(t)
	sampled := time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC)
	earlier := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "12.9", sampled.AddDate(0, -6, 0)))
	latest := w.deposit(t, bloodCount(camille, "100", "C2", "O2", "11.20", sampled))
	other := w.deposit(t, bloodCount(lea, "200", "C3", "O3", "13.0", sampled))

	req := w.signIn(t, camille, "sub-camille")
	home, err := w.portal.ReadHome(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if home.Name != "Camille Moreau" || home.Patient.Identity != camille || home.LastSignIn != nil {
		t.Errorf("home: got %+v", home)
	}
	if len(home.Reports) != 2 || home.Reports[0].ID != latest.Reports[0].ID || home.Reports[1].ID != earlier.Reports[0].ID {
		t.Errorf("home: want the two own reports, newest sample first, got %d", len(home.Reports))
	}

	got, err := w.portal.ReadReport(t.Context(), req, latest.Reports[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	sent := bloodCount(camille, "100", "C2", "O2", "11.20", sampled).Reports[0].Report.Panels[0].Observations
	for i, o := range got.Report.Panels[0].Observations {
		if len(o.Previous) != 1 || o.Previous[0].Report != earlier.Reports[0].ID {
			t.Errorf("%s: want one earlier result, got %v", o.Name, o.Previous)
		}
		o.ID, o.Version, o.Previous = record.ObservationID{}, 0, nil
		o.Sampled.At = o.Sampled.At.UTC()
		if diff := cmp.Diff(sent[i], o); diff != "" {
			t.Errorf("result is not what was sent (-sent +read):\n%s", diff)
		}
	}
	original, err := w.portal.ReadOriginal(t.Context(), req, latest.Reports[0].ID)
	if err != nil || string(original.Document.Bytes) != "%PDF-1.4 11.20" {
		t.Errorf("original: got %v, %v", original, err)
	}

	for name, id := range map[string]record.ReportID{"of another patient": other.Reports[0].ID, "that does not exist": {1, 2, 3}} {
		if _, err := w.portal.ReadReport(t.Context(), req, id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("report %s: got %v, want not found", name, err)
		}
	}
	log, err := w.portal.ReadAccessLog(t.Context(), req, store.AccessFilter{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var events []string
	for _, a := range log.Accesses {
		about := ""
		if a.About != nil {
			about = " of " + a.About.Number
		}
		events = append(events, a.Event+" by "+a.Who+about)
	}
	want := []string{"document.read by Camille Moreau", "report.read by Camille Moreau of O2", "home.read by Camille Moreau", "report.deposit by Laboratoire of O2", "report.deposit by Laboratoire of O1"}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("access log (-want +got):\n%s", diff)
	}
}
