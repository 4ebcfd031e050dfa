package sequencer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"guichet/store"
	"guichet/store/storetest"
	"guichet/traces"
)

// aged is a house with 600 entries of two years ago, and 300 of today.
func aged(t *testing.T) *house {
	h := newHouse(t)
	today := time.Now().UTC().Truncate(time.Second)
	h.SetClock(t, today.AddDate(-2, 0, 0))
	h.leave(t, 300)
	h.roll(t)
	h.leave(t, 300)
	h.step(t)
	h.SetClock(t, today)
	h.leave(t, 300)
	h.step(t)
	h.as = storetest.Request()
	if err := h.officer.OpenOfficer(t.Context(), h.as, "dumas", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestPurge: what is old enough loses its content, the log still verifies, and says
// how much was purged; and what is purged beside is found (TR3.c).
func TestPurge(t *testing.T) {
	h := aged(t)
	before := h.mustVerify(t)
	purged, err := h.officer.PurgeTraces(t.Context(), h.as, before.Size)
	if err != nil {
		t.Fatal(err)
	}
	if purged < 595 || purged > 600 {
		t.Errorf("%d entries were purged, want the 600 of two years ago, but for those that are kept for good", purged)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'page.refused'`); n != 300 {
		t.Errorf("%d of today's 300 entries are left", n)
	}
	h.step(t)
	report := h.mustVerify(t, h.published.all...)
	if report.Purged != purged {
		t.Errorf("the log says that %d were purged, want %d", report.Purged, purged)
	}
	// Nothing is purged twice, and nothing of it is traced.
	if again, err := h.officer.PurgeTraces(t.Context(), h.as, before.Size); err != nil || again != 0 {
		t.Errorf("the second time %d, %v", again, err)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'trace.purge' AND outcome = 'granted'`); n != 1 {
		t.Errorf("%d entries of purges, want 1", n)
	}

	t.Run("its export verifies", func(t *testing.T) {
		log, err := h.officer.OpenLog(t.Context(), h.as)
		if err != nil {
			t.Fatal(err)
		}
		purges, err := log.Purges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		x, err := traces.NewExporter(&b, log.State().Checkpoint, traces.Scope{Whole: true, Purges: purges})
		if err != nil {
			t.Fatal(err)
		}
		if err := log.Range(t.Context(), 0, log.State().Size, func(place int64, l traces.Leaf) error { return x.Add(place, l, nil) }); err != nil {
			t.Fatal(err)
		}
		if err := x.End(); err != nil {
			t.Fatal(err)
		}
		if r, err := traces.VerifyExport(t.Context(), &b, h.verifier, h.published.all...); err != nil || r.Purged != purged {
			t.Errorf("got %+v, %v", r, err)
		}
	})
	for name, alter := range map[string]string{
		"one more entry taken away, and called purged": `WITH gone AS (DELETE FROM guichet.trace WHERE id = (SELECT max(id) - 20 FROM guichet.trace) RETURNING guichet.place_of(id) AS place)
			INSERT INTO guichet.log_purge SELECT (SELECT max(entry) FROM guichet.log_purge), place / 256 * 256, decode(repeat('ff', 32), 'hex') FROM gone`,
		"the list of what was purged emptied": `DELETE FROM guichet.log_purge WHERE first = 0`,
		"a purged entry made up anew":         `INSERT INTO guichet.trace OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(t, '{"id": 20}')).* FROM guichet.trace t ORDER BY id DESC LIMIT 1`,
		"the entry of the purge taken away":   `DELETE FROM guichet.trace WHERE type = 'trace.purge'`,
		"a hash that was left altered":        `UPDATE guichet.log_tile SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE level = 0 AND number = 0`,
	} {
		t.Run(name, func(t *testing.T) {
			h := aged(t)
			if _, err := h.officer.PurgeTraces(t.Context(), h.as, 900); err != nil {
				t.Fatal(err)
			}
			h.step(t)
			h.mustVerify(t)
			h.exec(t, alter)
			if _, err := h.verify(t); err == nil {
				t.Error("the log verifies")
			} else {
				t.Log(err)
			}
		})
	}
}

// TestPurgeRefused: nobody but the officer purges, and no clock that was set ahead
// makes it happen.
func TestPurgeRefused(t *testing.T) {
	h := newHouse(t)
	h.leave(t, 300)
	h.step(t)
	h.SetClock(t, time.Now().AddDate(3, 0, 0)) // no checkpoint was signed since
	as := storetest.Request()
	if err := h.officer.OpenOfficer(t.Context(), as, "dumas", store.Limits{Lifetime: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if n, err := h.officer.PurgeTraces(t.Context(), as, 300); err != nil || n != 0 {
		t.Errorf("%d entries were purged by the clock alone, %v", n, err)
	}
	if _, err := h.officer.PurgeTraces(t.Context(), storetest.Request(), 300); err != nil && !strings.Contains(err.Error(), "purge") {
		t.Error(err)
	}
	if n := h.number(t, `SELECT count(*) FROM guichet.trace WHERE type = 'trace.purge' AND outcome = 'refused' AND reason = 'no-session'`); n != 1 {
		t.Errorf("%d refusals were traced, want 1", n)
	}
	// The account's latest sign-in and what a report is made of stay.
	if got := h.number(t, `SELECT count(*) FROM unnest(ARRAY['report.deposit', 'trace.purge', 'setting.change']) t WHERE guichet.class_of(t) = 'lasting'`); got != 3 {
		t.Errorf("%d of 3 kinds are kept for good", got)
	}
}
