package sequencer

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	relayTry   = 30 * time.Second // what one try may take
	relayPause = time.Second      // between two tries after the first failure; doubled up to longestRelay
	// longestRelay is how long a receiver that is back may wait for the newest
	// checkpoint.
	longestRelay = time.Minute
	// patience is how long a receiver may take no checkpoint until somebody is
	// told, and ringAgain how long until they are told again.
	patience  = 15 * time.Minute
	ringAgain = time.Hour
)

// RelayOptions are what a relay is made of.
type RelayOptions struct {
	Name  string
	Send  func(ctx context.Context, signed []byte) error
	Every time.Duration // at least so long between two that were taken; 0 means a second
	Log   *slog.Logger
	Took  func(at time.Time)                         // one was taken; may be nil
	Alarm func(name string)                          // none was taken for long; may be nil
	Now   func() time.Time                           // nil means time.Now
	Wait  func(context.Context, time.Duration) error // nil means to wait for so long
}

// Relay sends checkpoints to one receiver, apart from the sequencing: it sends the
// latest, then the one that is the latest by then. A receiver that is slow, or
// away, gets the newest when it is back; it needs none of those between, which the
// newest contains.
type Relay struct {
	RelayOptions
	some chan struct{} // there is one that nobody has looked at

	mu     sync.Mutex // guards latest
	latest []byte
}

// NewRelay returns a relay that has sent nothing yet.
func NewRelay(o RelayOptions) *Relay {
	if o.Every == 0 {
		o.Every = time.Second
	}
	if o.Took == nil {
		o.Took = func(time.Time) {}
	}
	if o.Alarm == nil {
		o.Alarm = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = waitFor
	}
	return &Relay{RelayOptions: o, some: make(chan struct{}, 1)}
}

func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Offer hands it a checkpoint. It never waits.
func (r *Relay) Offer(signed []byte) {
	r.mu.Lock()
	r.latest = signed
	r.mu.Unlock()
	select {
	case r.some <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *Relay) newest() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest
}

// Serve sends until ctx ends.
func (r *Relay) Serve(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.some:
		}
		if r.deliver(ctx) != nil || r.Wait(ctx, r.Every) != nil {
			return nil
		}
	}
}

// deliver tries until the receiver has taken the newest checkpoint; its error is
// that of ctx.
func (r *Relay) deliver(ctx context.Context) error {
	since, wait := r.Now(), relayPause
	rang := since.Add(patience - ringAgain)
	for {
		err := r.try(ctx)
		if err == nil {
			r.Took(r.Now())
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.Log.Warn("send checkpoint", "receiver", r.Name, "error", err.Error())
		if now := r.Now(); now.Sub(rang) >= ringAgain {
			r.Alarm(r.Name)
			rang = now
		}
		if err := r.Wait(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, longestRelay)
	}
}

func (r *Relay) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, relayTry)
	defer cancel()
	select {
	case <-r.some: // it is this one
	default:
	}
	return r.Send(ctx, r.newest())
}

// Relayed publishes to a folder, and offers what stands there to relays.
type Relayed struct {
	Publisher
	Relays []*Relay
}

// Publish implements Publisher: it waits for the folder, and for nobody else.
func (p Relayed) Publish(ctx context.Context, signed []byte) error {
	if err := p.Publisher.Publish(ctx, signed); err != nil {
		return err
	}
	for _, r := range p.Relays {
		r.Offer(signed)
	}
	return nil
}
