package sample

import (
	"slices"
	"strings"
	"time"
)

// makeSpecial writes what is not measured: cultures, titres, words, and what
// went wrong.
func (m *Message) makeSpecial(a *appointment, b *body) {
	switch a.special {
	case sterileUrine:
		m.edit("ECBU", sterile)
	case infectedUrine:
		m.edit("ECBU", func(o *order) { infected(o, a) })
	case bloodCulture:
		m.edit("HEMOC", grown)
	case antibodies:
		m.edit("AUTO", nuclear)
	case smear:
		m.edit("FROTTIS", seen)
	case electrophoresis:
		m.edit("EPP", interpreted)
	case cancelsClotting:
		m.edit("COAG", unusable)
	case haemolysed:
		m.change("K", func(l *line) {
			cancel(l, "Échantillon hémolysé : potassium non rendu.\nÀ contrôler sur un nouveau prélèvement, sans garrot prolongé.")
		})
	case withdrawsFat:
		m.change("TG", func(l *line) {
			l.value, l.flag, l.comments = "4.86", "H", []string{"Sérum lactescent."}
		})
		m.change("LDL", func(l *line) {
			cancel(l, "LDL non calculable : triglycérides supérieurs à 3,9 mmol/L.")
		})
	}
}

// sent returns the messages that m takes: itself, or a first and a last one
// under the same order numbers.
func (m *Message) sent(a *appointment) []*Message {
	first, last := m.copied(), m.copied()
	switch a.special {
	case corrects:
		first.apply(mistaken)
		last.apply(amended)
		last.Control += "C"
		last.issued = last.issued.Add(20 * time.Hour)
		last.status, last.explanation = corrected, "Compte rendu corrigé : annule et remplace le précédent."
	case infectedUrine, bloodCulture:
		for i := range first.orders {
			first.orders[i].settle()
		}
		first.document = nil
		last.Control += "F"
		last.issued = last.issued.Add(44 * time.Hour)
	default:
		return []*Message{m}
	}
	return []*Message{first, last}
}

// settle makes an order provisional where a culture has been laid on and not
// read.
func (o *order) settle() {
	i := slices.IndexFunc(o.results, func(l line) bool { return l.local == "CULT" })
	if i < 0 {
		return
	}
	culture := o.results[i]
	o.results[i] = line{kind: text, loinc: culture.loinc, local: culture.local, label: culture.label, status: pending}
	o.results = slices.DeleteFunc(o.results, func(l line) bool { return l.sub != "" || l.local == "CONCL" })
	o.status = preliminary
	o.comments = append(o.comments, "Compte rendu provisoire : la culture est en cours.")
}

func (m *Message) copied() *Message {
	c := *m
	c.orders = slices.Clone(m.orders)
	for i := range c.orders {
		c.orders[i].results = slices.Clone(c.orders[i].results)
		c.orders[i].comments = slices.Clone(c.orders[i].comments)
	}
	return &c
}

func (m *Message) apply(change func(*line)) {
	for i := range m.orders {
		for j := range m.orders[i].results {
			change(&m.orders[i].results[j])
		}
	}
}

func (m *Message) edit(panel string, change func(*order)) {
	for i := range m.orders {
		if m.orders[i].code == panel {
			change(&m.orders[i])
		}
	}
}

func (m *Message) change(local string, change func(*line)) {
	m.apply(func(l *line) {
		if l.local == local {
			change(l)
		}
	})
}

// mistaken is a potassium from a haemolysed tube, amended the same potassium
// from another.
func mistaken(l *line) {
	if l.local == "K" {
		l.value, l.flag, l.comments = "6.2", "H", []string{"Échantillon hémolysé : à contrôler."}
	}
}

func amended(l *line) {
	l.status = final
	if l.local == "K" {
		l.status = corrected
		l.comments = []string{"Résultat corrigé après contrôle sur un second tube ;\nannule et remplace 6,2 mmol/L."}
	}
}

func cancel(l *line, why string) {
	*l = line{kind: l.kind, loinc: l.loinc, local: l.local, label: l.label, status: cancelled, comments: []string{why}}
}

func unusable(o *order) {
	o.status = cancelled
	for i := range o.results {
		cancel(&o.results[i], "Tube insuffisamment rempli : examen annulé.")
	}
}

func words(local, loinc, label string, lines ...string) line {
	return line{kind: text, loinc: loinc, local: local, label: label, value: strings.Join(lines, "\n")}
}

func sterile(o *order) {
	o.results = append(o.results,
		words("ASPECT", "5767-9", "Aspect", "limpide"),
		words("CULT", "630-4", "Culture d’urine", "Culture : stérile après 24 heures.", "Conclusion : absence d’infection urinaire."))
}

// infected gives one isolate, or two where the history is long enough to have
// had them, each with its antibiogram.
func infected(o *order, a *appointment) {
	for i := range o.results {
		l := &o.results[i]
		switch l.local {
		case "ULEUC":
			l.value, l.flag = "180000", "H"
		case "UHEM":
			l.value, l.flag = "14000", "H"
		}
	}
	o.results = append(o.results,
		words("ASPECT", "5767-9", "Aspect", "trouble"),
		words("GRAM", "664-3", "Examen direct (Gram)", "Présence de bacilles à Gram négatif"),
		line{kind: coded, loinc: "630-4", local: "CULT", label: "Germe identifié", sub: "1"})
	o.grow("ECBU", "1", "1000000")
	if a.part > 0.5 && a.episode == "" {
		o.results = append(o.results, line{kind: coded, loinc: "630-4", local: "CULT", label: "Germe identifié", sub: "2"})
		o.grow("ECBU2", "2", "10000")
	}
	o.results = append(o.results, words("CONCL", "", "Conclusion du biologiste",
		"Infection urinaire à Escherichia coli, à confronter aux signes cliniques.",
		"Ne commencez, n’arrêtez et ne changez aucun traitement sans l’avis de votre médecin."))
}

func grown(o *order) {
	o.results = append(o.results,
		words("GRAM", "664-3", "Examen direct (Gram)", "Diplocoques à Gram positif, flacon aérobie, en 14 heures"),
		line{kind: coded, loinc: "600-7", local: "CULT", label: "Germe identifié", sub: "1"})
	o.grow("HEMOC", "1", "")
}

// grow names the organism in the last line and adds its antibiogram, tied to it
// by sub.
func (o *order) grow(site, sub, count string) {
	culture := &o.results[len(o.results)-1]
	var antibiogram []line
	for _, i := range theCatalogue().isolates {
		if i.site != site {
			continue
		}
		culture.answer, culture.value, culture.flag = i.organism, i.organism.text, "A"
		mic := strings.TrimLeft(i.mic, "<>=")
		antibiogram = append(antibiogram, line{
			kind: number, loinc: i.loinc, label: i.antibiotic, comparator: strings.TrimSuffix(i.mic, mic), value: mic, unit: "mg/L", ucum: "mg/L",
			flag: i.reading, method: "CMI, EUCAST", sub: sub,
		})
	}
	if count != "" {
		o.results = append(o.results, line{kind: number, loinc: "564-5", local: "NUM", label: "Quantité", value: count, unit: "UFC/mL", ucum: "{CFU}/mL", sub: sub})
	}
	o.results = append(o.results, antibiogram...)
}

// nuclear gives a titre.
func nuclear(o *order) {
	o.results = append(o.results, line{
		kind: titre, loinc: "5048-4", local: "AAN", label: "Anticorps antinucléaires", value: "80", reference: "< 1/80", flag: "A",
		method: "Immunofluorescence indirecte, cellules HEp-2",
		comments: []string{
			"Titre faible, aspect moucheté, fréquent chez des personnes en bonne santé.",
			"Pas de valeur sans signe clinique.",
		},
	})
}

// seen gives what the microscope shows.
func seen(o *order) {
	o.results = append(o.results, words("FROTTIS", "5909-7", "Examen du frottis sanguin",
		"Hématies : anisocytose modérée, quelques cellules hypochromes.",
		"Leucocytes : formule sans anomalie ; pas de cellule anormale.",
		"Plaquettes : répartition homogène, pas d’agrégats.",
		"Conclusion : à confronter au bilan martial."))
}

func interpreted(o *order) {
	o.results = append(o.results, words("EPPCONCL", "", "Interprétation de l’électrophorèse", "Tracé sans anomalie : pas de pic d’allure monoclonale."))
}
