package web

import (
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/record"
)

// Filter is what a list of reports was asked for. Its zero value leaves
// everything in. An address with a filter holds what the reader typed and
// codes of ours, never a name out of the record.
type Filter struct {
	Text       string // words that titles have, whatever their accents
	Period     Period
	Laboratory string // the key of its name
	Flagged    bool   // only reports with a result that the laboratory flagged
}

// Period is how far back samples go.
type Period string

// The periods that can be chosen.
const (
	AnyTime   Period = ""
	OneMonth  Period = "1m"
	HalfAYear Period = "6m"
	OneYear   Period = "1y"
	FiveYears Period = "5y"
)

const longestText = 80 // characters to search for

// ParseFilter reads the fields of the form. What it does not know leaves
// everything in.
func ParseFilter(form url.Values) Filter {
	f := Filter{Text: strings.TrimSpace(form.Get("text")), Laboratory: form.Get("laboratory"), Flagged: form.Get("flagged") == "yes"}
	if runes := []rune(f.Text); len(runes) > longestText {
		f.Text = string(runes[:longestText])
	}
	f.Text = strings.ToValidUTF8(f.Text, "")
	if p := Period(form.Get("period")); p == HalfAYear || p == OneYear || p == FiveYears {
		f.Period = p
	}
	return f
}

// values are the fields of the form, for the address of the next page.
func (f Filter) values() url.Values {
	form := make(url.Values)
	for name, value := range map[string]string{"text": f.Text, "period": string(f.Period), "laboratory": f.Laboratory} {
		if value != "" {
			form.Set(name, value)
		}
	}
	if f.Flagged {
		form.Set("flagged", "yes")
	}
	return form
}

// apply returns the reports that f leaves in. A report without a date of
// sampling is in no period.
func (f Filter) apply(reports []record.Report, now time.Time) []record.Report {
	words := strings.Fields(record.Canonical(f.Text))
	since := f.Period.since(now)
	var left []record.Report
	for i := range reports {
		r := &reports[i]
		switch {
		case f.Flagged && r.Abnormal == 0:
		case f.Laboratory != "" && laboratoryKey(r.Laboratory) != f.Laboratory:
		case !since.IsZero() && (r.Sampled.IsZero() || r.Sampled.At.Before(since)):
		case len(words) > 0 && !hasWords(r, words):
		default:
			left = append(left, *r)
		}
	}
	return left
}

// hasWords says whether all words stand in the titles of a report.
func hasWords(r *record.Report, words []string) bool {
	titles := record.Canonical(r.Title + " " + strings.Join(r.Titles, " "))
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(titles, word) })
}

func (p Period) since(now time.Time) time.Time {
	if now.IsZero() {
		return time.Time{}
	}
	switch p {
	case OneMonth:
		return now.AddDate(0, -1, 0)
	case HalfAYear:
		return now.AddDate(0, -6, 0)
	case OneYear:
		return now.AddDate(-1, 0, 0)
	case FiveYears:
		return now.AddDate(-5, 0, 0)
	}
	return time.Time{}
}

// laboratoryKey stands for a laboratory's name in an address.
func laboratoryKey(name string) string {
	if name == "" {
		return ""
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// filterForm is the form, with what was asked for in it.
type filterForm struct {
	Text         string
	Flagged      bool
	Folded       bool // nothing below "more filters" is in use
	Active       bool
	Periods      []choice
	Laboratories []choice
}

type choice struct {
	Value, Words string
	Chosen       bool
}

// newFilterForm offers the laboratories that there are. Someone without any
// report is offered no form.
func (l *language) newFilterForm(f Filter, all []record.Report) *filterForm {
	if len(all) == 0 {
		return nil
	}
	form := &filterForm{Text: f.Text, Flagged: f.Flagged, Folded: f.Period == AnyTime && f.Laboratory == "", Active: f != Filter{}}
	for _, p := range []struct {
		period Period
		words  string
	}{{AnyTime, l.say.List.AnyTime}, {HalfAYear, l.say.List.HalfAYear}, {OneYear, l.say.List.OneYear}, {FiveYears, l.say.List.FiveYears}} {
		form.Periods = append(form.Periods, choice{string(p.period), p.words, p.period == f.Period})
	}
	var names []string
	for i := range all {
		if name := all[i].Laboratory; name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	form.Laboratories = []choice{{"", l.say.List.AnyLaboratory, f.Laboratory == ""}}
	for _, name := range slices.Compact(names) {
		key := laboratoryKey(name)
		form.Laboratories = append(form.Laboratories, choice{key, name, key == f.Laboratory})
	}
	return form
}
