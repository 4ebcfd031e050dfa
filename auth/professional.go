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

// practice is one way in which a professional practises.
type practice struct {
	Profession string `json:"codeProfession"`
	Category   string `json:"codeCategorieProfessionnelle"`
	Name       string `json:"nomDexercice"`
}

// parseProfessional reads Pro Santé Connect's claims. Much of it is commonly
// empty: it is read leniently, and rights are given strictly.
func parseProfessional(userinfo []byte, _ time.Time) (person, *Refusal) {
	var c struct {
		NationalID string   `json:"SubjectNameID"`
		Given      string   `json:"given_name"`
		Family     string   `json:"family_name"`
		Roles      []string `json:"SubjectRole"`
		RefPro     struct {
			Practices []practice `json:"exercices"`
		} `json:"SubjectRefPro"`
	}
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
	role, ok := roleOf(c.Roles, c.RefPro.Practices)
	if !ok {
		return person{}, refuse(ReasonTraits, "no profession")
	}
	usual := ""
	if len(c.RefPro.Practices) > 0 {
		usual = usualName(c.RefPro.Practices[0].Name, family)
	}
	return person{
		role: role, nationalID: c.NationalID,
		identity: record.Identity{Family: family, Given: given, Usual: usual},
	}, nil
}

// roleOf gives the rights of a physician or a nurse only to whoever both is
// declared with that profession and practises it as a graduate: category E, a
// student, and an absent category are a professional and no more. It fails for
// somebody without any profession.
func roleOf(declared []string, practices []practice) (record.Role, bool) {
	professions := make([]string, 0, len(declared))
	for _, d := range declared {
		if code, oid, _ := strings.Cut(d, "^"); code != "" && oid == professionOID {
			professions = append(professions, code)
		}
	}
	practised := func(profession string) bool {
		if len(professions) > 0 && !slices.Contains(professions, profession) {
			return false
		}
		return slices.ContainsFunc(practices, func(p practice) bool {
			return p.Profession == profession && (p.Category == categoryCivilian || p.Category == categoryMilitary)
		})
	}
	switch {
	case practised(professionPhysician):
		return record.RolePhysician, true
	case practised(professionNurse):
		return record.RoleNurse, true
	}
	known := len(professions) > 0 || slices.ContainsFunc(practices, func(p practice) bool { return p.Profession != "" })
	return record.RoleProfessional, known
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
