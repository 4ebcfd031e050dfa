package fhir

import "encoding/json"

// The types below are what we read of FHIR's; the schema has checked all of a
// resource before it is decoded into one. Numbers keep their digits.

type coding struct {
	System       string `json:"system"`
	Code         string `json:"code"`
	Display      string `json:"display"`
	UserSelected bool   `json:"userSelected"`
}

type concept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text"`
}

type identifier struct {
	Use      string    `json:"use"`
	Type     concept   `json:"type"`
	System   string    `json:"system"`
	Value    string    `json:"value"`
	Assigner reference `json:"assigner"`
}

type reference struct {
	Reference  string      `json:"reference"`
	Type       string      `json:"type"`
	Identifier *identifier `json:"identifier"`
	Display    string      `json:"display"`
}

type period struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type quantity struct {
	Value      json.Number `json:"value"`
	Comparator string      `json:"comparator"`
	Unit       string      `json:"unit"`
	Code       string      `json:"code"`
}

type span struct { // Range
	Low  *quantity `json:"low"`
	High *quantity `json:"high"`
}

type ratio struct {
	Numerator   quantity `json:"numerator"`
	Denominator quantity `json:"denominator"`
}

type sampled struct { // SampledData
	Origin     quantity    `json:"origin"`
	Period     json.Number `json:"period"`
	Dimensions json.Number `json:"dimensions"`
	Data       string      `json:"data"`
}

type annotation struct {
	Text string `json:"text"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Data        string `json:"data"`
	URL         string `json:"url"`
	Title       string `json:"title"`
}

type address struct {
	Extension  []extension `json:"extension"`
	Use        string      `json:"use"`
	Text       string      `json:"text"`
	Line       []string    `json:"line"`
	City       string      `json:"city"`
	PostalCode string      `json:"postalCode"`
	Country    string      `json:"country"`
	CityParts  struct {
		Extension []extension `json:"extension"`
	} `json:"_city"`
}

type contactPoint struct {
	System string `json:"system"`
	Value  string `json:"value"`
	Use    string `json:"use"`
}

type extension struct {
	URL     string   `json:"url"`
	Code    string   `json:"valueCode"`
	Coding  *coding  `json:"valueCoding"`
	Concept *concept `json:"valueCodeableConcept"`
	String  string   `json:"valueString"`
	Address *address `json:"valueAddress"`
}

type humanName struct {
	Extension []extension `json:"extension"`
	Use       string      `json:"use"`
	Text      string      `json:"text"`
	Family    string      `json:"family"`
	Given     []string    `json:"given"`
	Prefix    []string    `json:"prefix"`
}

type patient struct {
	Extension  []extension    `json:"extension"`
	Identifier []identifier   `json:"identifier"`
	Active     *bool          `json:"active"`
	Name       []humanName    `json:"name"`
	Gender     string         `json:"gender"`
	BirthDate  string         `json:"birthDate"`
	Telecom    []contactPoint `json:"telecom"`
	Address    []address      `json:"address"`
	Link       []struct {
		Type string `json:"type"`
	} `json:"link"`
}

type value struct {
	Quantity *quantity   `json:"valueQuantity"`
	Concept  *concept    `json:"valueCodeableConcept"`
	String   string      `json:"valueString"`
	Boolean  *bool       `json:"valueBoolean"`
	Integer  json.Number `json:"valueInteger"`
	Range    *span       `json:"valueRange"`
	Ratio    *ratio      `json:"valueRatio"`
	Sampled  *sampled    `json:"valueSampledData"`
	Time     string      `json:"valueTime"`
	DateTime string      `json:"valueDateTime"`
	Period   *period     `json:"valuePeriod"`
}

type referenceRange struct {
	Low       *quantity `json:"low"`
	High      *quantity `json:"high"`
	Type      concept   `json:"type"`
	AppliesTo []concept `json:"appliesTo"`
	Age       *span     `json:"age"`
	Text      string    `json:"text"`
}

// measured is what an Observation and a component of one have in common.
type measured struct {
	value
	Code             concept          `json:"code"`
	DataAbsentReason *concept         `json:"dataAbsentReason"`
	Interpretation   []concept        `json:"interpretation"`
	ReferenceRange   []referenceRange `json:"referenceRange"`
}

type effective struct {
	DateTime string  `json:"effectiveDateTime"`
	Period   *period `json:"effectivePeriod"`
	Instant  string  `json:"effectiveInstant"`
	Timing   *struct {
		Event []string `json:"event"`
	} `json:"effectiveTiming"`
}

type observation struct {
	measured
	effective
	Identifier  []identifier `json:"identifier"`
	BasedOn     []reference  `json:"basedOn"`
	Status      string       `json:"status"`
	Category    []concept    `json:"category"`
	Subject     *reference   `json:"subject"`
	Focus       []reference  `json:"focus"`
	Issued      string       `json:"issued"`
	Performer   []reference  `json:"performer"`
	Note        []annotation `json:"note"`
	BodySite    *concept     `json:"bodySite"`
	Method      *concept     `json:"method"`
	Specimen    *reference   `json:"specimen"`
	HasMember   []reference  `json:"hasMember"`
	DerivedFrom []reference  `json:"derivedFrom"`
	Component   []measured   `json:"component"`
}

type diagnosticReport struct {
	effective
	Identifier         []identifier `json:"identifier"`
	BasedOn            []reference  `json:"basedOn"`
	Status             string       `json:"status"`
	Category           []concept    `json:"category"`
	Code               concept      `json:"code"`
	Subject            *reference   `json:"subject"`
	Issued             string       `json:"issued"`
	Performer          []reference  `json:"performer"`
	ResultsInterpreter []reference  `json:"resultsInterpreter"`
	Specimen           []reference  `json:"specimen"`
	Result             []reference  `json:"result"`
	Media              []struct {
		Comment string    `json:"comment"`
		Link    reference `json:"link"`
	} `json:"media"`
	Conclusion     string       `json:"conclusion"`
	ConclusionCode []concept    `json:"conclusionCode"`
	PresentedForm  []attachment `json:"presentedForm"`
}

// The rest is context: it gives names and times to what is ours.

type specimen struct {
	Type         *concept `json:"type"`
	ReceivedTime string   `json:"receivedTime"`
	Collection   struct {
		CollectedDateTime string   `json:"collectedDateTime"`
		CollectedPeriod   *period  `json:"collectedPeriod"`
		BodySite          *concept `json:"bodySite"`
	} `json:"collection"`
}

type serviceRequest struct {
	Identifier  []identifier `json:"identifier"`
	Requisition *identifier  `json:"requisition"`
	Requester   *reference   `json:"requester"`
}

type practitioner struct {
	Name []humanName `json:"name"`
}

type practitionerRole struct {
	Practitioner *reference `json:"practitioner"`
	Organization *reference `json:"organization"`
}

type organization struct {
	Name string `json:"name"`
}

type media struct {
	Content attachment `json:"content"`
}

type binaryData struct {
	ContentType string `json:"contentType"`
	Data        string `json:"data"`
}

type composition struct {
	Identifier      *identifier `json:"identifier"`
	Status          string      `json:"status"`
	Subject         *reference  `json:"subject"`
	Date            string      `json:"date"`
	Title           string      `json:"title"`
	Author          []reference `json:"author"`
	Custodian       *reference  `json:"custodian"`
	Confidentiality string      `json:"confidentiality"`
}
