package web

// spokenUnit returns a unit in full words, for a screen reader and for the key
// at the foot of a report. An unknown one is read as it stands.
func (l *language) spokenUnit(unit string) string {
	if unit == "" {
		return ""
	}
	return l.say.Unit[canonicalUnit(unit)]
}

// canonicalUnit returns the spelling under which texts know a unit: the one
// that French laboratories print. Others are of UCUM, or of another keyboard.
func canonicalUnit(unit string) string {
	switch unit {
	case "μg/L", "ug/L":
		return "µg/L"
	case "μg/dL", "ug/dL":
		return "µg/dL"
	case "μmol/L", "umol/L":
		return "µmol/L"
	case "mg/(24.h)", "mg/24h", "mg/d":
		return "mg/24 h"
	case "10*9/L", "Giga/L", "10^9/L":
		return "G/L"
	case "10*12/L", "Tera/L", "10^12/L":
		return "T/L"
	case "10*3/uL", "10^3/µL":
		return "10*3/µL"
	case "10*6/uL", "10^6/µL":
		return "10*6/µL"
	case "/mm³":
		return "/mm3"
	case "[CFU]/mL":
		return "UFC/mL"
	case "[IU]/L":
		return "UI/L"
	case "[IU]/mL":
		return "UI/mL"
	case "k[IU]/L":
		return "kUI/L"
	case "m[IU]/L":
		return "mUI/L"
	case "m[IU]/mL":
		return "mUI/mL"
	case "mL/min/1,73m2", "mL/min/1,73m²", "mL/min/1.73m2", "mL/min/1.73 m2", "mL/min/{1.73_m2}":
		return "mL/min/1,73 m²"
	case "mm[Hg]":
		return "mmHg"
	case "sec":
		return "s"
	}
	return unit
}
