package intake

import (
	"strings"
	"testing"

	"guichet/record"
)

func TestContact(t *testing.T) {
	for _, c := range []struct {
		name, pid11, pid13 string
		want               record.Contact
	}{
		{"none", "", "", record.Contact{}},
		{"null", `""`, `""`, record.Contact{}},
		{"the French profile", "3 RUE DU PORT^BAT B^PARIS^^75012^FRA^H^^75112~^^^^^^BDL^^63220", "^PRN^PH^^^^^^^^^0145678901~^PRN^CP^^^^^^^^^0612345678~^NET^Internet^camille@exemple.fr",
			record.Contact{Mail: "camille@exemple.fr", Phone: "0145678901", Address: "3 RUE DU PORT, BAT B, 75012 PARIS, FRA"}},
		{"an address without type, its street in parts", "3 RUE DU PORT&RUE DU PORT&3^^PARIS^^75012", "", record.Contact{Address: "3 RUE DU PORT, 75012 PARIS"}},
		{"a town alone", "^^PARIS^^75012^FRA^H", "", record.Contact{}},
		{"the place of birth is no home", "^^CLERMONT-FERRAND^^^^BDL^^63113", "", record.Contact{}},
		{"nor is an address known to be bad", "3 RUE DU PORT^^PARIS^^75012^FRA^BA~5 QUAI HAUT^^LYON^^69002^FRA^H", "", record.Contact{Address: "5 QUAI HAUT, 69002 LYON, FRA"}},
		{"as it was written before 2.5", "", "01 45 67 89 01", record.Contact{Phone: "0145678901"}},
		{"in parts", "", "^PRN^PH^^33^6^12345678", record.Contact{Phone: "+33612345678"}},
		{"mail in the first component", "", "camille@exemple.fr^NET^Internet", record.Contact{Mail: "camille@exemple.fr"}},
		{"a fax does not ring", "", "^PRN^FX^^^^^^^^^0145678901", record.Contact{}},
		{"what is not understood is left out", "^^^^^^H", "néant^PRN^PH~^NET^Internet^camille", record.Contact{}},
		{"too long", strings.Repeat("RUE ", 100) + "^^PARIS", strings.Repeat("1", 40), record.Contact{}},
		{"escaped", `3 RUE DUPONT \T\ FILS^^PARIS`, "", record.Contact{Address: "3 RUE DUPONT & FILS, PARIS"}},
	} {
		if got := patient(t, "PID|1||1^^^HOP||A^B||19700101|M|||"+c.pid11+"||"+c.pid13).Contact; got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
