package intake

import (
	"slices"
	"strings"
	"time"

	"guichet/record"
)

// identifierTypes are the types of PID-3 (HL7 table 0203) that name a person;
// account, visit and insurance numbers do not.
var identifierTypes = []string{"", "PI", "MR", "PT", "PN", "INS"}

// identifiers reads PID-3. An identifier without an assigning authority names
// nobody and is left out.
func identifiers(pid *segment, local string) []record.Identifier {
	var list []record.Identifier
	seen := make(map[record.Identifier]bool)
	for _, cx := range pid.field(3).repetitions() {
		id := record.Identifier{Authority: authority(cx.component(4), local), Value: cx.component(1).text()}
		kind := strings.ToUpper(cx.component(5).text())
		if id.Value == "" || id.Authority == "" || !id.IsINS() && !slices.Contains(identifierTypes, kind) {
			continue
		}
		if !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}

// authority returns the name of an assigning authority (HD): the hospital's
// own where it is meant, else the OID, else the namespace. The French profile
// writes ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO; some leave out the
// namespace, some put the OID in its place.
func authority(hd element, local string) string {
	namespace, universal := hd.subcomponent(1).text(), hd.subcomponent(2).text()
	isOID := strings.EqualFold(hd.subcomponent(3).text(), "ISO")
	switch {
	case local != "" && (namespace == local || isOID && universal == local):
		return local
	case universal != "" && (isOID || namespace == "" || record.Identifier{Authority: universal}.IsINS()):
		return universal
	}
	return namespace
}

// identity reads the traits that PID holds; what is missing is empty.
func identity(pid *segment, zone *time.Location, now func() time.Time) (record.Identity, *Problem) {
	var id record.Identity
	readNames(&id, pid.field(5).repetitions())
	birthdate, problem := birthdate(pid, zone, now)
	if problem != nil {
		return id, problem
	}
	id.Birthdate = birthdate
	switch strings.ToUpper(pid.field(8).component(1).text()) {
	case "F":
		id.Sex = record.Female
	case "M":
		id.Sex = record.Male
	}
	id.Birthplace = birthplace(pid.field(11).repetitions())
	return id, nil
}

// checkINS refuses an INS that cannot be this person's: mistyped, or another's,
// it would lead to another record.
func checkINS(pid *segment, who record.Identity, identifiers []record.Identifier) *Problem {
	for _, id := range identifiers {
		if !id.IsINS() {
			continue
		}
		switch id.CheckINS(who) {
		case "":
		case record.INSForm, record.INSKey:
			return pid.problem(ReasonINS, 3)
		default:
			return pid.problem(ReasonINSConflict, 3)
		}
	}
	return nil
}

// readNames takes the birth name from the repetition of type L (legal), or B,
// or else the first, and the name in use from the next of another type.
func readNames(id *record.Identity, names []element) {
	if len(names) == 0 {
		return
	}
	nameType := func(name element) string { return strings.ToUpper(name.component(7).text()) }
	birth := 0
	for _, wanted := range []string{"L", "B"} {
		if i := slices.IndexFunc(names, func(name element) bool { return nameType(name) == wanted }); i >= 0 {
			birth = i
			break
		}
	}
	id.Family = familyName(names[birth])
	id.Given = givenNames(names[birth])
	for i, name := range names {
		if i == birth || !slices.Contains([]string{"D", "U", "M", "N", "A", "B", "L"}, nameType(name)) {
			continue
		}
		if usual := familyName(name); usual != "" && record.Canonical(usual) != record.Canonical(id.Family) {
			id.Usual = usual
			break
		}
	}
}

// familyName returns the surname, whose subcomponents hold prefixes and the
// like in later versions.
func familyName(xpn element) string { return xpn.component(1).subcomponent(1).text() }

// givenNames joins the first given name and the list of all of them. The
// French profile repeats the first in the list.
func givenNames(xpn element) string {
	first, rest := xpn.component(2).text(), xpn.component(3).text()
	rest = strings.Join(strings.Fields(strings.ReplaceAll(rest, ",", " ")), " ")
	switch {
	case first == "":
		return rest
	case rest == first, strings.HasPrefix(rest, first+" "):
		return rest
	case rest == "":
		return first
	}
	return first + " " + rest
}

// birthdate reads PID-7 as YYYY-MM-DD. A month or a day that nobody knows is
// 00, whether sent so or not sent.
func birthdate(pid *segment, zone *time.Location, now func() time.Time) (string, *Problem) {
	text := pid.field(7).component(1).text()
	if isUnstated(text) {
		return "", nil
	}
	digits, _, _, ok := splitTime(text, zone)
	if !ok || len(digits) < 4 || len(digits)%2 != 0 || len(digits) > 14 {
		return "", pid.problem(ReasonBirthdate, 7)
	}
	date := (digits + "0000")[:8]
	known := strings.TrimSuffix(strings.TrimSuffix(date, "00"), "00")
	earliest, ok := moment(known, zone)
	if !ok || earliest.At.After(now()) {
		return "", pid.problem(ReasonBirthdate, 7)
	}
	return date[:4] + "-" + date[4:6] + "-" + date[6:], nil
}

// birthplace returns the INSEE code of the place of birth: the address of
// type BDL, in component 9 (county). Without one it is empty: the code of the
// home address, which stands in the same component, is never taken for it.
func birthplace(addresses []element) string {
	for _, address := range addresses {
		if strings.EqualFold(address.component(7).text(), "BDL") {
			return strings.ToUpper(address.component(9).text())
		}
	}
	return ""
}

// Missing returns what the patient of m lacks to be known or made: the caller
// decides what it can do without.
func (m *Message) Missing() []*Problem {
	var list []*Problem
	lacks := func(absent bool, reason Reason, field, component int) {
		if absent {
			list = append(list, NewProblem(reason, Place{Segment: "PID", Sequence: 1, Field: field, Component: component}))
		}
	}
	lacks(len(m.Identifiers) == 0, ReasonNoIdentifier, 3, 0)
	lacks(record.Canonical(m.Identity.Family) == "", ReasonNoName, 5, 1)
	lacks(record.Canonical(m.Identity.Given) == "", ReasonNoGiven, 5, 2)
	lacks(m.Identity.Birthdate == "", ReasonNoBirthdate, 7, 0)
	lacks(m.Identity.Sex == record.SexUnknown, ReasonNoSex, 8, 0)
	return list
}
