package fhir

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

//go:embed fhir.schema.json.gz
var compressedSchema []byte

// official is the schema of FHIR R4, made at the first message.
var official = sync.OnceValues(loadSchema)

const schemaURL = "http://hl7.org/fhir/json-schema/4.0"

// schema checks resources against the definitions of FHIR R4. A definition is
// compiled when it is first needed.
type schema struct {
	types map[string]bool // of resources
	names map[string]bool // of all elements there are

	mu       sync.Mutex // guards the compiler and what it compiled
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

func loadSchema() (*schema, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(compressedSchema))
	if err != nil {
		return nil, fmt.Errorf("unzip schema: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(unzipped)
	if err != nil {
		return nil, fmt.Errorf("decode schema: %w", err)
	}
	root, ok := document.(map[string]any)
	if !ok {
		return nil, errors.New("decode schema: not an object")
	}
	definitions, ok := root["definitions"].(map[string]any)
	if !ok {
		return nil, errors.New("decode schema: no definitions")
	}
	s := &schema{types: make(map[string]bool), names: make(map[string]bool), compiled: make(map[string]*jsonschema.Schema)}
	for name, definition := range definitions {
		s.learn(name, definition)
	}
	amend(definitions)
	s.compiler = jsonschema.NewCompiler()
	s.compiler.DefaultDraft(jsonschema.Draft6)
	delete(root, "oneOf") // each definition is used by its name
	if err := s.compiler.AddResource(schemaURL, root); err != nil {
		return nil, fmt.Errorf("add schema: %w", err)
	}
	return s, nil
}

// learn notes the names of a definition, and drops its descriptions, which are
// half of the memory.
func (s *schema) learn(name string, definition any) {
	fields, _ := definition.(map[string]any)
	delete(fields, "description")
	properties, _ := fields["properties"].(map[string]any)
	for property, value := range properties {
		s.names[property] = true
		if p, ok := value.(map[string]any); ok {
			delete(p, "description")
		}
	}
	if resourceType, ok := properties["resourceType"].(map[string]any); ok && resourceType["const"] == name {
		s.types[name] = true
	}
}

// openChoices are the definitions whose choice of type is any type there is,
// with the prefixes of that choice.
var openChoices = map[string][]string{
	"Extension": {"value"}, "ElementDefinition": {"defaultValue", "fixed", "pattern"}, "ElementDefinition_Example": {"value"},
	"Parameters_Parameter": {"value"}, "StructureMap_Source": {"defaultValue"}, "Task_Input": {"value"}, "Task_Output": {"value"},
}

// amend turns the schema of 4.0.0 into that of 4.0.1, and makes it stricter
// where it says less than FHIR does (SCHEMA.md).
func amend(definitions map[string]any) {
	for _, definition := range definitions {
		fields, _ := definition.(map[string]any)
		tightenInteger(fields)
		properties, _ := fields["properties"].(map[string]any)
		for _, property := range properties {
			tightenInteger(property)
		}
		version, ok := properties["fhirVersion"].(map[string]any)
		if values, listed := version["enum"].([]any); ok && listed {
			version["enum"] = append(values, "4.0.1")
		}
	}
	for name, prefixes := range openChoices {
		fields, _ := definitions[name].(map[string]any)
		properties, _ := fields["properties"].(map[string]any)
		for _, prefix := range prefixes {
			properties[prefix+"Meta"] = map[string]any{"$ref": "#/definitions/Meta"}
		}
	}
	definitions["ResourceList"] = map[string]any{}
}

// tightenInteger makes integers of the numbers whose pattern, which JSON Schema
// heeds in strings only, has no decimal point.
func tightenInteger(element any) {
	fields, _ := element.(map[string]any)
	if pattern, ok := fields["pattern"].(string); ok && fields["type"] == "number" && !strings.Contains(pattern, ".") {
		fields["type"] = "integer"
	}
}

// definition returns a definition, compiled.
func (s *schema) definition(name string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.compiled[name]; ok {
		return known, nil
	}
	compiled, err := s.compiler.Compile(schemaURL + "#/definitions/" + name)
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	s.compiled[name] = compiled
	return compiled, nil
}

// check adds what is wrong with a resource, which stands at path.
func (s *schema) check(resourceType string, tree any, path string, problems *Problems) {
	definition, err := s.definition(resourceType)
	if err != nil {
		problems.add(ReasonInternal, path)
		return
	}
	err = definition.Validate(tree)
	if err == nil {
		return
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		problems.add(ReasonStructure, path)
		return
	}
	found := s.explain(invalid, path)
	slices.SortFunc(found, func(a, b finding) int { // the validator's order is not always the same
		return cmp.Or(strings.Compare(a.place, b.place), strings.Compare(string(a.reason), string(b.reason)))
	})
	for _, f := range slices.Compact(found) {
		problems.add(f.reason, f.place)
	}
}

// finding is one thing that is wrong with a resource.
type finding struct {
	reason Reason
	place  string
}

// Check says what is wrong with a resource by the schema alone: for what is
// written elsewhere, where nobody relies on what this package takes.
func Check(content []byte) error {
	if reason := checkJSON(content); reason != "" {
		return NewProblem(reason, "resource")
	}
	tree, ok := treeOf(content)
	kind, _ := tree["resourceType"].(string)
	s, err := official()
	if err != nil {
		return err
	}
	if !ok || !s.types[kind] {
		return NewProblem(ReasonStructure, "resourceType")
	}
	var problems Problems
	if s.check(kind, tree, kind, &problems); len(problems) > 0 {
		return problems
	}
	return nil
}

// explain lists the leaves of a validation error. A place is made of names
// that FHIR knows, never of what a sender wrote.
func (s *schema) explain(e *jsonschema.ValidationError, path string) []finding {
	var list []finding
	for _, cause := range e.Causes {
		list = append(list, s.explain(cause, path)...)
	}
	if len(e.Causes) > 0 {
		return list
	}
	place := path
	for _, name := range e.InstanceLocation {
		switch {
		case isDigits(name):
			place += "[" + name + "]"
		case s.names[name]:
			place += "." + name
		}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return []finding{{ReasonUnknownElement, place}}
	case *kind.Required:
		for _, name := range k.Missing { // names of the schema
			list = append(list, finding{ReasonRequired, place + "." + name})
		}
		return list
	case *kind.Pattern:
		return []finding{{ReasonValue, place}}
	case *kind.Enum:
		return []finding{{ReasonCode, place}}
	}
	return []finding{{ReasonStructure, place}}
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
