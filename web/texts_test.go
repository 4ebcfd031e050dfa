package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func textsOf(t *testing.T, code Language) *texts {
	t.Helper()
	read, err := readTexts(code)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// flatten gives the sentences by name, each of a list apart.
func flatten(into map[string]string, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			flatten(into, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			flatten(into, name+"."+string(rune('0'+i)), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			flatten(into, name+"."+key.String(), v.MapIndex(key))
		}
	default:
		into[name] = v.String()
	}
}

func everyText(t *testing.T, code Language) map[string]string {
	t.Helper()
	read := textsOf(t, code)
	all := maps.Clone(read.templates)
	flatten(all, "said", reflect.ValueOf(read.said))
	return all
}

// Both languages have the same texts, each with the same placeholders and the
// same markup, and none is empty.
func TestLanguagesHaveTheSameTexts(t *testing.T) {
	french, english := everyText(t, French), everyText(t, English)
	if len(french) < 300 {
		t.Fatalf("only %d texts", len(french))
	}
	markup := regexp.MustCompile(`<[^>]*>`)
	sorted := func(expression *regexp.Regexp, text string) []string {
		found := expression.FindAllString(text, -1)
		slices.Sort(found)
		return found
	}
	for name, text := range french {
		other, there := english[name]
		if !there {
			t.Errorf("%s: not in English", name)
			continue
		}
		if name == "page.laboratory" { // empty where the page is in the laboratory's language
			continue
		}
		if text == "" || other == "" {
			t.Errorf("%s: empty", name)
		}
		if got, want := sorted(inText, other), sorted(inText, text); !slices.Equal(got, want) {
			t.Errorf("%s: placeholders %q in English, %q in French", name, got, want)
		}
		if got, want := markup.FindAllString(other, -1), markup.FindAllString(text, -1); !slices.Equal(got, want) {
			t.Errorf("%s: markup %q in English, %q in French", name, got, want)
		}
	}
	for name := range english {
		if _, there := french[name]; !there {
			t.Errorf("%s: not in French", name)
		}
	}
}

// No text is there that no template asks for, and no sentence that no code
// says.
func TestEveryTextIsUsed(t *testing.T) {
	used := make(map[string]bool)
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := templateFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range inTemplate.FindAllStringSubmatch(string(source), -1) {
			used[match[1]] = true
		}
	}
	for name := range textsOf(t, French).templates {
		if !used[name] {
			t.Errorf("no template asks for %s", name)
		}
	}
	said := selectors(t)
	for group := range reflect.TypeFor[sentences]().Fields() {
		if group.Type.Kind() == reflect.Map {
			continue
		}
		for field := range group.Type.Fields() {
			if !said[field.Name] {
				t.Errorf("nobody says %s.%s", group.Name, field.Name)
			}
		}
	}
}

// selectors are the names that the package's code asks of something.
func selectors(t *testing.T) map[string]bool {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				found[selector.Sel.Name] = true
			}
			return true
		})
	}
	return found
}

// What stands in templates of both languages is words of one only.
func TestTemplatesHoldNoWords(t *testing.T) {
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	// Markup, actions and references go; names of the product stay.
	aside := regexp.MustCompile(`(?s)\[\[.*?\]\]|\{\{.*?\}\}|<[^>]*>|&[a-z]+;|\bGuichet\b`)
	label := regexp.MustCompile(`(?:aria-label|title|placeholder|alt)="([^"]*)"`)
	word := regexp.MustCompile(`\p{L}{2,}`)
	for _, file := range files {
		source, err := templateFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := word.FindAllString(aside.ReplaceAllString(string(source), " "), -1); len(found) > 0 {
			t.Errorf("%s: %q", file, found)
		}
		for _, match := range label.FindAllStringSubmatch(string(source), -1) {
			if found := word.FindAllString(aside.ReplaceAllString(match[1], " "), -1); len(found) > 0 {
				t.Errorf("%s: %q", file, found)
			}
		}
	}
}

func TestEnglishIsNotFrench(t *testing.T) {
	for name, text := range everyText(t, English) {
		if name == "layout.otherName" || strings.HasPrefix(name, "said.Unit.") {
			continue
		}
		if strings.Contains(text, nbsp+":") || strings.Contains(text, "«") || strings.Contains(text, "œ") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestTextsAreCheckedAtStart(t *testing.T) {
	known := &texts{templates: map[string]string{"a.b": "Bonjour {name}"}}
	for source, want := range map[string]string{
		"<p>[[a.b name=.Name]]</p>":       "<p>Bonjour {{.Name}}</p>",
		"[[a.b name=$.Site.Name]]":        "Bonjour {{$.Site.Name}}",
		"[[a.b]]":                         "",
		"[[a.c]]":                         "",
		"[[a.b nom=.Name]]":               "",
		"[[not a reference]]":             "",
		"no reference, and a ] or a [ is": "no reference, and a ] or a [ is",
	} {
		got, err := known.set(source)
		if (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%s: got %q, %v", source, got, err)
		}
	}
	if _, err := readTexts("de"); err == nil {
		t.Error("a language without texts was read")
	}
	if err := known.add([]byte("[a]\nb = 'again'")); err == nil {
		t.Error("a text stands twice")
	}
}

func FuzzFill(f *testing.F) {
	f.Add("{a} de {b}", "x")
	f.Add("{", "}")
	f.Add("}{a", "{a}")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		got := fill(pattern, "a", value, "b", "y")
		if utf8.ValidString(pattern) && utf8.ValidString(value) && !utf8.ValidString(got) {
			t.Errorf("%q with %q becomes %q", pattern, value, got)
		}
		if !strings.ContainsAny(pattern, "{}") && got != pattern {
			t.Errorf("%q becomes %q", pattern, got)
		}
	})
}
