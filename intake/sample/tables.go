package sample

import (
	"errors"
	"math"
	"strings"
)

// readCatalogue reads every table.
func readCatalogue() (*catalogue, error) {
	c := &catalogue{analyses: make(map[string]*analysis), panels: make(map[string]*panel)}
	return c, errors.Join(
		c.readAnalyses(), c.readCoded(), c.readIntervals(), c.readChanges(), c.readPanels(), c.readConditions(), c.readCourses(), c.readIsolates())
}

func (c *catalogue) readAnalyses() error {
	t := readTable("analyses", 15)
	for _, r := range t.rows {
		c.analyses[r[0]] = &analysis{
			code: r[0], loinc: optional(r[1]), label: r[2],
			print: format{unit: r[3], ucum: r[4], factor: 1, decimals: t.whole(r[5]), method: r[13]},
			least: t.number(r[6], math.Inf(-1)), most: t.number(r[7], math.Inf(1)),
			critical: interval{t.number(r[8], math.Inf(-1)), t.number(r[9], math.Inf(1))},
			typical:  interval{t.number(r[10], math.Inf(-1)), t.number(r[11], math.Inf(1))}, noise: t.number(r[12], 0), comment: r[14],
		}
	}
	return t.err
}

func (c *catalogue) readCoded() error {
	t := readTable("coded", 9)
	for _, r := range t.rows {
		c.analyses[r[0]] = &analysis{
			code: r[0], loinc: optional(r[1]), label: r[2], usual: codingOf(r[3]), unusual: codingOf(r[4]),
			share: t.whole(r[5]), expected: r[6], print: format{method: r[7]}, comment: r[8],
		}
	}
	return t.err
}

func (c *catalogue) readIntervals() error {
	t := readTable("intervals", 6)
	for _, r := range t.rows {
		a := c.analyses[r[0]]
		if a == nil {
			t.lacks(r[0])
			continue
		}
		one := reference{interval: interval{t.number(r[4], math.Inf(-1)), t.number(r[5], math.Inf(1))}, from: t.number(r[2], 0), to: t.number(r[3], 0)}
		one.sex, one.pregnant = t.who(r[1])
		a.intervals = append(a.intervals, one)
	}
	return t.err
}

func (c *catalogue) readChanges() error {
	t := readTable("changes", 7)
	for _, r := range t.rows {
		a := c.analyses[r[0]]
		if a == nil {
			t.lacks(r[0])
			continue
		}
		a.earlier = append(a.earlier, format{years: t.number(r[1], 0), unit: r[2], ucum: r[3], factor: t.number(r[4], 1), decimals: t.whole(r[5]), method: r[6]})
	}
	return t.err
}

func (c *catalogue) readPanels() error {
	t := readTable("panels", 7)
	for i, r := range t.rows {
		p := &panel{place: i, code: r[0], loinc: optional(r[1]), title: r[2], specimen: coding{r[3], r[4]}, analyses: strings.Fields(r[5]), comment: r[6]}
		for _, code := range p.analyses {
			if c.analyses[code] == nil {
				t.lacks(code)
			}
		}
		c.panels[p.code] = p
	}
	return t.err
}

func (c *catalogue) readConditions() error {
	t := readTable("conditions", 7)
	for _, r := range t.rows {
		one := &condition{code: r[0], oneIn: t.whole(r[3]), from: t.number(r[5], 0), to: t.number(r[6], 0), progress: make(map[string]course)}
		one.sex, _ = t.who(r[4])
		for _, followed := range strings.Fields(r[2]) {
			name, every, _ := strings.Cut(followed, "/")
			if c.panels[name] == nil || t.whole(every) < 1 {
				t.lacks(followed)
			}
			one.follows = append(one.follows, follow{name, t.whole(every)})
		}
		c.conditions = append(c.conditions, one)
	}
	return t.err
}

func (c *catalogue) readCourses() error {
	t := readTable("courses", 3)
	for _, r := range t.rows {
		one := c.condition(r[0])
		if one == nil || c.analyses[r[1]] == nil {
			t.lacks(r[0] + " " + r[1])
			continue
		}
		for _, pair := range strings.Fields(r[2]) {
			part, value, _ := strings.Cut(pair, ":")
			one.progress[r[1]] = append(one.progress[r[1]], point{t.number(part, 0), t.number(value, 0)})
		}
	}
	return t.err
}

func (c *catalogue) readIsolates() error {
	t := readTable("isolates", 7)
	for _, r := range t.rows {
		c.isolates = append(c.isolates, isolate{site: r[0], organism: coding{r[1], r[2]}, loinc: r[3], antibiotic: r[4], mic: r[5], reading: r[6]})
	}
	return t.err
}
