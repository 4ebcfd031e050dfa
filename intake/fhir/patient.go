package fhir

import (
	"slices"
	"strings"

	"guichet/record"
)

// Extensions of the French profile (FR Core) and of FHIR itself that hold
// traits of the INS.
const (
	birthPlaceExtension = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
	inseeExtension      = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code"
	givenListExtension  = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name"
)

// identifierTypes are the types (HL7 table 0203) that name a person; account,
// visit, passport and insurance numbers do not.
var identifierTypes = []string{"PI", "MR", "PT", "PN", "INS"}

// typeSystems are the code systems whose codes those are.
var typeSystems = []string{"", "http://terminology.hl7.org/CodeSystem/v2-0203", "http://hl7.org/fhir/v2/0203", "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"}

// patient reads the one patient of the message, and returns the resources
// that are this patient; nil where there is none, or several.
func (r *reader) patient(m *Message) []*resource {
	var found []*resource
	for _, one := range slices.Concat(r.resources, r.inner) {
		if one.kind != "Patient" {
			continue
		}
		var p patient
		if !one.decode(&p, &r.problems) {
			return nil
		}
		identity, identifiers, ok := r.traits(one, &p)
		if !ok {
			return nil
		}
		if len(found) > 0 && (identity != m.Identity || !slices.Equal(identifiers, m.Identifiers)) {
			r.problems.add(ReasonSeveralPatients, one.path)
			return nil
		}
		m.Identity, m.Identifiers = identity, identifiers
		if len(found) == 0 {
			m.patientPath, m.Contact = one.path, contact(&p)
		}
		found = append(found, one)
	}
	if len(found) == 0 {
		r.problems.add(ReasonNoPatient, m.Kind)
	}
	return found
}

// traits reads who a Patient is; what is missing is empty.
func (r *reader) traits(one *resource, p *patient) (id record.Identity, identifiers []record.Identifier, ok bool) {
	before := len(r.problems)
	if p.Active != nil && !*p.Active {
		r.problems.add(ReasonReplaced, one.path+".active")
	}
	for _, link := range p.Link {
		if link.Type == "replaced-by" {
			r.problems.add(ReasonReplaced, one.path+".link")
		}
	}
	if len(p.Identifier) > maxIdentifiers {
		r.problems.add(ReasonTooManyItems, one.path+".identifier")
	}
	readNames(&id, p.Name)
	if id.Birthdate, ok = birthdate(p.BirthDate, r.options); !ok {
		r.problems.add(ReasonBirthdate, one.path+".birthDate")
	}
	switch p.Gender {
	case "female":
		id.Sex = record.Female
	case "male":
		id.Sex = record.Male
	}
	id.Birthplace = birthplace(p.Extension)
	identifiers = r.identifiers(p.Identifier)
	r.checkINS(id, identifiers, one.path+".identifier")
	return id, identifiers, len(r.problems) == before
}

// checkINS refuses an INS that cannot be this person's: mistyped, or another's,
// it would lead to another record.
func (r *reader) checkINS(who record.Identity, identifiers []record.Identifier, place string) {
	for _, id := range identifiers {
		if !id.IsINS() {
			continue
		}
		switch id.CheckINS(who) {
		case "":
		case record.INSForm, record.INSKey:
			r.problems.add(ReasonINS, place)
		default:
			r.problems.add(ReasonINSConflict, place)
		}
	}
}

// identifiers reads the numbers that name a person. One without a system
// names nobody and is left out, and so is one that is no longer in use.
func (r *reader) identifiers(all []identifier) []record.Identifier {
	var list []record.Identifier
	for _, one := range all {
		id := record.Identifier{Authority: r.authority(&one), Value: line(one.Value)}
		if id.Value == "" || id.Authority == "" || one.Use == "old" || !id.IsINS() && !namesPerson(one.Type) {
			continue
		}
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// authority returns the name of the domain of an identifier: the hospital's
// own where it is meant, an OID as HL7 v2 writes it, so that one number is one
// number in both, or else the system.
func (r *reader) authority(id *identifier) string {
	local := r.options.LocalAuthority
	system := strings.TrimSpace(id.System)
	oid, isOID := strings.CutPrefix(system, "urn:oid:")
	switch {
	case local != "" && (slices.Contains(r.options.LocalSystems, system) || system == local || isOID && oid == local),
		local != "" && system == "" && line(id.Assigner.Display) == local:
		return local
	case isOID:
		return oid
	}
	return system
}

// namesPerson reports whether a type says that a number names a person. No
// type, or none of table 0203, says nothing against it.
func namesPerson(kind concept) bool {
	known := false
	for _, c := range kind.Coding {
		if !slices.Contains(typeSystems, c.System) || c.Code == "" {
			continue
		}
		known = true
		if slices.Contains(identifierTypes, strings.ToUpper(c.Code)) {
			return true
		}
	}
	return !known
}

// readNames takes the birth name from the name whose use is maiden, or else
// official (FR Core: the name of the civil register), or else the first, and
// the name in use from the next other one.
func readNames(id *record.Identity, all []humanName) {
	var names []humanName
	for _, name := range all {
		if !slices.Contains([]string{"old", "temp", "nickname", "anonymous"}, name.Use) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	use := func(wanted string) int {
		return slices.IndexFunc(names, func(name humanName) bool { return name.Use == wanted })
	}
	birth, maiden, official := 0, use("maiden"), use("official")
	switch {
	case maiden >= 0:
		birth = maiden
	case official >= 0:
		birth = official
	}
	id.Family, id.Given = line(names[birth].Family), givenNames(names[birth])
	if id.Given == "" && official >= 0 {
		id.Given = givenNames(names[official])
	}
	for i, name := range names {
		if usual := line(name.Family); i != birth && usual != "" && record.Canonical(usual) != record.Canonical(id.Family) {
			id.Usual = usual
			break
		}
	}
}

// givenNames joins the given names. FR Core puts the first in given and the
// list of all in an extension, which begins with the first.
func givenNames(name humanName) string {
	given := line(strings.Join(name.Given, " "))
	for _, e := range name.Extension {
		if e.URL != givenListExtension {
			continue
		}
		list := line(strings.ReplaceAll(e.String, ",", " "))
		if given == "" || record.Canonical(list) == record.Canonical(given) || strings.HasPrefix(record.Canonical(list)+" ", record.Canonical(given)+" ") {
			return first(list, given)
		}
	}
	return given
}

// birthplace returns the INSEE code of the place of birth, in the address that
// FHIR's extension holds or on its city.
func birthplace(list []extension) string {
	for _, e := range list {
		if e.URL != birthPlaceExtension || e.Address == nil {
			continue
		}
		for _, part := range slices.Concat(e.Address.Extension, e.Address.CityParts.Extension) {
			if part.URL != inseeExtension {
				continue
			}
			switch {
			case part.Coding != nil:
				return strings.ToUpper(line(part.Coding.Code))
			case part.Concept != nil && len(part.Concept.Coding) > 0:
				return strings.ToUpper(line(part.Concept.Coding[0].Code))
			}
			return strings.ToUpper(line(first(part.Code, part.String)))
		}
	}
	return ""
}
