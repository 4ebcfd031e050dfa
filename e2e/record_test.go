package e2e

import (
	"fmt"
	"math"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryPatientReadsTheirOwnRecordAndNoOther(t *testing.T) {
	owners := make(map[string]string) // of a report
	for _, p := range suite.demo.people(t, "patient", "guardian") {
		t.Run(p.Login, func(t *testing.T) {
			c := suite.demo.client(t)
			home := c.signIn(p.Login, p.Provider)
			if home.status != http.StatusOK || home.url.Path != "/" {
				t.Fatalf("after sign-in: status %d at %s, want 200 at /", home.status, home.url.Path)
			}
			for _, want := range []string{p.Name, upper(p.Traits.Family), frenchDay(p.Traits.Birthdate)} {
				if !strings.Contains(home.root(t).text(), want) {
					t.Errorf("home does not show %q", want)
				}
			}
			links := home.reports(t)
			if len(links) == 0 {
				t.Fatal("home lists no report")
			}
			if all := c.get("/reports").reports(t); !slices.Equal(all, links) {
				t.Errorf("/reports lists %d reports, home %d", len(all), len(links))
			}
			for _, link := range links {
				if other, taken := owners[link]; taken {
					t.Errorf("%s lists a report of %s", p.Login, other)
				}
				owners[link] = p.Login
			}
			readReport(t, c, links[0])
		})
	}
	if len(owners) < 60 {
		t.Errorf("%d reports in all, want two rich histories at least", len(owners))
	}
}

// readReport reads one report and finds the reading in the access log and in
// the traces.
func readReport(t *testing.T, c *client, link string) {
	t.Helper()
	report := c.get(link)
	if report.status != http.StatusOK {
		t.Fatalf("report: status %d, want 200", report.status)
	}
	if len(report.root(t).all(tag("tr"), has("data-code"))) == 0 {
		t.Error("report shows no result")
	}
	log := c.get("/access-log").root(t).one(t, with("id", "access-log"))
	lines := log.all(has("data-trace"))
	if len(lines) == 0 {
		t.Fatal("access log is empty")
	}
	if shown := lines[0].text(); !strings.Contains(shown, "Vous") || !strings.Contains(shown, "lu un compte rendu") {
		t.Errorf("latest line of the access log says %q, want one's own reading", shown)
	}
	named := c.demo.count(t, fmt.Sprintf(`SELECT count(*) FROM guichet.trace WHERE id = %s AND type = 'report.read' AND outcome = 'granted' AND '%s' = ANY (records)`,
		lines[0].attribute("data-trace"), path.Base(link)))
	if named != 1 {
		t.Error("the line's trace does not name the report that was read")
	}
}

func TestTheAccessLogGoesBackToTheFirstDeposit(t *testing.T) {
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	var reports int
	for range 20 { // with the deposits, more than one page
		reports = len(c.get("/reports").reports(t))
	}
	deposits, pages := 0, 0
	earliest := math.MaxInt
	for next := "/access-log"; next != ""; {
		p := c.get(next)
		pages++
		for _, line := range p.root(t).one(t, with("id", "access-log")).all(has("data-trace")) {
			entry, err := strconv.Atoi(line.attribute("data-trace"))
			if err != nil || entry >= earliest {
				t.Fatalf("entry %s after %d: want the latest first, each once", line.attribute("data-trace"), earliest)
			}
			earliest = entry
			if strings.Contains(line.text(), "déposé") {
				deposits++
			}
		}
		next = ""
		for _, link := range p.root(t).all(tag("a"), starting("href", "/access-log?before=")) {
			next = link.attribute("href")
		}
	}
	if pages < 2 || deposits < reports {
		t.Errorf("%d deposits on %d pages, want one at least for each of %d reports", deposits, pages, reports)
	}
}

func TestTheOriginalComesAsItWasSent(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	c := suite.demo.signedIn(t, p)
	found := 0
	for _, link := range c.get("/reports").reports(t) {
		for range c.get(link).root(t).all(tag("a"), class("btn"), with("href", link+"/original.pdf")) {
			found++
			answer := c.get(link + "/original.pdf")
			if answer.status != http.StatusOK || answer.header.Get("Content-Type") != "application/pdf" {
				t.Fatalf("original: status %d, type %s", answer.status, answer.header.Get("Content-Type"))
			}
			if !strings.HasPrefix(answer.body, "%PDF-") || !strings.Contains(answer.body[max(0, len(answer.body)-32):], "%%EOF") {
				t.Error("original is not a whole PDF")
			}
			if name := answer.header.Get("Content-Disposition"); name != `attachment; filename="compte-rendu.pdf"` {
				t.Errorf("original is handed over as %s: the name must say nothing", name)
			}
		}
	}
	if found == 0 {
		t.Errorf("no report of %s has an original", p.Login)
	}
}

func TestWhoIsUnknownToTheHospitalIsRefused(t *testing.T) {
	for _, p := range suite.demo.people(t, "unknown") {
		before := suite.demo.traces(t, "sign-in", "refused")
		c := suite.demo.client(t)
		refusal := c.signIn(p.Login, p.Provider)
		if refusal.status != http.StatusForbidden {
			t.Errorf("status %d, want 403", refusal.status)
		}
		if text := refusal.root(t).text(); !strings.Contains(text, "n’a pas pu être reliée") || strings.Contains(text, p.Traits.Family) {
			t.Errorf("the refusal says %q", text)
		}
		if got := suite.demo.traces(t, "sign-in", "refused") - before; got != 1 {
			t.Errorf("%d refusals traced, want 1", got)
		}
		for _, cookie := range c.cookies() {
			if !strings.Contains(cookie.Name, "-proof") { // sealed, for an activation code, for ten minutes
				t.Errorf("%s was left in the browser", cookie.Name)
			}
		}
		if answer := c.get("/reports"); answer.status != http.StatusSeeOther || answer.header.Get("Location") != "/" {
			t.Errorf("/reports: status %d to %s, want 303 to /", answer.status, answer.header.Get("Location"))
		}
	}
}

func TestNothingIsSharedWithProfessionalsYet(t *testing.T) {
	for _, p := range suite.demo.people(t, "physician", "nurse") {
		t.Run(p.Login, func(t *testing.T) {
			c := suite.demo.client(t)
			home := c.signIn(p.Login, p.Provider)
			if home.status != http.StatusOK || !strings.Contains(home.root(t).text(), "Aucun dossier ne vous est encore partagé") {
				t.Errorf("home: status %d, %q", home.status, home.title(t))
			}
			// No record is theirs: no list of reports, and no log of accesses.
			for _, path := range []string{"/reports", "/access-log"} {
				if answer := c.get(path); answer.status != http.StatusNotFound {
					t.Errorf("%s: status %d, want 404", path, answer.status)
				}
			}
		})
	}
}

func TestLastSignInIsShownFromTheSecondOn(t *testing.T) {
	p := suite.demo.people(t, "physician")[0]
	suite.demo.signedIn(t, p).signOut() // the first time, or a later one
	home := suite.demo.signedIn(t, p).get("/")
	last := home.root(t).one(t, with("id", "last-login"))
	if len(last.all(tag("time"), has("datetime"))) != 1 {
		t.Errorf("last sign-in is shown as %q", last.text())
	}
}

func upper(s string) string { return strings.ToUpper(s) }

// frenchDay writes 1961-03-09 as 09/03/1961.
func frenchDay(date string) string { return date[8:] + "/" + date[5:7] + "/" + date[:4] }
