package record

import "time"

// Role is what a person is to Guichet.
type Role string

const (
	RolePatient       Role = "patient" // and whoever acts for one
	RolePhysician     Role = "physician"
	RoleNurse         Role = "nurse"
	RoleProfessional  Role = "professional" // any other profession that Pro Santé Connect knows
	RoleAdministrator Role = "administrator"
	RoleOfficer       Role = "officer"  // of the traces (TR3.d)
	RoleFeed          Role = "feed"     // a hospital system that deposits
	RoleOperator      Role = "operator" // of the system, at the machine itself
	RoleWitness       Role = "witness"  // the process that checks what sign-ins rest on
	RoleCourier       Role = "courier"  // the process that sends traces off the machine
)

// IsClinician reports whether r reads the records of others as a caregiver.
func (r Role) IsClinician() bool {
	return r == RolePhysician || r == RoleNurse || r == RoleProfessional
}

// GrantKind says on what ground an account may read a patient's record.
type GrantKind string

const (
	GrantSelf      GrantKind = "self"
	GrantMandate   GrantKind = "mandate"
	GrantShare     GrantKind = "share"
	GrantCare      GrantKind = "care"
	GrantEmergency GrantKind = "emergency"
)

// EndReason says why a session ended; the values are the contract's.
type EndReason string

const (
	EndReplaced EndReason = "replaced"
	EndIdle     EndReason = "idle"
	EndExpired  EndReason = "expired"
	EndError    EndReason = "error"
	EndAdmin    EndReason = "admin"
	EndIdentity EndReason = "identity"
	EndPresence EndReason = "presence"
	EndLogout   EndReason = "logout"
)

// SignIn is an earlier opening of a session, shown to its owner (AA9).
type SignIn struct {
	At        time.Time
	Provider  string    // franceconnect or psc
	Refused   int       // refused attempts since then
	RefusedAt time.Time // the latest of them; zero where there was none, or where it is not told
}

// AccessCount is how many lines of an access log are of one month and of one kind
// of person or system (CNIL-4.3-18).
type AccessCount struct {
	Month time.Time // its first day
	Role  Role
	Self  bool
	Count int
}

// Access is one line of a patient's access log (CNIL-3.4-3).
type Access struct {
	Entry   int64 // of the trace
	At      time.Time
	Event   string // a type of package traces, as report.read
	Outcome string // granted, refused or failed
	Who     string // name of the person or system
	Role    Role
	Self    bool      // by the reader of this page
	Ground  GrantKind // empty for a deposit
	Purpose string    // what the grant is for: a word of its maker's list
	Reports int       // how many reports were disclosed or changed
	About   *Report   // the head of the one report, as it is now; nil where there is none or more
}
