package store_test

import (
	"testing"
	"time"

	"guichet/record"
)

// TestCorrectionShowsWhatItReplaces: who read the earlier value is told that it
// no longer holds, once it differs, and from when it was shown (CNIL-4.2-1).
func TestCorrectionShowsWhatItReplaces(t *testing.T) {
	w := newWorld(t)
	began := time.Now().UTC()
	id := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled)).Reports[0].ID
	req := w.signIn(t, camille, "sub")
	haemoglobin := func() record.Observation {
		t.Helper()
		got, err := w.portal.ReadReport(t.Context(), req, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range got.Report.Panels[0].Observations[1:] {
			if o.Replaced != nil {
				t.Errorf("%s was never changed, and replaces %+v", o.Name, o.Replaced)
			}
		}
		return got.Report.Panels[0].Observations[0]
	}
	if o := haemoglobin(); o.Replaced != nil {
		t.Errorf("a first version replaces %+v", o.Replaced)
	}
	w.deposit(t, bloodCount(camille, "100", "C2", "O1", "12.4", sampled))
	o := haemoglobin()
	if o.Replaced == nil || o.Replaced.Value.Text != "11.2" || o.Replaced.Unit != "g/dL" || o.Value.Text != "12.4" {
		t.Fatalf("got %s replacing %+v, want 12.4 replacing 11.2", o.Value.Text, o.Replaced)
	}
	if at := o.Replaced.Deposited; at.Before(began) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("shown since %s, want the time of the first deposit, after %s", at, began)
	}
	w.deposit(t, bloodCount(camille, "100", "C3", "O1", "13.0", sampled))
	if o := haemoglobin(); o.Replaced == nil || o.Replaced.Value.Text != "12.4" {
		t.Errorf("after two corrections: replaces %+v, want the one shown last", o.Replaced)
	}
	again := bloodCount(camille, "100", "C4", "O1", "13.0", sampled)
	again.Raw = append(again.Raw, "|signed"...)
	w.deposit(t, again)
	if o := haemoglobin(); o.Replaced != nil {
		t.Errorf("said again with the same value: replaces %+v", o.Replaced)
	}
}

// TestTwoResultsInOnePlaceReplaceNothing: where nothing tells which was which,
// nothing is said.
func TestTwoResultsInOnePlaceReplaceNothing(t *testing.T) {
	w := newWorld(t)
	twice := func(control, first, second string) record.ReportID {
		d := bloodCount(camille, "100", control, "O1", first, sampled)
		panel := &d.Reports[0].Report.Panels[0]
		other := panel.Observations[0]
		other.Value.Text = second
		panel.Observations = append(panel.Observations, other)
		return w.deposit(t, d).Reports[0].ID
	}
	id := twice("C1", "11.2", "11.3")
	twice("C2", "12.2", "12.3")
	got, err := w.portal.ReadReport(t.Context(), w.signIn(t, camille, "sub"), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range got.Report.Panels[0].Observations {
		if o.Replaced != nil {
			t.Errorf("%s %s replaces %+v", o.Name, o.Value.Text, o.Replaced)
		}
	}
}
