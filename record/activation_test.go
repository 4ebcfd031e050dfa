package record

import (
	"fmt"
	"strings"
	"testing"
)

func TestActivationCodes(t *testing.T) {
	seen := make(map[ActivationCode]bool)
	counts := make(map[rune]int)
	for range 2000 {
		c := NewActivationCode()
		if seen[c] {
			t.Fatal("a code came twice")
		}
		seen[c] = true
		for _, r := range string(c) {
			counts[r]++
		}
		groups := c.Groups()
		if len(strings.Split(groups, "-")) != 7 || len(groups) != 34 {
			t.Fatalf("printed in %d characters", len(groups))
		}
		for _, typed := range []string{groups, strings.ToLower(groups), strings.ReplaceAll(groups, "-", " "), " " + strings.ReplaceAll(groups, "-", "") + "\n",
			strings.NewReplacer("0", "O", "1", "l").Replace(groups), strings.ReplaceAll(groups, "-", "–")} {
			if got, err := ParseActivationCode(typed); err != nil || got != c {
				t.Fatalf("%s: %v", "a code as it may be typed", err)
			}
		}
		if text := fmt.Sprintf("%v %s %+v %#v %q", c, c, c, c, c); strings.Contains(text, string(c)) {
			t.Fatal("a code is printed by accident")
		}
	}
	if len(counts) != 32 {
		t.Errorf("%d characters are used, want 32", len(counts))
	}
	for r, n := range counts {
		if n < 1400 || n > 2100 { // 1750 expected
			t.Errorf("%c comes %d times", r, n)
		}
	}
}

// TestEveryMistypedCharacterIsFound before anything is tried.
func TestEveryMistypedCharacterIsFound(t *testing.T) {
	c := string(NewActivationCode())
	for i := range c {
		for _, r := range crockford {
			changed := c[:i] + string(r) + c[i+1:]
			if _, err := ParseActivationCode(changed); (err == nil) != (changed == c) {
				t.Errorf("character %d changed: %v", i, err)
			}
		}
	}
	for _, text := range []string{"", "-", c[:27], c + "0", strings.Repeat("Ü", 28), strings.Repeat("\u0660", 14)} {
		if _, err := ParseActivationCode(text); err == nil {
			t.Error("what is no code is read as one")
		}
	}
}

func FuzzParseActivationCode(f *testing.F) {
	f.Add(NewActivationCode().Groups())
	f.Add("é-İı")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseActivationCode(text)
		if err != nil {
			return
		}
		if again, err := ParseActivationCode(c.Groups()); err != nil || again != c {
			t.Error("a code is read otherwise the second time")
		}
	})
}

func TestReadings(t *testing.T) {
	for date, want := range map[string]string{
		"1984-03-14": "1984-03-14", "1984-03-01": "1984-03-01 1984-03-00", "1984-01-01": "1984-01-01 1984-01-00 1984-00-00",
		"1984-00-00": "1984-00-00 1984-01-01", "1984-05-00": "1984-05-00 1984-05-01", "": "",
	} {
		var got []string
		for _, r := range (Identity{Birthdate: date, Sex: Male}).Readings() {
			got = append(got, r.Birthdate)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", date, got, want)
		}
	}
	if got := (Identity{Birthdate: "1984-03-14"}).Readings(); len(got) != 2 {
		t.Errorf("sex unknown: got %v", got)
	}
}

func TestGivenNames(t *testing.T) {
	for given, want := range map[string]string{"Jean-Pierre Marie": "JEAN PIERRE|MARIE", "Jean Pierre": "JEAN|PIERRE", "  Élodie  - ": "ELODIE", "": ""} {
		if got := strings.Join(Identity{Given: given}.GivenNames(), "|"); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}
