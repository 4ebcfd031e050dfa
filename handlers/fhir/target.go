package fhir

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"guichet/intake/fhir"
)

// target is what an address of the service means.
type target struct {
	metadata bool
	kind     string // resource type; empty for the base
	id       string
}

// kinds are the resource types that have an address.
var kinds = []string{"Patient", "DiagnosticReport", "Observation", "Bundle"}

// targetOf reads a path below base: nothing, metadata, Type or Type/id.
func targetOf(base, path string) (target, bool) {
	rest, ok := strings.CutPrefix(path, base)
	if !ok || rest != "" && rest[0] != '/' {
		return target{}, false
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "/"), "/")
	kind, id, resource := strings.Cut(rest, "/")
	switch {
	case rest == "":
		return target{}, true
	case rest == "metadata":
		return target{metadata: true}, true
	case !slices.Contains(kinds, kind), resource && !isID(id), resource && kind == "Bundle":
		return target{}, false
	}
	return target{kind: kind, id: id}, true
}

// String writes an address as quarantine keeps it: POST, POST Patient, PUT
// Patient/1.
func (t target) String() string {
	switch {
	case t.id != "":
		return http.MethodPut + " " + t.kind + "/" + t.id
	case t.kind != "":
		return http.MethodPost + " " + t.kind
	}
	return http.MethodPost
}

// KindAndID reads what quarantine keeps of an address, as fhir.Parse wants it.
func KindAndID(kept string) (kind, id string) {
	_, below, _ := strings.Cut(kept, " ")
	kind, id, _ = strings.Cut(below, "/")
	return kind, id
}

// isID reports whether id is one of FHIR's.
func isID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// methods are those that an address takes.
func (t target) methods() []string {
	switch {
	case t.metadata:
		return []string{http.MethodGet, http.MethodHead}
	case t.id != "":
		return []string{http.MethodPut}
	}
	return []string{http.MethodPost}
}

func (t target) allows(method string) bool { return slices.Contains(t.methods(), method) }

func (t target) allowed() string { return strings.Join(t.methods(), ", ") }

// conditions are the header fields that make a request conditional.
var conditions = []string{"If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since", "If-Unmodified-Since"}

// acceptable says what is wrong with a request before its body is read.
func acceptable(r *http.Request) fhir.Reason {
	for _, name := range conditions {
		if r.Header.Get(name) != "" {
			return fhir.ReasonConditional
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return fhir.ReasonConditional
	}
	for name := range query {
		if name != "_format" && name != "_pretty" { // all else would be a condition, or a search
			return fhir.ReasonConditional
		}
	}
	if !isJSON(r.Header.Get("Content-Type")) || r.Header.Get("Content-Encoding") != "" {
		return fhir.ReasonMediaType
	}
	return ""
}

func isJSON(contentType string) bool {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "application/fhir+json" && kind != "application/json" {
		return false
	}
	for name, value := range parameters {
		switch {
		case name == "charset" && strings.EqualFold(value, "utf-8"):
		case name == "fhirversion" && (value == "4.0" || value == "4.0.1"):
		default:
			return false
		}
	}
	return true
}
