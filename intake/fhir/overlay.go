package fhir

import (
	"slices"
	"strconv"
	"strings"
)

// The schema says nothing of required primitives, of choices made twice, and
// of elements that are there but empty. What we rely on is said here.

// required are the elements that a resource, or a part of one, must have.
var required = map[string][]string{
	"Bundle":            {"type"},
	"Composition":       {"status", "date", "title"},
	"DiagnosticReport":  {"status"},
	"Observation":       {"status"},
	"ServiceRequest":    {"status", "intent"},
	"Media":             {"status"},
	"Binary":            {"contentType"},
	"DocumentReference": {"status"},
}

// requiredConcepts are the elements that must name something, by a code or in
// words.
var requiredConcepts = map[string][]string{
	"DiagnosticReport": {"code"},
	"Observation":      {"code"},
}

// choices are the elements that may have one of several types, and must have
// one type only.
var choices = map[string][]string{
	"Observation":      {"effective", "value"},
	"DiagnosticReport": {"effective"},
	"Patient":          {"deceased", "multipleBirth"},
	"component":        {"value"},
	"extension":        {"value"},
	"collection":       {"collected", "fastingStatus"},
	"note":             {"author"},
}

// harmless are the security labels that restrict nothing beyond what every
// record here has (code system v3-Confidentiality), or say that it is a test.
var harmless = []string{"U", "L", "M", "N", "HTEST"}

// overlay adds what the schema does not find in a resource at path.
func overlay(kind string, tree map[string]any, path string, problems *Problems) {
	for _, name := range required[kind] {
		if text, _ := tree[name].(string); strings.TrimSpace(text) == "" {
			problems.add(ReasonRequired, path+"."+name)
		}
	}
	for _, name := range requiredConcepts[kind] {
		if !says(tree[name]) {
			problems.add(ReasonRequired, path+"."+name)
		}
	}
	if _, ok := tree["implicitRules"]; ok {
		problems.add(ReasonImplicitRules, path+".implicitRules")
	}
	labels(tree, path, problems)
	walk(kind, tree, path, problems)
}

// says reports whether a CodeableConcept names anything.
func says(element any) bool {
	fields, _ := element.(map[string]any)
	if text, _ := fields["text"].(string); strings.TrimSpace(text) != "" {
		return true
	}
	list, _ := fields["coding"].([]any)
	return slices.ContainsFunc(list, func(c any) bool {
		coding, _ := c.(map[string]any)
		return coding["code"] != nil || coding["display"] != nil
	})
}

// labels refuses a resource that asks for a restriction of access, since
// showing it without would disclose what was to be withheld, and one that says
// that it is not whole (closed by default).
func labels(tree map[string]any, path string, problems *Problems) {
	meta, _ := tree["meta"].(map[string]any)
	for _, code := range codes(meta["security"]) {
		if !slices.Contains(harmless, code) {
			problems.add(ReasonWithheld, path+".meta.security")
		}
	}
	if slices.Contains(codes(meta["tag"]), "SUBSETTED") {
		problems.add(ReasonSubsetted, path+".meta.tag")
	}
	if confidentiality, ok := tree["confidentiality"].(string); ok && !slices.Contains(harmless, confidentiality) {
		problems.add(ReasonWithheld, path+".confidentiality")
	}
}

func codes(element any) []string {
	list, _ := element.([]any)
	var found []string
	for _, c := range list {
		fields, _ := c.(map[string]any)
		code, _ := fields["code"].(string)
		found = append(found, code)
	}
	return found
}

// walk looks through all elements of a resource, but not into those contained,
// which are checked for themselves.
func walk(name string, tree map[string]any, path string, problems *Problems) {
	for _, prefix := range choices[name] {
		if chosen(tree, prefix) > 1 {
			problems.add(ReasonSeveralChoices, path+"."+prefix)
		}
	}
	for _, key := range sortedKeys(tree) {
		at := path + "." + key
		switch {
		case key == "modifierExtension":
			problems.add(ReasonModifier, at)
			continue
		case key == "contained", problems.full():
			continue
		}
		switch element := tree[key].(type) {
		case map[string]any:
			if len(element) == 0 {
				problems.add(ReasonRequired, at)
			}
			walk(key, element, at, problems)
		case []any:
			if len(element) == 0 {
				problems.add(ReasonRequired, at)
			}
			for i, one := range element {
				if fields, ok := one.(map[string]any); ok {
					walk(key, fields, at+"["+strconv.Itoa(i)+"]", problems)
				}
			}
		}
	}
}

// chosen counts the types in which the element prefix[x] is there, a value and
// its extensions being one.
func chosen(tree map[string]any, prefix string) int {
	types := make(map[string]bool)
	for key := range tree {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(key, "_"), prefix)
		if ok && rest != "" && 'A' <= rest[0] && rest[0] <= 'Z' {
			types[rest] = true
		}
	}
	return len(types)
}

func sortedKeys(tree map[string]any) []string {
	list := make([]string, 0, len(tree))
	for key, element := range tree {
		switch element.(type) {
		case map[string]any, []any: // all else has nothing in it
			list = append(list, key)
		}
	}
	slices.Sort(list)
	return list
}
