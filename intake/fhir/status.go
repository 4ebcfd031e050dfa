package fhir

import "guichet/record"

// withdrawn is the status of what was entered in error: it must not be read.
const withdrawn = "entered-in-error"

// resultStatus maps Observation.status. A result whose status its sender does
// not know is not validated.
func resultStatus(code string) record.Status {
	switch code {
	case "registered":
		return record.Registered
	case "final":
		return record.Final
	case "amended", "corrected":
		return record.Corrected
	case "cancelled", withdrawn:
		return record.Cancelled
	}
	return record.Preliminary
}

// reportStatus maps DiagnosticReport.status; empty where the results say it.
func reportStatus(code string) record.Status {
	switch code {
	case "registered":
		return record.Registered
	case "partial":
		return record.Partial
	case "preliminary":
		return record.Preliminary
	case "final":
		return record.Final
	case "amended", "corrected", "appended":
		return record.Corrected
	case "cancelled", withdrawn:
		return record.Cancelled
	}
	return ""
}

// settled returns the status of a panel: as stated, unless its results know
// better.
func settled(stated record.Status, parts []record.Status) record.Status {
	derived := record.Combined(parts)
	allTakenBack := len(parts) > 0 && derived == record.Cancelled
	if stated == "" || allTakenBack || stated == record.Final && derived == record.Corrected {
		return derived
	}
	return stated
}
