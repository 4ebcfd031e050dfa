package web

// spokenUnit returns a unit in full words, for a screen reader and for the key
// at the foot of a report. Units are those that French laboratories print, in
// their printed and UCUM spellings; an unknown one is read as it stands.
func spokenUnit(unit string) string {
	switch unit {
	case "%":
		return "pour cent"
	case "g/L":
		return "grammes par litre"
	case "g/dL":
		return "grammes par décilitre"
	case "mg/L":
		return "milligrammes par litre"
	case "mg/dL":
		return "milligrammes par décilitre"
	case "µg/L", "μg/L", "ug/L":
		return "microgrammes par litre"
	case "µg/dL", "μg/dL", "ug/dL":
		return "microgrammes par décilitre"
	case "ng/L":
		return "nanogrammes par litre"
	case "ng/mL":
		return "nanogrammes par millilitre"
	case "pg/mL":
		return "picogrammes par millilitre"
	case "pg":
		return "picogrammes"
	case "mmol/L":
		return "millimoles par litre"
	case "µmol/L", "μmol/L", "umol/L":
		return "micromoles par litre"
	case "nmol/L":
		return "nanomoles par litre"
	case "pmol/L":
		return "picomoles par litre"
	case "mmol/mol":
		return "millimoles par mole"
	case "mg/mmol":
		return "milligrammes par millimole"
	}
	return spokenCountUnit(unit)
}

// spokenCountUnit covers cells, activities, rates and times.
func spokenCountUnit(unit string) string {
	switch unit {
	case "G/L", "10*9/L", "Giga/L":
		return "milliards par litre"
	case "T/L", "10*12/L", "Tera/L":
		return "mille milliards par litre"
	case "10*3/uL", "10*3/µL", "10^3/µL":
		return "milliers par microlitre"
	case "10*6/uL", "10*6/µL", "10^6/µL":
		return "millions par microlitre"
	case "/mm3", "/mm³":
		return "par millimètre cube"
	case "/mL":
		return "par millilitre"
	case "UFC/mL":
		return "unités formant colonie par millilitre"
	case "fL":
		return "femtolitres"
	case "L/L":
		return "litre par litre"
	case "U/L":
		return "unités par litre"
	case "UI/L":
		return "unités internationales par litre"
	case "UI/mL":
		return "unités internationales par millilitre"
	case "mUI/L":
		return "milliunités internationales par litre"
	case "mUI/mL":
		return "milliunités internationales par millilitre"
	case "mL/min":
		return "millilitres par minute"
	case "mL/min/1,73m2", "mL/min/1,73m²", "mL/min/1,73 m²", "mL/min/1.73m2", "mL/min/1.73 m2", "mL/min/{1.73_m2}":
		return "millilitres par minute pour 1,73 mètre carré"
	case "mm/h":
		return "millimètres par heure"
	case "mm":
		return "millimètres"
	case "s", "sec":
		return "secondes"
	}
	return ""
}
