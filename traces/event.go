// Package traces says what Guichet traces: the closed list of events. It does
// no I/O and imports neither store nor handlers.
package traces

import "slices"

// Type names an event; it stands in the column type of guichet.trace.
type Type string

// The events. None is ever removed or given another meaning: their number is the
// version of the list.
const (
	ServiceStart      Type = "service.start"
	ServiceStop       Type = "service.stop"
	SignIn            Type = "sign-in"
	SignOut           Type = "sign-out"
	SessionEnd        Type = "session.end"
	IncidentReport    Type = "incident.report"
	SettingChange     Type = "setting.change"
	NetworkBlock      Type = "network.block"
	NetworkUnblock    Type = "network.unblock"
	NetworkList       Type = "network.list"
	HomeRead          Type = "home.read"
	ReportList        Type = "report.list"
	ReportRead        Type = "report.read"
	DocumentRead      Type = "document.read"
	TrendRead         Type = "trend.read"
	AccessLogRead     Type = "access-log.read"
	AccessLogProof    Type = "access-log.proof"
	AccessReport      Type = "access.report"
	AccountRead       Type = "account.read"
	FeedOpen          Type = "feed.open"
	FeedClose         Type = "feed.close"
	OperatorOpen      Type = "operator.open"
	OperatorClose     Type = "operator.close"
	WitnessOpen       Type = "witness.open"
	WitnessClose      Type = "witness.close"
	CourierOpen       Type = "courier.open"
	CourierClose      Type = "courier.close"
	OfficerOpen       Type = "officer.open"
	OfficerClose      Type = "officer.close"
	TraceRange        Type = "trace.range"
	TraceRead         Type = "trace.read"
	TracePurge        Type = "trace.purge"
	EvidenceRead      Type = "evidence.read"
	SignInCheck       Type = "sign-in.check"
	PatientFind       Type = "patient.find"
	PatientDeposit    Type = "patient.deposit"
	PatientContact    Type = "patient.contact"
	ReportDeposit     Type = "report.deposit"
	MessageQuarantine Type = "message.quarantine"
	QuarantineList    Type = "quarantine.list"
	QuarantineRead    Type = "quarantine.read"
	QuarantineRelease Type = "quarantine.release"
	AccountTraits     Type = "account.traits"
	AccountSuspend    Type = "account.suspend"
	AccountRestore    Type = "account.restore"
	AccountBlock      Type = "account.block"
	AccountReview     Type = "account.review"
	AccountList       Type = "account.list"
	AffectedRead      Type = "affected.read"
	PatientLookup     Type = "patient.lookup"
	CodeMake          Type = "code.make"
	CodeRevoke        Type = "code.revoke"
	CodeList          Type = "code.list"
	IdentityList      Type = "identity.list"
	IdentityRead      Type = "identity.read"
	IdentityLink      Type = "identity.link"
	IdentityRefuse    Type = "identity.refuse"
	PageRefused       Type = "page.refused"
	DelayStart        Type = "delay.start"
	DelayEnd          Type = "delay.end"
	DelayRefused      Type = "delay.refused"
	TransactionEnd    Type = "transaction.end"
	StatementStrange  Type = "statement.strange"
	Integrity         Type = "integrity"
)

// An Event is one line of the list.
type Event struct {
	Type    Type
	Meaning string // for whoever reads traces
	Rule    string // what asks for it
	Kind    Kind   // what FHIR and DICOM call it
}

// Events is the closed list.
var Events = []Event{
	{ServiceStart, "A listener opened its service.", "TR1.b", starts},
	{ServiceStop, "A listener closed its service.", "TR1.b", stops},
	{SignIn, "A person signed in, or was refused: the reason says why.", "TR1.c", signsIn},
	{SignOut, "A person ended their session.", "TR1.c", signsOut},
	{SessionEnd, "A session ended otherwise: the reason says how.", "TR1.c, AA8, AA13, DT8, DT9", signsOut},
	{IncidentReport, "Somebody said that a session was not theirs: every session of the account was ended.", "AA8.e", changesUser},
	{SettingChange, "An operator chose the value of a setting, or was refused: the row of the entry holds it, the row before the old one.", "AA13.c, DT9.b", configures},
	{NetworkBlock, "An operator refused sign-ins from a network for a while, or was refused: the row of the entry says which, and until when.", "AA7.g", configuresNetwork},
	{NetworkUnblock, "An operator ended that before its time, or was refused.", "AA7.g", configuresNetwork},
	{NetworkList, "An operator asked from which networks nobody may sign in.", "TR1.e", searches},
	{HomeRead, "The first page was asked for: the person, their last sign-in, the heads of their reports.", "TR1.e", reads},
	{ReportList, "The list of reports was asked for.", "TR1.e", searches},
	{ReportRead, "A report was asked for, with its results and earlier results of the same analyses.", "TR1.e", reads},
	{DocumentRead, "A document was asked for as it was received.", "TR1.e", reads},
	{TrendRead, "The course of one analysis was asked for, with the heads of the reports that hold its results.", "TR1.e", searches},
	{AccessLogRead, "The accesses to a record were asked for.", "TR1.e, CNIL-3.4-3", usesLog},
	{AccessLogProof, "A line of one's own access log was asked for, in the bytes that are proved.", "TR3.e, CNIL-3.4-3", usesLog},
	{AccessReport, "A person said that a line of their own access log is not right, or was refused: the entry names that line, the reason is what they chose to say.", "CNIL-3.4-3", alerts},
	{AccountRead, "A person asked what is known of their account, and for its latest sign-ins.", "TR1.e, AA9", reads},
	{FeedOpen, "A hospital system connected, known by its certificate; or was refused: it is not the registered one, or its certificate does not hold.", "TR1.b, GP2.b, GA2.a", signsIn},
	{FeedClose, "A hospital system disconnected.", "TR1.b", signsOut},
	{OperatorOpen, "An operator of the system opened a session at the machine itself.", "TR1.c", signsIn},
	{OperatorClose, "An operator ended that session.", "TR1.c", signsOut},
	{WitnessOpen, "The process that checks what sign-ins rest on opened its session.", "TR1.b", signsIn},
	{WitnessClose, "The process that checks what sign-ins rest on ended its session.", "TR1.b", signsOut},
	{CourierOpen, "The process that sends traces off the machine opened its session, for one receiver.", "TR1.b, TR3.e", signsIn},
	{CourierClose, "The process that sends traces off the machine ended such a session.", "TR1.b", signsOut},
	{OfficerOpen, "The trace officer opened a session at the machine itself.", "TR1.c, TR3.d", signsIn},
	{OfficerClose, "The trace officer ended that session.", "TR1.c", signsOut},
	{TraceRange, "The trace officer asked for all entries from one to another, to verify or to export them, or a receiver outside was sent them: the entry names the first and the last.", "HE8.c, TR3.e", usesLog},
	{TraceRead, "The trace officer asked for the entries about a patient.", "HE8.c", usesLog},
	{TracePurge, "The trace officer purged entries whose time to be kept was over, or was refused: the hash of the entry is that of the list of their places.", "TR3.c", deletes},
	{EvidenceRead, "The ID tokens of sign-ins were asked for, to be checked.", "TR1.e", searches},
	{SignInCheck, "The ID token of a sign-in was checked: the reason says what was found; refused, its session ends.", "TR1.d, AA10.b", checksUser},
	{PatientFind, "A message asked whose it is, and for the keyset to seal it with.", "TR1.e", searches},
	{PatientDeposit, "A patient's traits and numbers were deposited, without a report.", "TR1.e", creates},
	{PatientContact, "What a message says of how to reach a patient was kept, being new: the entry names it.", "GA5.b, TR1.e", creates},
	{ReportDeposit, "A report was deposited: the entry names all it is made of.", "TR1.e", creates},
	{MessageQuarantine, "A message was refused and kept in quarantine.", "TR1.d", creates},
	{QuarantineList, "An operator asked what lies in quarantine: reasons and times.", "TR1.e", searches},
	{QuarantineRead, "An operator asked for a message in quarantine, as it was received.", "TR1.e", reads},
	{QuarantineRelease, "A message left quarantine: it was taken in after all.", "TR1.e", updates},
	{AccountTraits, "What a provider says of a person changed: the entry names the new version of their account.", "GA5.a, TR1.e", updates},
	{AccountSuspend, "An account was suspended: the reason says why.", "GA4.c", changesUser},
	{AccountRestore, "An account that was suspended or blocked was opened again.", "GA4.a", changesUser},
	{AccountBlock, "An account was blocked: the reason says why.", "GA4.d", changesUser},
	{AccountReview, "An operator reviewed an account, and it is kept.", "GA4.e", changesUser},
	{AccountList, "An operator asked for accounts: those that are not open, or those that may read a record.", "TR1.e", searches},
	{AffectedRead, "An operator asked whom an incident concerns, and how to reach them: the entry names them, and the entries that name them.", "GA5, TR1.e", searches},
	{PatientLookup, "An operator asked for the traits of the patient whom a number names.", "TR1.e", searches},
	{CodeMake, "An operator made an activation code for a record.", "AA6.a", changesUser},
	{CodeRevoke, "An operator ended an activation code that was not used.", "AA6.a", changesUser},
	{CodeList, "An operator asked for the activation codes: when they were made, what became of them.", "TR1.e", searches},
	{IdentityList, "An operator asked which identities wait for a decision: references, times and reasons.", "TR1.e", searches},
	{IdentityRead, "An operator asked for the traits of a person who waits.", "TR1.e", reads},
	{IdentityLink, "An operator decided that a person who waits may have a record: the reason is the evidence.", "G-2.1-1.a", changesUser},
	{IdentityRefuse, "An operator decided that a person who waits gets no record: the reason says why.", "G-2.1-1.a", changesUser},
	{PageRefused, "Something was asked for, in a session, that no route serves.", "TR1.d", oversteps},
	{DelayStart, "After failed sign-ins, an address or an account must wait before the next; the entry's version is how many failed in a row.", "AA7", changesUser},
	{DelayEnd, "That wait is over, as the next try or housekeeping saw.", "AA7", changesUser},
	{DelayRefused, "A sign-in was asked for before its time, or from a blocked network: the first of each wait or block, then one a minute at most.", "AA7.b, AA7.g, TR1.d", signsIn},
	{TransactionEnd, "A connection that held a transaction open was ended: the reason is its role in the database.", "TR1.d", alerts},
	{StatementStrange, "A connection of one of our roles had sent the database what the program never sends: the reason is the role and the first word.", "TR1.d", alerts},
	{Integrity, "Something handed over did not open: the data was altered.", "TR1.d, DT4.b", alerts},
}

// EventOf returns the line of an event.
func EventOf(t Type) (Event, bool) {
	i := slices.IndexFunc(Events, func(e Event) bool { return e.Type == t })
	if i < 0 {
		return Event{}, false
	}
	return Events[i], true
}
