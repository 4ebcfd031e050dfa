// Package web turns the nouns of package record into pages: templates, static
// files, French sentences and formats. It trusts nothing it is given to show:
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

//go:embed templates/icons.html templates/fr/*.html
var templateFiles embed.FS

// Audiences of a Door.
const (
	ForPatients      = "patients"
	ForProfessionals = "professionals"
)

// Door is one way to sign in, offered on the landing page.
type Door struct {
	Path  string // /login/franceconnect
	Label string // FranceConnect
	For   string // ForPatients or ForProfessionals
}

// Site is what every page says about who runs the service (GA8, GP1).
type Site struct {
	Hospital      string
	SupportPhone  string
	SupportHours  string
	SupportMail   string
	AlertPhone    string // day and night, for an account used by someone else
	Demonstration bool   // prints the non-production stamp (GP6.a)
	Doors         []Door
}

// Web renders pages and serves their static files. It is safe for concurrent
// use: nothing changes after New.
type Web struct {
	site      Site
	static    *static
	templates map[string]*template.Template
	fallback  []byte
	buffers   sync.Pool
}

// New parses every template and prepares every static file.
func New(site Site) (*Web, error) {
	for _, d := range site.Doors {
		if d.For != ForPatients && d.For != ForProfessionals {
			return nil, fmt.Errorf("check doors: %s is for nobody known", d.Path)
		}
	}
	files, err := newStatic()
	if err != nil {
		return nil, fmt.Errorf("prepare static files: %w", err)
	}
	w := &Web{site: site, static: files}
	if w.templates, err = parseTemplates(); err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	// Rendered now, so that the page that tells of a failure cannot fail.
	var b bytes.Buffer
	if err := w.execute(&b, InternalPage{}); err != nil {
		return nil, fmt.Errorf("render fallback: %w", err)
	}
	w.fallback = bytes.Clone(b.Bytes())
	return w, nil
}

// parseTemplates gives each page file of the language its own copy of the
// layout and the partials, so that all may define the same names.
func parseTemplates() (map[string]*template.Template, error) {
	const dir = "templates/fr"
	shared, err := template.New("").Funcs(template.FuncMap{"dialled": dialled}).ParseFS(templateFiles, dir+"/layout.html", dir+"/_*.html", "templates/icons.html")
	if err != nil {
		return nil, err
	}
	pages, err := fs.Glob(templateFiles, dir+"/[a-z]*.html")
	if err != nil {
		return nil, err
	}
	templates := make(map[string]*template.Template, len(pages))
	for _, file := range pages {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" {
			continue
		}
		page, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if page, err = page.ParseFS(templateFiles, file); err != nil {
			return nil, err
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
	b := w.buffer()
	defer w.release(b)
	var body []byte
	if err := w.execute(b, page); err == nil {
		body = b.Bytes()
	} else if _, last := page.(InternalPage); last {
		body = w.fallback
	} else {
		return fmt.Errorf("render page: %w", err)
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
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

func (w *Web) execute(b *bytes.Buffer, page Page) error {
	name, base, content := page.view()
	t := w.templates[name]
	if t == nil {
		return fmt.Errorf("no template %q", name)
	}
	return t.Execute(b, newFrame(w, base, content))
}
