package traces

// Kind is what FHIR R4 (AuditEvent) and DICOM (PS3.15 A.5) call an event. Events
// share the few that there are; which event it was is said beside it.
type Kind struct {
	Category string // for whoever reads neither
	Type     Coding // AuditEvent.type
	EventID  Coding // DICOM's, which has no RESTful operations
	Subtype  Coding // AuditEvent.subtype, EventTypeCode
	Action   string // C, R, U, D or E
}

// Coding is a code of a published system.
type Coding struct{ System, Code, Display string }

// The systems.
const (
	DCM       = "http://dicom.nema.org/resources/ontology/DCM"
	Restful   = "http://hl7.org/fhir/restful-interaction"
	Lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
	EventType = "http://terminology.hl7.org/CodeSystem/audit-event-type"
)

// What acts on records is a RESTful operation to IHE BALP 1.1.3, whether a page
// asked or a message. The rest is as DICOM has it.
var (
	starts            = dicom("application", application, Coding{DCM, "110120", "Application Start"}, "E")
	stops             = dicom("application", application, Coding{DCM, "110121", "Application Stop"}, "E")
	signsIn           = dicom("authentication", authentication, Coding{DCM, "110122", "Login"}, "E")
	signsOut          = dicom("authentication", authentication, Coding{DCM, "110123", "Logout"}, "E")
	checksUser        = dicom("authentication", authentication, verify, "E")
	usesLog           = dicom("audit-log", Coding{DCM, "110101", "Audit Log Used"}, Coding{Restful, "search-type", "search-type"}, "R")
	configures        = dicom("security", alert, Coding{DCM, "110129", "Security Configuration"}, "U")
	configuresNetwork = dicom("security", alert, Coding{DCM, "110128", "Network Configuration"}, "U")
	changesUser       = dicom("security", alert, Coding{DCM, "110137", "User Security Attributes Changed"}, "U")
	oversteps         = dicom("security", alert, Coding{DCM, "110132", "Use of Restricted Function"}, "E")
	alerts            = dicom("security", alert, verify, "E")

	reads    = rest("read", record, "read", "R")
	searches = rest("query", Coding{DCM, "110112", "Query"}, "search-type", "E")
	creates  = rest("create", record, "create", "C")
	updates  = rest("update", record, "update", "U")
	deletes  = rest("delete", record, "delete", "D")
)

var (
	application    = Coding{DCM, "110100", "Application Activity"}
	authentication = Coding{DCM, "110114", "User Authentication"}
	alert          = Coding{DCM, "110113", "Security Alert"}
	record         = Coding{DCM, "110110", "Patient Record"}
	verify         = Coding{Lifecycle, "verify", "Verify Record Lifecycle Event"} // DICOM has no code for it
)

func dicom(category string, event, subtype Coding, action string) Kind {
	return Kind{category, event, event, subtype, action}
}

func rest(category string, event Coding, interaction, action string) Kind {
	return Kind{category, Coding{EventType, "rest", "RESTful Operation"}, event, Coding{Restful, interaction, interaction}, action}
}
