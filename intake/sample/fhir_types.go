package sample

import "encoding/json"

// The parts of FHIR R4 that a laboratory sends, their elements in the order
// of the specification.

// resource is how every resource begins.
type resource struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
}

type bundle struct {
	resource
	Identifier *identifier `json:"identifier,omitempty"`
	Type       string      `json:"type"`
	Timestamp  string      `json:"timestamp"`
	Entry      []entry     `json:"entry"`
}

type entry struct {
	FullURL  string  `json:"fullUrl"`
	Resource any     `json:"resource"`
	Request  request `json:"request"`
}

type request struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

type identifier struct {
	Use    string   `json:"use,omitempty"`
	Type   *concept `json:"type,omitempty"`
	System string   `json:"system"`
	Value  string   `json:"value"`
}

type concept struct {
	Coding []fhirCoding `json:"coding,omitempty"`
	Text   string       `json:"text,omitempty"`
}

type fhirCoding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

type link struct {
	Reference string `json:"reference"`
}

type extension struct {
	URL     string      `json:"url"`
	String  string      `json:"valueString,omitempty"`
	Coding  *fhirCoding `json:"valueCoding,omitempty"`
	Address *address    `json:"valueAddress,omitempty"`
}

type address struct {
	Extension []extension `json:"extension,omitempty"`
	City      string      `json:"city,omitempty"`
}

type humanName struct {
	Extension []extension `json:"extension,omitempty"`
	Use       string      `json:"use,omitempty"`
	Family    string      `json:"family"`
	Given     []string    `json:"given,omitempty"`
	Prefix    []string    `json:"prefix,omitempty"`
}

type patientResource struct {
	resource
	Extension  []extension  `json:"extension,omitempty"`
	Identifier []identifier `json:"identifier"`
	Active     bool         `json:"active"`
	Name       []humanName  `json:"name"`
	Gender     string       `json:"gender"`
	BirthDate  string       `json:"birthDate"`
}

type organizationResource struct {
	resource
	Identifier []identifier `json:"identifier"`
	Name       string       `json:"name"`
}

type practitionerResource struct {
	resource
	Identifier []identifier `json:"identifier"`
	Name       []humanName  `json:"name"`
}

type requestResource struct {
	resource
	Identifier []identifier `json:"identifier"`
	Status     string       `json:"status"`
	Intent     string       `json:"intent"`
	Code       concept      `json:"code"`
	Subject    link         `json:"subject"`
	Requester  link         `json:"requester"`
}

type specimenResource struct {
	resource
	Type         concept    `json:"type"`
	Subject      link       `json:"subject"`
	ReceivedTime string     `json:"receivedTime"`
	Collection   collection `json:"collection"`
}

type collection struct {
	Collected string `json:"collectedDateTime"`
}

type observationResource struct {
	resource
	Identifier     []identifier `json:"identifier"`
	Status         status       `json:"status"`
	Category       []concept    `json:"category"`
	Code           concept      `json:"code"`
	Subject        link         `json:"subject"`
	Effective      string       `json:"effectiveDateTime"`
	Performer      []link       `json:"performer"`
	Quantity       *quantity    `json:"valueQuantity,omitempty"`
	Concept        *concept     `json:"valueCodeableConcept,omitempty"`
	String         string       `json:"valueString,omitempty"`
	Ratio          *ratio       `json:"valueRatio,omitempty"`
	Interpretation []concept    `json:"interpretation,omitempty"`
	Note           []annotation `json:"note,omitempty"`
	Method         *concept     `json:"method,omitempty"`
	Specimen       *link        `json:"specimen,omitempty"`
	Reference      []rangeOf    `json:"referenceRange,omitempty"`
	HasMember      []link       `json:"hasMember,omitempty"`
	DerivedFrom    []link       `json:"derivedFrom,omitempty"`
}

// A quantity keeps the digits as printed.
type quantity struct {
	Value      json.Number `json:"value"`
	Comparator string      `json:"comparator,omitempty"`
	Unit       string      `json:"unit,omitempty"`
	System     string      `json:"system,omitempty"`
	Code       string      `json:"code,omitempty"`
}

type ratio struct {
	Numerator   quantity `json:"numerator"`
	Denominator quantity `json:"denominator"`
}

type annotation struct {
	Text string `json:"text"`
}

type rangeOf struct {
	Low  *quantity `json:"low,omitempty"`
	High *quantity `json:"high,omitempty"`
	Text string    `json:"text"`
}

type reportResource struct {
	resource
	Identifier         []identifier `json:"identifier"`
	BasedOn            []link       `json:"basedOn"`
	Status             status       `json:"status"`
	Category           []concept    `json:"category"`
	Code               concept      `json:"code"`
	Subject            link         `json:"subject"`
	Effective          string       `json:"effectiveDateTime"`
	Issued             string       `json:"issued"`
	Performer          []link       `json:"performer"`
	ResultsInterpreter []link       `json:"resultsInterpreter"`
	Specimen           []link       `json:"specimen,omitempty"`
	Result             []link       `json:"result,omitempty"`
	Conclusion         string       `json:"conclusion,omitempty"`
	PresentedForm      []attachment `json:"presentedForm,omitempty"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Data        []byte `json:"data"` // base64
	Title       string `json:"title"`
}
