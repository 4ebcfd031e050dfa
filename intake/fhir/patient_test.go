package fhir

import (
	"testing"

	"guichet/record"

	"github.com/google/go-cmp/cmp"
)

func TestIdentity(t *testing.T) {
	base := `{"resourceType":"Patient","identifier":[{"system":"urn:s","value":"1"}],`
	for _, c := range []struct {
		name, elements string
		want           record.Identity
	}{
		{"FR Core", `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code","valueCoding":{"code":"2a004"}}],"city":"Ajaccio"}}],` +
			`"name":[{"use":"usual","family":"MOREAU","given":["Camille"]},{"use":"official","family":"LEFÈVRE","given":["Camille"],"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name","valueString":"Camille, Anne Marie-Laure"}]}],"gender":"female","birthDate":"1984-03-14"`,
			record.Identity{Family: "LEFÈVRE", Given: "Camille Anne Marie-Laure", Usual: "MOREAU", Birthdate: "1984-03-14", Sex: record.Female, Birthplace: "2A004"}},
		{"the place on the city", `"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"Lyon","_city":{"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code","valueCoding":{"code":"69123"}}]}}}],"name":[{"family":"A","given":["B"]}]`,
			record.Identity{Family: "A", Given: "B", Birthplace: "69123"}},
		{"the home is no place of birth", `"address":[{"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code","valueCoding":{"code":"69123"}}],"city":"Lyon"}]`, record.Identity{}},
		{"maiden", `"name":[{"use":"official","family":"MOREAU","given":["Camille","Anne"]},{"use":"maiden","family":"LEFÈVRE"}]`, record.Identity{Family: "LEFÈVRE", Given: "Camille Anne", Usual: "MOREAU"}},
		{"one name without use", `"name":[{"family":"LEFÈVRE","given":["Marie-Anne"]}],"gender":"other"`, record.Identity{Family: "LEFÈVRE", Given: "Marie-Anne"}},
		{"old and nicknames", `"name":[{"use":"old","family":"X"},{"use":"nickname","given":["Mimi"]},{"use":"official","family":"LEFÈVRE","given":["Marie"]},{"use":"usual","family":"Lefevre"}],"gender":"male"`, record.Identity{Family: "LEFÈVRE", Given: "Marie", Sex: record.Male}},
		{"a list that is another's", `"name":[{"family":"A","given":["Bo"],"extension":[{"url":"https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-patient-birth-list-given-name","valueString":"Boris"}]}]`, record.Identity{Family: "A", Given: "Bo"}},
		{"a month", `"birthDate":"1984-03"`, record.Identity{Birthdate: "1984-03-00"}},
		{"a year", `"birthDate":"1984"`, record.Identity{Birthdate: "1984-00-00"}},
	} {
		if diff := cmp.Diff(c.want, parse(t, base+c.elements+"}").Identity); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	for identifier, want := range map[string]string{
		`{"system":"urn:oid:1.2.250.1.213.1.4.8","value":" 261037511211691 "}`: "1.2.250.1.213.1.4.8 261037511211691",
		`{"system":"urn:oid:1.2.250.1.213.1.4.9","value":"770017511200165","type":{"coding":[{"system":"https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203","code":"INS-NIA"}]}}`: "1.2.250.1.213.1.4.9 770017511200165",
		`{"system":"urn:guichet:HOP","value":"8000001"}`: "HOP 8000001",
		`{"system":"HOP","value":"8000001"}`:             "HOP 8000001",
		`{"value":"8000001","assigner":{"display":"HOP"},"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"PI"}]}}`: "HOP 8000001",
		`{"system":"http://labo.test","value":"8000001","assigner":{"display":"HOP"}}`:                                                                "http://labo.test 8000001",
		`{"system":"urn:oid:1.2.3","value":"1"}`:     "1.2.3 1",
		`{"value":"8000001"}`:                        "",
		`{"system":"urn:s"}`:                         "",
		`{"use":"old","system":"urn:s","value":"1"}`: "",
		`{"system":"urn:s","value":"1","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"PPN"}]}}`: "",
		`{"system":"urn:s","value":"1","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]}}`:  "urn:s 1",
		`{"system":"urn:s","value":"1","type":{"coding":[{"system":"urn:own","code":"PPN"}],"text":"dossier"}}`:                      "urn:s 1",
	} {
		got := ""
		if list := parse(t, `{"resourceType":"Patient","identifier":[`+identifier+`,`+identifier+`]}`).Identifiers; len(list) == 1 {
			got = list[0].Authority + " " + list[0].Value
		} else if len(list) > 1 {
			got = "twice"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", identifier, got, want)
		}
	}
}

func TestMissing(t *testing.T) {
	var got []string
	for _, p := range parse(t, `{"resourceType":"Patient","id":"p","gender":"unknown"}`).Missing() {
		got = append(got, string(p.Reason)+" "+p.Expression[0])
	}
	want := []string{"no-identifier Patient.identifier", "no-name Patient.name.family", "no-given-name Patient.name.given", "no-birthdate Patient.birthDate", "no-sex Patient.gender"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
