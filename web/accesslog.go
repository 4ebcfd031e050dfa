package web

import (
	"time"

	"guichet/record"
)

// AccessLogPage is who has read, changed or asked for a patient's data
// (CNIL-3.4-3).
type AccessLogPage struct {
	Base
	Patient  *record.Patient
	Accesses []record.Access
	More     string // path of the next page, or empty
}

type accessLog struct {
	patient *identityLine
	Days    []accessDay
	More    string
}

func (a accessLog) section() (string, *identityLine) { return "access-log", a.patient }

type accessDay struct {
	Title string
	Lines []*accessLine
}

func (p AccessLogPage) view() (string, Base, any) {
	content := accessLog{patient: newIdentityLine(p.Patient, p.Now), More: p.More}
	for i := range p.Accesses {
		a := &p.Accesses[i]
		title := upperFirst(longDay(a.At))
		if !p.Now.IsZero() && sameDay(a.At, p.Now) {
			title += ", aujourd’hui"
		}
		if n := len(content.Days); n == 0 || content.Days[n-1].Title != title {
			content.Days = append(content.Days, accessDay{Title: title})
		}
		day := &content.Days[len(content.Days)-1]
		day.Lines = append(day.Lines, newAccessLine(a))
	}
	return "access-log", p.Base, content
}

// accessLine is one access in a sentence: who, did what, when, why.
type accessLine struct {
	Trace int64
	Who   string
	As    string // in what quality
	Did   string
	Why   string
	About *aboutLine // the report, where it is one
	Tag   *tag
	Kind  string // me, care, urgent or system: the picture beside the line
	ISO   string
	Hour  string
	When  string // mercredi 18 novembre 2026 à 14 h 05
}

func newAccessLine(a *record.Access) *accessLine {
	line := &accessLine{
		Trace: a.Entry,
		Who:   whoWords(a),
		As:    qualityWords(a),
		Kind:  accessKind(a),
		ISO:   a.At.In(paris).Format(time.RFC3339),
		Hour:  wideHour(a.At),
		When:  longDay(a.At) + " à" + nbsp + hour(a.At),
	}
	line.Did, line.Why = didWords(a), groundWords(a)
	if a.About != nil {
		line.About = &aboutLine{Path: reportPath(a.About.ID), Title: reportTitle(a.About), Day: momentDay(a.About.Sampled)}
	}
	switch {
	case a.Outcome == "refused":
		line.Tag, line.Why = &tag{"Accès refusé", ""}, "Aucune donnée n’a été lue."
	case a.Outcome == "failed":
		line.Tag, line.Why = &tag{"Non abouti", ""}, "Aucune donnée n’a été affichée."
	case a.Ground == record.GrantEmergency:
		line.Tag = &tag{"Accès d’urgence", "bad"}
	case a.Role == record.RoleAdministrator || a.Role == record.RoleOfficer:
		line.Tag = &tag{"Hors soins", "warn"}
	}
	return line
}

// aboutLine names the report that an access was about, as it is called now.
type aboutLine struct {
	Path, Title, Day string
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

// whoWords names who acted.
func whoWords(a *record.Access) string {
	switch {
	case a.Self:
		return "Vous"
	case a.Who == "":
		return "Personne ou service sans nom connu"
	}
	return a.Who
}

// qualityWords says in what quality someone else acted.
func qualityWords(a *record.Access) string {
	if a.Self {
		return ""
	}
	switch a.Role {
	case record.RolePhysician:
		return "médecin"
	case record.RoleNurse:
		return "soins infirmiers"
	case record.RoleProfessional:
		return "professionnel de santé"
	case record.RoleAdministrator:
		return "informatique de l’hôpital"
	case record.RoleOfficer:
		return "gestion des traces"
	case record.RoleFeed:
		return "système de l’hôpital"
	}
	return ""
}

// didWords says what was done. An event without words of its own is still
// shown: a line left out would be a lie.
func didWords(a *record.Access) string {
	auxiliary := "a "
	if a.Self {
		auxiliary = "avez "
	}
	switch a.Outcome {
	case "refused":
		return auxiliary + "demandé un accès qui a été refusé."
	case "failed":
		return auxiliary + "demandé un accès qui n’a pas abouti."
	}
	switch a.Event {
	case "home.read":
		return auxiliary + "ouvert la page d’accueil du dossier."
	case "report.list":
		return auxiliary + "ouvert la liste des comptes rendus."
	case "report.read":
		return auxiliary + "lu " + reportsWords(a.Reports) + "."
	case "document.read":
		return auxiliary + "ouvert le document d’origine " + ofReportsWords(a.Reports) + "."
	case "access-log.read":
		return auxiliary + "ouvert la liste des accès."
	case "report.deposit":
		return auxiliary + "déposé " + reportsWords(a.Reports) + "."
	}
	return auxiliary + "agi sur le dossier (" + a.Event + ")."
}

func reportsWords(n int) string {
	if n <= 1 {
		return "un compte rendu"
	}
	return count(n, "compte rendu", "comptes rendus")
}

func ofReportsWords(n int) string {
	if n <= 1 {
		return "d’un compte rendu"
	}
	return "de " + reportsWords(n)
}

// groundWords says by what right. One's own reading needs no reason.
func groundWords(a *record.Access) string {
	switch a.Ground {
	case record.GrantMandate:
		return "Motif" + nbsp + ": représentation de la personne dont c’est le dossier."
	case record.GrantShare:
		return "Motif" + nbsp + ": partage que vous avez ouvert."
	case record.GrantCare:
		return "Motif" + nbsp + ": équipe de soins."
	case record.GrantEmergency:
		return "Motif" + nbsp + ": urgence, sans partage préalable."
	}
	return ""
}
