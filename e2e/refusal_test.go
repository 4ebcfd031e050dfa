package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

// reference is what tells two pages of refusal apart: random, of fixed length.
var reference = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b`)

const absent = "0b6f6f5e-2f57-4a3f-9a39-5d3f3f0e7c11" // the name of no report

// asked is a way to ask for a report by its name.
type asked struct {
	name   string
	traced int // entries of a refusal
	send   func(c *client, report string) *page
}

func waysToAsk() []asked {
	get := func(format string) func(*client, string) *page {
		return func(c *client, report string) *page { return c.get(fmt.Sprintf(format, report)) }
	}
	return []asked{
		{"path", 1, get("/reports/%s")},
		{"path of the original", 1, get("/reports/%s/original.pdf")},
		{"path, upper case", 1, func(c *client, report string) *page { return c.get("/reports/" + strings.ToUpper(report)) }},
		{"path, escaped", 1, func(c *client, report string) *page {
			return c.get(fmt.Sprintf("/reports/%%%02x%s", report[0], report[1:]))
		}},
		{"path with a slash behind", 0, get("/reports/%s/")},
		{"query beside a report that does not exist", 1, get("/reports/" + absent[:35] + "2?report=%s")},
		{"header beside a report that does not exist", 1, func(c *client, report string) *page {
			r := c.request(http.MethodGet, "/reports/"+absent[:35]+"2", nil)
			for _, name := range []string{"X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Report", "Referer"} {
				r.Header.Set(name, "/reports/"+report)
			}
			return c.send(r)
		}},
		{"head", 1, func(c *client, report string) *page {
			return c.send(c.request(http.MethodHead, "/reports/"+report, nil))
		}},
		{"form to the report", 0, func(c *client, report string) *page {
			return c.post("/reports/"+report, url.Values{"report": {report}})
		}},
		{"form to the list", 0, func(c *client, report string) *page {
			return c.post("/reports", url.Values{"report": {report}, "patient": {report}})
		}},
		{"other method in a form", 0, func(c *client, report string) *page {
			return c.post("/reports/"+report, url.Values{"_method": {"GET"}})
		}},
	}
}

func TestAnotherPatientsReportIsLikeOneThatDoesNotExist(t *testing.T) {
	patients := suite.demo.people(t, "patient")
	victim := suite.demo.signedIn(t, patients[0]).get("/reports").reports(t)[0]
	attackers := map[string]*client{
		"patient":   suite.demo.signedIn(t, patients[1]),
		"physician": suite.demo.signedIn(t, suite.demo.people(t, "physician")[0]),
	}
	for role, c := range attackers {
		for _, way := range waysToAsk() {
			t.Run(role+"/"+way.name, func(t *testing.T) {
				c := c.in(t)
				before := suite.demo.traces(t, "report.read", "refused") + suite.demo.traces(t, "document.read", "refused")
				forbidden, missing := way.send(c, path.Base(victim)), way.send(c, absent)
				traced := suite.demo.traces(t, "report.read", "refused") + suite.demo.traces(t, "document.read", "refused") - before
				if traced != 2*way.traced {
					t.Errorf("%d refusals traced for two requests, want %d", traced, 2*way.traced)
				}
				if forbidden.status != http.StatusNotFound {
					t.Errorf("status %d, want 404", forbidden.status)
				}
				sameButForReference(t, forbidden, missing)
			})
		}
	}
}

// sameButForReference compares what can be seen from outside.
func sameButForReference(t *testing.T, got, want *page) {
	t.Helper()
	if got.status != want.status {
		t.Errorf("status %d, want %d as for one that does not exist", got.status, want.status)
	}
	if len(got.body) != len(want.body) {
		t.Errorf("%d bytes, want %d as for one that does not exist", len(got.body), len(want.body))
	}
	if reference.ReplaceAllString(got.body, "") != reference.ReplaceAllString(want.body, "") {
		t.Error("the page is not that of one that does not exist")
	}
	if coding := got.header.Get("Content-Encoding"); coding != "" {
		t.Errorf("the page is compressed by %s: its size tells of its content", coding)
	}
	gotHeader, wantHeader := got.header.Clone(), want.header.Clone()
	gotHeader.Del("Date")
	wantHeader.Del("Date")
	if !maps.EqualFunc(gotHeader, wantHeader, func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }) {
		t.Errorf("headers %v, want %v as for one that does not exist", gotHeader, wantHeader)
	}
}

func TestAnotherPatientsReportInAQueryChangesNothing(t *testing.T) {
	patients := suite.demo.people(t, "patient")
	victim := path.Base(suite.demo.signedIn(t, patients[0]).get("/reports").reports(t)[0])
	c := suite.demo.signedIn(t, patients[1])
	own := c.get("/reports").reports(t)[0]
	for _, base := range []string{"/", "/reports", "/access-log", own} {
		for _, parameter := range []string{"report", "id", "patient", "account"} {
			plain, with := c.get(base), c.get(base+"?"+url.Values{parameter: {victim}}.Encode())
			if with.status != plain.status || with.title(t) != plain.title(t) {
				t.Errorf("%s with %s: status %d, want %d as without", base, parameter, with.status, plain.status)
			}
			if strings.Contains(with.body, victim) || strings.Contains(with.body, upper(patients[0].Traits.Family)) {
				t.Errorf("%s with %s shows the other patient's record", base, parameter)
			}
		}
	}
}
