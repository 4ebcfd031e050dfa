package sample

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheTablesAreRead(t *testing.T) {
	c, err := readCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	withLOINC := 0
	for _, a := range c.analyses {
		if a.loinc != "" {
			withLOINC++
		}
	}
	if withLOINC < 60 || len(c.panels) < 30 {
		t.Errorf("%d analyses with a LOINC code and %d panels, want 60 and 30 at least", withLOINC, len(c.panels))
	}
}

// TestNoCodeStandsTwice looks at the lines, since a map would hide it.
func TestNoCodeStandsTwice(t *testing.T) {
	for name, columns := range map[string]int{"analyses": 15, "coded": 9, "panels": 7, "conditions": 7, "changes": 7} {
		seen := make(map[string]bool)
		for _, r := range readTable(name, columns).rows {
			if seen[r[0]] {
				t.Errorf("%s: %s stands twice", name, r[0])
			}
			seen[r[0]] = true
		}
	}
	codes := make(map[string]string)
	for _, a := range theCatalogue().analyses {
		if other, taken := codes[a.loinc]; taken && a.loinc != "" {
			t.Errorf("%s and %s have one LOINC code", a.code, other)
		}
		codes[a.loinc] = a.code
	}
}

// checkDigit is that of a LOINC code: mod 10, as on bank cards.
func checkDigit(number string) byte {
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return byte('0' + (10-sum%10)%10)
}

func TestEveryLOINCCodeHasItsCheckDigit(t *testing.T) {
	shape := regexp.MustCompile(`^[1-9]\d{1,5}-\d$`)
	check := func(where, code string) {
		t.Helper()
		if number, digit, _ := strings.Cut(code, "-"); !shape.MatchString(code) || digit != string(checkDigit(number)) {
			t.Errorf("%s: %s is no LOINC code", where, code)
		}
	}
	check("document", documentCode)
	c := theCatalogue()
	for _, a := range c.analyses {
		if a.loinc != "" {
			check(a.code, a.loinc)
		}
	}
	for _, p := range c.panels {
		if p.loinc != "" {
			check(p.code, p.loinc)
		}
	}
	for _, i := range c.isolates {
		check(i.antibiotic, i.loinc)
	}
	for m := range Messages(People()[0], 1, now) { // those that stand in the code
		for _, o := range m.orders {
			for _, l := range o.results {
				if l.loinc != "" {
					check(l.label, l.loinc)
				}
			}
		}
	}
}

func TestEveryAnalysisCanBePrinted(t *testing.T) {
	ucum := regexp.MustCompile(`^(%|/mL|10\*(9|12)/L|[munpkfd]?(g|mol|L|m|\[IU\]|U|m\[Hg\])(/([munpkfd]?(g|mol|L)|min/\{1\.73_m2\}))?(\{FEU\})?)$`)
	without := []string{"INR", "TCA", "PH"}
	for _, a := range theCatalogue().analyses {
		if a.label == "" || strings.TrimSpace(a.label) != a.label {
			t.Errorf("%s: label %q", a.code, a.label)
		}
		if a.isCoded() {
			if a.unusual.code == "" || a.usual.text == "" || a.unusual.text == "" || a.share < 0 || a.share > 100 {
				t.Errorf("%s: answers %v and %v", a.code, a.usual, a.unusual)
			}
			continue
		}
		for _, f := range append([]format{a.print}, a.earlier...) {
			if (f.unit == "") != slices.Contains(without, a.code) || f.unit != "" && !ucum.MatchString(f.ucum) {
				t.Errorf("%s: unit %q, UCUM %q", a.code, f.unit, f.ucum)
			}
			if f.decimals < 0 || f.decimals > 3 || f.factor <= 0 {
				t.Errorf("%s: %d decimals, factor %g", a.code, f.decimals, f.factor)
			}
		}
		if a.noise < 0 || a.noise > 0.3 {
			t.Errorf("%s: noise %g", a.code, a.noise)
		}
	}
}

func TestEveryIntervalIsOne(t *testing.T) {
	for _, a := range theCatalogue().analyses {
		if a.isCoded() {
			continue
		}
		for _, i := range []interval{a.critical, a.typical, {a.least, a.most}} {
			if i.low >= i.high {
				t.Errorf("%s: from %g to %g", a.code, i.low, i.high)
			}
		}
		if math.IsInf(a.typical.low, 0) != math.IsInf(a.typical.high, 0) {
			t.Errorf("%s: half a typical interval", a.code)
		}
		for _, r := range a.intervals {
			if r.low >= r.high || r.from >= r.to || math.IsInf(r.low, 0) && math.IsInf(r.high, 0) {
				t.Errorf("%s: from %g to %g, for %g to %g years", a.code, r.low, r.high, r.from, r.to)
			}
			if !math.IsInf(r.low, 0) && r.low <= a.critical.low || !math.IsInf(r.high, 0) && r.high >= a.critical.high {
				t.Errorf("%s: what is usual, %g to %g, is critical, %g to %g", a.code, r.low, r.high, a.critical.low, a.critical.high)
			}
			for _, bound := range []float64{r.low, r.high} {
				if printed := a.print.text(bound); !math.IsInf(bound, 0) && math.Abs(decimal(printed)-bound) > 1e-9 {
					t.Errorf("%s: the bound %g is printed %s", a.code, bound, printed)
				}
			}
		}
	}
}

func TestEveryAnalysisIsAskedForSomewhere(t *testing.T) {
	asked := make(map[string]bool)
	for _, p := range theCatalogue().panels {
		if p.title == "" || p.specimen.code == "" || p.specimen.text == "" {
			t.Errorf("%s: title %q, specimen %v", p.code, p.title, p.specimen)
		}
		for _, code := range p.analyses {
			asked[code] = true
		}
	}
	for code := range theCatalogue().analyses {
		if !asked[code] {
			t.Errorf("%s is in no panel", code)
		}
	}
}

func TestEveryCourseGoesForward(t *testing.T) {
	for _, c := range theCatalogue().conditions {
		for code, course := range c.progress {
			if len(course) < 2 || course[0].part != 0 || course[len(course)-1].part != 1 ||
				!slices.IsSortedFunc(course, func(a, b point) int { return int(1000 * (a.part - b.part)) }) {
				t.Errorf("%s, %s: %v", c.code, code, course)
			}
		}
	}
	for _, one := range occasions {
		for _, name := range one.panels {
			if theCatalogue().panels[name] == nil {
				t.Errorf("turn %d: no panel %s", one.turn, name)
			}
		}
	}
}

func TestCourse(t *testing.T) {
	c := course{{0, 10}, {0.5, 20}, {1, 0}}
	for part, want := range map[float64]float64{-1: 10, 0: 10, 0.25: 15, 0.5: 20, 0.75: 10, 1: 0, 2: 0} {
		if got := c.at(part); got != want {
			t.Errorf("at %g: got %g, want %g", part, got, want)
		}
	}
}
