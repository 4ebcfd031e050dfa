package web

import (
	"strconv"
	"time"

	"guichet/record"
)

// AccessLogPage is who has read, changed or asked for a patient's data
// (CNIL-3.4-3).
type AccessLogPage struct {
	Base
	Patient  *record.Patient
	Accesses []record.Access
	Filter   AccessFilter
	Total    int                  // that the filter leaves in
	Months   []record.AccessCount // latest first; nil where they are not counted
	More     bool                 // there are older ones
	Signed   bool                 // each line can be proved
}

type accessLog struct {
	patient *identityLine
	Filter  *accessForm
	Total   string
	Days    []accessDay
	Months  []accessMonth
	More    string
	CSV     string
	PDF     string
}

// accessMonth is how many accesses there were, and by whom.
type accessMonth struct {
	Month string
	By    []string
	Total string
}

func (a accessLog) section() (string, *identityLine) { return "access-log", a.patient }

type accessDay struct {
	Title string
	Lines []*accessLine
}

func (p AccessLogPage) view(l *language) (string, Base, any) {
	content := accessLog{patient: l.newIdentityLine(p.Patient, p.Now), Filter: l.newAccessForm(p.Filter), Months: l.newAccessMonths(p.Months),
		Total: l.count(p.Total, l.say.Access.Accesses), CSV: p.Filter.path("/access-log.csv", ""), PDF: p.Filter.path("/access-log.pdf", "")}
	if p.More && len(p.Accesses) > 0 {
		content.More = p.Filter.path("/access-log", strconv.FormatInt(p.Accesses[len(p.Accesses)-1].Entry, 10))
	}
	for i := range p.Accesses {
		a := &p.Accesses[i]
		title := upperFirst(l.longDay(a.At))
		if !p.Now.IsZero() && sameDay(a.At, p.Now) {
			title = fill(l.say.Time.Today, "day", title)
		}
		if n := len(content.Days); n == 0 || content.Days[n-1].Title != title {
			content.Days = append(content.Days, accessDay{Title: title})
		}
		day := &content.Days[len(content.Days)-1]
		line := l.newAccessLine(a)
		line.Report = reportable(a)
		if p.Signed {
			line.Proof = linePath(a.Entry) + "/proof"
		}
		day.Lines = append(day.Lines, line)
	}
	return "access-log", p.Base, content
}

// accessLine is one access in a sentence: who, did what, when, why.
type accessLine struct {
	Trace  int64
	Who    string
	As     string // in what quality
	Did    string
	Why    string
	About  *aboutLine // the report, where it is one
	Tag    *tag
	Kind   string // me, care, urgent or system: the picture beside the line
	ISO    string
	Hour   string
	When   string // mercredi 18 novembre 2026 à 14 h 05
	Proof  string // path of the page that proves it, or empty
	Report string // path of the page that reports it, or empty
}

func (l *language) newAccessLine(a *record.Access) *accessLine {
	line := &accessLine{
		Trace: a.Entry,
		Who:   l.whoWords(a),
		As:    l.qualityWords(a),
		Kind:  accessKind(a),
		ISO:   a.At.In(paris).Format(time.RFC3339),
		Hour:  l.wideHour(a.At),
		When:  l.dayAndHour(a.At, time.Time{}),
	}
	line.Did, line.Why = l.didWords(a), l.groundWords(a)
	if a.About != nil {
		line.About = &aboutLine{Path: reportPath(a.About.ID), Title: l.titleOf(a.About), Day: l.momentDay(a.About.Sampled)}
	}
	switch {
	case a.Outcome == "refused":
		line.Tag, line.Why = &tag{l.say.Access.RefusedTag, ""}, l.say.Access.NothingRead
	case a.Outcome == "failed":
		line.Tag, line.Why = &tag{l.say.Access.FailedTag, ""}, l.say.Access.NothingShown
	case a.Ground == record.GrantEmergency:
		line.Tag = &tag{l.say.Access.EmergencyTag, "bad"}
	case a.Role == record.RoleAdministrator || a.Role == record.RoleOfficer || a.Role == record.RoleOperator:
		line.Tag = &tag{l.say.Access.OutsideCareTag, "warn"}
	}
	return line
}

// aboutLine names the report that an access was about, as it is called now.
type aboutLine struct {
	Path  string
	Title title
	Day   string
}

func accessKind(a *record.Access) string {
	switch {
	case a.Self:
		return "me"
	case a.Ground == record.GrantEmergency:
		return "urgent"
	case a.Role.IsClinician():
		return "care"
	case a.Role == record.RolePatient:
		return "me"
	}
	return "system"
}

// reportable is where somebody else's access is reported. One's own that one did
// not make is another matter: the account is in other hands (AA8.e).
func reportable(a *record.Access) string {
	if a.Self {
		return ""
	}
	return linePath(a.Entry) + "/report"
}

// whoWords names who acted.
func (l *language) whoWords(a *record.Access) string {
	switch {
	case a.Self:
		return l.say.Access.Self
	case a.Who == "":
		return l.say.Access.Unknown
	}
	return a.Who
}

// qualityWords says in what quality someone else acted.
func (l *language) qualityWords(a *record.Access) string {
	if a.Self {
		return ""
	}
	switch a.Role {
	case record.RolePhysician:
		return l.say.Access.Physician
	case record.RoleNurse:
		return l.say.Access.Nurse
	case record.RoleProfessional:
		return l.say.Access.Professional
	case record.RoleAdministrator:
		return l.say.Access.Administrator
	case record.RoleOfficer:
		return l.say.Access.Officer
	case record.RoleOperator:
		return l.say.Access.Operator
	case record.RoleFeed:
		return l.say.Access.Feed
	}
	return ""
}

// didWords says what was done. An event without words of its own is still
// shown: a line left out would be a lie.
func (l *language) didWords(a *record.Access) string {
	did := l.say.Access.did(a)
	return fill(did.by(a.Self), "reports", l.reportsWords(l.say.Access.Reports, a.Reports), "ofReports", l.reportsWords(l.say.Access.OfReports, a.Reports), "event", a.Event)
}

func (say *accessSentences) did(a *record.Access) doing {
	switch a.Outcome {
	case "refused":
		return say.Refused
	case "failed":
		return say.Failed
	}
	switch a.Event {
	case "home.read":
		return say.Home
	case "report.list":
		return say.List
	case "report.read":
		return say.Report
	case "document.read":
		return say.Document
	case "access-log.read":
		return say.Log
	case "access-log.proof":
		return say.Proof
	case "access.report":
		return say.Reporting
	case "trend.read":
		return say.Trend
	case "account.read":
		return say.Account
	case "report.deposit":
		return say.Deposit
	case "patient.deposit":
		return say.Identity
	case "patient.contact":
		return say.Contact
	case "patient.lookup":
		return say.Lookup
	case "account.list":
		return say.AccountList
	case "code.make":
		return say.Code
	case "identity.link":
		return say.Link
	case "affected.read":
		return say.Affected
	case "trace.read":
		return say.Traces
	}
	return say.Something
}

// reportsWords says how many reports, in one of the forms that a sentence
// takes them in.
func (l *language) reportsWords(form noun, n int) string {
	if n <= 1 {
		return form.one()
	}
	return fill(form.many(), "n", strconv.Itoa(n))
}

// groundWords says by what right, and for what. One's own reading needs no reason.
func (l *language) groundWords(a *record.Access) string {
	say := &l.say.Access
	right, ok := map[record.GrantKind]string{record.GrantMandate: say.Mandate, record.GrantShare: say.Share, record.GrantCare: say.Care, record.GrantEmergency: say.Emergency}[a.Ground]
	if !ok || a.Purpose == "" {
		return right
	}
	return right + " " + fill(say.Purpose, "purpose", l.purposeWords(a.Purpose))
}

// purposeWords writes a purpose. One without words of its own is still shown.
func (l *language) purposeWords(purpose string) string {
	if words := l.say.Purpose[purpose]; words != "" {
		return words
	}
	return purpose
}

// actor is the kind of people or systems that an access is counted by.
func (say *accessSentences) actor(c *record.AccessCount) (rank int, words noun) {
	switch {
	case c.Self:
		return 0, say.BySelf
	case c.Role == record.RolePatient:
		return 1, say.ByProxies
	case c.Role.IsClinician():
		return 2, say.ByCare
	case c.Role == record.RoleFeed || c.Role == record.RoleWitness:
		return 3, say.BySystems
	}
	return 4, say.ByHospital
}

// newAccessMonths says of each month how many accesses there were, and by whom
// (CNIL-4.3-18).
func (l *language) newAccessMonths(counts []record.AccessCount) []accessMonth {
	var months []accessMonth
	for len(counts) > 0 {
		month := counts[0].Month
		var by [5]int
		var words [5]noun
		total := 0
		for len(counts) > 0 && counts[0].Month.Equal(month) {
			rank, said := l.say.Access.actor(&counts[0])
			by[rank] += counts[0].Count
			words[rank] = said
			total += counts[0].Count
			counts = counts[1:]
		}
		line := accessMonth{Month: upperFirst(l.month(month)), Total: l.grouped(int64(total))}
		for rank, n := range by {
			if n > 0 {
				line.By = append(line.By, l.count(n, words[rank]))
			}
		}
		months = append(months, line)
	}
	return months
}
