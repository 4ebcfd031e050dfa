package sample

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"guichet/record"
)

// years is how far a long history reaches back.
const years = 5

// Reports returns the messages about p, oldest first, as its laboratory would
// have sent them up to now: one a visit, and for those with many visits one
// more that corrects an earlier one. Times are in the location of now.
func Reports(p Person, seed uint64, now time.Time) [][]byte {
	name := fnv.New64a()
	_, _ = name.Write([]byte(p.Local))                  // never fails
	random := rand.New(rand.NewPCG(seed, name.Sum64())) // #nosec G404 -- the same seed must give the same bytes
	constants := make(map[string]float64)
	for _, a := range []*analysis{
		&leucocytes, &hemoglobin, &cellVolume, &platelets, &sodium, &potassium, &chloride, &creatinine,
		&glucose, &hba1c, &cholesterol, &triglycer, &hdl, &tsh, &ferritin,
	} {
		constants[a.loinc] = 0.25 + 0.5*random.Float64()
	}
	var messages [][]byte
	for i := range p.Visits {
		v := visit{
			person: &p, number: i + 1, status: "F", sampled: sampledAt(random, now, i, p.Visits),
			control:    fmt.Sprintf("%s-%03d", p.Local, i+1),
			prescriber: pick(random, prescribers), biologist: pick(random, biologists),
		}
		b := &body{
			random: random, sex: p.Identity.Sex, constants: constants, ill: p.conditions, infected: random.IntN(9) == 0,
			age: ageAt(p.Identity.Birthdate, v.sampled.Year()), progress: progress(i, p.Visits),
		}
		v.orders = b.prescription(i, p.Visits)
		if i == p.Visits-1 {
			v.document = pdf(paper(&v))
		}
		if i == p.Visits-3 && p.Visits >= 10 {
			messages = append(messages, corrected(&v)...)
			continue
		}
		messages = append(messages, v.message())
	}
	return messages
}

func progress(i, n int) float64 {
	if n < 2 {
		return 1
	}
	return float64(i) / float64(n-1)
}

// sampledAt spreads n visits over the years before now, in the morning of a
// weekday, the last one some days ago.
func sampledAt(random *rand.Rand, now time.Time, i, n int) time.Time {
	span := years * 365
	if n < 10 {
		span = 90 * n
	}
	step := span / max(n, 1)
	days := 3 + (n-1-i)*step + random.IntN(max(step/3, 1))
	day := now.AddDate(0, 0, -days)
	switch day.Weekday() {
	case time.Saturday:
		day = day.AddDate(0, 0, -1)
	case time.Sunday:
		day = day.AddDate(0, 0, -2)
	}
	year, month, date := day.Date()
	return time.Date(year, month, date, 7+random.IntN(3), random.IntN(60), 0, 0, now.Location())
}

// prescription chooses what is analysed at visit i of n: what the person is
// followed for each time, the rest in turn.
func (b *body) prescription(i, n int) []order {
	if b.age < 18 {
		return []order{b.bloodCount(), b.inflammation()}
	}
	orders := []order{b.bloodCount()}
	turn := n - i // the last visits of everybody look alike
	for _, follow := range []struct {
		loinc string
		every int
		order func() order
	}{
		{creatinine.loinc, 2, b.electrolytes},
		{hba1c.loinc, 3, b.sugar},
		{cholesterol.loinc, 4, b.lipids},
		{tsh.loinc, 5, b.thyroid},
		{ferritin.loinc, 6, b.iron},
	} {
		if b.isIllIn(follow.loinc) || turn%follow.every == 1 {
			orders = append(orders, follow.order())
		}
	}
	if b.infected || turn%4 == 1 {
		orders = append(orders, b.inflammation())
	}
	switch turn {
	case 2:
		orders = append(orders, b.urineCulture())
	case 4:
		orders = append(orders, b.hepatitis())
	case 5:
		orders = append(orders, b.antibodies())
	case 3:
		orders = append(orders[:1], append([]order{b.electrolytes()}, withoutElectrolytes(orders[1:])...)...)
	}
	return orders
}

func (b *body) isIllIn(loinc string) bool {
	for _, c := range b.ill {
		if _, ok := c[loinc]; ok {
			return true
		}
	}
	return false
}

func withoutElectrolytes(orders []order) []order {
	var rest []order
	for _, o := range orders {
		if o.local != "IONO" {
			rest = append(rest, o)
		}
	}
	return rest
}

// corrected returns v twice: as first sent, with the potassium of a haemolysed
// tube, and as corrected the next day under the same order numbers.
func corrected(v *visit) [][]byte {
	wrong, right := *v, *v
	wrong.orders, right.orders = nil, nil
	for _, o := range v.orders {
		first, second := o, o
		first.results, second.results = nil, nil
		for _, l := range o.results {
			was, is := l, l
			if l.code == potassium.loinc {
				was.value, was.flag = "6.2", "H"
				was.comment = "Échantillon hémolysé : à contrôler."
				is.status = "C"
				is.comment = "Résultat corrigé après contrôle sur un second tube ; annule et remplace 6.2 mmol/L."
			} else {
				is.status = "F"
			}
			first.results, second.results = append(first.results, was), append(second.results, is)
		}
		wrong.orders, right.orders = append(wrong.orders, first), append(right.orders, second)
	}
	right.status, right.control = "C", v.control+"C"
	right.explanation = "Compte rendu corrigé."
	return [][]byte{wrong.message(), right.message()}
}

// paper is the text of the laboratory's own PDF of v.
func paper(v *visit) []string {
	id := v.person.Identity
	lines := []string{
		"Laboratoire de biologie médicale du Centre hospitalier (fictif)",
		"Compte rendu d'examens biologiques",
		"",
		"Patient : " + id.Name() + " (nom de naissance : " + id.Family + "), né(e) le " + frenchDate(id.Birthdate),
		"Prélèvement du " + v.sampled.Format("02/01/2006 à 15:04"),
		"",
	}
	for _, o := range v.orders {
		lines = append(lines, o.title)
		for _, l := range o.results {
			if l.kind == "NM" {
				lines = append(lines, "    "+l.label+" : "+l.value+" "+l.unit+"   ("+l.reference+")")
			}
		}
	}
	return append(lines, "", "Document fictif, sans valeur médicale.")
}

func frenchDate(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("02/01/2006")
}

// Identifiers returns how the messages about p name them.
func (p Person) Identifiers() []record.Identifier {
	return []record.Identifier{{Authority: record.OIDNIRTest, Value: p.INS}, {Authority: Authority, Value: p.Local}}
}
