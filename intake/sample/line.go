package sample

import "time"

// A kind is the shape of a result.
type kind int

const (
	number kind = iota // with or without a comparator
	titre              // one in so many
	coded
	text
)

// A line is one result to be, as it is printed.
type line struct {
	kind         kind
	loinc, local string // either may be empty
	label        string
	value        string // the digits of a number, the denominator of a titre, else words, perhaps in lines
	comparator   string // of a number: <, <=, >=, > or empty
	answer       coding // of a coded result
	unit, ucum   string
	reference    string // as printed
	low, high    string // of an interval
	flag         string
	method       string
	comments     []string
	status       status // or empty, for that of its order
	sub          string // ties together what belongs together
}

// printed is the value as people read it.
func (l *line) printed() string {
	switch l.kind {
	case number:
		return l.comparator + l.value
	case titre:
		return "1/" + l.value
	}
	return l.value
}

// A status is where a result stands.
type status string

const (
	pending     status = "registered"
	preliminary status = "preliminary"
	final       status = "final"
	corrected   status = "corrected"
	cancelled   status = "cancelled"
)

// An order is what was asked for at once, and its results.
type order struct {
	*panel
	status   status // or empty, for that of the message
	comments []string
	results  []line
}

// A Message is one report at one time, which a laboratory can send in either
// format.
type Message struct {
	Control string    // names the message
	Sampled time.Time // its oldest sample

	person      *Person
	number      int // of the report among the person's
	issued      time.Time
	received    time.Time
	status      status
	orders      []order
	laboratory  laboratory
	prescriber  practitioner
	biologist   practitioner
	document    []byte // a PDF, or nil
	explanation string // concerns the whole report
}

// A laboratory sends messages.
type laboratory struct{ application, name, authority string }

// laboratoryBefore is where samples were analysed so many years before now.
func laboratoryBefore(years float64) laboratory {
	if years > changedLaboratory {
		return laboratory{"LABOGARE", "Laboratoire de biologie de la Gare", "LABO-GARE"}
	}
	return laboratory{"SIL", "Laboratoire de l’hôpital", "LABO-HOP"}
}

// changedLaboratory is how many years before now the hospital took over the
// analyses of its patients.
const changedLaboratory = 6
