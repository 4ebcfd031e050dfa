package auth

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/record"
)

// TestRegisterTraitsAreTaken: FranceConnect+ gives the identity provider's
// traits, and the civil register's beside them.
func TestRegisterTraitsAreTaken(t *testing.T) {
	base := record.Identity{Family: "DUBOIS", Given: "Angela Claire Louise", Birthdate: "1962-08-24", Sex: record.Female, Birthplace: "75107"}
	with := func(change func(*record.Identity)) record.Identity {
		id := base
		change(&id)
		return id
	}
	tests := []struct {
		name    string
		changes map[string]any
		want    record.Identity
	}{
		{"all of them", map[string]any{"rnipp_given_name": "Angèle Claire", "rnipp_family_name": "DU BOIS", "rnipp_birthdate": "1962-08-25", "rnipp_gender": "male",
			"rnipp_birthplace": "13055", "rnipp_birthcountry": "99100"}, record.Identity{Family: "DU BOIS", Given: "Angèle Claire", Birthdate: "1962-08-25", Sex: record.Male, Birthplace: "13055"}},
		{"one of them", map[string]any{"rnipp_given_name": "Angèle"}, with(func(id *record.Identity) { id.Given = "Angèle" })},
		{"empty ones", map[string]any{"rnipp_given_name": "", "rnipp_family_name": "", "rnipp_birthplace": ""}, base},
		{"born abroad by the register", map[string]any{"rnipp_birthplace": "", "rnipp_birthcountry": "99127"}, with(func(id *record.Identity) { id.Birthplace = "99127" })},
		{"in place of missing ones", map[string]any{"family_name": nil, "rnipp_family_name": "DUBOIS"}, base},
	}
	for _, test := range tests {
		got, refusal := parseCivil(claims(t, civil, test.changes), today)
		if refusal != nil {
			t.Errorf("%s: %v", test.name, refusal)
		} else if diff := cmp.Diff(test.want, got.identity); diff != "" {
			t.Errorf("%s: identity (-want +got):\n%s", test.name, diff)
		}
	}
	// The register's word is not passed over because it cannot be read.
	if _, refusal := parseCivil(claims(t, civil, map[string]any{"rnipp_birthdate": "24/08/1962"}), today); refusal == nil || refusal.Reason != ReasonTraits {
		t.Errorf("malformed: got %v, want a refusal for traits", refusal)
	}
}

// TestProfessionalsAreReadLeniently: what decides nothing may be anything.
func TestProfessionalsAreReadLeniently(t *testing.T) {
	physician := map[string]any{"codeProfession": "10", "codeCategorieProfessionnelle": "C"}
	many := make([]any, 1000)
	for i := range many {
		many[i] = physician
	}
	for name, test := range map[string]struct {
		changes map[string]any
		want    record.Role
		count   int
	}{
		"no list of practices":         {map[string]any{"SubjectRefPro": map[string]any{"exercices": "none"}}, record.RoleProfessional, 0},
		"references that are a list":   {map[string]any{"SubjectRefPro": []any{1}}, record.RoleProfessional, 0},
		"a practice that is a number":  {map[string]any{"SubjectRefPro": map[string]any{"exercices": []any{5, physician}}}, record.RolePhysician, 1},
		"a profession that is one":     {map[string]any{"SubjectRefPro": map[string]any{"exercices": []any{map[string]any{"codeProfession": 10, "codeCategorieProfessionnelle": "C"}}}}, record.RoleProfessional, 1},
		"activities that are a text":   {map[string]any{"SubjectRefPro": map[string]any{"exercices": []any{map[string]any{"codeProfession": "10", "codeCategorieProfessionnelle": "C", "activities": "all"}}}}, record.RolePhysician, 1},
		"roles that are a text":        {map[string]any{"SubjectRole": "10^1.2.250.1.213.1.1.5.5", "SubjectRefPro": map[string]any{"exercices": []any{physician}}}, record.RolePhysician, 1},
		"an organisation that is none": {map[string]any{"SubjectOrganization": map[string]any{}, "SubjectRefPro": map[string]any{"exercices": []any{physician}}}, record.RolePhysician, 1},
		"a thousand practices":         {map[string]any{"SubjectRefPro": map[string]any{"exercices": many}}, record.RolePhysician, maxList},
	} {
		got, refusal := usualProfessions.parse(claims(t, professional, test.changes), today)
		if refusal != nil {
			t.Errorf("%s: %v", name, refusal)
			continue
		}
		if got.role != test.want || len(got.practices) != test.count {
			t.Errorf("%s: got role %s and %d practices, want %s and %d", name, got.role, len(got.practices), test.want, test.count)
		}
	}
}

func TestStructures(t *testing.T) {
	activity := func(pairs ...string) map[string]any {
		a := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			a[pairs[i]] = pairs[i+1]
		}
		return a
	}
	got, refusal := usualProfessions.parse(claims(t, professional, map[string]any{
		"SubjectOrganization": "Clinique", "SubjectOrganizationID": "1130000001",
		"SubjectRefPro": map[string]any{"exercices": []any{map[string]any{"codeProfession": "10", "codeCategorieProfessionnelle": "C", "activities": []any{
			activity("numeroFinessSite", "130000001", "raisonSocialeSite", "Clinique", "codeModeExercice", "S", "codeRole", "R1"),
			activity("numeroSiretSite", "12345678900011", "raisonSocialeSite", "Cabinet"),
			activity("identifiantTechniqueDeLaStructure", "R10100000", "raisonSocialeSite", "Maison"),
			activity("raisonSocialeSite", ""), activity("raisonSocialeSite", "A\nB"), activity("raisonSocialeSite", strings.Repeat("x", 300)),
		}}}},
	}), today)
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := []record.Structure{{ID: "1130000001", Name: "Clinique"}, {ID: "312345678900011", Name: "Cabinet"}, {ID: "R10100000", Name: "Maison"}}
	if diff := cmp.Diff(want, got.structures); diff != "" {
		t.Errorf("structures (-want +got):\n%s", diff)
	}
	if a := got.practices[0].Activities; len(a) != 6 || a[0].Mode != "S" || a[0].Function != "R1" || a[4].Structure.Name != "" || a[5].Structure.Name != "" {
		t.Errorf("got activities %+v", a)
	}
}

// TestRolesByTable: the hospital says which profession is what; a student is a
// professional whatever it says.
func TestRolesByTable(t *testing.T) {
	const oid = "^1.2.250.1.213.1.1.5.5"
	table := professions{"10": record.RolePhysician, "50": record.RolePhysician, "70": record.RoleNurse, "60": record.RoleProfessional}
	for _, test := range []struct {
		profession, category string
		want                 record.Role
	}{
		{"10", "C", record.RolePhysician}, {"50", "C", record.RolePhysician}, {"70", "M", record.RoleNurse}, {"60", "C", record.RoleProfessional},
		{"21", "C", record.RoleProfessional}, {"50", "E", record.RoleProfessional}, {"70", "", record.RoleProfessional},
	} {
		got, refusal := table.parse(claims(t, professional, map[string]any{"SubjectRole": []string{test.profession + oid}, "SubjectRefPro": refPro(test.profession, test.category)}), today)
		if refusal != nil || got.role != test.want {
			t.Errorf("%s %s: got %s, %v, want %s", test.profession, test.category, got.role, refusal, test.want)
		}
	}
}

// FuzzLenience: lists and words read as something, whatever they hold.
func FuzzLenience(f *testing.F) {
	for _, seed := range []string{`{"exercices":[{"activities":[{}]}]}`, `[]`, `null`, `{"exercices":{"0":1}}`, `{"exercices":[[],null,"x"]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var r references
		if err := json.Unmarshal(text, &r); err != nil && json.Valid(text) {
			t.Fatalf("refused valid JSON: %v", err)
		}
		practices := r.practices()
		if len(practices) > maxList {
			t.Errorf("%d practices", len(practices))
		}
		for _, s := range structuresOf(practices, record.Structure{}) {
			if strings.ContainsAny(s.ID+s.Name, "\n\r\x00") {
				t.Errorf("accepted %+v", s)
			}
		}
	})
}
