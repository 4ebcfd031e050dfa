package fhir

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// envelope is what a Bundle says about its entries; the resources in them
// stay as they came until they are needed.
type envelope struct {
	ResourceType string                       `json:"resourceType"`
	ID           string                       `json:"id"`
	Identifier   *identifier                  `json:"identifier"`
	Type         string                       `json:"type"`
	Timestamp    string                       `json:"timestamp"`
	Entry        []map[string]json.RawMessage `json:"entry"`
}

// request is what an entry of a transaction or batch asks for.
type request struct {
	Method          string `json:"method"`
	URL             string `json:"url"`
	IfNoneMatch     string `json:"ifNoneMatch"`
	IfModifiedSince string `json:"ifModifiedSince"`
	IfMatch         string `json:"ifMatch"`
	IfNoneExist     string `json:"ifNoneExist"`
}

// A resource is one that came: an entry's, a single one, or one contained in
// another.
type resource struct {
	kind      string // resourceType
	id        string
	status    string
	fullURL   string
	path      string // where it stands: Bundle.entry[3].resource
	place     int    // of its entry
	raw       json.RawMessage
	request   *request
	container *resource            // of a contained one
	contained map[string]*resource // by id
}

// decode reads the resource into one of our types. The schema has been
// checked, so that what does not decode is a fault of ours.
func (r *resource) decode(into any, problems *Problems) bool {
	if err := json.Unmarshal(r.raw, into); err != nil {
		problems.add(ReasonStructure, r.path)
		return false
	}
	return true
}

// bundleTypes are those we take.
var bundleTypes = []string{"transaction", "batch", "message", "document"}

// firstOf says which resource a Bundle of a type begins with.
var firstOf = map[string]string{"document": "Composition", "message": "MessageHeader"}

// bundle takes a Bundle apart and checks each part.
func (r *reader) bundle(raw []byte) {
	if err := json.Unmarshal(raw, &r.envelope); err != nil {
		r.problems.add(ReasonStructure, "Bundle")
		return
	}
	if !r.checkEnvelope(raw) {
		return
	}
	kind := r.envelope.Type
	if !slices.Contains(bundleTypes, kind) {
		r.problems.add(ReasonBundleType, "Bundle.type")
		return
	}
	urls := make(map[string]bool)
	for i, entry := range r.envelope.Entry {
		if r.problems.full() {
			return
		}
		r.entry(i, entry, urls)
	}
	if wanted := firstOf[kind]; wanted != "" && (len(r.resources) == 0 || r.resources[0].kind != wanted || r.resources[0].place != 0) {
		r.problems.add(ReasonStructure, "Bundle.entry[0]")
	}
}

// checkEnvelope checks the Bundle without the resources in it.
func (r *reader) checkEnvelope(raw []byte) bool {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		r.problems.add(ReasonStructure, "Bundle")
		return false
	}
	tree := make(map[string]any)
	for name, field := range fields {
		if name == "entry" && len(r.envelope.Entry) > 0 {
			continue
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(field))
		if err != nil {
			r.problems.add(ReasonStructure, "Bundle")
			return false
		}
		tree[name] = value
	}
	var entries []any
	for _, entry := range r.envelope.Entry {
		rest := make(map[string]any)
		for name, field := range entry {
			if name == "resource" {
				continue
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(field))
			if err != nil {
				r.problems.add(ReasonStructure, "Bundle.entry")
				return false
			}
			rest[name] = value
		}
		entries = append(entries, rest)
	}
	if entries != nil {
		tree["entry"] = entries
	}
	r.schema.check("Bundle", tree, "Bundle", &r.problems)
	overlay("Bundle", tree, "Bundle", &r.problems)
	return len(r.problems) == 0
}

func (r *reader) entry(place int, entry map[string]json.RawMessage, urls map[string]bool) {
	path := "Bundle.entry[" + strconv.Itoa(place) + "]"
	raw, ok := entry["resource"]
	asked := r.request(entry, path)
	if !ok {
		if asked == nil || asked.Method == "POST" || asked.Method == "PUT" {
			r.problems.add(ReasonRequired, path+".resource")
		}
		return
	}
	one := r.resource(raw, path+".resource")
	if one == nil {
		return
	}
	one.place, one.request = place, asked
	_ = json.Unmarshal(entry["fullUrl"], &one.fullURL) // absent, or a string: checked
	if one.fullURL != "" {
		if urls[one.fullURL] {
			r.problems.add(ReasonDuplicateURL, path+".fullUrl")
		}
		urls[one.fullURL] = true
	}
	if asked != nil {
		r.checkRequest(one, path+".request")
	}
}

// request reads what an entry asks for, which an entry of a transaction or
// batch must say, and only such an entry.
func (r *reader) request(entry map[string]json.RawMessage, path string) *request {
	raw, ok := entry["request"]
	asks := r.envelope.Type == "transaction" || r.envelope.Type == "batch"
	switch {
	case !ok && asks:
		r.problems.add(ReasonRequired, path+".request")
		return nil
	case !ok || !asks:
		return nil
	}
	asked := &request{}
	if err := json.Unmarshal(raw, asked); err != nil {
		r.problems.add(ReasonStructure, path+".request")
		return nil
	}
	if asked.Method != "POST" && asked.Method != "PUT" {
		r.problems.add(ReasonMethod, path+".request.method")
	}
	return asked
}

// checkRequest refuses what we would not do as asked. A resource that is
// context changes nothing here, whatever its condition.
func (r *reader) checkRequest(one *resource, path string) {
	asked := one.request
	if asked.IfMatch != "" || asked.IfNoneMatch != "" || asked.IfModifiedSince != "" || strings.Contains(asked.URL, "?") {
		r.problems.add(ReasonConditional, path)
		return
	}
	if asked.IfNoneExist != "" && isOurs(one.kind) && !r.isOwnIdentifier(one, asked.IfNoneExist) {
		r.problems.add(ReasonConditional, path+".ifNoneExist")
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(asked.URL, "/"), "/")
	switch {
	case asked.Method == "POST" && (kind != one.kind || id != ""),
		asked.Method == "PUT" && (kind != one.kind || id == ""):
		r.problems.add(ReasonRequestURL, path+".url")
	case asked.Method == "PUT" && id != one.id:
		r.problems.add(ReasonID, path+".url")
	}
}

// isOwnIdentifier reports whether the condition asks to make a Patient only if
// none has one of its own identifiers. That is what becomes of every Patient
// here: one whose identifier is known is never made twice.
func (r *reader) isOwnIdentifier(one *resource, condition string) bool {
	if one.kind != "Patient" {
		return false
	}
	var p patient
	if !one.decode(&p, &r.problems) {
		return false
	}
	token, ok := strings.CutPrefix(strings.TrimPrefix(condition, "?"), "identifier=")
	return ok && slices.ContainsFunc(p.Identifier, func(id identifier) bool {
		return id.Value != "" && token == id.System+"|"+id.Value
	})
}

func isOurs(kind string) bool {
	return kind == "Patient" || kind == "DiagnosticReport" || kind == "Observation"
}

// resource checks a resource and keeps it with those it contains.
func (r *reader) resource(raw json.RawMessage, path string) *resource {
	tree, ok := treeOf(raw)
	if !ok {
		r.problems.add(ReasonStructure, path)
		return nil
	}
	one := r.checked(tree, raw, path)
	if one == nil {
		return nil
	}
	if one.kind == "Bundle" || one.kind == "Parameters" { // what lies in them would be lost
		r.problems.add(ReasonBundleType, path)
		return nil
	}
	r.contained(one, tree)
	r.resources = append(r.resources, one)
	return one
}

// checked checks one resource without those it contains.
func (r *reader) checked(tree map[string]any, raw json.RawMessage, path string) *resource {
	kind, _ := tree["resourceType"].(string)
	if !r.schema.types[kind] {
		r.problems.add(ReasonResourceType, path+".resourceType")
		return nil
	}
	before := len(r.problems)
	r.schema.check(kind, tree, path, &r.problems)
	if len(r.problems) > before {
		return nil
	}
	overlay(kind, tree, path, &r.problems)
	one := &resource{kind: kind, path: path, raw: raw}
	one.id, _ = tree["id"].(string)
	one.status, _ = tree["status"].(string)
	return one
}

func (r *reader) contained(one *resource, tree map[string]any) {
	list, _ := tree["contained"].([]any)
	if len(list) == 0 {
		return
	}
	var inner struct {
		Contained []json.RawMessage `json:"contained"`
	}
	if !one.decode(&inner, &r.problems) || len(inner.Contained) != len(list) {
		return
	}
	one.contained = make(map[string]*resource)
	for i, element := range list {
		path := one.path + ".contained[" + strconv.Itoa(i) + "]"
		fields, ok := element.(map[string]any)
		if !ok {
			r.problems.add(ReasonStructure, path)
			continue
		}
		within := r.checked(fields, inner.Contained[i], path)
		if _, nested := fields["contained"]; nested { // FHIR forbids it, and nobody would read it
			r.problems.add(ReasonStructure, path+".contained")
		}
		switch {
		case within == nil:
			continue
		case within.id == "":
			r.problems.add(ReasonRequired, path+".id")
		case one.contained[within.id] != nil:
			r.problems.add(ReasonAmbiguous, path+".id")
		case within.kind == "DiagnosticReport", within.kind == "Observation" && !isOurs(one.kind):
			r.problems.add(ReasonContained, path) // not to be read there, and lost
		}
		within.container, within.place = one, one.place
		one.contained[within.id] = within
		r.inner = append(r.inner, within)
	}
}
