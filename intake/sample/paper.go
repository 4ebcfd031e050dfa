package sample

import (
	"strings"
	"time"
)

// paper is the text of the laboratory's own PDF of m: every result that the
// message holds.
func (m *Message) paper() []string {
	id := m.person.Identity
	lines := []string{
		m.laboratory.name + " (fictif)",
		documentTitle,
		"",
		"Patient : " + id.Name() + " (nom de naissance : " + id.Family + "), né(e) le " + frenchDate(id.Birthdate),
		"Prélèvement du " + m.Sampled.Format("02/01/2006 à 15:04") + "   Prescription : " + m.prescriber.name(),
		"",
	}
	for i := range m.orders {
		o := &m.orders[i]
		lines = append(lines, o.title+" ("+o.specimen.text+")")
		for j := range o.results {
			lines = append(lines, paperLines(&o.results[j])...)
		}
		for _, comment := range o.comments {
			lines = append(lines, "    "+comment)
		}
	}
	return append(lines, "", "Validé par "+m.biologist.name()+".", "Document fictif, sans valeur médicale.")
}

func paperLines(l *line) []string {
	if l.kind == text {
		lines := []string{"    " + l.label + " :"}
		for part := range strings.SplitSeq(l.value, "\n") {
			lines = append(lines, "        "+part)
		}
		return lines
	}
	printed := "    " + l.label + " : " + french(l.printed()) + " " + l.unit
	if l.status == cancelled {
		printed = "    " + l.label + " : annulé"
	}
	if l.reference != "" {
		printed += "   (" + french(l.reference) + ")"
	}
	if l.flag != "" && l.flag != "N" {
		printed += "   " + l.flag
	}
	lines := []string{printed}
	for _, comment := range l.comments {
		for part := range strings.SplitSeq(comment, "\n") {
			lines = append(lines, "        "+part)
		}
	}
	return lines
}

func french(printed string) string { return strings.ReplaceAll(printed, ".", ",") }

func (p practitioner) name() string { return "Dr " + p.given + " " + p.family }

func frenchDate(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("02/01/2006")
}
