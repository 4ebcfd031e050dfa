package fhir

import (
	"encoding/json"
	"net/http"
	"strings"
)

// maxProblems bounds how many Problems one message is answered with.
const maxProblems = 20

// Reason is the machine-readable name of what is wrong, for traces and the
// sender's support. The list is closed.
type Reason string

const (
	ReasonNotJSON          Reason = "not-json"
	ReasonEncoding         Reason = "charset"
	ReasonDuplicateKey     Reason = "duplicate-key"
	ReasonTooDeep          Reason = "too-deep"
	ReasonNumber           Reason = "number"
	ReasonTooLarge         Reason = "too-large"
	ReasonIncomplete       Reason = "incomplete"
	ReasonTimeout          Reason = "timeout"
	ReasonTooManyItems     Reason = "too-many-items"
	ReasonResourceType     Reason = "resource-type"
	ReasonStructure        Reason = "structure"
	ReasonUnknownElement   Reason = "unknown-element"
	ReasonRequired         Reason = "required"
	ReasonValue            Reason = "value"
	ReasonCode             Reason = "code"
	ReasonSeveralChoices   Reason = "several-choices"
	ReasonDuplicateURL     Reason = "duplicate-full-url"
	ReasonID               Reason = "id-mismatch"
	ReasonBundleType       Reason = "bundle-type"
	ReasonMethod           Reason = "method"
	ReasonRequestURL       Reason = "request-url"
	ReasonConditional      Reason = "conditional"
	ReasonModifier         Reason = "modifier-extension"
	ReasonImplicitRules    Reason = "implicit-rules"
	ReasonWithheld         Reason = "withheld"
	ReasonSubsetted        Reason = "subsetted"
	ReasonWithdrawn        Reason = "withdrawn"
	ReasonNothing          Reason = "nothing-of-ours"
	ReasonSeveralPatients  Reason = "several-patients"
	ReasonNoPatient        Reason = "no-patient"
	ReasonNoSubject        Reason = "no-subject"
	ReasonSubject          Reason = "other-subject"
	ReasonContained        Reason = "contained"
	ReasonFocus            Reason = "focus"
	ReasonReference        Reason = "outside-reference"
	ReasonAmbiguous        Reason = "ambiguous-reference"
	ReasonReplaced         Reason = "replaced-patient"
	ReasonTime             Reason = "invalid-time"
	ReasonBirthdate        Reason = "invalid-birthdate"
	ReasonDocument         Reason = "invalid-document"
	ReasonNoIdentifier     Reason = "no-identifier"
	ReasonNoName           Reason = "no-name"
	ReasonNoGiven          Reason = "no-given-name"
	ReasonNoBirthdate      Reason = "no-birthdate"
	ReasonNoSex            Reason = "no-sex"
	ReasonINS              Reason = "invalid-ins"
	ReasonINSConflict      Reason = "ins-conflict"
	ReasonIdentityConflict Reason = "identity-conflict"
	ReasonPart             Reason = "part-of-report"
	ReasonNotSent          Reason = "nothing-to-withdraw"
	ReasonSender           Reason = "sender"
	ReasonMediaType        Reason = "media-type"
	ReasonNotAllowed       Reason = "method-not-allowed"
	ReasonNotFound         Reason = "not-found"
	ReasonUnavailable      Reason = "unavailable"
	ReasonInternal         Reason = "internal"
)

// reasons says for each Reason the status of the answer, the code of the issue
// (FHIR value set issue-type) and the sentence that the sender's support reads.
var reasons = map[Reason]struct {
	status int
	code   string
	text   string
}{
	ReasonNotJSON:          {http.StatusBadRequest, "invalid", "le contenu n'est pas du JSON (RFC 8259)"},
	ReasonEncoding:         {http.StatusBadRequest, "invalid", "le contenu n'est pas du texte UTF-8, ou contient un caractère de contrôle que FHIR n'admet pas"},
	ReasonDuplicateKey:     {http.StatusBadRequest, "invalid", "un objet JSON contient deux fois la même clé"},
	ReasonTooDeep:          {http.StatusBadRequest, "too-long", "le contenu est imbriqué sur trop de niveaux (64 au plus, et 8 de groupes de résultats)"},
	ReasonNumber:           {http.StatusBadRequest, "value", "un nombre est trop long, ou son exposant trop grand"},
	ReasonTooLarge:         {http.StatusRequestEntityTooLarge, "too-long", "le contenu dépasse la taille admise"},
	ReasonIncomplete:       {http.StatusBadRequest, "incomplete", "le contenu n'est pas arrivé entier ; rien n'a été enregistré, à renvoyer"},
	ReasonTimeout:          {http.StatusRequestTimeout, "timeout", "le contenu est arrivé trop lentement ; rien n'a été enregistré, à renvoyer"},
	ReasonTooManyItems:     {http.StatusUnprocessableEntity, "too-costly", "trop de groupes de résultats (500 au plus) ou de résultats et de documents (4 500) dans un compte rendu, d'identifiants du patient (50) ou de comptes rendus (2 000) dans l'envoi, d'entrées (20 000) ou d'éléments dans une liste (5 000), ou un titre trop long (1 000 caractères)"},
	ReasonResourceType:     {http.StatusBadRequest, "structure", "resourceType est absent, n'est pas un type de FHIR R4, ou n'est pas celui de l'adresse"},
	ReasonStructure:        {http.StatusBadRequest, "structure", "l'élément n'a pas la structure que FHIR R4 lui donne"},
	ReasonUnknownElement:   {http.StatusBadRequest, "structure", "cet élément contient un élément que FHIR R4 ne connaît pas"},
	ReasonRequired:         {http.StatusBadRequest, "required", "un élément obligatoire est absent ou vide"},
	ReasonValue:            {http.StatusBadRequest, "value", "la valeur n'a pas la forme que FHIR R4 demande"},
	ReasonCode:             {http.StatusBadRequest, "code-invalid", "le code n'est pas de la liste que FHIR R4 impose"},
	ReasonSeveralChoices:   {http.StatusBadRequest, "structure", "un élément à choix de type ([x]) est présent sous plusieurs types"},
	ReasonDuplicateURL:     {http.StatusBadRequest, "duplicate", "deux entrées portent le même fullUrl"},
	ReasonID:               {http.StatusBadRequest, "invalid", "l'identifiant de l'adresse et celui de la ressource diffèrent"},
	ReasonBundleType:       {http.StatusUnprocessableEntity, "not-supported", "ce type de Bundle n'est pas pris en charge (transaction, batch, message ou document)"},
	ReasonMethod:           {http.StatusUnprocessableEntity, "not-supported", "cette méthode n'est pas prise en charge dans un Bundle (POST ou PUT)"},
	ReasonRequestURL:       {http.StatusBadRequest, "invalid", "l'adresse de la requête n'est pas celle de la ressource (Type pour POST, Type/id pour PUT)"},
	ReasonConditional:      {http.StatusUnprocessableEntity, "not-supported", "les requêtes conditionnelles ne sont pas prises en charge"},
	ReasonModifier:         {http.StatusUnprocessableEntity, "not-supported", "modifierExtension change le sens de l'élément et n'est pas prise en charge ; rien n'a été enregistré"},
	ReasonImplicitRules:    {http.StatusUnprocessableEntity, "not-supported", "implicitRules change le sens de la ressource et n'est pas pris en charge ; rien n'a été enregistré"},
	ReasonWithheld:         {http.StatusUnprocessableEntity, "not-supported", "une étiquette de confidentialité restreint l'accès d'une façon qui n'est pas prise en charge ; rien n'a été enregistré"},
	ReasonSubsetted:        {http.StatusUnprocessableEntity, "not-supported", "la ressource est déclarée incomplète (SUBSETTED)"},
	ReasonWithdrawn:        {http.StatusUnprocessableEntity, "not-supported", "le document est déclaré saisi par erreur ; retirez chaque compte rendu par son statut"},
	ReasonNothing:          {http.StatusUnprocessableEntity, "not-supported", "l'envoi ne contient rien de pris en charge (Patient, DiagnosticReport ou Observation)"},
	ReasonSeveralPatients:  {http.StatusUnprocessableEntity, "not-supported", "plusieurs patients dans un seul envoi"},
	ReasonNoPatient:        {http.StatusUnprocessableEntity, "required", "le patient est absent de l'envoi"},
	ReasonNoSubject:        {http.StatusUnprocessableEntity, "required", "le compte rendu ou le résultat ne dit pas de quel patient il est"},
	ReasonSubject:          {http.StatusUnprocessableEntity, "not-supported", "le sujet n'est pas le patient de l'envoi"},
	ReasonContained:        {http.StatusUnprocessableEntity, "not-supported", "un compte rendu ou un résultat est contenu dans une ressource d'où il ne serait pas lu"},
	ReasonFocus:            {http.StatusUnprocessableEntity, "not-supported", "le résultat porte sur autre chose que le patient (focus)"},
	ReasonReference:        {http.StatusUnprocessableEntity, "not-found", "la référence désigne une ressource qui n'est pas dans l'envoi"},
	ReasonAmbiguous:        {http.StatusUnprocessableEntity, "multiple-matches", "la référence désigne plusieurs ressources de l'envoi"},
	ReasonReplaced:         {http.StatusUnprocessableEntity, "not-supported", "le dossier du patient est inactif ou remplacé par un autre"},
	ReasonTime:             {http.StatusBadRequest, "value", "la date n'existe pas"},
	ReasonBirthdate:        {http.StatusUnprocessableEntity, "value", "la date de naissance n'est pas valide"},
	ReasonDocument:         {http.StatusBadRequest, "value", "le document joint ne peut pas être décodé"},
	ReasonNoIdentifier:     {http.StatusUnprocessableEntity, "required", "aucun identifiant du patient n'est exploitable (INS ou numéro local, avec son système)"},
	ReasonNoName:           {http.StatusUnprocessableEntity, "required", "le nom de naissance est absent"},
	ReasonNoGiven:          {http.StatusUnprocessableEntity, "required", "le prénom est absent"},
	ReasonNoBirthdate:      {http.StatusUnprocessableEntity, "required", "la date de naissance est absente"},
	ReasonNoSex:            {http.StatusUnprocessableEntity, "required", "le sexe est absent ou indéterminé"},
	ReasonINS:              {http.StatusUnprocessableEntity, "value", "le matricule INS n'a pas quinze caractères formés comme un NIR, ou sa clé est fausse"},
	ReasonINSConflict:      {http.StatusUnprocessableEntity, "business-rule", "le matricule INS contredit le sexe, la date ou le lieu de naissance"},
	ReasonIdentityConflict: {http.StatusConflict, "conflict", "l'identifiant est connu avec d'autres traits d'identité"},
	ReasonPart:             {http.StatusUnprocessableEntity, "business-rule", "le résultat fait partie d'un compte rendu déjà enregistré ; renvoyez ce DiagnosticReport en entier"},
	ReasonNotSent:          {http.StatusUnprocessableEntity, "not-found", "l'envoi retire un compte rendu ou un résultat qui n'est pas enregistré sous ce nom ; rien n'a été retiré"},
	ReasonSender:           {http.StatusForbidden, "forbidden", "cet émetteur n'est pas autorisé avec ce certificat"},
	ReasonMediaType:        {http.StatusUnsupportedMediaType, "not-supported", "le contenu doit être du JSON (application/fhir+json), en FHIR 4.0"},
	ReasonNotAllowed:       {http.StatusMethodNotAllowed, "not-supported", "cette méthode n'est pas prise en charge à cette adresse"},
	ReasonNotFound:         {http.StatusNotFound, "not-found", "cette adresse n'existe pas"},
	ReasonUnavailable:      {http.StatusServiceUnavailable, "transient", "le service est momentanément indisponible ; rien n'est confirmé, à renvoyer plus tard"},
	ReasonInternal:         {http.StatusInternalServerError, "exception", "l'envoi n'a pas pu être enregistré ; il est conservé pour examen"},
}

// A Problem is why a message is not accepted: what is wrong and where, for the
// sender's support. It never holds a value of the message.
type Problem struct {
	Status      int      // of HTTP
	Code        string   // of the issue, from FHIR's value set issue-type
	Reason      Reason   // the same for machines, more precisely
	Expression  []string // where, in simple FHIRPath: Bundle.entry[3].resource.status
	Diagnostics string   // in French
}

// NewProblem returns the Problem that reason names, at the places given.
func NewProblem(reason Reason, places ...string) *Problem {
	known, ok := reasons[reason]
	if !ok {
		reason, known = ReasonInternal, reasons[ReasonInternal]
	}
	return &Problem{Status: known.status, Code: known.code, Reason: reason, Expression: places, Diagnostics: known.text}
}

// Error says what and where, without any value.
func (p *Problem) Error() string {
	if len(p.Expression) == 0 {
		return "read resource: " + string(p.Reason)
	}
	return "read resource: " + string(p.Reason) + " at " + strings.Join(p.Expression, ", ")
}

// Problems are why a message is not accepted, the first one first.
type Problems []*Problem

// Error says what and where of the first.
func (l Problems) Error() string {
	if len(l) == 0 {
		return "read resource: no problem"
	}
	return l[0].Error()
}

// add keeps a problem, up to as many as an answer has.
func (l *Problems) add(reason Reason, places ...string) {
	if len(*l) < maxProblems {
		*l = append(*l, NewProblem(reason, places...))
	}
}

// full reports whether looking further is of no use.
func (l *Problems) full() bool { return len(*l) >= maxProblems }

// reasonSystem is the system of our own reasons.
const reasonSystem = "urn:guichet:fhir-reason"

type (
	outcome struct {
		ResourceType string  `json:"resourceType"`
		Issue        []issue `json:"issue"`
	}
	issue struct {
		Severity    string         `json:"severity"`
		Code        string         `json:"code"`
		Details     *outcomeReason `json:"details,omitempty"`
		Diagnostics string         `json:"diagnostics,omitempty"`
		Expression  []string       `json:"expression,omitempty"`
	}
	outcomeReason struct {
		Coding []outcomeCoding `json:"coding"`
	}
	outcomeCoding struct {
		System string `json:"system"`
		Code   string `json:"code"`
	}
)

// OperationOutcome writes problems as FHIR does.
func OperationOutcome(problems ...*Problem) []byte {
	o := outcome{ResourceType: "OperationOutcome"}
	for _, p := range problems {
		o.Issue = append(o.Issue, issue{Severity: "error", Code: p.Code, Diagnostics: p.Diagnostics, Expression: p.Expression,
			Details: &outcomeReason{Coding: []outcomeCoding{{System: reasonSystem, Code: string(p.Reason)}}}})
	}
	return encode(o)
}

// informed is an outcome that says that all went well, and how.
func informed(text string) *outcome {
	return &outcome{ResourceType: "OperationOutcome", Issue: []issue{{Severity: "information", Code: "informational", Diagnostics: text}}}
}

// encode writes what we made ourselves, which always can be written.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception"}]}`)
	}
	return b
}
