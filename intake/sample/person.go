package sample

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"

	"guichet/record"
)

// Authority is the assigning authority of the local numbers.
const Authority = "HOP"

// A Person is a fictitious person: what a hospital and an identity provider
// know of them.
type Person struct {
	Login    string // short, ASCII
	Identity record.Identity
	INS      string // 15 characters, under record.OIDNIRTest
	Local    string // the hospital's own number, under Authority
	Role     string // patient, guardian, child or unknown
	Note     string // in French: what the person is there to show
	Visits   int    // how many reports Reports makes

	conditions []string // of the catalogue
	care       care
}

// Identifiers returns how the messages about p name them.
func (p Person) Identifiers() []record.Identifier {
	return []record.Identifier{{Authority: record.OIDNIRTest, Value: p.INS}, {Authority: Authority, Value: p.Local}}
}

// ins returns a number built like a NIR, with its key.
func ins(id record.Identity, order int) string {
	sex := "1"
	if id.Sex == record.Female {
		sex = "2"
	}
	number := fmt.Sprintf("%s%s%s%s%03d", sex, id.Birthdate[2:4], id.Birthdate[5:7], id.Birthplace, order)
	return number + record.NIRKey(number)
}

// People returns the cast of the demo, always the same.
func People() []Person {
	person := func(login, family, given, usual, birthdate string, sex record.Sex, birthplace string, order int) Person {
		id := record.Identity{Family: family, Given: given, Usual: usual, Birthdate: birthdate, Sex: sex, Birthplace: birthplace}
		return Person{Login: login, Identity: id, INS: ins(id, order), Role: "patient"}
	}
	cast := []Person{
		person("helene", "LEFÈVRE", "Hélène Marie", "GARNIER", "1961-03-09", record.Female, "75112", 116),
		person("karim", "BENALI", "Karim", "", "1974-11-23", record.Male, "69383", 42),
		person("odile", "PRÉVOST", "Odile Jeanne", "LE GOFF", "1948-07-02", record.Female, "44109", 208),
		person("sophie", "MARCHAND", "Sophie", "", "1985-05-17", record.Female, "35238", 77),
		person("leo", "MARCHAND", "Léo", "", "2016-09-04", record.Male, "35238", 301),
		person("jean1", "MARTIN", "Jean", "", "1970-01-15", record.Male, "31555", 19),
		person("jean2", "MARTIN", "Jean", "", "1970-01-15", record.Male, "33063", 230),
		person("ines", "CAUSSE", "Inès", "", "1992-12-30", record.Female, "34172", 64),
	}
	for i := range cast {
		cast[i].Local = fmt.Sprintf("80000%02d", i+1)
	}
	helene, karim, odile, sophie, leo, jean1, jean2, ines := &cast[0], &cast[1], &cast[2], &cast[3], &cast[4], &cast[5], &cast[6], &cast[7]
	helene.Visits, helene.conditions = 40, []string{"diabete", "myxoedeme", "lipides", "carence"}
	helene.Note = "dix ans de suivi : diabète, thyroïde, cholestérol, fer"
	karim.Visits, karim.conditions = 38, []string{"saignement", "insuffisance"}
	karim.Note = "dix ans de suivi : fonction rénale, anémie, pneumonie"
	odile.Visits, odile.Note = 1, "un seul compte rendu"
	sophie.Visits, sophie.Role, sophie.care = 7, "guardian", expecting
	sophie.Note = "représentante légale de Léo MARCHAND ; enceinte"
	leo.Visits, leo.Role, leo.conditions = 4, "child", []string{"enfant"}
	leo.Note = "mineur, enfant de Sophie MARCHAND"
	jean1.Visits, jean1.care, jean1.conditions = 1, complete, []string{"lipides", "foie"}
	jean1.Note = "homonyme : même nom, même date de naissance, né à Toulouse ; un compte rendu de 60 analyses"
	jean2.Visits, jean2.conditions = 9, []string{"avk"}
	jean2.Note = "homonyme : même nom, même date de naissance, né à Bordeaux ; sous anticoagulant"
	ines.Role, ines.Note = "unknown", "inconnue de l'établissement"
	return cast
}

// Patients returns n patients drawn from seed. About one in thirty
// shares name, given name and birth date with the one before and was born
// elsewhere; as many have no report at all; one in twelve has a long history.
func Patients(seed uint64, n int) []Person { return slices.Collect(Stream(seed, n)) }

// Stream draws the same patients as Patients, one by one.
func Stream(seed uint64, n int) iter.Seq[Person] {
	return func(yield func(Person) bool) {
		random := rand.New(rand.NewPCG(seed, 0x6775696368657400)) // #nosec G404 -- the same seed must give the same people
		var last record.Identity
		taken := make(map[string]bool)
		for i := range n {
			id := drawIdentity(random)
			if i > 0 && random.IntN(30) == 0 && id.Birthplace != last.Birthplace {
				last.Birthplace = id.Birthplace
				id = last
			}
			last = id
			p := Person{
				Login:    fmt.Sprintf("p%d", i+1),
				Identity: id,
				INS:      freeINS(id, i, taken),
				Local:    fmt.Sprintf("9%02d%05d", seed%100, i+1),
				Role:     "patient",
			}
			p.drawCare(random)
			if !yield(p) {
				return
			}
		}
	}
}

// freeINS returns a number that nobody has yet.
func freeINS(id record.Identity, i int, taken map[string]bool) string {
	for order := i; ; order++ {
		if number := ins(id, 1+order%999); !taken[number] {
			taken[number] = true
			return number
		}
	}
}

// youngest is the year after which nobody is born.
const youngest = 2020

// drawCare says how often p comes and why.
func (p *Person) drawCare(random *rand.Rand) {
	p.Visits = 1 + random.IntN(12)
	switch random.IntN(30) {
	case 0:
		p.Visits = 0
	case 1, 2:
		p.Visits = 20 + random.IntN(21)
	}
	age := float64(youngest - atoi(p.Identity.Birthdate[:4]))
	for _, c := range theCatalogue().conditions {
		if c.oneIn > 0 && random.IntN(c.oneIn) == 0 && age >= c.from && age < c.to && (c.sex == record.SexUnknown || c.sex == p.Identity.Sex) {
			p.conditions = append(p.conditions, c.code)
		}
	}
	if p.Identity.Sex == record.Female && age >= 18 && age < 36 && random.IntN(6) == 0 {
		p.care, p.Visits = expecting, 2+random.IntN(7)
	}
}

func atoi(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

func drawIdentity(random *rand.Rand) record.Identity {
	id := record.Identity{
		Family:     pick(random, families),
		Sex:        record.Male,
		Given:      pick(random, maleNames),
		Birthdate:  fmt.Sprintf("%04d-%02d-%02d", 1935+random.IntN(85), 1+random.IntN(12), 1+random.IntN(28)),
		Birthplace: pick(random, places).code,
	}
	if random.IntN(2) == 0 {
		id.Sex, id.Given = record.Female, pick(random, femaleNames)
		if usual := pick(random, families); random.IntN(3) == 0 && usual != id.Family && id.Birthdate < "2000" {
			id.Usual = usual
		}
	}
	if random.IntN(3) == 0 {
		names := maleNames
		if id.Sex == record.Female {
			names = femaleNames
		}
		if second := pick(random, names); second != id.Given {
			id.Given += " " + second
		}
	}
	return id
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }
