package sample

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"guichet/record"
)

// A course of care says what somebody comes for.
type care int

const (
	followed  care = iota // general care and what their conditions ask for
	expecting             // a pregnancy, month by month
	complete              // one report of sixty analyses
)

// An appointment is one visit to the laboratory to be.
type appointment struct {
	sampled  time.Time
	part     float64 // of the history gone by
	turn     int     // 1 is the last of all
	panels   []string
	special  special
	episode  string // a condition of some days, or empty
	stage    float64
	document bool
	follows  bool // the visit before, some days later
}

// A special is a report that is not simply measured and sent.
type special int

const (
	plain           special = iota
	sterileUrine            // a culture in which nothing grew
	infectedUrine           // one in which something did: provisional, then final
	corrects                // a potassium that was wrong, then corrected
	cancelsClotting         // a tube that could not be used
	haemolysed              // a potassium that is not given
	antibodies              // a titre
	smear                   // what was seen under the microscope
	bloodCulture            // in a pneumonia
	electrophoresis         // with its interpretation
	withdrawsFat            // an LDL that cannot be calculated
)

const daysOfYear = 365

// appointments spreads the visits of p over the years before now.
func (p *Person) appointments(random *rand.Rand, now time.Time) []appointment {
	list := make([]appointment, p.Visits)
	for i := range list {
		turn := p.Visits - i
		list[i] = appointment{sampled: p.sampledAt(random, now, i), turn: turn, document: turn == 1}
		if p.Visits > 1 {
			list[i].part = float64(i) / float64(p.Visits-1)
		}
		a := &list[i]
		switch {
		case p.care == complete:
			a.panels = []string{"NFSF", "IONOC", "RENAL", "GLYCC", "LIPC", "HEP", "ENZ", "THYC", "MARTIAL", "COAG", "CRP", "VITD", "PSA"}
		case p.care == expecting:
			p.expect(a, i)
		case p.ageAt(a.sampled) < 16:
			p.raise(a)
		default:
			p.follow(a)
		}
	}
	if p.care == followed && p.Visits >= manyVisits {
		list = p.fallIll(list)
	}
	return list
}

// manyVisits make a history that shows everything.
const manyVisits = 10

// sampledAt is the morning of a weekday, the last visit some days ago.
func (p *Person) sampledAt(random *rand.Rand, now time.Time, i int) time.Time {
	span := min(100*p.Visits, 10*daysOfYear)
	if p.care == expecting {
		span = 30 * p.Visits
	}
	step := span / max(p.Visits, 1)
	days := 4 + (p.Visits-1-i)*step + random.IntN(max(step/3, 1))
	if p.care != expecting && p.Visits >= manyVisits && i == 0 {
		days = max(days, span-10)
	}
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

// follow orders what everybody is followed for in turn, and what the
// conditions of p ask for. The last visit of everybody is the same check.
func (p *Person) follow(a *appointment) {
	for _, f := range []follow{{"NFS", 1}, {"IONO", 2}, {"GLYC", 3}, {"LIP", 4}, {"THY", 5}, {"FERR", 6}, {"CRP", 4}} {
		if (a.turn-1)%f.every == 0 {
			a.panels = append(a.panels, f.panel)
		}
	}
	if a.turn > 1 || p.Visits >= manyVisits {
		for _, name := range p.conditions {
			for _, f := range theCatalogue().condition(name).follows {
				if (a.turn-1)%f.every == 0 {
					a.panels = append(a.panels, f.panel)
				}
			}
		}
	}
	if a.turn > 1 && (p.Visits >= manyVisits || a.turn == 2) {
		p.add(a)
	}
}

// add orders what is looked for once: in a long history each in its turn, in a
// short one only one of them.
func (p *Person) add(a *appointment) {
	turn := a.turn
	if p.Visits < manyVisits {
		turn = 2 + p.draw(40)
	}
	for _, one := range occasions {
		if one.turn != turn || one.sex != record.SexUnknown && one.sex != p.Identity.Sex {
			continue
		}
		a.panels = append(a.panels, one.panels...)
		a.special = one.special
		a.document = one.document
	}
}

// draw returns a number below n that is always the same for p.
func (p *Person) draw(n int) int {
	const prime = 1_000_003
	sum := 0
	for _, c := range []byte(p.INS) {
		sum = (sum*31 + int(c)) % prime
	}
	return sum % n
}

// occasions are what is looked for once, by the turn counted from the last
// visit.
var occasions = []struct {
	turn     int
	sex      record.Sex
	special  special
	document bool
	panels   []string
}{
	{turn: 2, special: sterileUrine, panels: []string{"ECBU"}},
	{turn: 3, special: corrects, panels: []string{"IONO"}},
	{turn: 4, panels: []string{"VIRUS", "SYPH"}},
	{turn: 5, special: antibodies, panels: []string{"AUTO", "POLY"}},
	{turn: 6, special: infectedUrine, panels: []string{"ECBU", "CRP", "NFSF"}},
	{turn: 7, panels: []string{"VITB", "VITD"}},
	{turn: 8, special: cancelsClotting, panels: []string{"COAG"}},
	{turn: 9, special: electrophoresis, panels: []string{"EPP", "IG"}, document: true},
	{turn: 11, special: smear, panels: []string{"NFSF", "FROTTIS", "RETI"}},
	{turn: 12, sex: record.Female, panels: []string{"HORF"}},
	{turn: 12, sex: record.Male, panels: []string{"PSA", "HORM"}},
	{turn: 13, panels: []string{"CARD", "DDI"}, document: true},
	{turn: 14, panels: []string{"GROUPE"}},
	{turn: 15, panels: []string{"BU", "IONOU"}},
	{turn: 16, special: haemolysed, panels: []string{"IONO"}},
	{turn: 17, panels: []string{"THYA"}},
	{turn: 18, sex: record.Male, panels: []string{"MARQ"}},
	{turn: 18, sex: record.Female, panels: []string{"MARQF"}},
	{turn: 19, panels: []string{"HEP", "PROTS"}},
	{turn: 20, panels: []string{"MARTIAL", "VITD"}},
	{turn: 21, panels: []string{"PHOSPHO", "IONOC"}},
	{turn: 22, panels: []string{"LIPC"}},
	{turn: 23, panels: []string{"ALBU"}},
	{turn: 24, panels: []string{"CORT"}},
	{turn: 25, panels: []string{"COVID"}},
	{turn: 26, panels: []string{"ASLO", "INFL"}},
	{turn: 27, panels: []string{"COEL", "ALLERG"}},
	{turn: 28, special: withdrawsFat, panels: []string{"LIP"}},
	{turn: 30, panels: []string{"FACT", "COAG"}},
	{turn: 31, panels: []string{"TOXO", "RUB"}},
	{turn: 33, panels: []string{"ENZ", "BNP"}},
}

// fallIll adds a pneumonia to a man's long history: three reports in ten days.
func (p *Person) fallIll(list []appointment) []appointment {
	i := slices.IndexFunc(list, func(a appointment) bool { return a.turn == manyVisits })
	if p.Identity.Sex != record.Male || i < 0 || p.ageAt(list[i].sampled) < 16 {
		return list
	}
	first := &list[i]
	first.panels = append(first.panels, "NFSF", "CRP", "PCT", "GDS", "COAG", "HEMOC")
	first.special, first.episode, first.document = bloodCulture, "pneumonie", false
	second, third := *first, *first
	second.sampled, second.stage, second.panels = first.sampled.AddDate(0, 0, 3), 0.35, []string{"NFSF", "CRP", "PCT", "IONOC"}
	third.sampled, third.stage, third.panels = first.sampled.AddDate(0, 0, 10), 0.9, []string{"NFSF", "CRP"}
	second.special, second.follows, third.special, third.follows = plain, true, plain, true
	return slices.Insert(list, i+1, second, third)
}

// expect orders what a pregnancy is followed by, month by month.
func (p *Person) expect(a *appointment, month int) {
	a.episode, a.stage = "grossesse", a.part
	months := [][]string{
		{"HCG", "NFSF", "THY", "GLYC"}, {"GROUPE", "VIRUS", "SYPH", "TOXO", "RUB", "BU"}, {"TOXO", "BU"}, {"NFS", "FERR", "TOXO", "BU"},
		{"HGPO", "NFS", "TOXO", "BU"}, {"RAI", "TOXO", "ECBU"}, {"NFSF", "FERR", "HEP", "TOXO", "BU"}, {"NFS", "COAG", "RAI", "RENAL", "BU"},
	}
	a.panels = months[month%len(months)]
	if slices.Contains(a.panels, "ECBU") {
		a.special = infectedUrine
	}
}

// raise orders what a child is followed for.
func (p *Person) raise(a *appointment) {
	a.panels = []string{"NFSF", "CRP"}
	if a.turn%2 == 0 {
		a.panels = append(a.panels, "FERR")
	}
	switch a.turn {
	case 2:
		a.panels = append(a.panels, "IONO", "ALLERG")
	case 3:
		a.panels = append(a.panels, "COEL", "THY")
	case 4:
		a.special = sterileUrine
		a.panels = append(a.panels, "ECBU", "BU")
	}
	for _, name := range p.conditions {
		for _, f := range theCatalogue().condition(name).follows {
			if a.turn > 1 && (a.turn-1)%f.every == 0 {
				a.panels = append(a.panels, f.panel)
			}
		}
	}
}

// ageAt returns the age of p in years.
func (p *Person) ageAt(day time.Time) float64 {
	born, err := time.Parse(time.DateOnly, p.Identity.Birthdate)
	if err != nil {
		return 0
	}
	return math.Max(0, day.Sub(born).Hours()/24/365.2425)
}
