package record

// Trend is the course of one analysis in a patient's record.
type Trend struct {
	Code   Code
	Points []TrendPoint // oldest sample first; each keeps its own unit, interval and flag
}

// TrendPoint is one result of a Trend, with the report that holds it.
type TrendPoint struct {
	Report      ReportID
	Title       string // of the report
	Laboratory  string
	Observation Observation
}
