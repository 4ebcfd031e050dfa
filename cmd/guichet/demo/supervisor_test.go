package demo

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// mortal is a service that lives for a while each time it is started.
type mortal struct {
	done chan struct{}
	stop chan struct{}
}

func (m *mortal) PID() int              { return 1 }
func (m *mortal) Done() <-chan struct{} { return m.done }
func (m *mortal) Stop() error           { close(m.stop); return nil }

// deaths starts a service that dies after life, a number of times, and returns
// how long it was down after each. It must run in a bubble.
func deaths(t *testing.T, life time.Duration, times int) ([]time.Duration, error) {
	t.Helper()
	dir := t.TempDir()
	s := newSupervisor(func(name string) string { return filepath.Join(dir, name+".pid") }, io.Discard)
	started := make(chan time.Time, times+1)
	start := func(context.Context) (running, error) {
		m := &mortal{done: make(chan struct{}), stop: make(chan struct{})}
		started <- time.Now()
		go func() {
			select {
			case <-time.After(life):
				close(m.done)
			case <-m.stop:
			}
		}()
		return m, nil
	}
	if err := s.start(t.Context(), service{name: "mortal", start: start, log: filepath.Join(dir, "log")}); err != nil {
		t.Fatal(err)
	}
	var down []time.Duration
	before := <-started
	for range times {
		now := <-started
		down = append(down, now.Sub(before)-life)
		before = now
	}
	trouble := s.trouble()
	if err := s.stop("mortal"); err != nil {
		t.Fatal(err)
	}
	return down, trouble
}

func TestKillsSecondsApartAreEachRepairedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, _ := deaths(t, 2*time.Second, 10)
		for i, d := range down {
			if d > firstPause {
				t.Errorf("down for %s after kill %d", d, i+1)
			}
		}
	})
}

func TestWhatDiesAtOnceIsNotHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, trouble := deaths(t, 100*time.Millisecond, 10)
		for i := 1; i < len(down); i++ {
			if down[i] != min(2*down[i-1], longPause) {
				t.Errorf("down for %s, then %s", down[i-1], down[i])
			}
		}
		if last := down[len(down)-1]; last != longPause {
			t.Errorf("down for %s at last, want %s", last, longPause)
		}
		if trouble == nil || !strings.Contains(trouble.Error(), "mortal does not stay up") {
			t.Errorf("got %v", trouble)
		}
	})
}

func TestWhatDiesWithinSecondsDoesNotStayUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, trouble := deaths(t, 3*time.Second, hopeless+1); trouble == nil {
			t.Error("nobody would hear of it")
		}
		if _, trouble := deaths(t, steady+time.Second, hopeless+1); trouble != nil {
			t.Error(trouble)
		}
	})
}
