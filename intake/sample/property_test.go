package sample

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet/record"
)

// golden is what People and thirty patients of seed 2026 are, in both formats:
// a change of the generator changes it, and nothing else may (GP6.b).
const golden = "018fa98ba6927105518a4af31b6b99a76adcf92bb3367393d22e6c6207a3f2d4"

func TestTheSameBytesOnEveryMachine(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, p := range append(People(), Patients(2026, 30)...) {
		for m := range Messages(p, 2026, time.Date(2026, 11, 21, 6, 0, 0, 0, paris)) {
			_, _ = h.Write(m.HL7())
			_, _ = h.Write(m.FHIR())
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != golden {
		t.Errorf("got %s, want %s", got, golden)
	}
}

// somebody draws a patient of any seed.
func somebody(t *rapid.T) (Person, uint64) {
	seed := rapid.Uint64().Draw(t, "seed")
	people := Patients(seed, rapid.IntRange(1, 4).Draw(t, "people"))
	return people[len(people)-1], seed
}

func TestFlagsAgreeWithIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, seed := somebody(t)
		for m := range Messages(p, seed, now) {
			for _, o := range m.orders {
				for i := range o.results {
					checkFlag(t, m, &o.results[i])
				}
			}
		}
	})
}

func checkFlag(t *rapid.T, m *Message, l *line) {
	if l.kind != number || l.reference == "" || l.status == cancelled {
		return
	}
	value := decimal(l.value)
	below := l.low != "" && value < decimal(l.low)
	above := l.high != "" && (value > decimal(l.high) || l.comparator == ">")
	switch l.flag {
	case "L", "LL":
		if !below {
			t.Errorf("%s: %s %s is %s of %s", m.Control, l.label, l.printed(), l.flag, l.reference)
		}
	case "H", "HH":
		if !above {
			t.Errorf("%s: %s %s is %s of %s", m.Control, l.label, l.printed(), l.flag, l.reference)
		}
	case "N":
		if below || above {
			t.Errorf("%s: %s %s is N of %s", m.Control, l.label, l.printed(), l.reference)
		}
	default:
		t.Errorf("%s: %s %s has the flag %q", m.Control, l.label, l.printed(), l.flag)
	}
}

func TestDatesAreInOrderAndNeverInTheFuture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, seed := somebody(t)
		now := time.Date(rapid.IntRange(2000, 2100).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 6, 0, 0, 0, time.UTC)
		var last time.Time
		controls := make(map[string]bool)
		for m := range Messages(p, seed, now) {
			if m.Sampled.Before(last) || m.Sampled.Before(now.AddDate(-10, 0, -5)) || m.Sampled.Format(time.DateOnly) <= p.Identity.Birthdate {
				t.Errorf("%s: sampled %s, the one before %s, born %s", m.Control, m.Sampled, last, p.Identity.Birthdate)
			}
			last = m.Sampled
			if m.received.Before(m.Sampled) || m.issued.Before(m.received) || m.issued.After(now) {
				t.Errorf("%s: sampled %s, received %s, issued %s, now %s", m.Control, m.Sampled, m.received, m.issued, now)
			}
			if controls[m.Control] {
				t.Errorf("%s names two messages", m.Control)
			}
			controls[m.Control] = true
		}
	})
}

func TestDigitsAreThoseOfTheAnalysis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, seed := somebody(t)
		for m := range Messages(p, seed, now) {
			for _, o := range m.orders {
				for i := range o.results {
					l := &o.results[i]
					a := theCatalogue().analyses[l.local]
					if l.kind != number || a == nil || l.value == "" {
						continue
					}
					_, fraction, _ := strings.Cut(l.value, ".")
					if !slices.ContainsFunc(append([]format{a.print}, a.earlier...), func(f format) bool { return f.unit == l.unit && f.decimals == len(fraction) }) {
						t.Errorf("%s: %s %s %s", m.Control, l.label, l.value, l.unit)
					}
				}
			}
		}
	})
}

func TestINSIsValidAndFictitious(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := Patients(rapid.Uint64().Draw(t, "seed"), 200)
		seen := make(map[string]bool)
		for _, p := range people {
			if len(p.INS) != 15 || record.NIRKey(p.INS[:13]) != p.INS[13:] || (p.INS[0] == '2') != (p.Identity.Sex == record.Female) ||
				p.INS[1:3] != p.Identity.Birthdate[2:4] || p.INS[5:10] != p.Identity.Birthplace || seen[p.INS] {
				t.Errorf("%s: INS %s of %+v", p.Login, p.INS, p.Identity)
			}
			seen[p.INS] = true
			if p.Identifiers()[0].Authority != record.OIDNIRTest {
				t.Error("the INS is not under the OID for tests")
			}
		}
	})
}

// TestAnalysesAgree checks what follows from other results in the same report.
func TestAnalysesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, seed := somebody(t)
		for m := range Messages(p, seed, now) {
			values := make(map[string]float64)
			for _, o := range m.orders {
				for _, l := range o.results {
					if l.kind == number && l.comparator == "" && l.status != cancelled {
						if _, twice := values[l.local]; twice && theCatalogue().analyses[l.local] != nil {
							t.Errorf("%s: %s stands twice", m.Control, l.label)
						}
						values[l.local] = decimal(l.value)
					}
				}
			}
			near := func(what string, got, want, within float64) {
				if got != 0 && want != 0 && (got < want-within || got > want+within) {
					t.Errorf("%s: %s is %g, want %g", m.Control, what, got, want)
				}
			}
			if ht, ok := values["HT"]; ok {
				near("VGM", values["VGM"], ht*10/values["GR"], 0.5)
			}
			if values["LDL"] != 0 {
				near("LDL", values["LDL"], values["CT"]-values["HDL"]-values["TG"]/2.2, 0.02)
			}
			if values["MON"] != 0 {
				near("leucocytes", values["GB"], values["PNN"]+values["PNE"]+values["PNB"]+values["LYM"]+values["MON"], 0.03)
			}
			if values["EG"] != 0 {
				near("protéines", values["PROT"], values["EALB"]+values["EA1"]+values["EA2"]+values["EB"]+values["EG"], 0.8)
			}
			if values["HBA1CI"] != 0 {
				near("HbA1c", values["HBA1CI"], (values["HBA1C"]-2.15)*10.929, 1.1)
			}
		}
	})
}
