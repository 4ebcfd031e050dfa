package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// page is an answer.
type page struct {
	url    *url.URL
	status int
	header http.Header
	body   string
}

// form is what a form of a page sends.
type form struct {
	action, origin string
	values         url.Values
}

// node is an element of a page.
type node struct{ *html.Node }

// is says something about an element.
type is func(node) bool

func tag(name string) is { return func(n node) bool { return n.Data == name } }

func has(attribute string) is {
	return func(n node) bool {
		return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == attribute })
	}
}

func with(attribute, value string) is {
	return func(n node) bool { return n.attribute(attribute) == value }
}

func class(name string) is {
	return func(n node) bool { return slices.Contains(strings.Fields(n.attribute("class")), name) }
}

func starting(attribute, prefix string) is {
	return func(n node) bool { return strings.HasPrefix(n.attribute(attribute), prefix) }
}

// root is the page's document.
func (p *page) root(t *testing.T) node {
	t.Helper()
	document, err := html.Parse(strings.NewReader(p.body))
	if err != nil {
		t.Fatal(err)
	}
	return node{document}
}

// title is the page's.
func (p *page) title(t *testing.T) string {
	t.Helper()
	return p.root(t).one(t, tag("title")).text()
}

// form is the page's only form that is sent.
func (p *page) form(t *testing.T) *form {
	t.Helper()
	n := p.root(t).one(t, tag("form"), with("method", "post"))
	action, err := p.url.Parse(n.attribute("action"))
	if err != nil {
		t.Fatal(err)
	}
	f := &form{action: action.String(), origin: p.url.Scheme + "://" + p.url.Host, values: url.Values{}}
	for _, input := range n.all(tag("input")) {
		f.values.Set(input.attribute("name"), input.attribute("value"))
	}
	return f
}

// reports are the paths in the page's list of reports.
func (p *page) reports(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, link := range p.root(t).one(t, with("id", "reports")).all(tag("a"), starting("href", "/reports/")) {
		paths = append(paths, link.attribute("href"))
	}
	return paths
}

// all returns the elements below n of which everything is true.
func (n node) all(conditions ...is) []node {
	var found []node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && !slices.ContainsFunc(conditions, func(holds is) bool { return !holds(node{d}) }) {
			found = append(found, node{d})
		}
	}
	return found
}

func (n node) one(t *testing.T, conditions ...is) node {
	t.Helper()
	found := n.all(conditions...)
	if len(found) != 1 {
		t.Fatalf("found %d elements, want 1", len(found))
	}
	return found[0]
}

func (n node) attribute(name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what n shows, with white space made one.
func (n node) text() string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }), " ")
}
