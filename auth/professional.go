package auth

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"guichet/record"
)

// Codes of Pro Santé Connect: professions of table TRE_G15, and categories.
const (
	professionPhysician = "10"
	professionNurse     = "60"
	professionOID       = "1.2.250.1.213.1.1.5.5"
	categoryCivilian    = "C"
	categoryMilitary    = "M"
)

// professions says which profession has which role; who practises another is a
// professional and no more.
type professions map[string]record.Role

// usualProfessions holds where the hospital has not said otherwise.
var usualProfessions = professions{professionPhysician: record.RolePhysician, professionNurse: record.RoleNurse}

// claimed are Pro Santé Connect's claims. Only the identifier and the names
// must be what they should; of the others, what is not is left out.
type claimed struct {
	NationalID     string     `json:"SubjectNameID"`
	Given          string     `json:"given_name"`
	Family         string     `json:"family_name"`
	Roles          some[word] `json:"SubjectRole"`
	Mail           word       `json:"email"`
	Organization   word       `json:"SubjectOrganization"`
	OrganizationID word       `json:"SubjectOrganizationID"`
	RefPro         references `json:"SubjectRefPro"`
}

// parse reads Pro Santé Connect's claims. Much of it is commonly empty: it is
// read leniently, and rights are given strictly.
func (table professions) parse(userinfo []byte, _ time.Time) (person, *Refusal) {
	if table == nil {
		table = usualProfessions
	}
	var c claimed
	if err := json.Unmarshal(userinfo, &c); err != nil {
		return person{}, refuse(ReasonUserinfo, "claims are malformed")
	}
	if !isNationalID(c.NationalID) {
		return person{}, refuse(ReasonSubject, "national identifier is not an RPPS number")
	}
	given, okGiven := cleanName(c.Given)
	family, okFamily := cleanName(c.Family)
	if !okGiven || !okFamily {
		return person{}, refuse(ReasonTraits, "names are absent or malformed")
	}
	practices := c.RefPro.practices()
	role, ok := table.roleOf(c.Roles, practices)
	if !ok {
		return person{}, refuse(ReasonTraits, "no profession")
	}
	usual := ""
	if len(practices) > 0 {
		usual = usualName(practices[0].Family, family)
	}
	return person{
		role: role, nationalID: c.NationalID, mail: record.Mail(string(c.Mail)),
		identity:  record.Identity{Family: family, Given: given, Usual: usual},
		practices: practices, structures: structuresOf(practices, record.Structure{ID: string(c.OrganizationID), Name: string(c.Organization)}),
	}, nil
}

// roleOf gives the rights of a profession only to whoever both is declared with
// it and practises it as a graduate: category E, a student, and an absent
// category are a professional and no more. It fails for somebody without any
// profession.
func (table professions) roleOf(declared []word, practices []record.Practice) (record.Role, bool) {
	codes := make([]string, 0, len(declared))
	for _, d := range declared {
		if code, oid, _ := strings.Cut(string(d), "^"); code != "" && oid == professionOID {
			codes = append(codes, code)
		}
	}
	known := len(codes) > 0
	best := record.RoleProfessional
	for _, p := range practices {
		known = known || p.Profession != ""
		graduate := p.Category == categoryCivilian || p.Category == categoryMilitary
		if !graduate || len(codes) > 0 && !slices.Contains(codes, p.Profession) {
			continue
		}
		if role := table[p.Profession]; role == record.RolePhysician || role == record.RoleNurse && best != record.RolePhysician {
			best = role
		}
	}
	return best, known
}

// isNationalID reports whether id is 8, for RPPS, and an RPPS number: eleven
// digits, of which the last is a check digit.
func isNationalID(id string) bool {
	rpps, ok := strings.CutPrefix(id, "8")
	return ok && len(rpps) == 11 && isLuhn(rpps)
}

// isLuhn reports whether s is digits that pass ISO/IEC 7812-1 annex B.
func isLuhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
