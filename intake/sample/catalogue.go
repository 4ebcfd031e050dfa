package sample

import (
	"embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"guichet/record"
)

// tables hold what the laboratory measures and what can befall its patients;
// each begins by saying what its columns are.
//
//go:embed catalogue/*.tsv
var tables embed.FS

// A catalogue is the tables, read.
type catalogue struct {
	analyses   map[string]*analysis
	panels     map[string]*panel
	conditions []*condition
	isolates   []isolate
}

// theCatalogue returns the catalogue of this program. A table that cannot be read
// is a mistake in the program, which its tests find.
var theCatalogue = sync.OnceValue(func() *catalogue {
	c, err := readCatalogue()
	if err != nil {
		panic(err)
	}
	return c
})

// An analysis is what a laboratory measures or looks for.
type analysis struct {
	code, loinc, label string // the laboratory's code; LOINC's, or empty
	print              format // as printed now
	earlier            []format
	least, most        float64 // what the method can tell
	critical           interval
	typical            interval // of most people, where an interval does not say it
	noise              float64  // of one measure, as a part of the value
	comment            string   // printed when out of the interval
	intervals          []reference

	usual, unusual coding // of an analysis answered by a code
	share          int    // of a hundred healthy people, who have the unusual answer
	expected       string // printed as its reference
}

// A format is how an analysis is printed, for as long as it was.
type format struct {
	years      float64 // until how many years before now; 0: still
	unit, ucum string
	factor     float64 // from the present unit
	decimals   int
	method     string
}

// An interval is what is usual. A bound that is absent is infinite.
type interval struct{ low, high float64 }

func (i interval) isClosed() bool { return !math.IsInf(i.low, 0) && !math.IsInf(i.high, 0) }

// A reference is an interval and who it is for.
type reference struct {
	interval
	sex      record.Sex // or unknown, for everybody
	pregnant bool
	from, to float64 // years
}

type coding struct{ code, text string }

func (a *analysis) isCoded() bool { return a.usual.code != "" }

// A panel is what is ordered together.
type panel struct {
	place              int // in the order printed
	code, loinc, title string
	specimen           coding
	analyses           []string
	comment            string
}

// A condition moves analyses, and has panels ordered again and again.
type condition struct {
	code     string
	follows  []follow
	oneIn    int
	sex      record.Sex
	from, to float64 // years of age
	progress map[string]course
}

type follow struct {
	panel string
	every int // visits
}

// A course is where a condition leads an analysis: straight lines between
// points.
type course []point

type point struct{ part, value float64 }

// An isolate is what one bacterium answers to one antibiotic.
type isolate struct {
	site       string
	organism   coding
	loinc      string
	antibiotic string
	mic        string // may begin with a comparator
	reading    string // S, I or R
}

func (c *catalogue) condition(code string) *condition {
	i := slices.IndexFunc(c.conditions, func(one *condition) bool { return one.code == code })
	if i < 0 {
		return nil
	}
	return c.conditions[i]
}

// at returns the value when part of the history has gone by.
func (c course) at(part float64) float64 {
	i := slices.IndexFunc(c, func(p point) bool { return p.part >= part })
	switch {
	case i < 0:
		return c[len(c)-1].value
	case i == 0:
		return c[0].value
	}
	from, to := c[i-1], c[i]
	// The conversion keeps processors from fusing product and sum, so that the
	// same seed gives the same digits on each.
	return from.value + float64((to.value-from.value)*((part-from.part)/(to.part-from.part)))
}

// A table is one file's lines, each with as many cells.
type table struct {
	name string
	rows [][]string
	err  error
}

func readTable(name string, columns int) *table {
	t := &table{name: name}
	text, err := tables.ReadFile("catalogue/" + name + ".tsv")
	if err != nil {
		t.err = err
		return t
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, "\t")
		if len(cells) != columns {
			t.err = fmt.Errorf("read table %s: %d cells in the line of %s, not %d", name, len(cells), cells[0], columns)
			return t
		}
		t.rows = append(t.rows, cells)
	}
	return t
}

// number reads a cell; an empty one is otherwise.
func (t *table) number(cell string, otherwise float64) float64 {
	if cell == "" {
		return otherwise
	}
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("read table %s: %w", t.name, err)
	}
	return n
}

func (t *table) whole(cell string) int { return int(t.number(cell, 0)) }

func (t *table) lacks(what string) {
	if t.err == nil {
		t.err = fmt.Errorf("read table %s: %s is not known", t.name, what)
	}
}

// who reads whom a line is for.
func (t *table) who(cell string) (sex record.Sex, pregnant bool) {
	switch cell {
	case "femme":
		return record.Female, false
	case "homme":
		return record.Male, false
	case "grossesse":
		return record.Female, true
	case "tous":
	default:
		t.lacks(cell)
	}
	return record.SexUnknown, false
}

// optional reads a cell whose dash stands for nothing.
func optional(cell string) string {
	if cell == "-" {
		return ""
	}
	return cell
}

func codingOf(cell string) coding {
	code, text, _ := strings.Cut(cell, " ")
	return coding{code, text}
}
