package configs

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a configuration. It names the field and says
// what is expected; it never repeats the value.
type Problem struct {
	Field string // path in the file, or the name of an environment variable
	Text  string
}

// Problems is everything wrong with a configuration, in one error.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, 0, len(p)+1)
	if len(p) == 1 {
		lines = append(lines, "1 problem")
	} else {
		lines = append(lines, fmt.Sprintf("%d problems", len(p)))
	}
	for _, problem := range p {
		lines = append(lines, problem.Field+": "+problem.Text)
	}
	return strings.Join(lines, "\n  ")
}

func (p *Problems) add(field, text string) { *p = append(*p, Problem{Field: field, Text: text}) }

// without leaves out the problems of fields that known already names: a field
// of the wrong type is not reported as missing as well.
func (p Problems) without(known Problems) Problems {
	named := make(map[string]bool, len(known))
	for _, problem := range known {
		named[problem.Field] = true
	}
	var rest Problems
	for _, problem := range p {
		if !named[problem.Field] {
			rest = append(rest, problem)
		}
	}
	return rest
}

// asError is nil when there is no problem: a typed nil would not compare so.
func (p Problems) asError() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
