package web

import (
	"strings"
	"time"

	"guichet/record"
)

// AccountPage is who Guichet thinks the reader is, how it came to think so, and
// what to do where it is wrong.
type AccountPage struct {
	Base
	Patient *record.Patient // nil where the person has no record of their own
	SignIns []record.SignIn // newest first, the current one among them
}

type account struct {
	patient  *identityLine
	Name     string
	Role     string // of a professional
	Means    string
	Identity []metaItem
	SignIns  []signInLine
}

func (a account) section() (string, *identityLine) { return "account", a.patient }

type signInLine struct {
	ISO, When string
	Provider  string
	Refused   string
	Current   bool
}

func (p AccountPage) view(l *language) (string, Base, any) {
	content := account{patient: l.newIdentityLine(p.Patient, p.Now), Name: viewerName(p.Base), Identity: l.identityOf(p.Patient, p.Now)}
	if p.Viewer != nil {
		content.Means = l.provider(p.Viewer.Means)
		content.Role = l.clinicianWords(p.Viewer.Role)
	}
	for i, s := range p.SignIns {
		line := signInLine{ISO: s.At.In(paris).Format(time.RFC3339), When: upperFirst(l.dayAndHour(s.At, time.Time{})), Provider: l.provider(s.Provider), Current: i == 0}
		if s.Refused > 0 {
			line.Refused = l.count(s.Refused, l.say.Message.RefusedAttempts)
		}
		content.SignIns = append(content.SignIns, line)
	}
	return "account", p.Base, content
}

func (l *language) clinicianWords(role record.Role) string {
	if !role.IsClinician() {
		return ""
	}
	return l.qualityWords(&record.Access{Role: role})
}

// identityOf is a patient's identity as the hospital knows it. The national
// number itself is not shown: a screen is read over a shoulder.
func (l *language) identityOf(p *record.Patient, now time.Time) []metaItem {
	if p == nil {
		return nil
	}
	id := p.Identity
	birth, _, _ := l.birthdate(id.Birthdate, now)
	ins, numbers := "", []string(nil)
	for _, identifier := range p.Identifiers {
		if identifier.IsINS() {
			ins = l.say.Account.INSKnown
		} else {
			numbers = append(numbers, identifier.Value)
		}
	}
	items := []metaItem{
		{l.say.Account.Family, id.Family}, {l.say.Account.Usual, id.Usual}, {l.say.Account.Given, id.Given}, {l.say.Account.Birth, birth},
		{l.say.Account.Birthplace, id.Birthplace}, {l.say.Account.Sex, l.sexWord(id.Sex, false)}, {l.say.Account.INS, ins}, {l.say.Account.Number, strings.Join(numbers, ", ")},
	}
	known := items[:0]
	for _, item := range items {
		if item.Value != "" {
			known = append(known, item)
		}
	}
	return known
}
