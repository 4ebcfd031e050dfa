package web

// sentences are what is worded in Go rather than in a template, because it
// depends on data or stands in the rows of results. Each field is a key of
// texts/*/said.toml; {name} stands for a value.
type sentences struct {
	Time    timeSentences
	Flag    flagSentences
	Result  resultSentences
	Status  statusSentences
	Report  reportSentences
	List    listSentences
	Access  accessSentences
	Person  personSentences
	Trend   trendSentences
	Account accountSentences
	Message messageSentences
	Unit    map[string]string // a printed unit, in full words
	Purpose map[string]string // what a grant is for
}

// noun is a noun that is counted, as "résultat" and "résultats".
type noun [2]string

func (n noun) one() string  { return n[0] }
func (n noun) many() string { return n[1] }

// doing is what somebody did, said to themselves and said of another.
type doing [2]string

func (d doing) by(self bool) string {
	if self {
		return d[0]
	}
	return d[1]
}

type timeSentences struct {
	DayAndHour   string
	TodayAndHour string
	Today        string
	Moment       string
	Hours        noun
	Minutes      noun
	Seconds      noun
}

// flagSentences say what the codes of HL7 table 0078 mean.
type flagSentences struct {
	Above, WellAbove, FarAbove, OverScale               string
	Below, WellBelow, FarBelow, UnderScale              string
	Abnormal, VeryAbnormal                              string
	WithinInterval, AsExpected                          string
	Positive, Detected, Reactive, WeaklyReactive        string
	Negative, NotDetected, NotReactive, Indeterminate   string
	Rising, Falling, Better, Worse                      string
	Susceptible, VerySusceptible, Increased, Moderately string
	DoseDependent, Resistant, NotSusceptible            string
}

type resultSentences struct {
	Unnamed                  string
	Cancelled, Pending, None string // instead of a value
	Unflagged, NoPrevious    string
	Interval, Previous       string // labels of the cells, where a row becomes a card
	Comment                  string
	Replaces, SentBefore     string
	Set, SetOf, OtherResults string
	Range                    string
}

type statusSentences struct {
	Registered, Partial, Preliminary, Final, Corrected, Cancelled string
}

type reportSentences struct {
	Untitled, More               string
	Version, VersionOf           string
	PrintedBy                    string
	Incomplete, Provisional      string
	Corrected, Cancelled         string
	Sampled, Received, Issued    string
	Stages, ThenValue            string
	Prescriber, Validator        string
	Laboratory, Number, NumberOf string
	SampledOn, PanelSampledOn    string
	Results, Document            string
	Structured, PlainText, Image string
	UnknownMedia                 string
	OutOf                        string
	ResultCount, Bytes           noun
}

type listSentences struct {
	Reports, Flagged noun
	Undated          string
	OutOf            string

	AnyTime, OneMonth, HalfAYear, OneYear, FiveYears string
	AnyLaboratory                                    string
}

type accessSentences struct {
	Self, Unknown                                                string
	Physician, Nurse, Professional, Administrator, Officer, Feed string
	Refused, Failed                                              doing
	Home, List, Report, Document, Log, Proof, Reporting, Trend   doing
	Account, Deposit, Something                                  doing
	Reports, OfReports                                           noun
	Mandate, Share, Care, Emergency                              string
	NothingRead, NothingShown                                    string
	Purpose                                                      string

	Lookup, AccountList, Code, Link, Affected, Traces, Identity, Contact doing

	Operator                                                   string
	Everybody, OthersOnly                                      string
	AnyAct, ReadActs, LogActs, DepositActs, OfficeActs         string
	Accesses, BySelf, ByProxies, ByCare, BySystems, ByHospital noun

	Columns []string // of the table that can be downloaded
	Granted string
	Cut     string

	Heading, Made string   // of the document
	Heads         []string // of its columns

	RefusedTag, FailedTag, EmergencyTag, OutsideCareTag string
}

type personSentences struct {
	BornFemale, BornMale, Born string
	Girl, Woman, Boy, Man      string
	Years                      noun
	Age                        string
}

type trendSentences struct {
	Chart, Point, OfInterval, Corrected, NoUnit string
	OtherLaboratory, OtherMethod, OtherUnit     string
}

type accountSentences struct {
	Family, Usual, Given, Birth, Birthplace, Sex, INS, INSKnown, Number string
}

type messageSentences struct {
	RefusedAttempts noun
	LatestRefused   noun // when it was, or when the latest was
	OpenToday       string
	OpenSince       string
	FirstFailure    string
	NthFailure      string
}
