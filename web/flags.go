package web

import "guichet/record"

// counting says in which count at the top of a report a flag has its place.
type counting int

const (
	uncounted   counting = iota
	outInterval          // above or below, as the laboratory said
	singledOut           // abnormal, positive or beyond the scale, as the laboratory said
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
func verdictOf(flag record.Flag, intervalKnown bool) verdict {
	switch flag {
	case "H":
		return verdict{words: "au-dessus", sign: "↑", class: "high", marker: above, counting: outInterval}
	case "HU":
		return verdict{words: "bien au-dessus", sign: "↑", class: "high", marker: above, counting: outInterval}
	case "HH", "HX":
		return verdict{words: "très au-dessus", sign: "↑↑", class: "crit", marker: above, counting: outInterval}
	case "L":
		return verdict{words: "au-dessous", sign: "↓", class: "low", marker: below, counting: outInterval}
	case "LU":
		return verdict{words: "bien au-dessous", sign: "↓", class: "low", marker: below, counting: outInterval}
	case "LL", "LX":
		return verdict{words: "très au-dessous", sign: "↓↓", class: "crit", marker: below, counting: outInterval}
	case ">":
		return verdict{words: "au-delà du seuil", sign: "↑", class: "high", marker: above, counting: singledOut}
	case "<":
		return verdict{words: "sous le seuil", sign: "↓", class: "low", marker: below, counting: singledOut}
	case "A":
		return verdict{words: "anormal", sign: "!", class: "high", counting: singledOut}
	case "AA":
		return verdict{words: "très anormal", sign: "!!", class: "crit", counting: singledOut}
	case "N":
		if intervalKnown {
			return verdict{words: "dans l’intervalle", class: "in"}
		}
		return verdict{words: "conforme à l’attendu", class: "in"}
	}
	return qualitativeVerdict(flag)
}

// qualitativeVerdict reads the codes that compare with no interval.
func qualitativeVerdict(flag record.Flag) verdict {
	switch flag {
	case "POS":
		return verdict{words: "positif", sign: "+", class: "high", counting: singledOut}
	case "DET":
		return verdict{words: "détecté", sign: "+", class: "high", counting: singledOut}
	case "RR":
		return verdict{words: "réactif", sign: "+", class: "high", counting: singledOut}
	case "WR":
		return verdict{words: "réactif faible", sign: "+", class: "high", counting: singledOut}
	case "NEG":
		return verdict{words: "négatif", class: "in"}
	case "ND":
		return verdict{words: "non détecté", class: "in"}
	case "NR":
		return verdict{words: "non réactif", class: "in"}
	case "IND", "E":
		return verdict{words: "indéterminé", class: "na"}
	case "U":
		return verdict{words: "en hausse notable", class: "na"}
	case "D":
		return verdict{words: "en baisse notable", class: "na"}
	case "B":
		return verdict{words: "en amélioration", class: "na"}
	case "W":
		return verdict{words: "en aggravation", class: "na"}
	}
	return susceptibilityVerdict(flag)
}

// susceptibilityVerdict reads the letters of an antibiogram in the sense that
// EUCAST and CA-SFM give them since 2019.
func susceptibilityVerdict(flag record.Flag) verdict {
	switch flag {
	case "S":
		return verdict{words: "sensible", class: "s", letter: true}
	case "VS":
		return verdict{words: "très sensible", class: "s", letter: true}
	case "I":
		return verdict{words: "sensible à forte posologie", class: "i", letter: true}
	case "MS":
		return verdict{words: "modérément sensible", class: "i", letter: true}
	case "SDD":
		return verdict{words: "sensible selon la dose", class: "i", letter: true}
	case "R":
		return verdict{words: "résistant", class: "r", letter: true}
	case "NS":
		return verdict{words: "non sensible", class: "r", letter: true}
	}
	return verdict{words: string(flag), class: "na"}
}

// verdictsOf reads every flag of a result, in the order sent.
func verdictsOf(flags []record.Flag, intervalKnown bool) []verdict {
	verdicts := make([]verdict, 0, len(flags))
	for _, flag := range flags {
		if flag == "" {
			continue
		}
		v := verdictOf(flag, intervalKnown)
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
		if v.counting != uncounted && worst.counting == uncounted {
			worst = v
		}
	}
	return worst
}
