package auth

import (
	"cmp"
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf8"

	"guichet/record"
)

const (
	maxList = 32  // practices, activities or roles of one person
	maxWord = 256 // characters of a code or a name of a structure
)

// word is a text that decides nothing by itself: what is not a short line of
// text reads as empty.
type word string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *word) UnmarshalJSON(text []byte) error {
	*w = ""
	var s string
	if json.Unmarshal(text, &s) == nil && utf8.RuneCountInString(s) <= maxWord && !slices.ContainsFunc([]rune(s), unicode.IsControl) {
		*w = word(s)
	}
	return nil
}

// some is a list that may be anything: what is not a list reads as empty, and
// what in it cannot be read is left out.
type some[T any] []T

// UnmarshalJSON implements [json.Unmarshaler].
func (l *some[T]) UnmarshalJSON(text []byte) error {
	*l = nil
	var members []json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil
	}
	for _, member := range members[:min(len(members), maxList)] {
		var v T
		if json.Unmarshal(member, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// references is SubjectRefPro: how and where a professional practises.
type references struct{ Practices some[practice] }

// UnmarshalJSON implements [json.Unmarshaler]; what is no table reads as empty.
func (r *references) UnmarshalJSON(text []byte) error {
	var table struct {
		Practices some[practice] `json:"exercices"`
	}
	if json.Unmarshal(text, &table) == nil {
		r.Practices = table.Practices
	}
	return nil
}

type practice struct {
	Profession     word           `json:"codeProfession"`
	Category       word           `json:"codeCategorieProfessionnelle"`
	SpecialityType word           `json:"codeTypeSavoirFaire"`
	Speciality     word           `json:"codeSavoirFaire"`
	Family         word           `json:"nomDexercice"`
	Given          word           `json:"prenomDexercice"`
	Activities     some[activity] `json:"activities"`
}

type activity struct {
	Mode     word `json:"codeModeExercice"`
	Sector   word `json:"codeSecteurDactivite"`
	Function word `json:"codeRole"`
	FINESS   word `json:"numeroFinessSite"`
	SIRET    word `json:"numeroSiretSite"`
	ID       word `json:"identifiantTechniqueDeLaStructure"`
	Name     word `json:"raisonSocialeSite"`
}

// practices are the record's own words for them.
func (r references) practices() []record.Practice {
	var all []record.Practice
	for _, p := range r.Practices {
		practice := record.Practice{
			Profession: string(p.Profession), Category: string(p.Category), SpecialityType: string(p.SpecialityType), Speciality: string(p.Speciality),
			Family: string(p.Family), Given: string(p.Given),
		}
		for _, a := range p.Activities {
			practice.Activities = append(practice.Activities, record.Activity{
				Mode: string(a.Mode), Sector: string(a.Sector), Function: string(a.Function), Structure: a.structure(),
			})
		}
		all = append(all, practice)
	}
	return all
}

// structure names a place by its national number where there is one.
func (a activity) structure() record.Structure {
	s := record.Structure{ID: string(a.ID), Name: string(a.Name)}
	switch {
	case a.FINESS != "":
		s.ID = "1" + string(a.FINESS)
	case a.SIRET != "":
		s.ID = "3" + string(a.SIRET)
	}
	return s
}

// structuresOf are the places of all activities, each once; the one that the
// session is for, where Pro Santé Connect says so, is first.
func structuresOf(practices []record.Practice, current record.Structure) []record.Structure {
	var found []record.Structure
	add := func(s record.Structure) {
		if cmp.Or(s.ID, s.Name) != "" && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	add(current)
	for _, p := range practices {
		for _, a := range p.Activities {
			add(a.Structure)
		}
	}
	return found
}
