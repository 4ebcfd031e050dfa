// Package portal serves patients and outside clinicians. It decides nothing
// about records: it parses, makes one call of the store, and renders one page.
package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/time/rate"

	"guichet/auth"
	"guichet/fault"
	"guichet/handlers"
	"guichet/record"
	"guichet/session"
	"guichet/store"
	"guichet/traces"
	"guichet/web"
)

// Options are what the portal is made of.
type Options struct {
	Store     *store.Store
	Web       *web.Web
	Providers []*auth.Provider
	Attempts  *auth.Attempts
	Log       *slog.Logger
	Metrics   *handlers.Metrics
	PublicURL *url.URL
	Suffix    string   // of cookie names
	EndPoints []string // of the providers' sign-out, whose origins a form may lead to

	TracesKey string // the public key of the log of traces, as notes have it; empty where it is not signed
}

// Portal is the listener's pages.
type Portal struct {
	store     *store.Store
	web       *web.Web
	sessions  *session.Manager
	providers map[string]*auth.Provider
	attempts  *auth.Attempts
	suffix    string
	limits    atomic.Pointer[store.Limits] // as they were last seen
	embedded  *rate.Limiter                // of the entries that embedded callbacks leave
	table     []handlers.Route
	log       signedLog

	watchedPolicy string // of pages with a session, which have a script
}

// New returns what serves the portal.
func New(o Options) (http.Handler, error) {
	p := &Portal{store: o.Store, web: o.Web, providers: make(map[string]*auth.Provider), attempts: o.Attempts, suffix: o.Suffix,
		embedded: rate.NewLimiter(rate.Every(embeddedEvery), 1)}
	p.sessions = session.New(keeper{o.Store}, session.Options{CookieSuffix: o.Suffix})
	for _, provider := range o.Providers {
		p.providers[provider.Name()] = provider
	}
	if o.TracesKey != "" {
		var err error
		if p.log.verifier, err = note.NewVerifier(o.TracesKey); err != nil {
			return nil, errors.New("portal: not a public key of traces")
		}
		p.log.key = []byte(o.TracesKey + "\n")
	}
	p.table = p.routes()
	table := handlers.Table{Routes: p.table, Missing: p.refusePath, Admit: p.admit, Fail: p.fail, Static: o.Web.Static()}
	router, err := table.Router()
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	policy, err := contentPolicy(o.EndPoints)
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	p.watchedPolicy = policy + "; script-src 'self'; connect-src 'self'"
	around := handlers.Around{Log: o.Log, Metrics: o.Metrics, Fail: p.fail, Policy: policy, Host: o.PublicURL.Host}
	return around.Wrap(router), nil
}

// routes is the table: who may come, and what trace it leaves.
func (p *Portal) routes() []handlers.Route {
	routes := []handlers.Route{
		{Method: "GET", Path: "/", Class: handlers.Anyone, Event: traces.HomeRead, Serve: p.showHome},
		{Method: "POST", Path: "/logout", Class: handlers.Anyone, Event: traces.SignOut, Serve: p.signOut}, // also of a session that waits
		{Method: "POST", Path: "/session/continue", Class: handlers.SignedIn, Event: handlers.Untraced, Serve: p.continueSession},
		{Method: "POST", Path: "/session/presence", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.notePresence},
		{Method: "GET", Path: "/session-ended", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showSessionEnded},
		{Method: "GET", Path: "/session-open", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showAlreadyOpen},
		{Method: "POST", Path: "/session/take-over", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.takeOver}, // the end of the other one is traced
		{Method: "POST", Path: "/session/alert", Class: handlers.Anyone, Event: traces.IncidentReport, Serve: p.reportIncident},
		{Method: "POST", Path: "/session/provider", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.closeProvider},
		{Method: "GET", Path: "/reports", Class: handlers.SignedIn, Event: traces.ReportList, Serve: p.listReports},
		{Method: "GET", Path: "/reports/{report}", Class: handlers.SignedIn, Event: traces.ReportRead, Serve: p.showReport},
		{Method: "GET", Path: "/reports/{report}/original.pdf", Class: handlers.SignedIn, Event: traces.DocumentRead, Serve: p.showOriginal},
		{Method: "GET", Path: "/access-log", Class: handlers.SignedIn, Event: traces.AccessLogRead, Serve: p.showAccessLog},
		{Method: "GET", Path: "/access-log.csv", Class: handlers.SignedIn, Event: traces.AccessLogRead, Serve: p.downloadAccessLog},
		{Method: "GET", Path: "/access-log.pdf", Class: handlers.SignedIn, Event: traces.AccessLogRead, Serve: p.printAccessLog},
		{Method: "GET", Path: "/access-log/{entry}/proof", Class: handlers.SignedIn, Event: traces.AccessLogProof, Serve: p.showProof},
		{Method: "GET", Path: "/access-log/{entry}/proof.tlog-proof", Class: handlers.SignedIn, Event: traces.AccessLogProof, Serve: p.downloadProof},
		{Method: "GET", Path: "/access-log/{entry}/report", Class: handlers.SignedIn, Event: traces.AccessLogProof, Serve: p.askReporting},
		{Method: "POST", Path: "/access-log/{entry}/report", Class: handlers.SignedIn, Event: traces.AccessReport, Serve: p.reportAccess},
		{Method: "GET", Path: "/trends/{code}", Class: handlers.SignedIn, Event: traces.TrendRead, Serve: p.showTrend},
		{Method: "GET", Path: "/account", Class: handlers.SignedIn, Event: traces.AccountRead, Serve: p.showAccount},
		{Method: "GET", Path: "/account/close", Class: handlers.SignedIn, Event: handlers.Untraced, Serve: p.askClosing},
		{Method: "POST", Path: "/account/close", Class: handlers.SignedIn, Event: traces.AccountBlock, Serve: p.closeAccount},
		{Method: "GET", Path: "/.well-known/jwks.json", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showKeys},
		{Method: "POST", Path: "/language", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.changeLanguage},
	}
	if _, ok := p.providers[auth.FranceConnect]; ok {
		routes = append(routes,
			handlers.Route{Method: "GET", Path: "/activate", Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showActivation},
			handlers.Route{Method: "POST", Path: "/activate", Class: handlers.Anyone, Event: traces.SignIn, Serve: p.activate},
			handlers.Route{Method: "GET", Path: "/activated", Class: handlers.SignedIn, Event: handlers.Untraced, Serve: p.showActivated})
	}
	if p.log.verifier != nil {
		routes = append(routes,
			handlers.Route{Method: "GET", Path: web.KeyPath, Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showTracesKey},
			handlers.Route{Method: "GET", Path: web.CheckpointPath, Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showCheckpoint})
	}
	for _, g := range guides {
		routes = append(routes, handlers.Route{Method: "GET", Path: g.path, Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.showGuide(g.guide)})
	}
	for _, name := range slices.Sorted(maps.Keys(p.providers)) {
		provider := p.providers[name]
		routes = append(routes,
			handlers.Route{Method: "GET", Path: "/login/" + name, Class: handlers.Anyone, Event: handlers.Untraced, Serve: p.beginSignIn(provider)},
			handlers.Route{Method: "GET", Path: "/callback/" + name, Class: handlers.Anyone, Event: traces.SignIn, Serve: p.finishSignIn(provider)})
	}
	return routes
}

// contentPolicy allows what the pages without a session have: their own style, font and images,
// and forms that lead here or to the sign-out of a provider.
func contentPolicy(endPoints []string) (string, error) {
	form := []string{"'self'"}
	for _, endPoint := range endPoints {
		if endPoint == "" {
			continue
		}
		u, err := url.Parse(endPoint)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return "", errors.New("content policy: a sign-out address is not an https URL")
		}
		form = append(form, "https://"+u.Host)
	}
	slices.Sort(form[1:])
	return "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action " + strings.Join(slices.Compact(form), " ") +
		"; base-uri 'none'; frame-ancestors 'none'", nil
}

// admit lets a page through to someone whose session lives.
func (p *Portal) admit(serve handlers.Page) handlers.Page {
	return func(w http.ResponseWriter, r *http.Request) error {
		if unattended(r) {
			return p.showUnattended(w, r)
		}
		if _, err := p.open(w, r); err != nil {
			return err
		}
		if p.greets(r) {
			handlers.RequestOf(r.Context()).Greeted = func() { p.setGreeting(w, false) }
		}
		return serve(w, r)
	}
}

// refusePath serves what no route does: the page of what is missing, and in a
// session its trace, as for a record that is refused (DT3, TR1.d).
func (p *Portal) refusePath(w http.ResponseWriter, r *http.Request) error {
	missing := fault.New(fault.NotFound, errors.New("no such route"))
	if _, err := p.open(w, r); err != nil {
		if kind := fault.KindOf(err); kind == fault.Unauthenticated || kind == fault.Ended {
			return missing
		}
		return err
	}
	err := p.store.RefusePage(r.Context(), caller(r))
	if fault.KindOf(err) == fault.Ended { // since it was opened, some seconds ago
		req := handlers.RequestOf(r.Context())
		req.Session.Forget()
		req.Session = nil
		return missing
	}
	if err != nil {
		return err
	}
	return missing
}

// errWaits is the end of a request whose session waits for another one.
var errWaits = fault.New(fault.Ended, errors.New("session waits for another"))

// open returns the session of a request, and fault.Ended where it is over or
// waits.
func (p *Portal) open(w http.ResponseWriter, r *http.Request) (*session.Session, error) {
	s, err := p.sessions.Open(r)
	if err != nil {
		return nil, err
	}
	if s.Waits {
		return nil, errWaits
	}
	if s.Ended != "" {
		return nil, fault.New(fault.Ended, errors.New("session is over"))
	}
	handlers.RequestOf(r.Context()).Session = s
	w.Header().Set("Content-Security-Policy", p.watchedPolicy)
	return s, nil
}

// asking returns on whose behalf the store is asked.
func asking(ctx context.Context, token []byte) store.Request {
	req := handlers.RequestOf(ctx)
	return store.Request{Token: token, Address: req.Address, Peer: req.Peer, ID: req.ID}
}

// caller is the signed-in person of an admitted request.
func caller(r *http.Request) store.Request {
	return asking(r.Context(), handlers.RequestOf(r.Context()).Session.Token)
}

// base is what a page of a signed-in person begins with.
func (p *Portal) base(r *http.Request, person store.Person) web.Base {
	b := p.bare(r)
	b.Path = whereabouts(r)
	b.Watch = p.watch(handlers.RequestOf(r.Context()).Session)
	b.Viewer = &web.Viewer{Name: person.Name, Means: means(r), Role: person.Role, IdleAt: person.IdleAt}
	if req := handlers.RequestOf(r.Context()); req.Greeted != nil {
		b.Greeting = greetingOf(req.Session)
		req.Greeted()
	}
	return b
}

// unread is what a page begins with where nothing was read, not even a name:
// with a session it still has its way out. It tells no time, so that two such
// pages are the same to the byte but for their reference.
func (p *Portal) unread(r *http.Request) web.Base {
	b := p.bare(r)
	s := handlers.RequestOf(r.Context()).Session
	if s == nil {
		return b
	}
	b.Watch = p.watch(s)
	b.Viewer = &web.Viewer{Means: means(r), Role: record.Role(s.Value("role"))}
	return b
}

// bare is what a page without a person begins with.
func (p *Portal) bare(r *http.Request) web.Base {
	return web.Base{Now: time.Now(), Reference: handlers.RequestOf(r.Context()).Reference, Language: p.language(r)}
}

// means is the provider that the person signed in with.
func means(r *http.Request) string {
	if s := handlers.RequestOf(r.Context()).Session; s != nil {
		return s.Value("provider")
	}
	return ""
}

// keeper keeps sessions in the store.
type keeper struct{ store *store.Store }

func (k keeper) Load(ctx context.Context, token []byte, used bool) (*session.State, error) {
	s, err := k.store.LoadSession(ctx, asking(ctx, token), used)
	if err != nil {
		return nil, err
	}
	return &session.State{Ended: s.Ended, Waits: s.Waits, At: s.At, Values: s.Values, Idle: s.Limits.Idle, Lifetime: s.Limits.Lifetime,
		Other: session.Other{Since: s.Other.Since, Seen: s.Other.Seen, Provider: s.Other.Provider, Near: s.Other.Near}}, nil
}

func (k keeper) Save(ctx context.Context, token, values []byte) error {
	return k.store.SaveSession(ctx, token, values)
}

// limitsNow returns the limits in force, or those that were seen last where the
// database is away.
func (p *Portal) limitsNow(ctx context.Context) (store.Limits, error) {
	limits, err := p.store.SessionLimits(ctx)
	if err != nil {
		if last := p.limits.Load(); last != nil {
			return *last, nil
		}
		return store.Limits{}, err
	}
	p.limits.Store(&limits)
	return limits, nil
}
