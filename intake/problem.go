package intake

import (
	"fmt"
	"strconv"
	"strings"
)

// AckCode is the answer to a message (HL7 table 0008).
type AckCode string

const (
	AckAccept AckCode = "AA" // stored
	AckError  AckCode = "AE" // its content is wrong: mend and send again
	AckReject AckCode = "AR" // not for this receiver, or not understood at all
)

// Reason is the machine-readable name of what is wrong, for traces and the
// sender's support. The list is closed.
type Reason string

const (
	ReasonNotHL7           Reason = "not-hl7"
	ReasonSeparators       Reason = "separators"
	ReasonCharset          Reason = "charset"
	ReasonVersion          Reason = "version"
	ReasonMessageType      Reason = "message-type"
	ReasonEvent            Reason = "event"
	ReasonNoControl        Reason = "no-control-id"
	ReasonTooLarge         Reason = "too-large"
	ReasonTooManySegments  Reason = "too-many-segments"
	ReasonTooManyParts     Reason = "too-many-parts"
	ReasonTooManyItems     Reason = "too-many-items"
	ReasonSegment          Reason = "segment"
	ReasonContinued        Reason = "continued-message"
	ReasonSeveralMessages  Reason = "several-messages"
	ReasonSeveralPatients  Reason = "several-patients"
	ReasonNoPatient        Reason = "no-patient"
	ReasonNoOrder          Reason = "no-order"
	ReasonTime             Reason = "invalid-time"
	ReasonBirthdate        Reason = "invalid-birthdate"
	ReasonStatus           Reason = "unknown-status"
	ReasonDocument         Reason = "invalid-document"
	ReasonWithheld         Reason = "withheld"
	ReasonNoIdentifier     Reason = "no-identifier"
	ReasonNoName           Reason = "no-name"
	ReasonNoGiven          Reason = "no-given-name"
	ReasonNoBirthdate      Reason = "no-birthdate"
	ReasonNoSex            Reason = "no-sex"
	ReasonINS              Reason = "invalid-ins"
	ReasonINSConflict      Reason = "ins-conflict"
	ReasonIdentityConflict Reason = "identity-conflict"
	ReasonSender           Reason = "sender"
	ReasonReused           Reason = "control-id-reused"
	ReasonInternal         Reason = "internal"
)

// Codes of HL7 table 0357.
const (
	segmentSequenceError   = 100
	requiredFieldMissing   = 101
	dataTypeError          = 102
	tableValueNotFound     = 103
	unsupportedMessageType = 200
	unsupportedEventCode   = 201
	unsupportedVersion     = 203
	duplicateKey           = 205
	internalError          = 207
)

// conditions holds the standard wording of table 0357.
var conditions = map[int]string{
	segmentSequenceError:   "Segment sequence error",
	requiredFieldMissing:   "Required field missing",
	dataTypeError:          "Data type error",
	tableValueNotFound:     "Table value not found",
	unsupportedMessageType: "Unsupported message type",
	unsupportedEventCode:   "Unsupported event code",
	unsupportedVersion:     "Unsupported version id",
	duplicateKey:           "Duplicate key identifier",
	internalError:          "Application internal error",
}

// reasons says for each Reason its code, and the sentence that the sender's
// support reads.
var reasons = map[Reason]struct {
	code int
	text string
}{
	ReasonNotHL7:           {segmentSequenceError, "le message ne commence pas par un segment MSH"},
	ReasonSeparators:       {dataTypeError, "les séparateurs déclarés ne sont pas utilisables"},
	ReasonCharset:          {tableValueNotFound, "le jeu de caractères déclaré n'est pas pris en charge (UNICODE UTF-8, 8859/1, 8859/15 ou ASCII), ou le message en mêle deux (un caractère coupé suffit)"},
	ReasonVersion:          {unsupportedVersion, "la version de HL7 n'est pas prise en charge (2.1 à 2.8)"},
	ReasonMessageType:      {unsupportedMessageType, "le type de message n'est pas pris en charge (ORU attendu)"},
	ReasonEvent:            {unsupportedEventCode, "l'événement n'est pas pris en charge (R01 attendu)"},
	ReasonNoControl:        {requiredFieldMissing, "l'identifiant du message est absent ou trop long"},
	ReasonTooLarge:         {internalError, "le message dépasse la taille admise"},
	ReasonTooManySegments:  {internalError, "le message contient trop de segments"},
	ReasonTooManyParts:     {internalError, "le segment contient trop de champs ou de répétitions"},
	ReasonTooManyItems:     {internalError, "le message contient trop de demandes (500 au plus), d'identifiants du patient (50) ou de résultats et de documents (4 500) pour un seul compte rendu"},
	ReasonSegment:          {segmentSequenceError, "une ligne ne commence pas par un nom de segment connu, ou le segment n'est pas à sa place"},
	ReasonContinued:        {segmentSequenceError, "les messages en plusieurs parties ne sont pas pris en charge"},
	ReasonSeveralMessages:  {segmentSequenceError, "plusieurs messages dans un seul envoi"},
	ReasonSeveralPatients:  {segmentSequenceError, "plusieurs patients dans un seul message"},
	ReasonNoPatient:        {segmentSequenceError, "le patient est absent du message"},
	ReasonNoOrder:          {segmentSequenceError, "un résultat n'est rattaché à aucune demande (OBR), ou le message n'en contient aucune"},
	ReasonTime:             {dataTypeError, "la date n'est pas valide"},
	ReasonBirthdate:        {dataTypeError, "la date de naissance n'est pas valide"},
	ReasonStatus:           {tableValueNotFound, "le statut du résultat n'est pas connu"},
	ReasonDocument:         {dataTypeError, "le document joint ne peut pas être décodé"},
	ReasonWithheld:         {tableValueNotFound, "le message demande une restriction de visibilité qui n'est pas prise en charge ; rien n'a été enregistré"},
	ReasonNoIdentifier:     {requiredFieldMissing, "aucun identifiant du patient n'est exploitable (INS ou numéro local, avec son autorité d'affectation)"},
	ReasonNoName:           {requiredFieldMissing, "le nom de naissance est absent"},
	ReasonNoGiven:          {requiredFieldMissing, "le prénom est absent"},
	ReasonNoBirthdate:      {requiredFieldMissing, "la date de naissance est absente"},
	ReasonNoSex:            {requiredFieldMissing, "le sexe est absent ou indéterminé"},
	ReasonINS:              {dataTypeError, "le matricule INS n'a pas quinze caractères formés comme un NIR, ou sa clé est fausse"},
	ReasonINSConflict:      {dataTypeError, "le matricule INS contredit le sexe, la date ou le lieu de naissance"},
	ReasonIdentityConflict: {duplicateKey, "l'identifiant est connu avec d'autres traits d'identité"},
	ReasonSender:           {internalError, "cet émetteur n'est pas autorisé avec ce certificat"},
	ReasonReused:           {duplicateKey, "cet identifiant de message a déjà servi pour un autre contenu"},
	ReasonInternal:         {internalError, "le message n'a pas pu être enregistré ; à renvoyer plus tard"},
}

// acks holds the answers that do not follow from the code: what makes the
// whole message unusable is rejected, what its sender can wait for or mend by
// hand is an error.
var acks = map[Reason]AckCode{
	ReasonNotHL7:           AckReject,
	ReasonSeparators:       AckReject,
	ReasonSeveralMessages:  AckReject,
	ReasonTooManyItems:     AckError,
	ReasonIdentityConflict: AckError,
	ReasonInternal:         AckError,
}

// Place is where in a message something is wrong. Zero means the whole above
// it: no component, no field.
type Place struct {
	Segment   string
	Sequence  int // occurrence of the segment in the message, from 1
	Field     int
	Component int
}

// String returns the place as people in the field write it: OBX(3)-5.2.
func (p Place) String() string {
	var b strings.Builder
	b.WriteString(p.Segment)
	if p.Sequence > 1 {
		b.WriteString("(" + strconv.Itoa(p.Sequence) + ")")
	}
	if p.Field > 0 {
		b.WriteString("-" + strconv.Itoa(p.Field))
	}
	if p.Component > 0 {
		b.WriteString("." + strconv.Itoa(p.Component))
	}
	return b.String()
}

// A Problem is why a message is not accepted: what is wrong and where, for
// the sender's support. It never holds a value of the message.
type Problem struct {
	Code int // HL7 table 0357
	Place
	Reason Reason
	Text   string // in French
	Ack    AckCode
}

// NewProblem returns the Problem that reason names, at place.
func NewProblem(reason Reason, place Place) *Problem {
	known, ok := reasons[reason]
	if !ok {
		reason, known = ReasonInternal, reasons[ReasonInternal]
	}
	ack := AckError
	if known.code >= unsupportedMessageType {
		ack = AckReject
	}
	if override, ok := acks[reason]; ok {
		ack = override
	}
	text := known.text
	if at := place.String(); at != "" {
		text = at + " : " + text
	}
	return &Problem{Code: known.code, Place: place, Reason: reason, Text: text, Ack: ack}
}

// Error says what and where, without any value.
func (p *Problem) Error() string {
	if at := p.Place.String(); at != "" {
		return fmt.Sprintf("read message: %s at %s", p.Reason, at)
	}
	return fmt.Sprintf("read message: %s", p.Reason)
}
