package web

import "guichet/record"

// counting says in which count at the top of a report a flag has its place.
type counting int

const (
	uncounted   counting = iota
	outInterval          // above or below, as the laboratory said
	singledOut           // abnormal, positive or beyond the scale, as the laboratory said
	ownWords             // words of the laboratory's own, which may be grave
)

// verdict is how one flag of the laboratory reads. The words carry all; the
// sign and the class of the style sheet only repeat them.
type verdict struct {
	code   record.Flag // as sent
	words  string
	sign   string
	class  literal // high, low, crit, in or na; the letters s, i, r of an antibiogram
	letter bool    // the code itself is shown, as in an antibiogram
	marker marker
	counting
}

// verdictOf reads a code of HL7 table 0078. A code it does not hold is shown
// as sent: Guichet repeats what the laboratory says and guesses nothing.
func (say *flagSentences) verdictOf(flag record.Flag, intervalKnown bool) verdict {
	switch flag {
	case "H":
		return verdict{words: say.Above, sign: "↑", class: "high", marker: above, counting: outInterval}
	case "HU":
		return verdict{words: say.WellAbove, sign: "↑", class: "high", marker: above, counting: outInterval}
	case "HH", "HX":
		return verdict{words: say.FarAbove, sign: "↑↑", class: "crit", marker: above, counting: outInterval}
	case "L":
		return verdict{words: say.Below, sign: "↓", class: "low", marker: below, counting: outInterval}
	case "LU":
		return verdict{words: say.WellBelow, sign: "↓", class: "low", marker: below, counting: outInterval}
	case "LL", "LX":
		return verdict{words: say.FarBelow, sign: "↓↓", class: "crit", marker: below, counting: outInterval}
	case ">":
		return verdict{words: say.OverScale, sign: "↑", class: "high", marker: above, counting: singledOut}
	case "<":
		return verdict{words: say.UnderScale, sign: "↓", class: "low", marker: below, counting: singledOut}
	case "A":
		return verdict{words: say.Abnormal, sign: "!", class: "high", counting: singledOut}
	case "AA":
		return verdict{words: say.VeryAbnormal, sign: "!!", class: "crit", counting: singledOut}
	case "N":
		if intervalKnown {
			return verdict{words: say.WithinInterval, class: "in"}
		}
		return verdict{words: say.AsExpected, class: "in"}
	}
	return say.qualitativeVerdict(flag)
}

// qualitativeVerdict reads the codes that compare with no interval.
func (say *flagSentences) qualitativeVerdict(flag record.Flag) verdict {
	switch flag {
	case "POS":
		return verdict{words: say.Positive, sign: "+", class: "high", counting: singledOut}
	case "DET":
		return verdict{words: say.Detected, sign: "+", class: "high", counting: singledOut}
	case "RR":
		return verdict{words: say.Reactive, sign: "+", class: "high", counting: singledOut}
	case "WR":
		return verdict{words: say.WeaklyReactive, sign: "+", class: "high", counting: singledOut}
	case "NEG":
		return verdict{words: say.Negative, class: "in"}
	case "ND":
		return verdict{words: say.NotDetected, class: "in"}
	case "NR":
		return verdict{words: say.NotReactive, class: "in"}
	case "IND", "E":
		return verdict{words: say.Indeterminate, class: "na"}
	case "U":
		return verdict{words: say.Rising, class: "na"}
	case "D":
		return verdict{words: say.Falling, class: "na"}
	case "B":
		return verdict{words: say.Better, class: "na"}
	case "W":
		return verdict{words: say.Worse, class: "na"}
	}
	return say.susceptibilityVerdict(flag)
}

// susceptibilityVerdict reads the letters of an antibiogram in the sense that
// EUCAST and CA-SFM give them since 2019.
func (say *flagSentences) susceptibilityVerdict(flag record.Flag) verdict {
	switch flag {
	case "S":
		return verdict{words: say.Susceptible, class: "s", letter: true}
	case "VS":
		return verdict{words: say.VerySusceptible, class: "s", letter: true}
	case "I":
		return verdict{words: say.Increased, class: "i", letter: true}
	case "MS":
		return verdict{words: say.Moderately, class: "i", letter: true}
	case "SDD":
		return verdict{words: say.DoseDependent, class: "i", letter: true}
	case "R":
		return verdict{words: say.Resistant, class: "r", letter: true}
	case "NS":
		return verdict{words: say.NotSusceptible, class: "r", letter: true}
	}
	return verdict{words: string(flag), class: "na", counting: ownWords}
}

// verdictsOf reads every flag of a result, in the order sent.
func (say *flagSentences) verdictsOf(flags []record.Flag, intervalKnown bool) []verdict {
	verdicts := make([]verdict, 0, len(flags))
	for _, flag := range flags {
		if flag == "" {
			continue
		}
		v := say.verdictOf(flag, intervalKnown)
		v.code = flag
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// gravest returns the verdict that gives the row its edge and its marker.
func gravest(verdicts []verdict) verdict {
	var worst verdict
	for _, v := range verdicts {
		if v.class == "crit" {
			return v
		}
		if v.counting != uncounted && (worst.counting == uncounted || worst.counting == ownWords && v.counting != ownWords) {
			worst = v
		}
	}
	return worst
}
