// Package fhir takes what the hospital's systems send as FHIR R4 over HTTPS
// with client certificates. A request is answered only after its deposit has
// been committed with its trace; what cannot be given to anybody is kept in
// quarantine, and its sender told why (GP2). No value of a message stands in
// an answer or in the log.
package fhir

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"guichet/fault"
	"guichet/handlers"
	"guichet/intake/fhir"
	"guichet/store"

	"github.com/google/uuid"
)

// retryAfter is in how many seconds a sender should try again.
const retryAfter = "10"

// defaultParallel bounds how many messages are read and stored at once, since
// each is held in memory whole; the others wait.
const defaultParallel = 8

var (
	errClosed = errors.New("the service is closing")
	errBusy   = errors.New("too many messages at once")
)

// Options are what the service is made of.
type Options struct {
	Store    *store.Store
	Parse    fhir.Options
	Log      *slog.Logger
	Metrics  *handlers.Metrics
	Base     string // path of the base: /fhir
	URL      string // of the base, as senders write it
	Version  string // of the program
	Parallel int    // messages at once; 0 means 8

	Grace time.Duration // for a body to begin; 0 means 10 s
}

// Handler is the FHIR service. The listener has checked the certificates.
type Handler struct {
	options    Options
	lines      *lines
	slots      chan struct{}
	bodies     *budget
	capability []byte
}

// New returns the service. Close ends its sessions.
func New(o Options) *Handler {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	if o.Parse.MaxBytes <= 0 {
		o.Parse.MaxBytes = 16 << 20
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	h := &Handler{options: o, slots: make(chan struct{}, o.Parallel), bodies: &budget{limit: max(defaultHeld, heldBodies*int64(o.Parse.MaxBytes))},
		capability: fhir.CapabilityStatement(fhir.Capability{URL: o.URL, Version: o.Version, MaxBytes: o.Parse.MaxBytes})}
	h.lines = newLines(o.Store, func(err error) { o.Log.Warn("feed close not traced", "error", err.Error()) })
	return h
}

// Close ends the sessions of all systems; requests after it are refused.
func (h *Handler) Close() {
	h.lines.close(store.Request{Address: netip.IPv6Unspecified(), ID: uuid.New()})
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := &exchange{Handler: h, w: w, r: r, began: time.Now(), peer: handlers.PeerAddress(r)}
	e.serve()
	e.mustHaveAnswered()
}

// mustHaveAnswered breaks the connection off where nothing was said: net/http
// would say 200, and the sender believe its message stored.
func (e *exchange) mustHaveAnswered() {
	if e.status == 0 {
		panic(http.ErrAbortHandler)
	}
}

func (e *exchange) serve() {
	certificate, ok := certificateOf(e.r)
	if !ok {
		e.refuse(fhir.ReasonSender)
		return
	}
	e.certificate = certificate
	target, ok := targetOf(e.options.Base, e.r.URL.Path)
	switch {
	case !ok:
		e.refuse(fhir.ReasonNotFound)
	case !target.allows(e.r.Method):
		e.w.Header().Set("Allow", target.allowed())
		e.refuse(fhir.ReasonNotAllowed)
	case target.metadata:
		e.send(http.StatusOK, e.capability)
		e.log("metadata", nil)
	default:
		e.receive(target)
	}
}

// certificateOf returns the client's certificate, which must still be valid:
// a connection may outlast it.
func certificateOf(r *http.Request) (*x509.Certificate, bool) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, false
	}
	certificate := r.TLS.PeerCertificates[0]
	return certificate, time.Now().Before(certificate.NotAfter)
}

// exchange is one request and its answer.
type exchange struct {
	*Handler
	w           http.ResponseWriter
	r           *http.Request
	began       time.Time
	peer        netip.Addr
	certificate *x509.Certificate
	size        int
	status      int // of the answer, once there is one
}

// receive takes a message in.
func (e *exchange) receive(t target) {
	if reason := acceptable(e.r); reason != "" {
		e.refuse(reason)
		return
	}
	raw, release, err := e.body()
	defer release()
	if err != nil {
		e.incomplete(err)
		return
	}
	select { // not before: a slow sender must not keep the others waiting
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-e.r.Context().Done():
		e.unavailable(errBusy)
		return
	}
	e.size = len(raw)
	message, err := e.take(raw, t)
	problems, refused := errors.AsType[fhir.Problems](err)
	switch {
	case err == nil:
		answer := message.Answer(e.options.URL)
		if answer.Location != "" {
			e.w.Header().Set("Location", e.options.URL+"/"+answer.Location)
		}
		e.send(answer.Status, answer.Body)
		e.log("message", nil)
	case refused:
		e.quarantine(raw, t, message, problems)
	case fault.KindOf(err) == fault.Unavailable:
		e.unavailable(err)
	default:
		// Sent again it would fail again: it goes to quarantine, and the log says
		// why.
		e.log("message not stored", err)
		e.quarantine(raw, t, message, fhir.Problems{fhir.NewProblem(fhir.ReasonInternal)})
	}
}

// take stores a message; fhir.Problems say why it cannot be. A panic is an
// error like another: the message goes to quarantine.
func (e *exchange) take(raw []byte, t target) (message *fhir.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of type %T", p) // what was panicked with may hold data
		}
	}()
	if message, err = fhir.Parse(raw, t.kind, t.id, e.options.Parse); err != nil {
		return nil, err
	}
	deposit := NewDeposit(e.sender(), raw, message)
	err = e.lines.with(e.r.Context(), e.certificate, e.request(), func(req store.Request) error {
		_, err := e.options.Store.Deposit(e.r.Context(), req, deposit)
		return err
	})
	if withheld, ok := errors.AsType[*store.Withheld](err); ok {
		return message, explain(withheld, message)
	}
	return message, err
}

// NewDeposit returns what is to be stored of a message, which came as raw.
func NewDeposit(sender string, raw []byte, m *fhir.Message) *store.Deposit {
	d := &store.Deposit{Sender: sender, Control: m.Control, Raw: raw, Identity: m.Identity, Identifiers: m.Identifiers, Contact: m.Contact}
	for _, one := range m.Reports {
		d.Reports = append(d.Reports, store.Ordered{Report: one.Report, Orders: one.Orders, Also: one.Also, Holds: one.Holds, Whole: one.Whole, Withdraws: one.Withdraws})
	}
	return d
}

// explain says to the sender why a message can be given to nobody: what the
// patient's identity lacks or contradicts, or what its reports do.
func explain(w *store.Withheld, m *fhir.Message) fhir.Problems {
	switch w.Reason {
	case "part-of-report":
		return fhir.Problems{fhir.NewProblem(fhir.ReasonPart, m.Kind)}
	case "nothing-to-withdraw":
		return fhir.Problems{fhir.NewProblem(fhir.ReasonNotSent, m.Kind)}
	}
	if missing := m.Missing(); w.Reason == "traits-missing" && len(missing) > 0 {
		return missing
	}
	return fhir.Problems{m.Conflict()}
}

// quarantine keeps a refused message, and then tells its sender.
func (e *exchange) quarantine(raw []byte, t target, message *fhir.Message, problems fhir.Problems) {
	refused := store.Refused{Format: store.FHIRR4, Sender: e.sender(), Target: t.String(), Raw: raw, Reason: string(problems[0].Reason)}
	if message != nil {
		refused.Control = message.Control
	}
	err := e.lines.with(e.r.Context(), e.certificate, e.request(), func(req store.Request) error {
		return e.options.Store.Quarantine(e.r.Context(), req, refused)
	})
	if err != nil {
		e.unavailable(err)
		return
	}
	e.send(problems[0].Status, fhir.OperationOutcome(problems...))
	e.log("message refused", problems)
}

// sender is who speaks: HL7 v2 has its application and facility for that,
// here it is the name on the certificate, which outlives each certificate.
func (e *exchange) sender() string { return "fhir|" + systemName(e.certificate) }

func (e *exchange) request() store.Request {
	return store.Request{Address: e.peer, ID: uuid.New()}
}

// refuse answers a request that was not read.
func (e *exchange) refuse(reason fhir.Reason) {
	problem := fhir.NewProblem(reason)
	e.send(problem.Status, fhir.OperationOutcome(problem))
	e.log("request refused", problem)
}

// unavailable says that nothing is known to be stored; a resend is safe.
func (e *exchange) unavailable(err error) {
	e.w.Header().Set("Retry-After", retryAfter)
	problem := fhir.NewProblem(fhir.ReasonUnavailable)
	e.send(problem.Status, fhir.OperationOutcome(problem))
	e.log("message not stored", err)
}

func (e *exchange) send(status int, body []byte) {
	header := e.w.Header()
	header.Set("Content-Type", "application/fhir+json; fhirVersion=4.0")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	e.status = status
	e.w.WriteHeader(status)
	if e.r.Method != http.MethodHead {
		_, _ = e.w.Write(body) // a sender that has gone sends it again
	}
}

// log writes what became of a request: never a path, which may hold an
// identifier, nor a value.
func (e *exchange) log(event string, err error) {
	if e.status != 0 {
		e.options.Metrics.Messages.WithLabelValues("fhir " + strconv.Itoa(e.status)).Inc()
	}
	attributes := []any{"format", "fhir", "status", e.status, "bytes", e.size, "ms", time.Since(e.began).Milliseconds(), "peer", e.peer.String()}
	var list fhir.Problems
	switch p := err.(type) { //nolint:errorlint // ours, not wrapped
	case nil:
		e.options.Log.Info(event, attributes...)
		return
	case *fhir.Problem:
		list = fhir.Problems{p}
	case fhir.Problems:
		list = p
	}
	if len(list) > 0 {
		e.options.Log.Info(event, append(attributes, "reason", string(list[0].Reason), "place", fmt.Sprint(list[0].Expression), "problems", len(list))...)
		return
	}
	attributes = append(attributes, "kind", fault.KindOf(err).String(), "error", err.Error())
	switch fault.KindOf(err) {
	case fault.Tampered:
		e.options.Metrics.Tampered.Inc()
		e.options.Log.Error("alert: stored data does not open or does not match its trace", attributes...)
	case fault.Unavailable:
		e.options.Log.Warn(event, attributes...)
	default:
		e.options.Log.Error(event, attributes...)
	}
}
