package fhir

import (
	"slices"
	"strings"

	"guichet/record"
)

// read returns the result as printed, and its unit. Digits stay as they are.
func (v *value) read() (record.Value, string) {
	switch {
	case v.Quantity != nil:
		return printQuantity(v.Quantity), unitOf(v.Quantity)
	case v.Concept != nil:
		return coded(v.Concept), ""
	case v.String != "":
		return text(lines(v.String)), ""
	case v.Boolean != nil && *v.Boolean:
		return text(yes), ""
	case v.Boolean != nil:
		return text(no), ""
	case v.Integer != "":
		return record.Value{Kind: record.Numeric, Text: string(v.Integer)}, ""
	case v.Range != nil:
		printed, unit := printRange(v.Range)
		return structured(printed), unit
	case v.Ratio != nil:
		return structured(printRatio(v.Ratio)), ""
	case v.Sampled != nil:
		return text(printSampled(v.Sampled)), unitOf(&v.Sampled.Origin)
	case v.Time != "":
		return text(v.Time), ""
	case v.DateTime != "":
		return text(printTime(v.DateTime)), ""
	case v.Period != nil:
		return text(strings.TrimSpace(printTime(v.Period.Start) + " – " + printTime(v.Period.End))), ""
	}
	return record.Value{}, ""
}

func text(printed string) record.Value {
	if printed == "" {
		return record.Value{}
	}
	return record.Value{Kind: record.Text, Text: printed}
}

func structured(printed string) record.Value {
	if printed == "" {
		return record.Value{}
	}
	return record.Value{Kind: record.Structured, Text: printed}
}

func printQuantity(q *quantity) record.Value {
	switch {
	case q.Value == "":
		return record.Value{}
	case q.Comparator != "":
		return structured(q.Comparator + string(q.Value))
	}
	return record.Value{Kind: record.Numeric, Text: string(q.Value)}
}

func unitOf(q *quantity) string { return first(line(q.Unit), line(q.Code)) }

// printRange writes an interval without its unit: 67–580, ≥ 67, ≤ 580. Where
// its limits have two units, each stands beside its own.
func printRange(s *span) (printed, unit string) {
	var low, high quantity
	if s.Low != nil {
		low = *s.Low
	}
	if s.High != nil {
		high = *s.High
	}
	below, above := unitOf(&low), unitOf(&high)
	switch unit = first(below, above); {
	case low.Value != "" && high.Value != "" && below != "" && above != "" && below != above:
		return string(low.Value) + " " + below + " – " + string(high.Value) + " " + above, ""
	case low.Value != "" && high.Value != "":
		return string(low.Value) + "–" + string(high.Value), unit
	case low.Value != "":
		return "≥ " + string(low.Value), below
	case high.Value != "":
		return "≤ " + string(high.Value), above
	}
	return "", ""
}

// isReadable reports whether a result means one thing: a value or why there is
// none (obs-6), and limits that are numbers, without comparators (SimpleQuantity).
func (m *measured) isReadable() bool {
	if m.value != (value{}) && m.DataAbsentReason != nil {
		return false
	}
	spans := []*span{m.Range}
	for i := range m.ReferenceRange {
		r := &m.ReferenceRange[i]
		spans = append(spans, &span{Low: r.Low, High: r.High}, r.Age)
	}
	return !slices.ContainsFunc(spans, func(s *span) bool {
		return s != nil && (s.Low != nil && s.Low.Comparator != "" || s.High != nil && s.High.Comparator != "")
	})
}

// printRatio writes 1:80 where both sides are bare, and else each with its
// unit: 5 mg / 24 h.
func printRatio(r *ratio) string {
	numerator, denominator := printQuantity(&r.Numerator).Text, printQuantity(&r.Denominator).Text
	above, below := unitOf(&r.Numerator), unitOf(&r.Denominator)
	switch {
	case numerator == "" && denominator == "":
		return ""
	case isBare(above) && isBare(below):
		return numerator + ":" + denominator
	}
	return strings.Join(strings.Fields(numerator+" "+above+" / "+denominator+" "+below), " ")
}

// isBare: UCUM writes 1 for no unit.
func isBare(unit string) bool { return unit == "" || unit == "1" }

// printSampled says in words what a curve is; its points stay in the sealed
// original, since a list of a thousand numbers is no result for a reader.
func printSampled(s *sampled) string {
	n := len(strings.Fields(s.Data))
	if n == 0 {
		return ""
	}
	words := "Courbe de " + plural(n, "point")
	if s.Period != "" {
		words += ", un toutes les " + string(s.Period) + " ms"
	}
	return words + " (non affichée)"
}

func coded(c *concept) record.Value {
	chosen := choose(c.Coding)
	printed := first(line(c.Text), line(chosen.Display), line(chosen.Code))
	if printed == "" {
		return record.Value{}
	}
	return record.Value{Kind: record.Coded, Text: printed, Code: codeOf(chosen)}
}

func codeOf(c coding) record.Code {
	return record.Code{System: c.System, Value: line(c.Code), Text: line(c.Display)}
}

// choose returns the coding that speaks for a concept: what its user chose, or
// else the first that has a code.
func choose(list []coding) coding {
	for _, wanted := range []func(coding) bool{
		func(c coding) bool { return c.UserSelected && c.Code != "" },
		func(c coding) bool { return c.Code != "" },
		func(c coding) bool { return true },
	} {
		if i := slices.IndexFunc(list, wanted); i >= 0 {
			return list[i]
		}
	}
	return coding{}
}

// words returns what a concept says to people.
func words(c *concept) string {
	if c == nil {
		return ""
	}
	if text := line(c.Text); text != "" {
		return text
	}
	for _, one := range c.Coding {
		if display := line(one.Display); display != "" {
			return display
		}
	}
	return line(choose(c.Coding).Code)
}

// analysis reads the code of a result or a report: LOINC wherever it stands,
// the sender's own beside it, and the name as the sender prints it. What has
// no code is known by its name, so that two different analyses stay two.
func analysis(c *concept) (code, local record.Code, name string) {
	name = words(c)
	loinc := slices.IndexFunc(c.Coding, isLOINC)
	other := slices.IndexFunc(c.Coding, func(one coding) bool { return !isLOINC(one) && one.Code != "" })
	if loinc >= 0 {
		code = codeOf(c.Coding[loinc])
	}
	if other >= 0 {
		local = codeOf(c.Coding[other])
	}
	switch {
	case loinc >= 0:
		return code, local, name
	case other >= 0:
		return local, record.Code{}, name
	}
	return record.Code{Value: name, Text: name}, record.Code{}, name
}

// isLOINC reports whether a coding says that it is LOINC and looks like it.
func isLOINC(c coding) bool {
	number, check, ok := strings.Cut(c.Code, "-")
	return ok && c.System == record.LOINC && isDigits(number) && len(number) <= 7 && isDigits(check) && len(check) == 1
}

// flagSystems are the code systems of HL7 table 0078, whose codes FHIR took
// over.
var flagSystems = []string{"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "http://terminology.hl7.org/CodeSystem/v2-0078", "http://hl7.org/fhir/v2/0078", "http://hl7.org/fhir/v3/ObservationInterpretation"}

// flags reads interpretation: of each concept the code of table 0078, or else
// what it says.
func flags(list []concept) []record.Flag {
	var found []record.Flag
	for _, c := range list {
		flag := ""
		for _, one := range c.Coding {
			if slices.Contains(flagSystems, one.System) && one.Code != "" {
				flag = line(one.Code)
				break
			}
		}
		if flag = first(flag, line(choose(c.Coding).Code), line(c.Text)); flag != "" && !slices.Contains(found, record.Flag(flag)) {
			found = append(found, record.Flag(flag))
		}
	}
	return found
}

// reference prints the intervals of a result, one on a line; the unit is
// repeated only where it is another than the result's.
func printReference(list []referenceRange, unit string) string {
	var printed []string
	for _, one := range list {
		if text := one.print(unit); text != "" {
			printed = append(printed, text)
		}
	}
	return strings.Join(printed, "\n")
}

func (r *referenceRange) print(unit string) string {
	interval, own := printRange(&span{Low: r.Low, High: r.High})
	if interval != "" && own != "" && own != unit {
		interval += " " + own
	}
	said := lines(r.Text)
	switch {
	case interval == "" || said != "" && r.repeats(said):
		interval = said
	case said != "" && said != interval:
		interval += " (" + said + ")"
	}
	if interval == "" {
		return ""
	}
	var who []string
	for i := range r.AppliesTo {
		if text := words(&r.AppliesTo[i]); text != "" {
			who = append(who, text)
		}
	}
	if r.Age != nil {
		if age, of := printRange(r.Age); age != "" {
			who = append(who, strings.TrimSpace(age+" "+of))
		}
	}
	if kind := r.kind(); kind != "" {
		interval = kind + " : " + interval
	}
	if len(who) > 0 {
		interval += " [" + strings.Join(who, ", ") + "]"
	}
	return interval
}

// repeats reports whether the interval's text holds its limits already, as
// whole numbers: 1 is not in 10.
func (r *referenceRange) repeats(said string) bool {
	numbers := strings.FieldsFunc(said, func(c rune) bool { return (c < '0' || c > '9') && c != '.' && c != ',' })
	for i, number := range numbers {
		numbers[i] = strings.ReplaceAll(strings.TrimRight(number, ".,"), ",", ".")
	}
	for _, limit := range []*quantity{r.Low, r.High} {
		if limit == nil || limit.Value == "" {
			continue
		}
		digits, negative := strings.CutPrefix(string(limit.Value), "-")
		if !slices.Contains(numbers, digits) || negative && !strings.Contains(said, "-"+digits) {
			return false
		}
	}
	return true
}

// kind is what the interval means, where it is not the normal one.
func (r *referenceRange) kind() string {
	if slices.ContainsFunc(r.Type.Coding, func(c coding) bool { return c.Code == "normal" }) {
		return ""
	}
	return words(&r.Type)
}

// absence says in words why there is no value.
func absence(reason *concept) record.Value {
	if reason == nil {
		return record.Value{}
	}
	if said := line(reason.Text); said != "" {
		return text(said)
	}
	for _, c := range reason.Coding {
		if known, ok := absent[c.Code]; ok {
			return text(known)
		}
	}
	return text(words(reason))
}
