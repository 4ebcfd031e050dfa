package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	firstPause = 50 * time.Millisecond // a kill is repaired at once
	longPause  = 5 * time.Second       // what dies again and again is not hurried
	settled    = time.Second           // after which a death is repaired at once again, as kills seconds apart
	steady     = 10 * time.Second      // after which a death counts as the first
	hopeless   = 6                     // deaths in a row before the demo is ready
)

// A service is one of the things that the demo keeps alive.
type service struct {
	name  string
	start func(context.Context) (running, error)
	log   string // where it says why it ended
}

// running is a service that has been started.
type running interface {
	PID() int
	Done() <-chan struct{}
	Stop() error
}

// supervisor starts services again when they die, and stops them in order.
type supervisor struct {
	pidFile func(service string) string
	out     io.Writer

	mu      sync.Mutex // guards keepers and writes to out
	keepers map[string]*keeper
}

func newSupervisor(pidFile func(string) string, out io.Writer) *supervisor {
	return &supervisor{pidFile: pidFile, out: out, keepers: map[string]*keeper{}}
}

// keeper looks after one service.
type keeper struct {
	service service
	report  func(string)
	pidFile string
	cancel  context.CancelFunc
	ended   chan struct{}
	err     error // of the last stop; read after ended is closed

	mu     sync.Mutex // guards deaths
	deaths int        // in a row
}

// start starts a service and keeps it alive from then on. The first start must
// succeed.
func (s *supervisor) start(ctx context.Context, of service) error {
	first, err := of.start(ctx)
	if err != nil {
		return fmt.Errorf("start %s: %w", of.name, err)
	}
	kept, cancel := context.WithCancel(context.WithoutCancel(ctx)) // ended in order by stop, not all at once
	k := &keeper{
		service: of, report: s.report, pidFile: s.pidFile(of.name),
		cancel: cancel, ended: make(chan struct{}),
	}
	s.mu.Lock()
	s.keepers[of.name] = k
	s.mu.Unlock()
	go k.keep(kept, first)
	return nil
}

// stop ends the named services, one after the other.
func (s *supervisor) stop(names ...string) error {
	var errs []error
	for _, name := range names {
		s.mu.Lock()
		k := s.keepers[name]
		delete(s.keepers, name)
		s.mu.Unlock()
		if k == nil {
			continue
		}
		k.cancel()
		<-k.ended
		if k.err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", name, k.err))
		}
	}
	return errors.Join(errs...)
}

// trouble says which service dies again and again.
func (s *supervisor) trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, k := range s.keepers {
		if k.inARow() >= hopeless {
			return fmt.Errorf("%s does not stay up: %s", name, lastWords(k.service.log))
		}
	}
	return nil
}

func (s *supervisor) report(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.out, line) // for people; a closed terminal is no reason to stop
}

// keep waits for the service to die, or to be stopped, and starts it again.
func (k *keeper) keep(ctx context.Context, now running) {
	defer close(k.ended)
	pause := firstPause
	for {
		begun := time.Now()
		if now != nil {
			k.err = writePID(k.pidFile, now.PID())
			select {
			case <-now.Done():
				_ = os.Remove(k.pidFile)
			case <-ctx.Done():
				k.err = errors.Join(k.err, now.Stop(), os.Remove(k.pidFile))
				return
			}
			if time.Since(begun) > settled {
				pause = firstPause
			}
			if time.Since(begun) > steady {
				k.count(0)
			}
		}
		k.count(k.inARow() + 1)
		k.report(fmt.Sprintf("%s : %s s'est arrêté, redémarrage", time.Now().Format(time.TimeOnly), k.service.name))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
		var err error
		if now, err = k.service.start(ctx); err != nil {
			now = nil
			if ctx.Err() == nil {
				k.report(fmt.Sprintf("%s : %v", k.service.name, err))
			}
		}
	}
}

func (k *keeper) inARow() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.deaths
}

func (k *keeper) count(deaths int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deaths = deaths
}
