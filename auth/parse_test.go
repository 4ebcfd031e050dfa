package auth

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/record"
)

var today = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// claims returns a copy of base with changes as JSON; a nil change removes.
func claims(t testing.TB, base, changes map[string]any) []byte {
	t.Helper()
	all := maps.Clone(base)
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var civil = map[string]any{
	"sub": "s", "given_name": "Angela Claire Louise", "family_name": "DUBOIS", "birthdate": "1962-08-24",
	"gender": "female", "birthplace": "75107", "birthcountry": "99100",
}

func TestParseCivil(t *testing.T) {
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
		{"as sent", nil, base},
		{"male", map[string]any{"gender": "male"}, with(func(id *record.Identity) { id.Sex = record.Male })},
		{"unspecified gender", map[string]any{"gender": "unspecified"}, with(func(id *record.Identity) { id.Sex = record.SexUnknown })},
		{"day unknown", map[string]any{"birthdate": "1962-08-00"}, with(func(id *record.Identity) { id.Birthdate = "1962-08-00" })},
		{"month unknown", map[string]any{"birthdate": "1962-00-00"}, with(func(id *record.Identity) { id.Birthdate = "1962-00-00" })},
		{"presumed day", map[string]any{"birthdate": "1962-01-01"}, with(func(id *record.Identity) { id.Birthdate = "1962-01-01" })},
		{"leap day", map[string]any{"birthdate": "2024-02-29"}, with(func(id *record.Identity) { id.Birthdate = "2024-02-29" })},
		{"born today", map[string]any{"birthdate": "2026-11-21"}, with(func(id *record.Identity) { id.Birthdate = "2026-11-21" })},
		{"born this year, day unknown", map[string]any{"birthdate": "2026-00-00"}, with(func(id *record.Identity) { id.Birthdate = "2026-00-00" })},
		{"Corsica", map[string]any{"birthplace": "2A004"}, with(func(id *record.Identity) { id.Birthplace = "2A004" })},
		{"overseas", map[string]any{"birthplace": "97411"}, with(func(id *record.Identity) { id.Birthplace = "97411" })},
		{"country not sent", map[string]any{"birthcountry": nil}, base},
		{"abroad", map[string]any{"birthplace": "", "birthcountry": "99217"}, with(func(id *record.Identity) { id.Birthplace = "99217" })},
		{"abroad, place not sent", map[string]any{"birthplace": nil, "birthcountry": "99352"}, with(func(id *record.Identity) { id.Birthplace = "99352" })},
		{"compound names", map[string]any{"given_name": "Jean-Noël  Éric", "family_name": "L'HAŸ D’ŒUVRE-DE LA TOUR"},
			with(func(id *record.Identity) { id.Given, id.Family = "Jean-Noël Éric", "L'HAŸ D’ŒUVRE-DE LA TOUR" })},
		{"decomposed accent", map[string]any{"given_name": "E\u0301ric"}, with(func(id *record.Identity) { id.Given = "E\u0301ric" })},
		{"name in use", map[string]any{"preferred_username": "MARTIN"}, with(func(id *record.Identity) { id.Usual = "MARTIN" })},
		{"name in use is the birth name", map[string]any{"preferred_username": "Dubois"}, base},
		{"name in use is malformed", map[string]any{"preferred_username": "<b>"}, base},
		{"claims nobody asked for", map[string]any{"email": "a@b.test", "given_name_array": []string{"Angela"}, "idp_id": 5}, base},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, refusal := parseCivil(claims(t, civil, test.changes), today)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if diff := cmp.Diff(test.want, got.identity); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
			if got.role != record.RolePatient || got.nationalID != "" {
				t.Errorf("got role %s, national identifier %q", got.role, got.nationalID)
			}
		})
	}
}

func TestParseCivilRefuses(t *testing.T) {
	tests := map[string][]any{
		"given_name":   {nil, "", "  ", "-", "Angela2", "Angela\n<script>", "\x00", strings.Repeat("a", 257), "\xff", "A\u202eB", "A🙂"},
		"family_name":  {nil, "", "DU%BOIS", "DU;BOIS"},
		"birthdate":    {nil, "", "1962-8-24", "24/08/1962", "1962-02-30", "2025-02-29", "1962-13-01", "1962-00-24", "1962-08-32", "0000-00-00", "1849-12-31", "2026-11-22", "2027-00-00", "1962-08-24T00:00:00Z", "1962-08-24\n", "١٩٦٢-08-24"},
		"gender":       {nil, "", "F", "Female", "other"},
		"birthplace":   {nil, "", "7510", "751077", "2C004", "7510a", "75107\n"},
		"birthcountry": {"99", "991000", "FR", "99abc", "00000"},
	}
	for claim, values := range tests {
		for _, value := range values {
			_, refusal := parseCivil(claims(t, civil, map[string]any{claim: value}), today)
			if refusal == nil || refusal.Reason != ReasonTraits {
				t.Errorf("%s %q: got %v, want a refusal for traits", claim, value, refusal)
			}
		}
	}
	for _, text := range []string{"", "null", "[]", `"text"`, "{", `{"given_name":5}`, `{"birthdate":["1962-08-24"]}`} {
		if _, refusal := parseCivil([]byte(text), today); refusal == nil {
			t.Errorf("%s: accepted", text)
		}
	}
}

const physicianCode = "10^1.2.250.1.213.1.1.5.5"

var professional = map[string]any{
	"sub": "s", "SubjectNameID": "899700218896", "given_name": "Camille", "family_name": "MOREAU",
	"SubjectRole": []string{physicianCode}, "SubjectRefPro": refPro("10", "C"),
}

// refPro returns practices: profession, category, and so on.
func refPro(pairs ...string) map[string]any {
	practices := []map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		practices = append(practices, map[string]any{
			"codeProfession": pairs[i], "codeCategorieProfessionnelle": pairs[i+1], "nomDexercice": "MOREAU", "activities": []any{},
		})
	}
	return map[string]any{"codeCivilite": "", "exercices": practices}
}

func TestParseProfessional(t *testing.T) {
	const oid = "^1.2.250.1.213.1.1.5.5"
	roles := func(codes ...string) []string { return codes }
	tests := []struct {
		name  string
		roles any
		ref   any
		want  record.Role
	}{
		{"physician", roles(physicianCode), refPro("10", "C"), record.RolePhysician},
		{"military physician", roles(physicianCode), refPro("10", "M"), record.RolePhysician},
		{"nurse", roles("60" + oid), refPro("60", "C"), record.RoleNurse},
		{"pharmacist", roles("21" + oid), refPro("21", "C"), record.RoleProfessional},
		{"medical student", roles(physicianCode), refPro("10", "E"), record.RoleProfessional},
		{"nursing student", roles("60" + oid), refPro("60", "E"), record.RoleProfessional},
		{"category absent", roles(physicianCode), refPro("10", ""), record.RoleProfessional},
		{"category unknown", roles(physicianCode), refPro("10", "X"), record.RoleProfessional},
		{"practices absent", roles(physicianCode), nil, record.RoleProfessional},
		{"practices empty", roles(physicianCode), refPro(), record.RoleProfessional},
		{"practices null", roles(physicianCode), map[string]any{"exercices": nil}, record.RoleProfessional},
		{"declared role absent", nil, refPro("10", "C"), record.RolePhysician},
		{"declared nurse, practises as physician", roles("60" + oid), refPro("10", "C"), record.RoleProfessional},
		{"declared under another system", roles("10^1.2.3"), refPro("60", "C"), record.RoleNurse},
		{"student of medicine, nurse", roles("60"+oid, physicianCode), refPro("10", "E", "60", "C"), record.RoleNurse},
		{"nurse and physician", roles("60"+oid, physicianCode), refPro("60", "C", "10", "C"), record.RolePhysician},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, refusal := usualProfessions.parse(claims(t, professional, map[string]any{"SubjectRole": test.roles, "SubjectRefPro": test.ref}), today)
			if refusal != nil {
				t.Fatal(refusal)
			}
			if diff := cmp.Diff(record.Identity{Family: "MOREAU", Given: "Camille"}, got.identity); diff != "" {
				t.Errorf("identity (-want +got):\n%s", diff)
			}
			if got.role != test.want || got.nationalID != "899700218896" {
				t.Errorf("got role %s, national identifier %q, want role %s", got.role, got.nationalID, test.want)
			}
		})
	}
}

func TestParseProfessionalRefuses(t *testing.T) {
	tests := map[string]struct {
		values []any
		want   Reason
	}{
		"SubjectNameID": {[]any{nil, "", "8", "80", "800", "99700218896", "899700218897", "0997002188", "599700218896", "8997002188960", "ANS2021000001", "8997002188a6", " 899700218896", "8９9700218896"}, ReasonSubject},
		"given_name":    {[]any{nil, "", "Camille7"}, ReasonTraits},
		"family_name":   {[]any{nil, "", "<MOREAU>"}, ReasonTraits},
	}
	for claim, test := range tests {
		for _, value := range test.values {
			_, refusal := usualProfessions.parse(claims(t, professional, map[string]any{claim: value}), today)
			if refusal == nil || refusal.Reason != test.want {
				t.Errorf("%s %q: got %v, want a refusal for %s", claim, value, refusal, test.want)
			}
		}
	}
	nothing := map[string]any{"SubjectRole": []string{"", "^", "^1.2.250.1.213.1.1.5.5"}, "SubjectRefPro": refPro("", "C")}
	if _, refusal := usualProfessions.parse(claims(t, professional, nothing), today); refusal == nil || refusal.Reason != ReasonTraits {
		t.Errorf("no profession: got %v, want a refusal for traits", refusal)
	}
}

func TestNationalIDs(t *testing.T) {
	// The published test numbers, whose check digits were not made by this code.
	for _, id := range []string{"899700218896", "801234567897", "810001234563"} {
		if want := isLuhnByHand(id[1:]); isNationalID(id) != want {
			t.Errorf("%s: got %v, want %v", id, !want, want)
		}
	}
	for _, id := range []string{"899700218896", "801234567897"} {
		if !isNationalID(id) {
			t.Errorf("%s: refused", id)
		}
		for i := range 11 { // any single wrong digit is found
			wrong := []byte(id)
			wrong[i+1] = '0' + (wrong[i+1]-'0'+1)%10
			if isNationalID(string(wrong)) {
				t.Errorf("%s: accepted", wrong)
			}
		}
	}
}

// isLuhnByHand is the rule in words: every second digit from the right doubled,
// digits of the products added.
func isLuhnByHand(s string) bool {
	sum := 0
	for i := len(s) - 2; i >= 0; i -= 2 {
		double := int(s[i]-'0') * 2
		sum += double/10 + double%10
	}
	for i := len(s) - 1; i >= 0; i -= 2 {
		sum += int(s[i] - '0')
	}
	return sum%10 == 0
}

// FuzzParseCivil: whatever the claims hold, an accepted identity is complete and
// holds nothing but names, a date and codes.
func FuzzParseCivil(f *testing.F) {
	f.Add(claims(f, civil, nil))
	f.Add(claims(f, civil, map[string]any{"birthplace": "", "birthcountry": "99217", "preferred_username": "MARTIN"}))
	f.Add([]byte(`{"given_name":"A","family_name":"B","birthdate":"1962-00-00","gender":"unspecified","birthplace":"2B033"}`))
	f.Add([]byte(`{"GIVEN_NAME":"A"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, userinfo []byte) {
		got, refusal := parseCivil(userinfo, today)
		if refusal != nil {
			return
		}
		id := got.identity
		for _, name := range []string{id.Family, id.Given, id.Usual} {
			if strings.ContainsAny(name, "<>&\"\r\n\t\x00;=%") || len([]rune(name)) > maxName {
				t.Errorf("accepted the name %q", name)
			}
		}
		if record.Canonical(id.Family) == "" || id.First() == "" || len(id.Birthdate) != 10 || len(id.Birthplace) != 5 {
			t.Errorf("accepted an incomplete identity %+v", id)
		}
		if got.role != record.RolePatient || got.nationalID != "" {
			t.Errorf("a patient became %s %q", got.role, got.nationalID)
		}
	})
}

// FuzzParseProfessional: an accepted professional has an RPPS number, a name and
// a clinician's role.
func FuzzParseProfessional(f *testing.F) {
	f.Add(claims(f, professional, nil))
	f.Add(claims(f, professional, map[string]any{"SubjectRefPro": refPro("10", "E", "60", "C")}))
	f.Add(claims(f, professional, map[string]any{"SubjectRole": nil}))
	f.Add([]byte(`{"SubjectNameID":"801234567897","SubjectRole":[null],"SubjectRefPro":{"exercices":[null,{}]}}`))
	f.Fuzz(func(t *testing.T, userinfo []byte) {
		got, refusal := usualProfessions.parse(userinfo, today)
		if refusal != nil {
			return
		}
		if !isNationalID(got.nationalID) || got.identity.Family == "" || got.identity.Given == "" || !got.role.IsClinician() {
			t.Errorf("accepted %+v", got)
		}
	})
}

// TestMail is kept where either provider says it, and decides nothing (GA5.a).
func TestMail(t *testing.T) {
	for _, c := range []struct {
		said any
		want string
	}{{nil, ""}, {"angela@exemple.fr", "angela@exemple.fr"}, {"angela", ""}, {5, ""}, {[]string{"a@exemple.fr"}, ""}} {
		said := map[string]any{"email": c.said}
		if got, refusal := parseCivil(claims(t, civil, said), today); refusal != nil || got.mail != c.want {
			t.Errorf("FranceConnect says %v: got %q, %v", c.said, got.mail, refusal)
		}
		if got, refusal := (professions(nil)).parse(claims(t, professional, said), today); refusal != nil || got.mail != c.want {
			t.Errorf("Pro Santé Connect says %v: got %q, %v", c.said, got.mail, refusal)
		}
	}
}
