package demo

import (
	"strings"

	"guichet/configs"
)

// Person is somebody fictitious who can sign in, as ready.json shows them.
type Person struct {
	Provider string `json:"provider"` // franceconnect, psc or console
	Login    string `json:"login"`
	Name     string `json:"name"`
	Role     string `json:"role"` // patient, guardian, unknown, physician, nurse, administrator or officer
	Note     string `json:"note"` // what there is to see, for people
	Traits   Traits `json:"traits"`

	Usual      string `json:"-"` // name in use, where it differs
	RPPS       string `json:"-"` // professionals
	Profession string `json:"-"` // TRE_G15
	Structure  string `json:"-"`
}

// Traits identify a patient. What does not apply is empty.
type Traits struct {
	Family     string `json:"family"`
	Given      string `json:"given"` // one name
	Birthdate  string `json:"birthdate"`
	Gender     string `json:"gender"`
	Birthplace string `json:"birthplace"`
	Local      string `json:"local"` // the hospital's number
	INS        string `json:"ins"`   // under the OID for tests
}

const france = "99100"

// atProvider is what the fictitious provider is told about p.
func (p Person) atProvider() configs.IDPPerson {
	known := configs.IDPPerson{
		Provider: p.Provider, Login: p.Login, Name: p.Name,
		Family: p.Traits.Family, Given: p.Traits.Given, Usual: p.Usual,
		RPPS: p.RPPS, Profession: p.Profession, Structure: p.Structure,
	}
	if p.Provider != "franceconnect" {
		return known
	}
	known.Birthdate, known.Gender = p.Traits.Birthdate, p.Traits.Gender
	// Born abroad: the provider gives the country and no place.
	if strings.HasPrefix(p.Traits.Birthplace, "99") {
		known.Country = p.Traits.Birthplace
	} else {
		known.Country, known.Birthplace = france, p.Traits.Birthplace
	}
	return known
}

// staff are the professionals, and those of the hospital who will use the
// console.
func staff() []Person {
	return []Person{
		{
			Provider: "psc", Login: "dr.lemaire", Name: "Dr Pascale LEMAIRE", Role: "physician",
			Note:   "médecin généraliste ; rien ne lui est encore partagé",
			Traits: Traits{Family: "LEMAIRE", Given: "Pascale"},
			RPPS:   "89970010016", Profession: "10", Structure: "Cabinet médical des Tilleuls",
		},
		{
			Provider: "psc", Login: "dr.fabre", Name: "Dr Étienne FABRE", Role: "physician",
			Note:   "cardiologue ; rien ne lui est encore partagé",
			Traits: Traits{Family: "FABRE", Given: "Étienne"},
			RPPS:   "89970010024", Profession: "10", Structure: "Clinique des Trois-Rivières",
		},
		{
			Provider: "psc", Login: "inf.moreau", Name: "Claire MOREAU", Role: "nurse",
			Note:   "infirmière libérale ; rien ne lui est encore partagé",
			Traits: Traits{Family: "MOREAU", Given: "Claire"},
			RPPS:   "89970010032", Profession: "60", Structure: "Cabinet infirmier du Port",
		},
		{
			Provider: "console", Login: "admin.roussel", Name: "Antoine ROUSSEL", Role: "administrator",
			Note:   "informatique de l'hôpital ; la console n'existe pas encore",
			Traits: Traits{Family: "ROUSSEL", Given: "Antoine"},
		},
		{
			Provider: "console", Login: "traces.dumas", Name: "Isabelle DUMAS", Role: "officer",
			Note:   "responsable des traces ; la console n'existe pas encore",
			Traits: Traits{Family: "DUMAS", Given: "Isabelle"},
		},
	}
}
