package web

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// This is the only file that makes template.HTML. The rows of results are the
// hottest part of the busiest page, and html/template spends more on each than
// the rest of the page together; so they are written here, by two methods that
// cannot be mistaken for each other: raw takes constants of this program only,
// text escapes everything.

// literal is markup written in this program. An untyped constant becomes one
// by itself; a test refuses any conversion of a variable.
type literal string

// markup builds HTML. Data stands only between tags and within double quotes,
// where text is safe.
type markup struct {
	b strings.Builder
}

func (m *markup) raw(l literal) { m.b.WriteString(string(l)) }

// text writes data, escaped for both places where data may stand.
func (m *markup) text(s string) {
	from := 0
	for i := range len(s) {
		var escaped string
		switch s[i] {
		case '&':
			escaped = "&amp;"
		case '<':
			escaped = "&lt;"
		case '>':
			escaped = "&gt;"
		case '"':
			escaped = "&#34;"
		case '\'':
			escaped = "&#39;"
		case 0:
			escaped = "\uFFFD"
		default:
			continue
		}
		m.b.WriteString(s[from:i])
		m.b.WriteString(escaped)
		from = i + 1
	}
	m.b.WriteString(s[from:])
}

// coordinate writes a length of a drawing, which is never negative, to a tenth.
func (m *markup) coordinate(x float64) {
	tenths := int(math.Round(x * 10))
	m.b.WriteString(strconv.Itoa(tenths / 10))
	if tenths%10 != 0 {
		m.b.WriteByte('.')
		m.b.WriteByte(byte('0' + tenths%10))
	}
}

// rendered fills a template whose result is then put into others as it is.
func rendered(t *template.Template, data any) (template.HTML, error) {
	var m markup
	err := t.Execute(&m.b, data)
	return m.html(), err
}

func (m *markup) html() template.HTML {
	return template.HTML(m.b.String()) // #nosec G203 -- every byte came through raw, text, coordinate or html/template
}
