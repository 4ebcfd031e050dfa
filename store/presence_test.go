package store_test

import (
	"testing"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

// stopClock stops the database's clock at a moment at which everything of the
// target has happened, and returns what moves it on.
func (x *target) stopClock(t *testing.T) (start time.Time, to func(after time.Duration)) {
	t.Helper()
	start = sampled.AddDate(1, 0, 0)
	x.SetClock(t, start)
	return start, func(after time.Duration) { x.SetClock(t, start.Add(after)) }
}

// TestPresenceIsNoAction: signs of the browser, however many, do not lengthen
// a session (AA8.c, AA13.b, DT9.a).
func TestPresenceIsNoAction(t *testing.T) {
	x := newTarget(t)
	start, to := x.stopClock(t)
	req := x.signIn(t, camille, "sub-camille")
	for minute := range int(limits.Idle.Minutes()) {
		to(time.Duration(minute) * time.Minute)
		standing, err := x.portal.NotePresence(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if standing.Ended != "" || !standing.IdleAt.Equal(start.Add(limits.Idle)) || standing.IdleIn != limits.Idle-time.Duration(minute)*time.Minute {
			t.Fatalf("after %d minutes: got %+v", minute, standing)
		}
	}
	to(limits.Idle)
	standing, err := x.portal.NotePresence(t.Context(), req)
	if err != nil || standing.Ended != record.EndIdle {
		t.Errorf("at the limit: got %+v, %v", standing, err)
	}
}

// TestPresenceIsWrittenAtMostEveryTenSeconds, and never for what is over.
func TestPresenceIsWrittenAtMostEveryTenSeconds(t *testing.T) {
	x := newTarget(t)
	start, to := x.stopClock(t)
	req := x.signIn(t, camille, "sub-camille")
	for _, step := range []struct {
		after, want time.Duration
	}{{0, 0}, {4 * time.Second, 0}, {10 * time.Second, 0}, {11 * time.Second, 11 * time.Second}, {20 * time.Second, 11 * time.Second}, {time.Hour, 11 * time.Second}} {
		to(step.after)
		if _, err := x.portal.NotePresence(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		var present time.Time
		if err := x.Superuser(t).QueryRow(`SELECT max(present) FROM guichet.session`).Scan(&present); err != nil {
			t.Fatal(err)
		}
		if !present.Equal(start.Add(step.want)) {
			t.Errorf("after %s: present %s, want %s", step.after, present.Sub(start), step.want)
		}
	}
}

// TestContinuingLengthens the session from that moment, up to the limit that
// nothing lengthens (AA13.a).
func TestContinuingLengthens(t *testing.T) {
	x := newTarget(t)
	start, to := x.stopClock(t)
	req := x.signIn(t, camille, "sub-camille")
	to(5 * time.Second) // within the ten seconds of touch
	standing, err := x.portal.ContinueSession(t.Context(), req)
	if err != nil || !standing.IdleAt.Equal(start.Add(5*time.Second+limits.Idle)) || standing.Idle != limits.Idle {
		t.Fatalf("at once: got %+v, %v", standing, err)
	}
	step := limits.Idle - time.Second
	for after := step; after < limits.Lifetime; after += step {
		to(after)
		if standing, err = x.portal.ContinueSession(t.Context(), req); err != nil || standing.Ended != "" || standing.IdleIn != limits.Idle || standing.EndsIn != limits.Lifetime-after {
			t.Fatalf("after %s: got %+v, %v", after, standing, err)
		}
	}
	to(limits.Lifetime)
	if standing, err = x.portal.ContinueSession(t.Context(), req); err != nil || standing.Ended != record.EndExpired {
		t.Errorf("at the end: got %+v, %v", standing, err)
	}
}

// TestNothingContinuesAnEndedSession, nor one of another listener.
func TestNothingContinuesAnEndedSession(t *testing.T) {
	x := newTarget(t)
	if err := x.portal.EndSession(t.Context(), x.token, record.EndLogout); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(store.Request) (*store.Standing, error){
		"presence": func(r store.Request) (*store.Standing, error) { return x.portal.NotePresence(t.Context(), r) },
		"continue": func(r store.Request) (*store.Standing, error) { return x.portal.ContinueSession(t.Context(), r) },
	} {
		if standing, err := call(x.token); err != nil || standing.Ended != record.EndLogout {
			t.Errorf("%s: got %+v, %v", name, standing, err)
		}
		if _, err := call(storetest.Request()); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s, never a session: got %v", name, err)
		}
		if _, err := call(x.feed); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s, a feed's session: got %v", name, err)
		}
	}
	var present int
	if err := x.Superuser(t).QueryRow(`SELECT count(present) FROM guichet.session`).Scan(&present); err != nil || present != 0 {
		t.Errorf("%d sessions noted as present (%v)", present, err)
	}
}

// TestPresenceWaitsForNobody: a row that somebody holds does not hold it up,
// and what was not lengthened is not said to be (monitor, section 6).
func TestPresenceWaitsForNobody(t *testing.T) {
	x := newTarget(t)
	start, to := x.stopClock(t)
	req := x.signIn(t, camille, "sub-camille")
	to(time.Minute)
	holder, err := x.Superuser(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Rollback()
	if _, err := holder.Exec(`SELECT FROM guichet.session FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	if standing, err := x.portal.NotePresence(t.Context(), req); err != nil || standing.Ended != "" {
		t.Errorf("presence: got %+v, %v", standing, err)
	}
	if standing, err := x.portal.ContinueSession(t.Context(), req); err != nil || !standing.IdleAt.Equal(start.Add(limits.Idle)) {
		t.Errorf("continue: got %+v, %v", standing, err)
	}
}

func TestSameAccount(t *testing.T) {
	x := newTarget(t)
	ended := x.signIn(t, camille, "sub-camille")
	if err := x.portal.EndSession(t.Context(), ended, record.EndLogout); err != nil {
		t.Fatal(err)
	}
	again := x.signIn(t, camille, "sub-camille")
	for name, c := range map[string]struct {
		now    store.Request
		former []byte
		want   bool
	}{
		"the same person":        {again, store.FormerSession(ended.Token), true},
		"somebody else":          {x.tokenTwo, store.FormerSession(ended.Token), false},
		"no such session":        {again, store.FormerSession(storetest.Request().Token), false},
		"a session that is over": {ended, store.FormerSession(again.Token), false},
		"the token itself":       {again, ended.Token, false},
	} {
		if same, err := x.portal.SameAccount(t.Context(), c.now, c.former); err != nil || same != c.want {
			t.Errorf("%s: got %v, %v", name, same, err)
		}
	}
	if _, err := x.portal.SameAccount(t.Context(), again, []byte("short")); err == nil {
		t.Error("a name of another length was taken")
	}
}
