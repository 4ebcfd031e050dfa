package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Texts stand in one folder a language, and are the same in number and shape:
// said.toml holds what is worded in Go, the other files what stands in
// templates. There [[section.key]] is the text of that key, and
// [[section.key name=.Pipeline]] the text with {name} as that pipeline. All of
// it is done once, before the templates are parsed: the texts are part of the
// templates then, and html/template escapes what they are given.

//go:embed texts/*/*.toml
var textFiles embed.FS

// texts are the words of one language.
type texts struct {
	said      sentences
	templates map[string]string // by section.key
}

// readTexts reads the files of a language. A sentence that Go has no field for
// is an error.
func readTexts(code Language) (*texts, error) {
	files, err := fs.Glob(textFiles, "texts/"+string(code)+"/*.toml")
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("language %s has no texts", code))
	}
	t := &texts{templates: map[string]string{"page.language": string(code), "page.laboratory": ""}}
	if code != French {
		t.templates["page.laboratory"] = ` lang="fr"` // on what the laboratory sent
	}
	for _, file := range files {
		source, err := textFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if code == French {
			source = typeset(source)
		}
		if path.Base(file) == "said.toml" {
			err = toml.NewDecoder(bytes.NewReader(source)).DisallowUnknownFields().Decode(&t.said)
		} else {
			err = t.add(source)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return t, nil
}

// add takes in the texts of templates of one file.
func (t *texts) add(source []byte) error {
	var sections map[string]map[string]string
	if err := toml.Unmarshal(source, &sections); err != nil {
		return err
	}
	for section, keys := range sections {
		for key, text := range keys {
			name := section + "." + key
			if _, twice := t.templates[name]; twice {
				return fmt.Errorf("%s is there twice", name)
			}
			t.templates[name] = text
		}
	}
	return nil
}

// typeset sets French punctuation apart by spaces that no line breaks at.
func typeset(source []byte) []byte {
	s := string(source)
	for _, mark := range []string{":", ";", "?", "!", "»"} {
		s = strings.ReplaceAll(s, " "+mark, nbsp+mark)
	}
	return []byte(strings.ReplaceAll(s, "« ", "«"+nbsp))
}

var (
	inTemplate = regexp.MustCompile(`\[\[([a-z][a-z0-9-]*\.[a-zA-Z0-9-]+)((?: [a-zA-Z]+=[^\s\]]+)*)\]\]`)
	inText     = regexp.MustCompile(`\{([a-zA-Z]+)\}`)
)

// set puts the texts into the source of a template.
func (t *texts) set(source string) (string, error) {
	var errs []error
	out := inTemplate.ReplaceAllStringFunc(source, func(reference string) string {
		match := inTemplate.FindStringSubmatch(reference)
		text, known := t.templates[match[1]]
		if !known {
			errs = append(errs, fmt.Errorf("no text %s", match[1]))
			return ""
		}
		given := strings.Fields(match[2])
		text = inText.ReplaceAllStringFunc(text, func(placeholder string) string {
			for _, argument := range given {
				if name, pipeline, _ := strings.Cut(argument, "="); "{"+name+"}" == placeholder {
					return "{{" + pipeline + "}}"
				}
			}
			errs = append(errs, fmt.Errorf("text %s wants %s", match[1], placeholder))
			return ""
		})
		return text
	})
	if i := strings.Index(out, "[["); i >= 0 {
		errs = append(errs, fmt.Errorf("not a reference to a text: %.40q", out[i:]))
	}
	return out, errors.Join(errs...)
}

// fill puts values into a sentence, where it says {name}. Pairs are a name and
// its value.
func fill(pattern string, pairs ...string) string {
	if len(pairs) == 0 {
		return pattern
	}
	size := len(pattern)
	for _, s := range pairs {
		size += len(s)
	}
	var b strings.Builder
	b.Grow(size)
	for {
		open := strings.IndexByte(pattern, '{')
		if open < 0 {
			break
		}
		end := strings.IndexByte(pattern[open:], '}')
		if end < 0 {
			break
		}
		b.WriteString(pattern[:open])
		name := pattern[open+1 : open+end]
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				b.WriteString(pairs[i+1])
			}
		}
		pattern = pattern[open+end+1:]
	}
	b.WriteString(pattern)
	return b.String()
}
