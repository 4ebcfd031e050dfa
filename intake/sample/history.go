package sample

import (
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// Messages returns the reports about p, oldest first, as laboratories would
// have sent them up to now: one or more a visit. Times are in the location of
// now. Each is made when it is asked for.
func Messages(p Person, seed uint64, now time.Time) iter.Seq[*Message] {
	return func(yield func(*Message) bool) {
		name := fnv.New64a()
		_, _ = name.Write([]byte(p.Local))                  // never fails
		random := rand.New(rand.NewPCG(seed, name.Sum64())) // #nosec G404 -- the same seed must give the same bytes
		constants := drawConstants(random)
		for i, a := range p.appointments(random, now) {
			if !p.isBorn(a.sampled) {
				continue
			}
			m := p.visit(random, constants, now, i, &a)
			for _, sent := range m.sent(&a) {
				if !yield(sent) {
					return
				}
			}
		}
	}
}

// Reports returns the messages about p as HL7 v2.
func Reports(p Person, seed uint64, now time.Time) [][]byte {
	var list [][]byte
	for m := range Messages(p, seed, now) {
		list = append(list, m.HL7())
	}
	return list
}

// drawConstants says where in the usual interval each of a person's values
// lies. The order is fixed, so that the same seed gives the same person.
func drawConstants(random *rand.Rand) map[string]float64 {
	codes := make([]string, 0, len(theCatalogue().analyses))
	for code := range theCatalogue().analyses {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	constants := make(map[string]float64, len(codes))
	for _, code := range codes {
		constants[code] = 0.25 + float64(0.5*random.Float64())
		if theCatalogue().analyses[code].isCoded() {
			constants[code] = random.Float64()
		}
	}
	return constants
}

func (p *Person) isBorn(day time.Time) bool {
	return day.Format(time.DateOnly) > p.Identity.Birthdate
}

// visit returns the report of one appointment, before anything is odd about it.
func (p *Person) visit(random *rand.Rand, constants map[string]float64, now time.Time, i int, a *appointment) *Message {
	years := now.Sub(a.sampled).Hours() / 24 / daysOfYear
	m := &Message{
		Control: fmt.Sprintf("%s-%03d", p.Local, i+1), Sampled: a.sampled, person: p, number: i + 1, status: final,
		received: a.sampled.Add(50 * time.Minute), issued: a.sampled.Add(6 * time.Hour),
		prescriber: pick(random, prescribers), biologist: pick(random, biologists), laboratory: laboratoryBefore(years),
	}
	b := p.body(random, constants, a)
	given := make(map[string]bool)
	for _, panel := range arranged(a.panels) {
		o := order{panel: panel}
		if panel.comment != "" {
			o.comments = []string{panel.comment}
		}
		for _, code := range panel.analyses {
			analysis := theCatalogue().analyses[code]
			if !given[code] && b.has(analysis) {
				given[code] = true
				o.results = append(o.results, b.line(analysis, years))
			}
		}
		if len(o.results) > 0 || len(panel.analyses) == 0 {
			m.orders = append(m.orders, o)
		}
	}
	m.makeSpecial(a, b)
	m.orders = slices.DeleteFunc(m.orders, func(o order) bool { return len(o.results) == 0 })
	if a.document {
		m.document = pdf(m.paper())
	}
	return m
}

// arranged returns the panels ordered, as laboratories print them, without
// those that another one holds whole.
func arranged(names []string) []*panel {
	var list []*panel
	for _, name := range names {
		if one := theCatalogue().panels[name]; one != nil && !slices.Contains(list, one) {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *panel) int { return a.place - b.place })
	holds := func(big, small *panel) bool {
		return len(big.analyses) > len(small.analyses) && len(small.analyses) > 0 &&
			!slices.ContainsFunc(small.analyses, func(code string) bool { return !slices.Contains(big.analyses, code) })
	}
	all := slices.Clone(list)
	return slices.DeleteFunc(list, func(small *panel) bool {
		return slices.ContainsFunc(all, func(big *panel) bool { return holds(big, small) })
	})
}

func (p *Person) body(random *rand.Rand, constants map[string]float64, a *appointment) *body {
	b := &body{
		random: random, sex: p.Identity.Sex, age: p.ageAt(a.sampled), pregnant: a.episode == "grossesse",
		constants: constants, known: make(map[string]float64),
	}
	if a.episode != "" {
		b.states = append(b.states, state{theCatalogue().condition(a.episode), a.stage})
	}
	for _, name := range p.conditions {
		b.states = append(b.states, state{theCatalogue().condition(name), a.part})
	}
	if a.episode == "" && random.IntN(14) == 0 { // a cold
		b.known["CRP"] = 18 + float64(55*random.Float64())
		b.known["GB"] = 10.5 + float64(4*random.Float64())
	}
	return b
}
