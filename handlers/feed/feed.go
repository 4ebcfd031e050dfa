// Package feed takes what the hospital's systems send. A message is answered
// only after its deposit has been committed with its trace; what cannot be
// given to anybody is kept in quarantine, and its sender told why (GP2).
package feed

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"guichet/fault"
	"guichet/handlers"
	"guichet/intake"
	"guichet/store"

	"github.com/google/uuid"
)

// lifetime bounds a feed's session; a connection that lasts longer opens
// another.
const lifetime = 24 * time.Hour

// Options are what the feed is made of.
type Options struct {
	Store   *store.Store
	Parse   intake.Options
	Log     *slog.Logger
	Metrics *handlers.Metrics
	Limit   int // bytes of a message

	Recheck func(tls.ConnectionState) error // of a peer's certificate while it stays; see intake.Server
}

// New returns the server of the HL7 v2 feed.
func New(o Options) *intake.Server {
	f := &feed{store: o.Store, parse: o.Parse, log: o.Log, metrics: o.Metrics}
	return &intake.Server{Handle: f.handle, Opened: f.open, Closed: f.close, Recheck: o.Recheck, MaxMessage: o.Limit, Logger: o.Log}
}

type feed struct {
	store   *store.Store
	parse   intake.Options
	log     *slog.Logger
	metrics *handlers.Metrics
}

// line is the session of one connection. MLLP answers one message at a time,
// so that one goroutine owns it.
type line struct {
	token []byte
}

type lineKey struct{}

// open opens a session for a system that showed its certificate (TR1.b).
func (f *feed) open(ctx context.Context, peer intake.Peer) (context.Context, error) {
	l := &line{}
	if err := f.openLine(ctx, peer, l); err != nil {
		f.log.Warn("feed refused", "kind", fault.KindOf(err).String(), "error", err.Error(), "peer", peer.Address.String())
		return nil, err
	}
	return context.WithValue(ctx, lineKey{}, l), nil
}

func (f *feed) openLine(ctx context.Context, peer intake.Peer, l *line) error {
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	fingerprint := sha256.Sum256(peer.Certificate.Raw)
	req := request(token, peer)
	if err := f.store.OpenFeed(ctx, req, hex.EncodeToString(fingerprint[:]), systemName(peer), store.Limits{Lifetime: lifetime}); err != nil {
		return err
	}
	l.token = token
	return nil
}

func (f *feed) close(ctx context.Context, peer intake.Peer) {
	l, ok := ctx.Value(lineKey{}).(*line)
	if !ok {
		return
	}
	if err := f.store.EndSession(ctx, request(l.token, peer), "closed"); err != nil {
		f.log.Warn("feed close not traced", "error", err.Error(), "peer", peer.Address.String())
	}
}

// handle returns the answer to one message. None is given where we do not know
// what became of it: the connection closes and the sender sends it again.
func (f *feed) handle(ctx context.Context, peer intake.Peer, raw []byte) []byte {
	began := time.Now()
	l, ok := ctx.Value(lineKey{}).(*line)
	if !ok {
		return nil
	}
	header, err := intake.ParseHeader(raw)
	if err == nil {
		err = f.take(ctx, peer, l, raw)
	}
	problem, refused := errors.AsType[*intake.Problem](err)
	if !refused && err != nil && fault.KindOf(err) != fault.Unavailable {
		// Sent again it would fail again, and hold up all behind it: it goes to
		// quarantine, and the log says why.
		f.record(peer, "none", began, len(raw), err)
		problem, refused = intake.NewProblem(intake.ReasonInternal, intake.Place{}), true
		err = problem
	}
	var answer []byte
	code := intake.AckAccept
	switch {
	case err == nil:
		answer = intake.Acknowledge(header, code, nil, time.Now())
	case refused:
		code = problem.Ack
		if qerr := f.quarantine(ctx, peer, l, header, raw, problem); qerr != nil {
			err, answer, code = qerr, nil, "none"
			break
		}
		answer = intake.Acknowledge(header, code, problem, time.Now())
	default:
		code = "none"
	}
	f.metrics.Messages.WithLabelValues(string(code)).Inc()
	f.record(peer, code, began, len(raw), err)
	return answer
}

// take stores a message; a *intake.Problem says why it cannot be.
func (f *feed) take(ctx context.Context, peer intake.Peer, l *line, raw []byte) error {
	message, err := intake.Parse(raw, f.parse)
	if err != nil {
		return err
	}
	deposit := NewDeposit(raw, message)
	err = f.withLine(ctx, peer, l, func(req store.Request) error {
		_, err := f.store.Deposit(ctx, req, deposit)
		return err
	})
	if withheld, ok := errors.AsType[*store.Withheld](err); ok {
		return explain(withheld, message)
	}
	return err
}

// NewDeposit returns what is to be stored of a message, which came as raw.
func NewDeposit(raw []byte, m *intake.Message) *store.Deposit {
	return &store.Deposit{Sender: m.Header.Sender, Control: m.Header.Control, Raw: raw, Identity: m.Identity, Identifiers: m.Identifiers, Contact: m.Contact,
		Reports: []store.Ordered{{Report: m.Report, Orders: m.Orders}}}
}

// withLine does something in the line's session, and once more in a new one
// where it had ended: a connection may outlast a session.
func (f *feed) withLine(ctx context.Context, peer intake.Peer, l *line, do func(store.Request) error) error {
	err := do(request(l.token, peer))
	if fault.KindOf(err) != fault.Ended {
		return err
	}
	if err := f.openLine(ctx, peer, l); err != nil {
		return err
	}
	return do(request(l.token, peer))
}

func (f *feed) quarantine(ctx context.Context, peer intake.Peer, l *line, header intake.Header, raw []byte, problem *intake.Problem) error {
	return f.withLine(ctx, peer, l, func(req store.Request) error {
		return f.store.Quarantine(ctx, req, store.Refused{Format: store.HL7v2, Sender: header.Sender, Control: header.Control, Raw: raw, Reason: string(problem.Reason)})
	})
}

// explain says to the sender what the patient's identity lacks or contradicts.
func explain(w *store.Withheld, m *intake.Message) *intake.Problem {
	pid := intake.Place{Segment: "PID", Sequence: 1}
	switch w.Reason {
	case "traits-missing":
		if missing := m.Missing(); len(missing) > 0 {
			return missing[0]
		}
	case "several-patients":
		pid.Field = 3
	case "traits-disagree":
		pid.Field = 5
	}
	return intake.NewProblem(intake.ReasonIdentityConflict, pid)
}

func (f *feed) record(peer intake.Peer, code intake.AckCode, began time.Time, size int, err error) {
	attributes := []any{"answer", string(code), "bytes", size, "ms", time.Since(began).Milliseconds(), "peer", peer.Address.String()}
	if err == nil {
		f.log.Info("message", attributes...)
		return
	}
	if problem, ok := errors.AsType[*intake.Problem](err); ok {
		f.log.Info("message refused", append(attributes, "reason", string(problem.Reason), "place", problem.Place.String())...)
		return
	}
	attributes = append(attributes, "kind", fault.KindOf(err).String(), "error", err.Error())
	if fault.KindOf(err) == fault.Tampered {
		f.metrics.Tampered.Inc()
		f.log.Error("alert: stored data does not open or does not match its trace", attributes...)
		return
	}
	f.log.Error("message not stored", attributes...)
}

// systemName is what the access log calls the sender.
func systemName(peer intake.Peer) string {
	if name := peer.Certificate.Subject.CommonName; name != "" {
		return name
	}
	return "système de l’hôpital"
}

func request(token []byte, peer intake.Peer) store.Request {
	address := peer.Address.Addr()
	if !address.IsValid() {
		address = netip.IPv6Unspecified()
	}
	return store.Request{Token: token, Address: address, ID: uuid.New()}
}
