package sample

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"guichet/record"
)

// A body gives values that make sense together: those of one person on one
// day.
type body struct {
	random    *rand.Rand
	sex       record.Sex
	age       float64 // years
	pregnant  bool
	constants map[string]float64 // where in the usual interval this person's values lie
	states    []state
	known     map[string]float64 // what has been measured today
}

// A state is how far a condition has gone.
type state struct {
	*condition
	part float64
}

// usual returns the interval for this person, and whether there is one.
func (b *body) usual(a *analysis) (interval, bool) {
	for _, r := range a.intervals {
		if (r.sex == record.SexUnknown || r.sex == b.sex) && r.pregnant && !b.pregnant {
			continue
		}
		if (r.sex == record.SexUnknown || r.sex == b.sex) && b.age >= r.from && b.age < r.to {
			return r.interval, true
		}
	}
	return interval{math.Inf(-1), math.Inf(1)}, false
}

// value returns what is measured today, in the present unit: the same for
// every panel that asks.
func (b *body) value(code string) float64 {
	if v, ok := b.known[code]; ok {
		return v
	}
	v := b.measure(code)
	b.known[code] = v
	return v
}

func (b *body) measure(code string) float64 {
	if !b.isMoved(code) {
		if v, ok := b.derived(code); ok {
			return v
		}
	}
	a := theCatalogue().analyses[code]
	noise := 1 + float64(a.noise*(b.random.Float64()*2-1))
	for _, s := range b.states {
		if course, ok := s.progress[code]; ok {
			return course.at(s.part) * noise
		}
	}
	i := b.typical(a)
	v := (i.low + float64((i.high-i.low)*b.constants[code])) * noise
	switch code { // a part of the leucocytes
	case "LYM":
		v = math.Min(v, b.value("GB")*0.5)
	case "MON":
		v = math.Min(v, b.value("GB")*0.12)
	}
	return v
}

// typical is the interval that a healthy person's values lie in.
func (b *body) typical(a *analysis) interval {
	i, _ := b.usual(a)
	switch {
	case a.typical.isClosed():
		return a.typical
	case math.IsInf(i.low, 0):
		i.low = i.high * 0.3
	case math.IsInf(i.high, 0):
		i.high = i.low * 1.7
	}
	return i
}

func (b *body) isMoved(code string) bool {
	for _, s := range b.states {
		if _, ok := s.progress[code]; ok {
			return true
		}
	}
	return false
}

// derived returns what follows from other analyses, and whether code is such
// an analysis.
func (b *body) derived(code string) (float64, bool) {
	switch code {
	case "HT":
		return b.value("HB") / 33.6 * 100, true
	case "GR":
		return b.value("HT") * 10 / b.value("VGM"), true
	case "TCMH":
		return b.value("HB") * 10 / b.value("GR"), true
	case "CCMH":
		return b.value("HB") * 100 / b.value("HT"), true
	case "PNN":
		return neutrophils(b), true
	case "DFG":
		return filtrationRate(b), true
	case "LDL":
		return b.value("CT") - b.value("HDL") - b.value("TG")/2.2, true // Friedewald
	case "NHDL":
		return b.value("CT") - b.value("HDL"), true
	case "CTF":
		return b.value("TRF") * 25, true
	case "CS":
		return b.value("FE") * 100 / b.value("CTF"), true
	case "HBA1CI":
		return (b.value("HBA1C") - 2.15) * 10.929, true // IFCC from NGSP
	case "BILD":
		return b.value("BILT") * 0.18, true
	case "TP":
		return prothrombin(b), true
	case "PSAR":
		return b.value("PSAL") * 100 / b.value("PSA"), true
	case "HCO3":
		return 0.0307 * b.value("PCO2") * math.Pow(10, b.value("PH")-6.1), true // Henderson and Hasselbalch
	case "SAO2":
		return saturation(b), true
	case "EALB":
		return b.value("PROT") * 0.605, true
	case "EA1":
		return b.value("PROT") * 0.036, true
	case "EA2":
		return b.value("PROT") * 0.092, true
	case "EB":
		return b.value("PROT") * 0.112, true
	case "EG":
		return b.value("PROT") * 0.155, true
	case "UACR":
		return b.value("UALB") / b.value("UCREA"), true
	}
	return 0, false
}

// neutrophils are what the other white cells leave.
func neutrophils(b *body) float64 {
	return b.value("GB") - b.value("LYM") - b.value("MON") - b.value("PNE") - b.value("PNB")
}

// filtrationRate is CKD-EPI 2009, without the factor that French laboratories
// leave out.
func filtrationRate(b *body) float64 {
	kappa, alpha, factor := 79.6, -0.411, 141.0
	if b.sex == record.Female {
		kappa, alpha, factor = 61.9, -0.329, 144.0
	}
	ratio := b.value("CREA") / kappa
	return factor * math.Pow(math.Min(ratio, 1), alpha) * math.Pow(math.Max(ratio, 1), -1.209) * math.Pow(0.993, math.Floor(b.age))
}

// prothrombin follows the INR of who has one.
func prothrombin(b *body) float64 {
	if b.isMoved("INR") {
		return math.Min(100, 100/math.Pow(b.value("INR"), 1.25))
	}
	return math.Min(100, 76+float64(34*b.constants["TP"]))
}

func saturation(b *body) float64 {
	p := b.value("PO2") / 26.8
	curve := math.Pow(p, 2.7)
	return math.Min(99, 100*curve/(1+curve))
}

// has reports whether somebody of this age and sex has a at all.
func (b *body) has(a *analysis) bool {
	switch a.code {
	case "DFG":
		return b.age >= 18
	case "PSA", "PSAL", "PSAR":
		return b.sex == record.Male
	case "HCG", "CA125", "CA153":
		return b.sex == record.Female
	case "INR":
		return b.isMoved("INR")
	}
	return true
}

// line returns the result of a, printed as it was so many years before now.
func (b *body) line(a *analysis, years float64) line {
	if a.isCoded() {
		return b.codedLine(a)
	}
	as := a.formatBefore(years)
	l := line{kind: number, loinc: a.loinc, local: a.code, label: a.label, unit: as.unit, ucum: as.ucum, method: as.method}
	value := b.value(a.code)
	if value < a.least {
		l.comparator, value = "<", a.least
	}
	if value > a.most {
		l.comparator, value = ">", a.most
	}
	l.value = as.text(value)
	if i, known := b.usual(a); known {
		l.setInterval(as.text, i)
	}
	l.flag = l.judge(scaled(a.critical, as.factor))
	if l.flag != "" && l.flag != "N" && a.comment != "" {
		l.comments = []string{a.comment}
	}
	return l
}

func (b *body) codedLine(a *analysis) line {
	l := line{kind: coded, loinc: a.loinc, local: a.code, label: a.label, reference: a.expected, method: a.print.method}
	answer := a.usual
	if b.constants[a.code]*100 < float64(a.share) {
		answer = a.unusual
	}
	l.value, l.answer = answer.text, answer
	if a.expected != "" {
		l.flag = "N"
		if answer != a.usual {
			l.flag = "A"
		}
	}
	if answer != a.usual && a.comment != "" || a.code == "ABO" {
		l.comments = []string{a.comment}
	}
	return l
}

// formatBefore returns how a was printed so many years before now.
func (a *analysis) formatBefore(years float64) format {
	for _, f := range a.earlier {
		if years > f.years {
			if f.method == "" {
				f.method = a.print.method
			}
			return f
		}
	}
	return a.print
}

func (f format) text(value float64) string {
	return strconv.FormatFloat(value*f.factor, 'f', f.decimals, 64)
}

func scaled(i interval, factor float64) interval { return interval{i.low * factor, i.high * factor} }

// setInterval prints i as laboratories do.
func (l *line) setInterval(text func(float64) string, i interval) {
	if !math.IsInf(i.low, 0) {
		l.low = text(i.low)
	}
	if !math.IsInf(i.high, 0) {
		l.high = text(i.high)
	}
	switch {
	case l.low == "":
		l.reference = "< " + l.high
	case l.high == "":
		l.reference = "> " + l.low
	default:
		l.reference = l.low + " - " + l.high
	}
}

// judge is the laboratory's interpretation of what is printed.
func (l *line) judge(critical interval) string {
	value := decimal(l.value)
	switch {
	case l.comparator == "<" && l.low == "" && l.high != "":
		return "N" // below what can be told
	case value < critical.low:
		return "LL"
	case value > critical.high || l.comparator == ">" && value >= critical.high:
		return "HH"
	case l.low != "" && value < decimal(l.low):
		return "L"
	case l.high != "" && (value > decimal(l.high) || l.comparator == ">"):
		return "H"
	case l.reference == "":
		return "" // nothing to judge by
	}
	return "N"
}

// decimal reads what text wrote.
func decimal(printed string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSpace(printed), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}
