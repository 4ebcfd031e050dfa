package web

import (
	"net/url"
	"strings"
	"testing"

	"guichet/record"
)

func TestFilter(t *testing.T) {
	now := instant(t, "2026-11-19 10:32")
	reports := manyReports(t)
	reports = append(reports, record.Report{Title: "Sérologie", Laboratory: "Biologie médicale"}) // without a date
	for name, c := range map[string]struct {
		filter Filter
		want   int
	}{
		"nothing asked":        {Filter{}, 501},
		"a word":               {Filter{Text: "nfs 499"}, 1},
		"accents do not count": {Filter{Text: "SEROLOGIE"}, 1},
		"any order":            {Filter{Text: "ionogramme NFS"}, 500},
		"punctuation only":     {Filter{Text: "?!"}, 501},
		"half a year":          {Filter{Period: HalfAYear}, 26},
		"flagged":              {Filter{Flagged: true}, 250},
		"one laboratory":       {Filter{Laboratory: laboratoryKey("Bio-Vallon")}, 250},
		"an unknown one":       {Filter{Laboratory: "x"}, 0},
		"all at once":          {Filter{Text: "nfs", Period: OneYear, Flagged: true, Laboratory: laboratoryKey("Bio-Vallon")}, 26},
	} {
		if got := len(c.filter.apply(reports, now)); got != c.want {
			t.Errorf("%s: %d reports, want %d", name, got, c.want)
		}
	}
}

// The address of a filtered list names nobody and no laboratory.
func TestFilterAddress(t *testing.T) {
	form := url.Values{"text": {" é&? "}, "period": {"1y"}, "laboratory": {laboratoryKey("Bio-Vallon")}, "flagged": {"yes"}}
	f := ParseFilter(form)
	path := f.path(3)
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/reports?") || strings.Contains(path, "Vallon") {
		t.Fatal(path, err)
	}
	if got := ParseFilter(u.Query()); got != f || u.Query().Get("page") != "3" {
		t.Errorf("got %+v, want %+v", got, f)
	}
	if got := (Filter{}).path(1); got != "/reports" {
		t.Errorf("without a filter: %s", got)
	}
	if got := ParseFilter(url.Values{"text": {strings.Repeat("é", 200)}, "period": {"1 OR 1=1"}}); len([]rune(got.Text)) != longestText || got.Period != AnyTime {
		t.Errorf("got %+v", got)
	}
}

func TestLongListsHavePages(t *testing.T) {
	w := newWeb(t)
	base := signedIn(t)
	seen := make(map[string]bool)
	for page := 1; page <= 5; page++ {
		doc, source := renderedPage(t, w, ReportsPage{Base: base, Reports: manyReports(t), Page: page})
		for _, a := range all(all(doc, withAttr("id", "reports"))[0], tagged("a")) {
			href, _ := attr(a, "href")
			seen[href] = true
		}
		if page == 1 && !strings.Contains(plain(textOf(all(doc, withAttr("role", "status"))[0])), "500 comptes rendus") {
			t.Error("the list does not say how long it is")
		}
		if total := len(source) + len(w.static.files[w.static.styleHref].gzipped); total > 80_000 {
			t.Errorf("page %d: %d bytes", page, total)
		}
		if older := strings.Contains(source, "page="+string(rune('0'+page+1))); older != (page < 5) {
			t.Errorf("page %d: leads on %t", page, older)
		}
	}
	if len(seen) != 500 {
		t.Errorf("%d reports on all pages", len(seen))
	}
}

func TestFilterFormShowsWhatWasAsked(t *testing.T) {
	w := newWeb(t)
	filter := Filter{Text: `"><b>`, Period: OneYear, Laboratory: laboratoryKey("Bio-Vallon"), Flagged: true}
	doc, _ := renderedPage(t, w, ReportsPage{Base: signedIn(t), Reports: manyReports(t), Filter: filter})
	if got, _ := attr(all(doc, withAttr("id", "text"))[0], "value"); got != filter.Text {
		t.Errorf("text: %q", got)
	}
	var chosen []string
	for _, option := range all(doc, withAttr("selected", "*")) {
		chosen = append(chosen, plain(textOf(option)))
	}
	if got := strings.Join(chosen, ", "); got != "12 derniers mois, Bio-Vallon" {
		t.Errorf("chosen: %s", got)
	}
	if len(all(doc, withAttr("checked", "*"))) != 1 || len(all(doc, withAttr("open", "*"))) != 1 {
		t.Error("the box is not ticked, or the filters in use are folded away")
	}
	if got := plain(textOf(all(doc, withAttr("role", "status"))[0])); got != "0 compte rendu sur 500." {
		t.Errorf("status: %s", got)
	}
	doc, _ = renderedPage(t, w, ReportsPage{Base: signedIn(t)})
	if len(all(doc, withAttr("id", "text"))) > 0 {
		t.Error("someone without reports is offered a filter")
	}
}
