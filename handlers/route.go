// Package handlers holds what every listener's pages share: the route table,
// the middleware around the whole router, and the listener for probes and
// metrics. A listener's pages are in a package of their own below.
package handlers

import (
	"fmt"
	"net/http"
	"slices"

	"guichet/traces"

	"github.com/gorilla/mux"
)

// A Page serves a request or says why it cannot. It has written nothing when
// it returns an error, so that Fail can choose the status.
type Page func(http.ResponseWriter, *http.Request) error

// Class says who may come to a route. The zero value is invalid: access is
// declared, never assumed (architecture 2.5).
type Class int

// The classes of routes.
const (
	_        Class = iota
	Anyone         // also without a session
	SignedIn       // with a session that lives
)

// A Route is one line of a listener's table.
type Route struct {
	Method, Path string
	Class        Class
	Event        traces.Type // of the entry that serving it leaves
	Serve        Page
}

// Untraced stands for an event on a route that discloses and changes nothing.
const Untraced traces.Type = "-"

// Table is how a listener serves its routes.
type Table struct {
	Routes  []Route
	Missing Page                                            // serves a path or a method that no route has
	Admit   func(Page) Page                                 // lets only signed-in people through
	Fail    func(http.ResponseWriter, *http.Request, error) // turns an error into a page
	Static  http.Handler                                    // below /static/
}

// Router checks the table and returns what serves it. A route without class
// or event stops the program.
func (t Table) Router() (http.Handler, error) {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	for _, route := range t.Routes {
		if route.Class != Anyone && route.Class != SignedIn {
			return nil, fmt.Errorf("route %s %s: no class", route.Method, route.Path)
		}
		if route.Event != Untraced && !slices.ContainsFunc(traces.Events, func(e traces.Event) bool { return e.Type == route.Event }) {
			return nil, fmt.Errorf("route %s %s: no event of the list", route.Method, route.Path)
		}
		serve := route.Serve
		if route.Class == SignedIn {
			serve = t.Admit(serve)
		}
		methods := []string{route.Method}
		if route.Method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
		router.Methods(methods...).Path(route.Path).Handler(t.handler(route.Path, serve))
	}
	if t.Static != nil {
		router.Methods(http.MethodGet, http.MethodHead).PathPrefix("/static/").Handler(t.handler("/static/", func(w http.ResponseWriter, r *http.Request) error {
			t.Static.ServeHTTP(w, r)
			return nil
		}))
	}
	missing := t.handler("-", t.Missing)
	router.NotFoundHandler = missing
	router.MethodNotAllowedHandler = missing // which methods a path has is nobody's business
	return router, nil
}

func (t Table) handler(template string, serve Page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		RequestOf(r.Context()).Route = template
		if err := serve(w, r); err != nil {
			t.Fail(w, r, err)
		}
	})
}

// Parameter returns a variable of the route's path.
func Parameter(r *http.Request, name string) string { return mux.Vars(r)[name] }
