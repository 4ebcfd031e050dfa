package record

import "testing"

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"LEFÈVRE": "LEFEVRE", "lefevre": "LEFEVRE", "Œuvrard": "OEUVRARD", "L'Hélias": "L HELIAS", "L’Hélias": "L HELIAS", "de la Tour-du-Pin": "DE LA TOUR DU PIN",
		"  Jean   Marie ": "JEAN MARIE", "Jean-Marie": "JEAN MARIE", "ÆTHER": "AETHER", "Straße": "STRASSE", "e\u0301": "E", "": "", "-": "", "N’GUYỄN": "N GUYEN",
	} {
		if got := Canonical(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("Lefèvre-d’Œuvrard")
	f.Fuzz(func(t *testing.T, name string) {
		once := Canonical(name)
		if again := Canonical(once); again != once {
			t.Errorf("%q becomes %q, then %q", name, once, again)
		}
	})
}

func TestTraitsAreComplete(t *testing.T) {
	whole := Identity{Family: "LEFÈVRE", Given: "Camille Anne", Birthdate: "1984-03-14", Sex: Female, Birthplace: "2a004"}
	traits, complete := whole.Strict()
	if want := [5]string{"LEFEVRE", "CAMILLE", "1984-03-14", "female", "2A004"}; traits != want || !complete {
		t.Errorf("got %v, %v", traits, complete)
	}
	for name, without := range map[string]Identity{
		"family":    {Given: "C", Birthdate: "1984-03-14", Sex: Female, Birthplace: "75112"},
		"given":     {Family: "L", Birthdate: "1984-03-14", Sex: Female, Birthplace: "75112"},
		"birthdate": {Family: "L", Given: "C", Sex: Female, Birthplace: "75112"},
		"sex":       {Family: "L", Given: "C", Birthdate: "1984-03-14", Birthplace: "75112"},
	} {
		if _, complete := without.Strict(); complete {
			t.Errorf("strict is complete without %s", name)
		}
		if _, complete := without.Civil(); complete {
			t.Errorf("civil is complete without %s", name)
		}
	}
	whole.Birthplace = ""
	if _, complete := whole.Strict(); complete {
		t.Error("strict is complete without birthplace")
	}
	if _, complete := whole.Civil(); !complete {
		t.Error("civil needs no birthplace")
	}
}

func TestName(t *testing.T) {
	id := Identity{Family: "LEFÈVRE", Given: "Camille Anne"}
	if got := id.Name(); got != "Camille LEFÈVRE" {
		t.Errorf("got %q", got)
	}
	id.Usual = "Moreau"
	if got := id.Name(); got != "Camille Moreau" {
		t.Errorf("got %q", got)
	}
}

func TestOneWayToWriteAnID(t *testing.T) {
	const canonical = "01a20070-564e-749d-9ad7-cd62ca00c188"
	if id, err := ParseReportID(canonical); err != nil || id.String() != canonical {
		t.Errorf("got %v, %v", id, err)
	}
	for _, s := range []string{"", "x", "01A20070-564E-749D-9AD7-CD62CA00C188", "{" + canonical + "}", "urn:uuid:" + canonical, canonical + " ", "01a20070564e749d9ad7cd62ca00c188"} {
		if _, err := ParseReportID(s); err == nil {
			t.Errorf("%q is read", s)
		}
	}
}
