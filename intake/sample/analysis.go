package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"guichet/record"
)

// An interval is what is usual; a bound that is absent is NaN.
type interval struct{ low, high float64 }

// An analysis is what a laboratory measures.
type analysis struct {
	loinc, name  string // LOINC's name in French
	local, label string // the laboratory's own
	unit         string
	decimals     int
	female, male interval
	child        interval // under 16; zero: as for adults
	critical     interval
	noise        float64 // of one measure, as a part of the value
	comment      string  // printed when out of range
	method       string
}

var none = math.NaN()

func both(low, high float64) interval { return interval{low, high} }

func (a *analysis) usual(sex record.Sex, age float64) interval {
	if age < 16 && a.child != (interval{}) {
		return a.child
	}
	if sex == record.Female {
		return a.female
	}
	return a.male
}

// reference prints an interval as the laboratory does.
func (a *analysis) reference(i interval) string {
	switch {
	case math.IsNaN(i.low):
		return "< " + a.print(i.high)
	case math.IsNaN(i.high):
		return "> " + a.print(i.low)
	}
	return a.print(i.low) + " - " + a.print(i.high)
}

func (a *analysis) print(value float64) string {
	return strconv.FormatFloat(value, 'f', a.decimals, 64)
}

// flag is the laboratory's interpretation of a printed value.
func (a *analysis) flag(printed string, i interval) string {
	value, err := strconv.ParseFloat(printed, 64)
	switch {
	case err != nil:
		return ""
	case value < a.critical.low:
		return "LL"
	case value > a.critical.high:
		return "HH"
	case value < i.low:
		return "L"
	case value > i.high:
		return "H"
	}
	return "N"
}

var (
	leucocytes  = analysis{loinc: "6690-2", name: "Leucocytes", local: "GB", label: "Leucocytes", unit: "G/L", decimals: 2, female: both(4, 10), male: both(4, 10), child: both(4.5, 13), critical: both(1, 30), noise: 0.12}
	hematies    = analysis{loinc: "789-8", name: "Érythrocytes", local: "GR", label: "Hématies", unit: "T/L", decimals: 2, female: both(3.80, 5.10), male: both(4.30, 5.70), child: both(4.00, 5.20), critical: both(1.5, 8), noise: 0.02}
	hemoglobin  = analysis{loinc: "718-7", name: "Hémoglobine", local: "HB", label: "Hémoglobine", unit: "g/dL", decimals: 1, female: both(12, 16), male: both(13, 17), child: both(11.5, 15.0), critical: both(7, 20), noise: 0.02, comment: "À rapprocher du contexte clinique."}
	hematocrit  = analysis{loinc: "4544-3", name: "Hématocrite", local: "HT", label: "Hématocrite", unit: "%", decimals: 1, female: both(35, 47), male: both(40, 52), child: both(35, 45), critical: both(20, 60), noise: 0.02}
	cellVolume  = analysis{loinc: "787-2", name: "Volume globulaire moyen", local: "VGM", label: "V.G.M.", unit: "fL", decimals: 1, female: both(80, 98), male: both(80, 98), child: both(76, 92), critical: both(50, 130), noise: 0.01}
	platelets   = analysis{loinc: "777-3", name: "Plaquettes", local: "PLQ", label: "Plaquettes", unit: "G/L", decimals: 0, female: both(150, 400), male: both(150, 400), critical: both(30, 1000), noise: 0.08}
	sodium      = analysis{loinc: "2951-2", name: "Sodium", local: "NA", label: "Sodium", unit: "mmol/L", decimals: 0, female: both(136, 145), male: both(136, 145), critical: both(120, 160), noise: 0.006}
	potassium   = analysis{loinc: "2823-3", name: "Potassium", local: "K", label: "Potassium", unit: "mmol/L", decimals: 1, female: both(3.5, 5.0), male: both(3.5, 5.0), critical: both(2.5, 6.5), noise: 0.05}
	chloride    = analysis{loinc: "2075-0", name: "Chlorures", local: "CL", label: "Chlorures", unit: "mmol/L", decimals: 0, female: both(98, 107), male: both(98, 107), critical: both(80, 125), noise: 0.01}
	creatinine  = analysis{loinc: "14682-9", name: "Créatinine", local: "CREA", label: "Créatinine", unit: "µmol/L", decimals: 0, female: both(45, 84), male: both(59, 104), critical: both(0, 700), noise: 0.05, method: "Enzymatique"}
	filtration  = analysis{loinc: "62238-1", name: "Débit de filtration glomérulaire estimé (CKD-EPI)", local: "DFG", label: "DFG estimé (CKD-EPI)", unit: "mL/min/1,73m²", decimals: 0, female: interval{60, none}, male: interval{60, none}, critical: both(15, 300), comment: "Estimation non valable en cas de variation rapide de la créatinine."}
	glucose     = analysis{loinc: "14771-0", name: "Glucose à jeun", local: "GLY", label: "Glycémie à jeun", unit: "mmol/L", decimals: 2, female: both(3.90, 6.10), male: both(3.90, 6.10), critical: both(2.5, 25), noise: 0.06, method: "Hexokinase"}
	hba1c       = analysis{loinc: "4548-4", name: "Hémoglobine A1c", local: "HBA1C", label: "Hémoglobine glyquée (HbA1c)", unit: "%", decimals: 1, female: both(4.0, 6.0), male: both(4.0, 6.0), critical: both(3, 14), noise: 0.02, comment: "Objectif à fixer avec votre médecin.", method: "CLHP"}
	cholesterol = analysis{loinc: "14647-2", name: "Cholestérol", local: "CT", label: "Cholestérol total", unit: "mmol/L", decimals: 2, female: interval{none, 5.20}, male: interval{none, 5.20}, critical: both(0, 15), noise: 0.04}
	triglycer   = analysis{loinc: "14927-8", name: "Triglycérides", local: "TG", label: "Triglycérides", unit: "mmol/L", decimals: 2, female: interval{none, 1.70}, male: interval{none, 1.70}, critical: both(0, 11), noise: 0.12}
	hdl         = analysis{loinc: "14646-4", name: "Cholestérol HDL", local: "HDL", label: "Cholestérol HDL", unit: "mmol/L", decimals: 2, female: interval{1.20, none}, male: interval{1.00, none}, critical: both(0, 9), noise: 0.05}
	ldl         = analysis{loinc: "39469-2", name: "Cholestérol LDL calculé", local: "LDL", label: "Cholestérol LDL (calculé)", unit: "mmol/L", decimals: 2, female: interval{none, 4.10}, male: interval{none, 4.10}, critical: both(0, 13), comment: "L'objectif dépend du risque cardiovasculaire."}
	crp         = analysis{loinc: "1988-5", name: "Protéine C réactive", local: "CRP", label: "Protéine C réactive (CRP)", unit: "mg/L", decimals: 0, female: interval{none, 5}, male: interval{none, 5}, critical: both(0, 200), noise: 0.2}
	tsh         = analysis{loinc: "3016-3", name: "Thyrotropine (TSH)", local: "TSH", label: "TSH", unit: "mUI/L", decimals: 2, female: both(0.27, 4.20), male: both(0.27, 4.20), critical: both(0.01, 60), noise: 0.1, method: "Électrochimiluminescence"}
	ferritin    = analysis{loinc: "2276-4", name: "Ferritine", local: "FER", label: "Ferritine", unit: "µg/L", decimals: 0, female: both(15, 150), male: both(30, 400), critical: both(2, 3000), noise: 0.08}
)

// A condition moves analyses from a first value to a last over a history.
type condition map[string]struct{ from, to float64 }

var (
	diabetes       = condition{"14771-0": {9.4, 6.7}, "4548-4": {8.6, 6.8}}
	hypothyroidism = condition{"3016-3": {9.8, 2.4}}
	dyslipidaemia  = condition{"14647-2": {7.3, 4.6}, "14927-8": {2.3, 1.3}}
	renalFailure   = condition{"14682-9": {112, 168}, "2823-3": {4.6, 5.1}}
	anaemia        = condition{"718-7": {9.8, 13.4}, "787-2": {74, 88}, "2276-4": {6, 62}}
	bleeding       = condition{"718-7": {6.5, 13.8}, "787-2": {72, 88}, "2276-4": {4, 85}}
	myxoedema      = condition{"3016-3": {78, 2.4}}
)

// A body gives values that make sense together.
type body struct {
	random    *rand.Rand
	sex       record.Sex
	age       float64
	progress  float64 // through the history, 0 to 1
	infected  bool
	constants map[string]float64 // where in the usual interval this person's values lie
	ill       []condition
}

// measure returns one value of a.
func (b *body) measure(a *analysis) float64 {
	noise := 1 + a.noise*(b.random.Float64()*2-1)
	for _, c := range b.ill {
		if move, ok := c[a.loinc]; ok {
			treated := 1 - math.Pow(1-b.progress, 3) // treatment works fast at first
			return (move.from + (move.to-move.from)*treated) * noise
		}
	}
	usual := a.usual(b.sex, b.age)
	low, high := usual.low, usual.high
	if math.IsNaN(low) {
		low = high * 0.6
	}
	if math.IsNaN(high) {
		high = low * 1.8
	}
	return (low + (high-low)*b.constants[a.loinc]) * noise
}

// filtrationRate is CKD-EPI 2009, from creatinine in µmol/L.
func (b *body) filtrationRate(creatinine float64) float64 {
	kappa, alpha, factor := 79.6, -0.411, 141.0
	if b.sex == record.Female {
		kappa, alpha, factor = 61.9, -0.329, 144.0
	}
	ratio := creatinine / kappa
	return factor * math.Pow(math.Min(ratio, 1), alpha) * math.Pow(math.Max(ratio, 1), -1.209) * math.Pow(0.993, b.age)
}

// line is an OBX to be.
type line struct {
	kind, code, name, local, label string
	value, unit, reference, flag   string
	method, comment, status, sub   string
}

// line returns the result value of a.
func (b *body) line(a *analysis, value float64) line {
	usual := a.usual(b.sex, b.age)
	l := line{
		kind: "NM", code: a.loinc, name: a.name, local: a.local, label: a.label,
		value: a.print(value), unit: a.unit, reference: a.reference(usual), method: a.method,
	}
	l.flag = a.flag(l.value, usual)
	if l.flag != "N" {
		l.comment = a.comment
	}
	return l
}

func (b *body) lines(list ...*analysis) []line {
	var out []line
	for _, a := range list {
		out = append(out, b.line(a, b.measure(a)))
	}
	return out
}

// order is an OBR to be.
type order struct {
	code, title, local, specimen string
	comment                      string
	results                      []line
}

// bloodCount derives red cells and haematocrit from haemoglobin and cell
// volume, as they hang together.
func (b *body) bloodCount() order {
	hb, volume := b.measure(&hemoglobin), b.measure(&cellVolume)
	ht := hb / 33.5 * 100
	white := b.measure(&leucocytes)
	if b.infected {
		white += 7.5
	}
	return order{code: "58410-2", title: "Hémogramme", local: "NFS", specimen: "Sang total", results: []line{
		b.line(&leucocytes, white), b.line(&hematies, ht*10/volume), b.line(&hemoglobin, hb), b.line(&hematocrit, ht),
		b.line(&cellVolume, volume), b.line(&platelets, b.measure(&platelets)),
	}}
}

func (b *body) electrolytes() order {
	crea := b.measure(&creatinine)
	lines := append(b.lines(&sodium, &potassium, &chloride), b.line(&creatinine, crea))
	if b.age >= 18 {
		lines = append(lines, b.line(&filtration, b.filtrationRate(crea)))
	}
	return order{code: "24326-1", title: "Ionogramme sanguin et fonction rénale", local: "IONO", specimen: "Sérum", results: lines}
}

// lipids computes LDL by Friedewald's formula.
func (b *body) lipids() order {
	total, tg, high := b.measure(&cholesterol), b.measure(&triglycer), b.measure(&hdl)
	return order{code: "24331-1", title: "Bilan lipidique", local: "LIP", specimen: "Sérum", comment: "Prélèvement à jeun.", results: []line{
		b.line(&cholesterol, total), b.line(&triglycer, tg), b.line(&hdl, high), b.line(&ldl, total-high-tg/2.2),
	}}
}

func (b *body) sugar() order {
	return order{code: "14771-0", title: "Glycémie et hémoglobine glyquée", local: "GLYC", specimen: "Plasma fluoré", results: b.lines(&glucose, &hba1c)}
}

func (b *body) thyroid() order {
	return order{code: "3016-3", title: "Bilan thyroïdien", local: "THY", specimen: "Sérum", results: b.lines(&tsh)}
}

func (b *body) iron() order {
	return order{code: "2276-4", title: "Ferritine", local: "FERR", specimen: "Sérum", results: b.lines(&ferritin)}
}

// inflammation gives CRP, which is only "<5" below what the method can tell.
func (b *body) inflammation() order {
	l := b.line(&crp, 30+60*b.random.Float64())
	if !b.infected {
		l.kind, l.value, l.flag, l.comment = "SN", "<^5", "N", ""
	}
	return order{code: "1988-5", title: "Protéine C réactive", local: "CRP", specimen: "Sérum", results: []line{l}}
}

// antibodies gives a titre.
func (b *body) antibodies() order {
	l := line{kind: "SN", code: "5048-4", name: "Anticorps antinucléaires (titre)", local: "AAN", label: "Anticorps antinucléaires",
		value: "^1^:^80", reference: "< 1:80", flag: "A", method: "Immunofluorescence indirecte",
		comment: "Titre faible, à interpréter selon le contexte clinique."}
	return order{code: "5048-4", title: "Auto-immunité", local: "AUTO", specimen: "Sérum", results: []line{l}}
}

// hepatitis gives a coded result.
func (b *body) hepatitis() order {
	l := line{kind: "CWE", code: "5196-1", name: "Antigène HBs", local: "AGHBS", label: "Antigène HBs",
		value: "NEG^Négatif^L", flag: "N", reference: "Négatif", method: "Chimiluminescence"}
	return order{code: "5196-1", title: "Sérologie hépatite B", local: "HBS", specimen: "Sérum", results: []line{l}}
}

// urineCulture gives a text, one OBX a line.
func (b *body) urineCulture() order {
	o := order{code: "630-4", title: "Examen cytobactériologique des urines", local: "ECBU", specimen: "Urine"}
	for _, text := range []string{
		"Aspect : limpide.",
		"Leucocytes : 4 000/mL. Hématies : moins de 1 000/mL.",
		"Culture : stérile après 24 heures.",
		"Conclusion : absence d'infection urinaire.",
	} {
		o.results = append(o.results, line{kind: "TX", code: "630-4", name: "Culture d'urine", local: "ECBU", label: "Culture d'urine", value: text, sub: "1"})
	}
	return o
}

func ageAt(birthdate string, year int) float64 {
	var born int
	if _, err := fmt.Sscanf(birthdate, "%4d", &born); err != nil {
		return 0
	}
	return float64(year - born)
}
