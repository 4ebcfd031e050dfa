// Package web turns the nouns of package record into pages: templates, static
// files, sentences and formats, in French and in English. It trusts nothing it is given to show:
// every value is escaped where it stands. It promises that a page is written
// whole or not at all, and is complete without JavaScript.
package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed templates/*.html
var templateFiles embed.FS

// Audiences of a Door.
const (
	ForPatients      = "patients"
	ForProfessionals = "professionals"
)

// Door is one way to sign in, offered on the landing page.
type Door struct {
	Provider string // franceconnect, psc
	Label    string // as people know it: FranceConnect+
	For      string // ForPatients or ForProfessionals
}

// Path is where signing in begins.
func (d Door) Path() string { return "/login/" + d.Provider }

// Site is what every page says about who runs the service (GA8, GP1).
type Site struct {
	Hospital      string
	SupportPhone  string
	SupportHours  string
	SupportMail   string
	AlertPhone    string // day and night, for an account used by someone else
	Demonstration bool   // prints the non-production stamp (GP6.a)
	Publisher     Publisher
	Doors         []Door
}

// Web renders pages and serves their static files. It is safe for concurrent
// use: nothing changes after New.
type Web struct {
	site    Site
	static  *static
	french  *language
	english *language
	buffers sync.Pool
}

// New parses every template and prepares every static file.
func New(site Site) (*Web, error) {
	for _, d := range site.Doors {
		if d.For != ForPatients && d.For != ForProfessionals {
			return nil, fmt.Errorf("check doors: %s is for nobody known", d.Provider)
		}
	}
	files, err := newStatic()
	if err != nil {
		return nil, fmt.Errorf("prepare static files: %w", err)
	}
	w := &Web{site: site, static: files}
	if w.french, err = newLanguage(French, french{}); err != nil {
		return nil, fmt.Errorf("prepare French: %w", err)
	}
	if w.english, err = newLanguage(English, english{}); err != nil {
		return nil, fmt.Errorf("prepare English: %w", err)
	}
	for _, l := range []*language{w.french, w.english} {
		if err := l.settle(w); err != nil {
			return nil, fmt.Errorf("render what every page has: %w", err)
		}
	}
	return w, nil
}

// in returns a language; one that there is not is French.
func (w *Web) in(code Language) *language {
	if code == English {
		return w.english
	}
	return w.french
}

// parseTemplates gives each page file its own copy of the layout and the
// partials, so that all may define the same names, with the texts of one
// language in place.
func parseTemplates(t *texts) (map[string]*template.Template, error) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	sources := make(map[string]string, len(files)) // of pages
	shared := template.New("").Funcs(template.FuncMap{"dialled": dialled})
	for _, file := range files {
		source, err := templateFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		set, err := t.set(string(source))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name != "layout" && !strings.HasPrefix(name, "_") {
			sources[name] = set
		} else if shared, err = shared.Parse(set); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	templates := make(map[string]*template.Template, len(sources))
	for name, source := range sources {
		page, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if page, err = page.Parse(source); err != nil {
			return nil, fmt.Errorf("templates/%s.html: %w", name, err)
		}
		templates[name] = page.Lookup("layout")
	}
	return templates, nil
}

// largestPooled keeps a rare huge page from staying in memory.
const largestPooled = 1 << 20

// Render writes page with status, or writes nothing and returns an error. An
// InternalPage never fails: a page made at start stands in for it.
func (w *Web) Render(rw http.ResponseWriter, status int, page Page) error {
	l := w.in(page.language())
	b := w.buffer()
	defer w.release(b)
	var body []byte
	if err := l.execute(w, b, page); err == nil {
		body = b.Bytes()
	} else if _, last := page.(InternalPage); last {
		body = l.fallback
	} else {
		return fmt.Errorf("render page: %w", err)
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Language", string(l.code))
	h.Set("Vary", "Accept-Language, Cookie")
	h.Set("Cache-Control", "no-store") // DT10.a
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // fails when the client has left: nobody is there to be told
	return nil
}

func (w *Web) buffer() *bytes.Buffer {
	if b, ok := w.buffers.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

func (w *Web) release(b *bytes.Buffer) {
	if b.Cap() > largestPooled {
		return
	}
	clear(b.Bytes()) // health data does not wait in memory for the next page
	b.Reset()
	w.buffers.Put(b)
}
