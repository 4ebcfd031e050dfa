// Package announcer tells operators of alerts, by each channel that the
// hospital chose: log line and figure, e-mail, webhook. An alert names nobody:
// its kind, when, and the entry that says the rest, to who may read traces
// (AA7.f).
//
// It trusts no receiver to be there: each channel goes its own way, gives up
// after a while, and tries again later. What was told is remembered in the
// database, for each channel, so that several processes tell it once, and
// nothing is lost with one of them. Rather twice than not at all.
package announcer

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"guichet/handlers"
	"guichet/store"
)

const (
	pause        = 5 * time.Second  // between two looks
	longestPause = 5 * time.Minute  // while a receiver is away
	patience     = 20 * time.Second // of one telling; an alert is this process's for a minute
	oldest       = 7 * 24 * time.Hour
)

// A Channel is one way to tell operators.
type Channel interface {
	// Name is what the database and the figures know it by: up to 16 small
	// letters, never of two channels, the same at each start.
	Name() string
	// Tell returns nil once the receiver has the alert, and before ctx ends. It
	// may be called again for one that the receiver has: the ID is the same.
	Tell(ctx context.Context, a store.Alert) error
}

// Options are what an announcer is made of.
type Options struct {
	Store    *store.Store // as a role that may take alerts
	Channels []Channel    // beside the log
	Log      *slog.Logger
	Metrics  *handlers.Metrics
}

// Announcer tells operators of alerts.
type Announcer struct {
	o Options
}

// New returns an announcer by log and metrics, and by the channels given.
func New(o Options) *Announcer { return &Announcer{o: o} }

// Serve announces until ctx ends.
func (a *Announcer) Serve(ctx context.Context) error {
	var all sync.WaitGroup
	for _, c := range a.channels() {
		all.Go(func() { a.serve(ctx, c) })
	}
	all.Wait()
	return nil
}

// Step tells once, by every channel, what is to be told now. It returns what
// each says that cannot: the others have told theirs.
func (a *Announcer) Step(ctx context.Context) map[string]error {
	failed := make(map[string]error)
	for _, c := range a.channels() {
		if err := a.step(ctx, c); err != nil {
			failed[c.Name()] = err
		}
	}
	return failed
}

func (a *Announcer) channels() []Channel {
	return append([]Channel{logLine{a.o.Log, a.o.Metrics}}, a.o.Channels...)
}

func (a *Announcer) serve(ctx context.Context, c Channel) {
	wait := pause
	for {
		if err := a.step(ctx, c); err != nil && ctx.Err() == nil {
			a.o.Log.Warn("announcing alerts", "channel", c.Name(), "error", err.Error())
			wait = min(2*wait, longestPause)
		} else {
			wait = pause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (a *Announcer) step(ctx context.Context, c Channel) error {
	since := oldest
	if _, ok := c.(logLine); ok {
		since = 0 // all: it is never away
	}
	err := a.o.Store.AnnounceAlerts(ctx, c.Name(), since, func(ctx context.Context, alert store.Alert) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := c.Tell(ctx, alert)
		outcome := "told"
		if err != nil {
			outcome, err = "failed", fmt.Errorf("tell alert %d: %w", alert.ID, err)
		}
		a.o.Metrics.Announced.WithLabelValues(c.Name(), outcome).Inc()
		return err
	})
	if waiting, werr := a.o.Store.WaitingAlerts(ctx, c.Name(), since); werr == nil {
		a.o.Metrics.Waiting.WithLabelValues(c.Name()).Set(float64(waiting))
	}
	return err
}

// logLine is the channel that every process has: a line in its log, and a figure.
type logLine struct {
	log     *slog.Logger
	metrics *handlers.Metrics
}

func (logLine) Name() string { return "log" }

func (l logLine) Tell(_ context.Context, a store.Alert) error {
	l.metrics.Alerts.WithLabelValues(a.Kind).Inc()
	l.log.Error("alert: "+a.Kind, "kind", a.Kind, "entry", a.Entry, "at", a.At.UTC())
	return nil
}

// runbook is the page that says what to do.
func runbook(a store.Alert) string { return "docs/runbooks/" + a.Kind + ".md" }
