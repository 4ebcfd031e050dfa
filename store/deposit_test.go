package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"guichet/record"
	"guichet/store"
)

var sampled = time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC)

// counts returns how many rows each table of records has.
func (w *world) counts(t testing.TB) string {
	t.Helper()
	var s string
	if err := w.Superuser(t).QueryRow(`SELECT format('patients %s reports %s panels %s results %s documents %s messages %s quarantined %s deposits %s',
		(SELECT count(*) FROM guichet.patient), (SELECT count(*) FROM guichet.report), (SELECT count(*) FROM guichet.panel), (SELECT count(*) FROM guichet.observation),
		(SELECT count(*) FROM guichet.document), (SELECT count(*) FROM guichet.message), (SELECT count(*) FROM guichet.quarantine),
		(SELECT count(*) FROM guichet.trace WHERE type = 'report.deposit'))`).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResendChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	before := w.counts(t)
	receipt := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	if !receipt.Resend {
		t.Error("not known as a resend")
	}
	if after := w.counts(t); after != before {
		t.Errorf("a resend changed something:\n%s\n%s", before, after)
	}
	// The same control ID with other bytes is another message.
	if receipt := w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.3", sampled)); receipt.Resend || receipt.Reports[0].Version != 2 {
		t.Errorf("other bytes: got %+v, want version 2", receipt)
	}
}

// TestCorrectionKeepsWhatItDoesNotMention: a later message for one order of
// two replaces that one and leaves the other.
func TestCorrectionKeepsWhatItDoesNotMention(t *testing.T) {
	w := newWorld(t)
	first := bloodCount(camille, "100", "C1", "O1", "11.2", sampled)
	second := bloodCount(camille, "100", "C1", "O2", "5.6", sampled)
	second.Reports[0].Report.Panels[0].Title = "Ionogramme"
	first.Reports[0].Report.Panels = append(first.Reports[0].Report.Panels, second.Reports[0].Report.Panels[0])
	first.Reports[0].Orders = []string{"O1", "O2"}
	receipt := w.deposit(t, first)

	corrected := bloodCount(camille, "100", "C2", "O2", "4.4", sampled)
	corrected.Reports[0].Report.Panels[0].Title = "Ionogramme"
	corrected.Reports[0].Report.Status = record.Corrected
	again := w.deposit(t, corrected)
	if again.Reports[0].ID != receipt.Reports[0].ID || again.Reports[0].Version != 2 {
		t.Fatalf("got %+v, want version 2 of %s", again, receipt.Reports[0].ID)
	}
	got, err := w.portal.ReadReport(t.Context(), w.signIn(t, camille, "sub"), receipt.Reports[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	values := make(map[string]string)
	for _, p := range got.Report.Panels {
		values[p.Title] = p.Observations[0].Value.Text
	}
	if got.Report.Status != record.Corrected || len(got.Report.Panels) != 2 || values["Numération"] != "11.2" || values["Ionogramme"] != "4.4" {
		t.Errorf("got %s, %v", got.Report.Status, values)
	}
}

// TestReplacedResultIsNotAnEarlierOne: beside a later report stands what the
// earlier one was corrected to, not what it was corrected from.
func TestReplacedResultIsNotAnEarlierOne(t *testing.T) {
	w := newWorld(t)
	w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
	w.deposit(t, bloodCount(camille, "100", "C2", "O1", "11.9", sampled)) // corrects it
	later := w.deposit(t, bloodCount(camille, "100", "C3", "O2", "12.4", sampled.AddDate(0, 1, 0)))
	got, err := w.portal.ReadReport(t.Context(), w.signIn(t, camille, "sub"), later.Reports[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var earlier []string
	for _, p := range got.Report.Panels[0].Observations[0].Previous {
		earlier = append(earlier, p.Value.Text)
	}
	if !slices.Equal(earlier, []string{"11.9"}) {
		t.Errorf("got %q, want the corrected result alone", earlier)
	}
}

// TestSendersAtOnce sends one message, one new patient and one report from
// many connections at once: each is stored once.
func TestSendersAtOnce(t *testing.T) {
	const senders = 16
	w := newWorld(t)
	var wait sync.WaitGroup
	errs := make(chan error, 3*senders)
	send := func(d *store.Deposit) {
		wait.Go(func() {
			if _, err := w.intake.Deposit(t.Context(), w.feed, d); err != nil {
				errs <- err
			}
		})
	}
	for i := range senders {
		send(bloodCount(camille, "100", "same", "O1", "11.2", sampled))                                             // one message
		send(bloodCount(lea, "200", fmt.Sprint("n", i), fmt.Sprint("N", i), "12.0", sampled))                       // one new patient
		send(bloodCount(camille, "100", fmt.Sprint("v", i), "O9", fmt.Sprintf("1%d", i), sampled.AddDate(0, 0, 1))) // one report
	}
	wait.Wait()
	close(errs)
	lost := 0
	for err := range errs {
		lost++
		t.Log(err)
	}
	if lost > 0 {
		t.Errorf("%d of %d deposits failed", lost, 3*senders)
	}
	if got, want := w.counts(t), fmt.Sprintf("patients 2 reports %d panels %[1]d results %d documents %[1]d messages %[1]d quarantined 0 deposits %[1]d", 1+2*senders, 3*(1+2*senders)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	versions := column(t, w.Superuser(t), `SELECT r.version::text FROM guichet.report r JOIN guichet.report_order o ON o.report = r.id GROUP BY r.id, r.version HAVING (SELECT count(*) FROM guichet.report x WHERE x.id = r.id) > 1 ORDER BY r.version`)
	var want []string
	for i := range senders {
		want = append(want, fmt.Sprint(i+1))
	}
	if !slices.Equal(versions, want) {
		t.Errorf("versions of the one report: got %v, want 1 to %d", versions, senders)
	}
}

// TestWhoseMessage: the contract's rules for the patient of a message.
func TestWhoseMessage(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*store.Deposit)
		reason string // empty: stored
	}{
		{"known number, same traits", func(*store.Deposit) {}, ""},
		{"known number, name written otherwise", func(d *store.Deposit) { d.Identity.Family, d.Identity.Given = "lefevre", "CAMILLE" }, ""},
		{"known number, one more number", func(d *store.Deposit) {
			d.Identifiers = append(d.Identifiers, record.Identifier{Authority: "AUTRE", Value: "7"})
		}, ""},
		{"known number, other family name", func(d *store.Deposit) { d.Identity.Family = "MARTIN" }, "traits-disagree"},
		{"known number, other birth date", func(d *store.Deposit) { d.Identity.Birthdate = "1984-03-15" }, "traits-disagree"},
		{"known number, other sex", func(d *store.Deposit) { d.Identity.Sex = record.Male }, "traits-disagree"},
		{"known number, no birth date", func(d *store.Deposit) { d.Identity.Birthdate = "" }, "traits-disagree"},
		{"numbers of two patients", func(d *store.Deposit) { d.Identifiers = append(d.Identifiers, numbers("200")...) }, "several-patients"},
		{"unknown number, all traits", func(d *store.Deposit) { d.Identifiers = numbers("300") }, ""},
		{"unknown number, no sex", func(d *store.Deposit) { d.Identifiers, d.Identity.Sex = numbers("300"), "" }, "traits-missing"},
		{"unknown number, no given name", func(d *store.Deposit) { d.Identifiers, d.Identity.Given = numbers("300"), "" }, "traits-missing"},
		{"no number", func(d *store.Deposit) { d.Identifiers = nil }, "traits-missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.deposit(t, bloodCount(camille, "100", "C1", "O1", "11.2", sampled))
			w.deposit(t, bloodCount(lea, "200", "C2", "O2", "11.2", sampled))
			before := w.counts(t)
			d := bloodCount(camille, "100", "C3", "O3", "11.2", sampled)
			c.change(d)
			_, err := w.intake.Deposit(t.Context(), w.feed, d)
			withheld, ok := errors.AsType[*store.Withheld](err)
			if c.reason == "" {
				if err != nil {
					t.Errorf("got %v, want it stored", err)
				}
				return
			}
			if !ok || withheld.Reason != c.reason {
				t.Fatalf("got %v, want it withheld for %s", err, c.reason)
			}
			if after := w.counts(t); after != before {
				t.Errorf("something was stored:\n%s\n%s", before, after)
			}
			if err := w.intake.Quarantine(t.Context(), w.feed, store.Refused{Format: store.HL7v2, Sender: d.Sender, Control: d.Control, Raw: d.Raw, Reason: withheld.Reason}); err != nil {
				t.Fatal(err)
			}
			if err := w.intake.Quarantine(t.Context(), w.feed, store.Refused{Format: store.HL7v2, Sender: d.Sender, Control: d.Control, Raw: d.Raw, Reason: withheld.Reason}); err != nil {
				t.Fatal(err)
			}
			var kept int
			if err := w.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.quarantine`).Scan(&kept); err != nil || kept != 1 {
				t.Errorf("quarantine: got %d (%v), want the message once", kept, err)
			}
		})
	}
}

// TestPanelsUnderOneOrder: several panels may answer one order number; a later
// message for one of them leaves the others, and a lone panel is replaced
// though it is now called otherwise.
func TestPanelsUnderOneOrder(t *testing.T) {
	w := newWorld(t)
	panel := func(code, value string) record.Panel {
		p := bloodCount(camille, "100", "x", "O1", value, sampled).Reports[0].Report.Panels[0]
		p.Code, p.Title = record.Code{System: "LABO", Value: code}, code
		return p
	}
	send := func(control string, orders []string, panels ...record.Panel) *store.Receipt {
		d := bloodCount(camille, "100", control, "O1", "0", sampled)
		d.Reports[0].Report.Panels, d.Reports[0].Orders, d.Reports[0].Report.Documents = panels, orders, nil
		return w.deposit(t, d)
	}
	read := func(r *store.Receipt, token store.Request) string {
		got, err := w.portal.ReadReport(t.Context(), token, r.Reports[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, p := range got.Report.Panels {
			all = append(all, p.Title+" "+p.Observations[0].Value.Text)
		}
		slices.Sort(all)
		return fmt.Sprint(all)
	}
	three := send("C1", []string{"O1", "O1", "O1"}, panel("A", "1"), panel("B", "2"), panel("B", "3"))
	lone := send("C2", []string{"O2"}, panel("A", "4"))
	token := w.signIn(t, camille, "sub")
	if got := read(three, token); got != "[A 1 B 2 B 3]" {
		t.Errorf("three panels: got %s", got)
	}
	if r := send("C3", []string{"O1"}, panel("A", "11")); r.Reports[0].ID != three.Reports[0].ID {
		t.Error("a correction made another report")
	}
	if got := read(three, token); got != "[A 11 B 2 B 3]" {
		t.Errorf("one of three corrected: got %s", got)
	}
	send("C4", []string{"O2"}, panel("A-bis", "44"))
	if got := read(lone, token); got != "[A-bis 44]" {
		t.Errorf("a lone panel under another code: got %s", got)
	}
}

// TestKnownPatientIsNotMadeAnother: who may sign in to a record is decided by
// birth place and INS; a message that brings others is refused, whoever sends it.
func TestKnownPatientIsNotMadeAnother(t *testing.T) {
	const testINS = "1.2.250.1.213.1.4.10"
	deposit := func(w *world, n int, place, ins string) error {
		d := bloodCount(camille, "100", fmt.Sprint("K", n), fmt.Sprint("K", n), "11.2", sampled)
		d.Identity.Birthplace = place
		d.Identifiers = []record.Identifier{{Authority: "HOP", Value: "100"}}
		if ins != "" {
			d.Identifiers = append(d.Identifiers, record.Identifier{Authority: testINS, Value: ins})
		}
		_, err := w.intake.Deposit(t.Context(), w.feed, d)
		return err
	}
	for _, c := range []struct {
		name        string
		place, ins  string // of the first message
		then, thenI string // of the second
		want        string
	}{
		{"another birth place", "75056", "", "34172", "", "traits-disagree"},
		{"another INS", "75056", "284031412345642", "75056", "284031412345675", "traits-disagree"},
		{"the same INS with spaces", "75056", "284031412345642", "75056", "2 84 03 14 123 456 42", ""},
		{"a birth place that was not known", "", "", "75056", "", ""},
		{"a birth place that is left out", "75056", "", "", "", ""},
		{"an INS that was not known", "75056", "", "75056", "284031412345642", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if err := deposit(w, 1, c.place, c.ins); err != nil {
				t.Fatal(err)
			}
			err := deposit(w, 2, c.then, c.thenI)
			withheld, refused := errors.AsType[*store.Withheld](err)
			if refused != (c.want != "") || refused && withheld.Reason != c.want || !refused && err != nil {
				t.Errorf("got %v, want %q", err, c.want)
			}
			var strict int
			if err := w.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.patient_index WHERE field = 'strict'`).Scan(&strict); err != nil || strict > 1 {
				t.Errorf("the patient is found by %d sets of traits, %v", strict, err)
			}
		})
	}
	t.Run("two INS in a message", func(t *testing.T) {
		w := newWorld(t)
		d := bloodCount(camille, "100", "C", "O", "11.2", sampled)
		d.Identifiers = append(d.Identifiers, record.Identifier{Authority: testINS, Value: "1"}, record.Identifier{Authority: testINS, Value: "2"})
		_, err := w.intake.Deposit(t.Context(), w.feed, d)
		if withheld, ok := errors.AsType[*store.Withheld](err); !ok || withheld.Reason != "several-patients" {
			t.Errorf("got %v", err)
		}
	})
}
