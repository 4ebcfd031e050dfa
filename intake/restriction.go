package intake

import (
	"slices"
	"strings"

	"guichet/record"
)

// What a message asks to be withheld is refused as a whole, since showing it
// without the restriction would disclose it (closed by default).

// transmission is the coding system of the French profile's OBX that steer the
// transmission of a document (CI-SIS, transmission de documents CDA en HL7v2).
// They are for the systems on the way, not results.
const transmission = "METADMPMSS"

// withholding are the transmission flags that restrict who may see a document
// (INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX, MASQUE_PS, CONNEXION_SECRETE), with
// any ending, and withholdingWords what they begin with.
var (
	withholding      = []string{"INVISIBLEPATIENT", "INVISIBLEREP", "MASQUEPS", "CONNEXIONSECRETE"}
	withholdingWords = []string{"INVISIBLE", "MASQU", "CONNEXION"}
)

// classified are the fields whose only use is to restrict who may see what: the
// confidentiality of an order, the protection of a patient or a visit, the VIP
// indicator.
var classified = map[string]int{"ORC": 28, "PD1": 12, "PV2": 22, "PV1": 16}

// unrestricted are the values of these fields that ask for nothing: usual
// control (HL7 table 0177), normal, no.
var unrestricted = []string{"U", "USUAL CONTROL", "N", "NORMAL", "NO", "NON", "0"}

// restricting are the codes of table 0177 that restrict, and restrictingWords
// beginnings of words that do.
var (
	restricting      = []string{"V", "R", "EMP", "UWM", "VIP", "PSY", "AID", "HIV", "ETH"}
	restrictingWords = []string{"RESTRICT", "RESTREIN", "CONFIDENTI", "SECRET"}
)

// restricted refuses s where it restricts who may see the message or a part.
func restricted(s *segment) *Problem {
	switch s.id {
	case "MSH":
		if isRestricting(s.field(8)) { // other uses of it are common
			return s.problem(ReasonWithheld, 8)
		}
	case "ARV":
		if field := s.field(3); field.isEmpty() || !all(field, func(value string) bool { return value == "NO" }) {
			return s.problem(ReasonWithheld, 3)
		}
	case "OBX":
		if withholds(s) {
			return s.problem(ReasonWithheld, 5)
		}
		if isRestricting(s.field(13)) { // laboratories put codes of their own here
			return s.problem(ReasonWithheld, 13)
		}
	}
	n, ok := classified[s.id]
	if !ok {
		return nil
	}
	field := s.field(n)
	harmless := func(value string) bool { return value == "" || slices.Contains(unrestricted, value) }
	if !field.isEmpty() && (isRestricting(field) || !all(field, harmless)) {
		return s.problem(ReasonWithheld, n)
	}
	return nil
}

// all reports whether what each repetition of a coded field says passes.
func all(field element, passes func(value string) bool) bool {
	for _, coded := range field.repetitions() {
		value := firstOf(coded.component(1).text(), coded.component(4).text(), codedText(coded))
		if !passes(record.Canonical(value)) {
			return false
		}
	}
	return true
}

// isRestricting reports whether any part of field is known to restrict.
func isRestricting(field element) bool {
	return anyPart(field, func(part string) bool {
		part = record.Canonical(part)
		if slices.Contains(restricting, part) {
			return true
		}
		return slices.ContainsFunc(strings.Fields(part), func(word string) bool {
			return slices.ContainsFunc(restrictingWords, func(start string) bool { return strings.HasPrefix(word, start) })
		})
	})
}

// isTransmission reports whether code, an OBX-3, is that of a flag and not of a
// result.
func isTransmission(code element) bool {
	for _, n := range []int{3, 6} {
		if strings.HasPrefix(strings.ToUpper(code.component(n).text()), transmission) {
			return true
		}
	}
	return isWithholding(code)
}

// isWithholding reports whether any part of code names a flag that restricts,
// whatever the system it says it is of.
func isWithholding(code element) bool {
	capitals := strings.ToUpper(code.raw)
	if !slices.ContainsFunc(withholdingWords, func(word string) bool { return strings.Contains(capitals, word) }) {
		return false // as nearly every result: no need to look closer
	}
	return anyPart(code, func(part string) bool {
		name := strings.ReplaceAll(record.Canonical(part), " ", "")
		return slices.ContainsFunc(withholding, func(flag string) bool { return strings.Contains(name, flag) })
	})
}

// withholds reports whether the OBX s is a flag that restricts and does not
// plainly say no.
func withholds(s *segment) bool {
	if !isWithholding(s.field(3)) {
		return false
	}
	answers := s.field(5).repetitions()
	return len(answers) == 0 || slices.ContainsFunc(answers, func(answer element) bool {
		return !strings.EqualFold(answer.component(1).text(), "N")
	})
}

// anyPart reports whether a subcomponent of field, in any repetition, passes.
func anyPart(field element, passes func(part string) bool) bool {
	for raw := range splitSeq(field.raw, field.syntax.repetition) {
		for raw := range splitSeq(raw, field.syntax.component) {
			for raw := range splitSeq(raw, field.syntax.subcomponent) {
				if passes(element{raw, field.syntax}.text()) {
					return true
				}
			}
		}
	}
	return false
}
