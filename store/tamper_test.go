package store_test

import (
	"context"
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
)

// TestAlteredRows changes stored rows as a database administrator could. Each
// is an error without detail and an entry that says failed (DT4.b).
func TestAlteredRows(t *testing.T) {
	readReport := func(x *target) error {
		_, err := x.portal.ReadReport(context.Background(), x.token, x.own)
		return err
	}
	readList := func(x *target) error { _, err := x.portal.ReadReports(context.Background(), x.token); return err }
	readHome := func(x *target) error { _, err := x.portal.ReadHome(context.Background(), x.token); return err }
	readOriginal := func(x *target) error {
		_, err := x.portal.ReadOriginal(context.Background(), x.token, x.own)
		return err
	}
	for _, c := range []struct {
		name, alter string
		read        func(*target) error
	}{
		{"two results of one report swapped", `UPDATE guichet.observation a SET sealed = b.sealed FROM guichet.observation b WHERE a.report = $1 AND b.report = $1 AND b.position = CASE a.position WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE a.position END`, readReport},
		{"a result of another patient", `UPDATE guichet.observation a SET sealed = b.sealed FROM guichet.observation b WHERE a.report = $1 AND b.report <> $1 AND a.position = b.position`, readReport},
		{"one bit of a result", `UPDATE guichet.observation SET sealed = set_bit(sealed, 90, 1 - get_bit(sealed, 90)) WHERE report = $1 AND position = 2`, readReport},
		{"one bit of a head, in the list", `UPDATE guichet.report SET sealed = set_bit(sealed, 90, 1 - get_bit(sealed, 90)) WHERE id = $1`, readList},
		{"one bit of a head, at home", `UPDATE guichet.report SET sealed = set_bit(sealed, 90, 1 - get_bit(sealed, 90)) WHERE id = $1`, readHome},
		{"one bit of a document", `UPDATE guichet.document SET content = set_bit(content, 90, 1 - get_bit(content, 90)) WHERE report = $1`, readOriginal},
		{"title and bytes of a document exchanged", `UPDATE guichet.document SET content = sealed, sealed = content WHERE report = $1`, readOriginal},
		{"a result taken away", `DELETE FROM guichet.observation WHERE report = $1 AND position = 2`, readReport},
		{"a panel taken away", `DELETE FROM guichet.panel WHERE report = $1`, readReport},
		{"a report taken away", `DELETE FROM guichet.report WHERE id = $1`, readList},
		{"an older ciphertext under the current version", `UPDATE guichet.report SET sealed = (SELECT sealed FROM guichet.report WHERE id = $1 AND version = 1) WHERE id = $1 AND version = 2`, readReport},
		{"an older row put back whole", `DELETE FROM guichet.report WHERE id = $1 AND version = 2`, readReport},
		{"an older row put back whole, in the list", `DELETE FROM guichet.report WHERE id = $1 AND version = 2`, readList},
		{"an older row under the current version", `WITH gone AS (DELETE FROM guichet.report WHERE id = $1 AND version = 2) UPDATE guichet.report SET version = 3 WHERE id = $1 AND version = 1`, readReport},
		{"a result moved below another order", `UPDATE guichet.observation SET order_of = '\x00' WHERE report = $1`, readReport},
		{"another patient's keyset", `UPDATE guichet.patient a SET keyset = b.keyset FROM guichet.patient b WHERE a.id <> b.id AND $1::uuid IS NOT NULL`, readReport},
		{"another patient's traits", `UPDATE guichet.patient a SET sealed = b.sealed FROM guichet.patient b WHERE a.id <> b.id AND $1::uuid IS NOT NULL`, readReport},
		{"another person's name", `UPDATE guichet.account a SET sealed = b.sealed FROM guichet.account b WHERE a.id <> b.id AND $1::uuid IS NOT NULL`, readHome},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTarget(t)
			x.deposit(t, bloodCount(camille, "100", "C1-bis", "O1", "11.90", time.Date(2026, 11, 17, 7, 42, 0, 0, time.UTC))) // version 2
			if err := c.read(x); err != nil {
				t.Fatal("before:", err)
			}
			result, err := x.Superuser(t).Exec(c.alter, x.own.String())
			if err != nil {
				t.Fatal(err)
			}
			if n, _ := result.RowsAffected(); n == 0 {
				t.Fatal("nothing was altered")
			}
			if err := c.read(x); fault.KindOf(err) != fault.Tampered {
				t.Errorf("got %v, want it tampered", err)
			}
			var failures int
			if err := x.Superuser(t).QueryRow(`SELECT count(*) FROM guichet.trace WHERE outcome = 'failed'`).Scan(&failures); err != nil {
				t.Fatal(err)
			}
			if failures != 1 {
				t.Errorf("got %d entries that say failed, want 1", failures)
			}
		})
	}
}

// TestForgedReportIsNotShown adds a report that no deposit entry names.
func TestForgedReportIsNotShown(t *testing.T) {
	x := newTarget(t)
	var forged string
	if err := x.Superuser(t).QueryRow(`INSERT INTO guichet.report SELECT gen_random_uuid(), 1, patient, sealed, at FROM guichet.report WHERE id = $1 RETURNING id`, x.own.String()).Scan(&forged); err != nil {
		t.Fatal(err)
	}
	list, err := x.portal.ReadReports(context.Background(), x.token)
	if err != nil || len(list.Reports) != 1 {
		t.Errorf("list: got %v, %v, want the one that was deposited", list, err)
	}
	id, err := record.ParseReportID(forged)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.portal.ReadReport(context.Background(), x.token, id); fault.KindOf(err) != fault.Tampered {
		t.Errorf("forged report: got %v, want it tampered", err)
	}
}
