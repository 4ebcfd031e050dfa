package intake

import "guichet/record"

// resultStatus maps OBX-11 (HL7 table 0085). shown is false for results that
// the laboratory took back (D), sent for the wrong patient (W), or names only
// to say that nobody asked for them (N): they must not be read.
func resultStatus(code string) (status record.Status, shown, known bool) {
	switch code {
	case "F", "U", "V":
		return record.Final, true, true
	case "C", "A", "B":
		return record.Corrected, true, true
	case "P", "R":
		return record.Preliminary, true, true
	case "S":
		return record.Partial, true, true
	case "I", "O":
		return record.Registered, true, true
	case "X":
		return record.Cancelled, true, true
	case "D", "W", "N":
		return record.Cancelled, false, true
	}
	return "", false, false
}

// orderStatus maps OBR-25 (HL7 table 0123). What it does not know says
// nothing: each result has its own status.
func orderStatus(code string) record.Status {
	switch code {
	case "F":
		return record.Final
	case "C", "M":
		return record.Corrected
	case "P", "R":
		return record.Preliminary
	case "A":
		return record.Partial
	case "O", "I", "S":
		return record.Registered
	case "X":
		return record.Cancelled
	}
	return ""
}
