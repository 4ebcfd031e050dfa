package web

import (
	"strconv"

	"guichet/record"
)

// brief is the count at the top of a report. It counts the laboratory's flags
// and nothing else, and the page says that Guichet did the counting.
type brief struct {
	Total      string // 18 résultats
	OutOf      string // 5 résultats sur 18
	Outside    []analysisLink
	SingledOut []analysisLink
	Others     string // 2 résultats
	OwnWords   []analysisLink
	Flagging   bool // the laboratory flags the results of this report at all
}

type analysisLink struct {
	Anchor string
	Name   string
}

// newBrief returns nil for a report without results.
func (l *language) newBrief(r *record.Report) *brief {
	var b brief
	total := 0
	for i := range r.Panels {
		for j := range r.Panels[i].Observations {
			o := &r.Panels[i].Observations[j]
			total++
			if o.Status == record.Cancelled {
				continue
			}
			verdicts := l.say.Flag.verdictsOf(o.Flags, false)
			b.Flagging = b.Flagging || len(verdicts) > 0
			link := analysisLink{Anchor: rowAnchor(total - 1), Name: l.nameOf(o)}
			switch gravest(verdicts).counting {
			case outInterval:
				b.Outside = append(b.Outside, link)
			case singledOut:
				b.SingledOut = append(b.SingledOut, link)
			case ownWords:
				b.OwnWords = append(b.OwnWords, link)
			}
		}
	}
	if total == 0 {
		return nil
	}
	outOf := func(n int) string {
		return fill(l.say.Report.OutOf, "results", l.count(n, l.say.Report.ResultCount), "total", strconv.Itoa(total))
	}
	b.Total = l.count(total, l.say.Report.ResultCount)
	b.OutOf, b.Others = outOf(len(b.Outside)), outOf(len(b.SingledOut))
	return &b
}

// rowAnchor is the id of the nth row of a report.
func rowAnchor(n int) string { return "r" + strconv.Itoa(n+1) }
