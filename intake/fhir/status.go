package fhir

import (
	"slices"

	"guichet/record"
)

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

// combined returns the status of a whole whose parts have these statuses.
func combined(parts []record.Status) record.Status {
	if len(parts) == 0 {
		return record.Registered
	}
	is := func(status record.Status) bool { return slices.Contains(parts, status) }
	only := func(status record.Status) bool {
		return !slices.ContainsFunc(parts, func(part record.Status) bool { return part != status && part != record.Cancelled })
	}
	switch {
	case only(record.Cancelled):
		return record.Cancelled
	case is(record.Corrected):
		return record.Corrected
	case only(record.Final):
		return record.Final
	case only(record.Registered):
		return record.Registered
	case only(record.Preliminary):
		return record.Preliminary
	}
	return record.Partial
}

// settled returns the status of a panel: as stated, unless its results know
// better.
func settled(stated record.Status, parts []record.Status) record.Status {
	derived := combined(parts)
	allTakenBack := len(parts) > 0 && derived == record.Cancelled
	if stated == "" || allTakenBack || stated == record.Final && derived == record.Corrected {
		return derived
	}
	return stated
}

// isAbnormal reports whether the laboratory flagged the result o.
func isAbnormal(o *record.Observation) bool {
	return o.Status != record.Cancelled && slices.ContainsFunc(o.Flags, record.Flag.Abnormal)
}
