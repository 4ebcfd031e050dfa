package fhir

import "strconv"

// words are what French readers see where a message has only a code of FHIR's
// own lists.

// absent says why there is no value (code system data-absent-reason).
var absent = map[string]string{
	"unknown": "Inconnu", "asked-unknown": "Demandé, inconnu", "temp-unknown": "Pas encore connu", "not-asked": "Non demandé",
	"asked-declined": "Refusé", "masked": "Non communiqué", "not-applicable": "Sans objet", "unsupported": "Non pris en charge",
	"as-text": "Voir le texte", "error": "Résultat en erreur", "not-a-number": "Résultat non calculable", "negative-infinity": "Moins l’infini",
	"positive-infinity": "Plus l’infini", "not-performed": "Non réalisé", "not-permitted": "Non autorisé",
}

// categories names a group of results that no report names (code systems
// observation-category and v2-0074).
var categories = map[string]string{
	"laboratory": "Résultats de laboratoire", "LAB": "Résultats de laboratoire", "vital-signs": "Mesures et signes vitaux", "vital-sign": "Mesures et signes vitaux",
	"imaging": "Résultats d’imagerie", "procedure": "Résultats d’examens", "exam": "Examen clinique", "survey": "Questionnaires et scores",
	"social-history": "Habitudes de vie", "therapy": "Suivi de traitement", "activity": "Activité physique",
}

const (
	otherCategory = "Résultats"
	yes           = "Oui"
	no            = "Non"
)

// plural writes a number of things.
func plural(n int, thing string) string {
	if n < 2 {
		return strconv.Itoa(n) + " " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
