package record

// Practice is one way in which a professional practises, as Pro Santé Connect
// declares it. Codes are those of the national nomenclatures; any of them may be
// empty.
type Practice struct {
	Profession     string // TRE_G15: 10 physician, 60 nurse
	Category       string // C civilian, M military, E student
	SpecialityType string
	Speciality     string // savoir-faire: SM26 general medicine
	Family, Given  string // the name in use there
	Activities     []Activity
}

// Activity is where and how a practice is carried on.
type Activity struct {
	Mode      string // L on one's own account, S salaried, B volunteer
	Sector    string // SA07 private practice
	Function  string
	Structure Structure
}

// Structure is a place where a professional works.
type Structure struct {
	ID   string // 1 and its FINESS number, 3 and its SIRET, or its technical identifier; may be empty
	Name string
}
