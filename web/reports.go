package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/record"
)

// HomePage is what a patient sees after signing in.
type HomePage struct {
	Base
	Patient     *record.Patient
	LastSignIn  *record.SignIn
	FirstSignIn bool
	Others      []record.Access // who else opened the record last
	New         []record.Report // since the last visit
	Reports     []record.Report
}

type home struct {
	patient  *identityLine
	Name     string
	LastSeen lastSeen
	Others   []*accessLine
	New      []reportLine
	MoreNew  string // how many new reports have no card
	Reports  reportList
}

func (h home) section() (string, *identityLine) { return "home", h.patient }

// newCards is how many new reports stand out: more would bury the list.
const newCards = 6

func (p HomePage) view(l *language) (string, Base, any) {
	p.Greeting = nil // it says the same itself
	content := home{
		patient:  l.newIdentityLine(p.Patient, p.Now),
		Name:     viewerName(p.Base),
		LastSeen: l.newLastSeen(p.LastSignIn, p.FirstSignIn),
		Reports:  l.newReportList(newestFirst(p.Reports), p.New, p.Now),
	}
	for i := range p.Others {
		line := l.newAccessLine(&p.Others[i])
		line.When = upperFirst(line.When)
		content.Others = append(content.Others, line)
	}
	if len(p.Reports) > reportsOnAPage {
		content.Reports.Older = "/reports?page=2"
	}
	fresh := newestFirst(p.New)
	for _, r := range fresh[:min(len(fresh), newCards)] {
		content.New = append(content.New, l.newReportLine(r, true))
	}
	if more := len(fresh) - newCards; more > 0 {
		content.MoreNew = l.count(more, l.say.List.Reports)
	}
	return "home", p.Base, content
}

// ReportsPage is every report of a patient that a filter leaves in.
type ReportsPage struct {
	Base
	Patient *record.Patient
	Reports []record.Report
	Filter  Filter
	Page    int // of the list; 0 and 1 are the first
}

type reports struct {
	patient *identityLine
	Filter  *filterForm
	Reports reportList
}

func (r reports) section() (string, *identityLine) { return "reports", r.patient }

// reportsOnAPage keeps the list of a long life below what a slow telephone can
// bear.
const reportsOnAPage = 100

func (p ReportsPage) view(l *language) (string, Base, any) {
	left := newestFirst(p.Filter.apply(p.Reports, p.Now))
	pages := max((len(left)+reportsOnAPage-1)/reportsOnAPage, 1)
	page := min(max(p.Page, 1), pages)
	content := reports{
		patient: l.newIdentityLine(p.Patient, p.Now),
		Filter:  l.newFilterForm(p.Filter, p.Reports),
		Reports: l.newReportList(left[(page-1)*reportsOnAPage:], nil, p.Now),
	}
	if p.Filter != (Filter{}) {
		content.Reports.Filtered = true
		content.Reports.Total = fill(l.say.List.OutOf, "reports", l.count(len(left), l.say.List.Reports), "total", strconv.Itoa(len(p.Reports)))
	} else if len(left) > 0 {
		content.Reports.Total = l.count(len(left), l.say.List.Reports)
	}
	if page > 1 {
		content.Reports.Newer = p.Filter.path(page - 1)
	}
	if page < pages {
		content.Reports.Older = p.Filter.path(page + 1)
	}
	return "reports", p.Base, content
}

// path is the address of a page of the list that f leaves in.
func (f Filter) path(page int) string {
	form := f.values()
	if page > 1 {
		form.Set("page", strconv.Itoa(page))
	}
	if len(form) == 0 {
		return "/reports"
	}
	return "/reports?" + form.Encode()
}

// reportList is a list of reports, newest sample first, with no value in it.
type reportList struct {
	Total        string
	Filtered     bool
	Groups       []reportGroup
	Newer, Older string // where the list goes on
}

type reportGroup struct {
	Title string
	Lines []reportLine
}

// newReportList lists the first of all, which are in order.
func (l *language) newReportList(all []*record.Report, fresh []record.Report, now time.Time) reportList {
	isNew := make(map[record.ReportID]bool, len(fresh))
	for i := range fresh {
		isNew[fresh[i].ID] = true
	}
	var list reportList
	if len(all) > 0 {
		list.Total = l.count(len(all), l.say.List.Reports)
	}
	for _, r := range all[:min(len(all), reportsOnAPage)] {
		title := l.groupTitle(r.Sampled, now)
		if n := len(list.Groups); n == 0 || list.Groups[n-1].Title != title {
			list.Groups = append(list.Groups, reportGroup{Title: title})
		}
		group := &list.Groups[len(list.Groups)-1]
		group.Lines = append(group.Lines, l.newReportLine(r, isNew[r.ID]))
	}
	return list
}

// newestFirst orders reports by sample; those without a date come last.
func newestFirst(reports []record.Report) []*record.Report {
	sorted := make([]*record.Report, len(reports))
	for i := range reports {
		sorted[i] = &reports[i]
	}
	slices.SortStableFunc(sorted, func(a, b *record.Report) int {
		if a.Sampled.IsZero() != b.Sampled.IsZero() {
			if a.Sampled.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(b.Sampled.At.Compare(a.Sampled.At), b.Deposited.Compare(a.Deposited))
	})
	return sorted
}

// groupTitle sorts reports under months in the current year, and under years
// before it.
func (l *language) groupTitle(sampled record.Moment, now time.Time) string {
	switch {
	case sampled.IsZero():
		return l.say.List.Undated
	case sampled.Precision >= record.ToMonth && !now.IsZero() && sampled.At.In(paris).Year() == now.In(paris).Year():
		return upperFirst(l.month(sampled.At))
	}
	return strconv.Itoa(sampled.At.In(paris).Year())
}

// reportLine is one report of a list.
type reportLine struct {
	Path       string
	Title      title
	Day        string
	Hour       string
	Sampled    string // mardi 17/11/2026 à 07:42
	Origin     string // laboratory and prescriber
	Prescriber string
	New        bool
	Status     tag
	Flagged    string // 5 résultats signalés
}

func (l *language) newReportLine(r *record.Report, isNew bool) reportLine {
	line := reportLine{
		Path:       reportPath(r.ID),
		Title:      l.titleOf(r),
		Day:        l.momentDay(r.Sampled),
		Sampled:    l.weekdayMoment(r.Sampled),
		Prescriber: r.Prescriber,
		New:        isNew,
		Status:     l.newStatusTag(r.Status),
	}
	if r.Sampled.Precision >= record.ToMinute {
		line.Hour = shortHour(r.Sampled.At)
	}
	var origin []string
	for _, part := range []string{r.Laboratory, r.Prescriber} {
		if part != "" {
			origin = append(origin, part)
		}
	}
	line.Origin = strings.Join(origin, " · ")
	if r.Abnormal > 0 {
		line.Flagged = l.count(r.Abnormal, l.say.List.Flagged)
	}
	return line
}

func reportPath(id record.ReportID) string { return "/reports/" + id.String() }

// title is what something is called: as the laboratory sent it, then in words
// of the page's own.
type title struct{ Sent, Own string }

func (t title) String() string { return t.Sent + t.Own }

func (l *language) titleOf(r *record.Report) title {
	if r.Title == "" {
		return title{Own: l.say.Report.Untitled}
	}
	// A long list is a wall: two say what it is about, the page says the rest.
	if more := len(r.Titles) - 2; more > 1 {
		return title{Sent: r.Titles[0] + ", " + r.Titles[1], Own: fill(l.say.Report.More, "n", strconv.Itoa(more))}
	}
	return title{Sent: r.Title}
}

// tag is a state in a word; its class only repeats it.
type tag struct {
	Words string
	Class string
}

func (l *language) newStatusTag(s record.Status) tag {
	switch s {
	case record.Registered:
		return tag{l.say.Status.Registered, "part"}
	case record.Partial:
		return tag{l.say.Status.Partial, "part"}
	case record.Preliminary:
		return tag{l.say.Status.Preliminary, "part"}
	case record.Final:
		return tag{l.say.Status.Final, "final"}
	case record.Corrected:
		return tag{l.say.Status.Corrected, "corr"}
	case record.Cancelled:
		return tag{l.say.Status.Cancelled, "void"}
	}
	return tag{}
}
