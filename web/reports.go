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
	LastAccess  *record.Access
	New         []record.Report // since the last visit
	Reports     []record.Report
}

type home struct {
	patient    *identityLine
	Name       string
	LastSeen   lastSeen
	LastAccess *accessLine
	New        []reportLine
	Reports    reportList
}

func (h home) section() (string, *identityLine) { return "home", h.patient }

func (p HomePage) view() (string, Base, any) {
	content := home{
		patient:  newIdentityLine(p.Patient, p.Now),
		Name:     viewerName(p.Base),
		LastSeen: newLastSeen(p.LastSignIn, p.FirstSignIn),
		Reports:  newReportList(p.Reports, p.New, p.Now),
	}
	if p.LastAccess != nil {
		content.LastAccess = newAccessLine(p.LastAccess)
	}
	for _, r := range newestFirst(p.New) {
		content.New = append(content.New, newReportLine(r, true))
	}
	return "home", p.Base, content
}

// ReportsPage is every report of a patient.
type ReportsPage struct {
	Base
	Patient *record.Patient
	Reports []record.Report
}

type reports struct {
	patient *identityLine
	Reports reportList
}

func (r reports) section() (string, *identityLine) { return "reports", r.patient }

func (p ReportsPage) view() (string, Base, any) {
	return "reports", p.Base, reports{newIdentityLine(p.Patient, p.Now), newReportList(p.Reports, nil, p.Now)}
}

// reportList is a list of reports, newest sample first, with no value in it.
type reportList struct {
	Total  string
	Groups []reportGroup
}

type reportGroup struct {
	Title string
	Lines []reportLine
}

func newReportList(all, fresh []record.Report, now time.Time) reportList {
	isNew := make(map[record.ReportID]bool, len(fresh))
	for i := range fresh {
		isNew[fresh[i].ID] = true
	}
	var list reportList
	if len(all) > 0 {
		list.Total = count(len(all), "compte rendu", "comptes rendus")
	}
	for _, r := range newestFirst(all) {
		title := groupTitle(r.Sampled, now)
		if n := len(list.Groups); n == 0 || list.Groups[n-1].Title != title {
			list.Groups = append(list.Groups, reportGroup{Title: title})
		}
		group := &list.Groups[len(list.Groups)-1]
		group.Lines = append(group.Lines, newReportLine(r, isNew[r.ID]))
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
func groupTitle(sampled record.Moment, now time.Time) string {
	switch {
	case sampled.IsZero():
		return "Sans date de prélèvement"
	case sampled.Precision >= record.ToMonth && !now.IsZero() && sampled.At.In(paris).Year() == now.In(paris).Year():
		return upperFirst(month(sampled.At))
	}
	return strconv.Itoa(sampled.At.In(paris).Year())
}

// reportLine is one report of a list.
type reportLine struct {
	Path       string
	Title      string
	Day        string
	Hour       string
	Sampled    string // mardi 17/11/2026 à 07:42
	Origin     string // laboratory and prescriber
	Prescriber string
	New        bool
	Status     tag
	Flagged    string // 5 résultats signalés
}

func newReportLine(r *record.Report, isNew bool) reportLine {
	line := reportLine{
		Path:       reportPath(r.ID),
		Title:      reportTitle(r),
		Day:        momentDay(r.Sampled),
		Sampled:    weekdayMoment(r.Sampled),
		Prescriber: r.Prescriber,
		New:        isNew,
		Status:     newStatusTag(r.Status),
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
		line.Flagged = count(r.Abnormal, "résultat signalé", "résultats signalés")
	}
	return line
}

func reportPath(id record.ReportID) string { return "/reports/" + id.String() }

func reportTitle(r *record.Report) string {
	if r.Title == "" {
		return "Compte rendu de laboratoire"
	}
	// A long list is a wall: two say what it is about, the page says the rest.
	if more := len(r.Titles) - 2; more > 1 {
		return r.Titles[0] + ", " + r.Titles[1] + " et " + strconv.Itoa(more) + " autres examens"
	}
	return r.Title
}

// tag is a state in a word; its class only repeats it.
type tag struct {
	Words string
	Class string
}

func newStatusTag(s record.Status) tag {
	switch s {
	case record.Registered:
		return tag{"En cours", "part"}
	case record.Partial:
		return tag{"Partiel", "part"}
	case record.Preliminary:
		return tag{"Provisoire", "part"}
	case record.Final:
		return tag{"Définitif", "final"}
	case record.Corrected:
		return tag{"Corrigé", "corr"}
	case record.Cancelled:
		return tag{"Annulé", "void"}
	}
	return tag{}
}
