package store_test

import (
	"slices"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
)

var haemoglobin = record.Code{System: record.LOINC, Value: "718-7"}

// TestTrend: every current result of one analysis, oldest first; a corrected
// one as it is now, another patient's never.
func TestTrend(t *testing.T) {
	x := newTarget(t) // haemoglobin 11.20 of 17 November 2026
	day := func(d int) time.Time { return time.Date(2026, 11, d, 7, 0, 0, 0, time.UTC) }
	x.deposit(t, bloodCount(camille, "100", "C3", "O3", "10.5", day(3)))
	x.deposit(t, bloodCount(camille, "100", "C4", "O3", "10.6", day(3))) // corrects O3
	x.deposit(t, bloodCount(camille, "100", "C5", "O5", "12.0", day(25)))

	got, err := x.portal.ReadTrend(t.Context(), x.token, haemoglobin)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, p := range got.Trend.Points {
		values = append(values, p.Observation.Value.Text)
		if p.Title != "NFS" || p.Laboratory != "Biologie" || p.Report == (record.ReportID{}) {
			t.Errorf("got point of %q, %q", p.Title, p.Laboratory)
		}
	}
	if want := []string{"10.6", "11.20", "12.0"}; !slices.Equal(values, want) {
		t.Errorf("got %v, want %v", values, want)
	}
	if got.Patient.ID != x.patient || got.Trend.Code.Value != haemoglobin.Value {
		t.Errorf("got the trend of %v, %v", got.Patient.ID, got.Trend.Code)
	}

	var named int
	if err := x.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace t, unnest(t.kinds) k WHERE t.type = 'trend.read' AND t.outcome = 'granted' AND k = 'observation'`).Scan(&named); err != nil {
		t.Fatal(err)
	}
	if named != 3 {
		t.Errorf("the entry names %d results, want 3", named)
	}
}

// TestTrendOfNothing: an analysis that was never made, and a record that is
// nobody's, look the same.
func TestTrendOfNothing(t *testing.T) {
	x := newTarget(t)
	if _, err := x.portal.ReadTrend(t.Context(), x.token, record.Code{System: record.LOINC, Value: "2093-3"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("got %v, want not found", err)
	}
	var reason string
	if err := x.Superuser(t).QueryRow(`SELECT outcome || ' ' || reason FROM guichet.trace WHERE type = 'trend.read'`).Scan(&reason); err != nil {
		t.Fatal(err)
	}
	if reason != "refused absent" {
		t.Errorf("got %q", reason)
	}
}

// TestTrendOfAlteredReport: a result taken away from a report is seen here too.
func TestTrendOfAlteredReport(t *testing.T) {
	x := newTarget(t)
	if _, err := x.Superuser(t).Exec(`DELETE FROM guichet.observation WHERE ctid IN (SELECT ctid FROM guichet.observation WHERE report = $1 AND position = (SELECT max(position) FROM guichet.observation WHERE report = $1))`, x.own.String()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.portal.ReadTrend(t.Context(), x.token, haemoglobin); fault.KindOf(err) != fault.Tampered {
		t.Errorf("got %v, want tampered", err)
	}
}

// TestAccount lists the latest sign-ins, each with the refused attempts that
// followed it (AA9).
func TestAccount(t *testing.T) {
	x := newTarget(t)
	x.token = x.signIn(t, camille, "sub-camille")
	account, err := x.portal.ReadAccount(t.Context(), x.token)
	if err != nil {
		t.Fatal(err)
	}
	if len(account.SignIns) != 2 || account.Patient == nil || account.Patient.ID != x.patient || account.Name == "" {
		t.Fatalf("got %+v", account)
	}
	if account.SignIns[0].At.Before(account.SignIns[1].At) || account.SignIns[0].Provider != "franceconnect" {
		t.Errorf("got %+v", account.SignIns)
	}
}
