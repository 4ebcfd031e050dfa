package web

import (
	"net/url"
	"slices"
	"time"
)

// AccessFilter is what an access log was asked for. Its zero value leaves
// everything in.
type AccessFilter struct {
	Others bool   // not one's own
	Act    string // read, log, deposit or office; empty for all
	Period Period
	Months bool // all accesses are counted by months too
}

// acts are the kinds of acts that can be chosen.
var acts = []string{"", "read", "log", "deposit", "office"}

// accessPeriods are the periods that can be chosen.
var accessPeriods = []Period{AnyTime, OneMonth, HalfAYear, OneYear}

// ParseAccessFilter reads the fields of the form. What it does not know leaves
// everything in.
func ParseAccessFilter(form url.Values) AccessFilter {
	f := AccessFilter{Others: form.Get("who") == "others", Months: form.Get("months") == "yes"}
	if act := form.Get("act"); slices.Contains(acts, act) {
		f.Act = act
	}
	if period := Period(form.Get("period")); slices.Contains(accessPeriods, period) {
		f.Period = period
	}
	return f
}

// Since is when the period begins; zero where there is none.
func (f AccessFilter) Since(now time.Time) time.Time { return f.Period.since(now) }

// path is an address with the filter, from an entry downwards.
func (f AccessFilter) path(page, before string) string {
	form := make(url.Values)
	for name, value := range map[string]string{"act": f.Act, "period": string(f.Period), "before": before} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if f.Others {
		form.Set("who", "others")
	}
	if len(form) == 0 {
		return page
	}
	return page + "?" + form.Encode()
}

// accessForm is the form, with what was asked for in it.
type accessForm struct {
	Who, Acts, Periods []choice
	Active             bool
}

func (l *language) newAccessForm(f AccessFilter) *accessForm {
	say := &l.say.Access
	form := &accessForm{Active: f.Others || f.Act != "" || f.Period != AnyTime, Who: []choice{{"", say.Everybody, !f.Others}, {"others", say.OthersOnly, f.Others}}}
	for i, words := range []string{say.AnyAct, say.ReadActs, say.LogActs, say.DepositActs, say.OfficeActs} {
		form.Acts = append(form.Acts, choice{acts[i], words, acts[i] == f.Act})
	}
	for i, words := range []string{l.say.List.AnyTime, l.say.List.OneMonth, l.say.List.HalfAYear, l.say.List.OneYear} {
		form.Periods = append(form.Periods, choice{string(accessPeriods[i]), words, accessPeriods[i] == f.Period})
	}
	return form
}
