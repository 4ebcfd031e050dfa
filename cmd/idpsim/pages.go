package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/http"
	"net/url"
	"text/template"

	"guichet/configs"
)

//go:embed pages.tmpl
var templates string

//go:embed style.css
var style []byte

// parsePages reads the text templates, in which every value goes through html:
// there is nothing but names and hidden fields to escape.
func parsePages() (*template.Template, error) {
	pages, err := template.New("pages").Parse(templates)
	if err != nil {
		return nil, fmt.Errorf("parse pages: %w", err)
	}
	return pages, nil
}

// signInPage is what the form shows.
type signInPage struct {
	Label  string
	Action string
	GiveUp string
	Hidden []hiddenField
	People []configs.IDPPerson
	Faults []faultGroup
}

type hiddenField struct{ Name, Value string }

// writeSignIn shows the form for the request q.
func (p *provider) writeSignIn(w http.ResponseWriter, q url.Values) {
	page := signInPage{
		Label: p.labelFor(p.clients[q.Get("client_id")]), Action: p.path + "/sign-in", GiveUp: p.path + "/give-up?" + q.Encode(), People: p.people,
		Faults: p.playable(p.clients[q.Get("client_id")]),
	}
	for _, name := range p.profile.parameters {
		if q.Has(name) {
			page.Hidden = append(page.Hidden, hiddenField{name, q.Get(name)})
		}
	}
	// checkRequest has found the address declared.
	if to, err := url.Parse(q.Get("redirect_uri")); err == nil {
		w.Header().Set("Content-Security-Policy", contentPolicy(to.Scheme+"://"+to.Host))
	}
	writePage(w, p.pages, http.StatusOK, "sign-in", page)
}

// labelFor is the provider's name as a client's people know it.
func (p *provider) labelFor(c *client) string {
	if c.isPlus() {
		return p.profile.label + "+"
	}
	return p.profile.label
}

func (p *provider) writeError(w http.ResponseWriter, status int, code, text string) {
	writePage(w, p.pages, status, "error", struct{ Label, Code, Text string }{p.profile.label, code, text})
}

func (p *provider) writeSignedOut(w http.ResponseWriter) {
	writePage(w, p.pages, http.StatusOK, "signed-out", struct{ Label string }{p.profile.label})
}

func showIndex(pages *template.Template) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writePage(w, pages, http.StatusOK, "index", struct{ Label string }{"Fournisseurs d’identité"})
	}
}

func showStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(style) // a browser that has gone needs no answer
}

// writePage renders before it writes, so that a page is whole or not at all.
func writePage(w http.ResponseWriter, pages *template.Template, status int, name string, data any) {
	var body bytes.Buffer
	if err := pages.ExecuteTemplate(&body, name, data); err != nil {
		http.Error(w, "Erreur du fournisseur d'identité fictif.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a browser that has gone needs no answer
}
