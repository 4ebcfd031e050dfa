package e2e

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// corpus is the folder of published messages.
const corpus = "../../shared/data/hl7v2"

// published returns a published message, its segments ended as HL7 wants.
func published(t *testing.T, name string) message {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the published messages are not at %s", corpus)
		}
		t.Skip("the published messages are not here")
	}
	content, err := os.ReadFile(filepath.Join(corpus, name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(content)
}

// message is a message in segments, which are in fields. Its delimiters are
// the usual ones.
type message [][]string

func parse(content []byte) message {
	content = bytes.Trim(content, string([]byte{startBlock, endBlock, endFrame, '\n'}))
	text := strings.ReplaceAll(strings.ReplaceAll(string(content), "\r\n", "\r"), "\n", "\r")
	var m message
	for line := range strings.SplitSeq(text, "\r") {
		if line = strings.TrimSpace(line); line != "" {
			m = append(m, strings.Split(line, "|"))
		}
	}
	return m
}

func (m message) bytes() []byte {
	var b bytes.Buffer
	for _, segment := range m {
		b.WriteString(strings.Join(segment, "|") + "\r")
	}
	return b.Bytes()
}

// about replaces the patient of m by p, in m's character set.
func (m message) about(p person) message {
	sex := map[string]string{"female": "F", "male": "M"}[p.Traits.Gender]
	pid := fmt.Sprintf("PID|1||%s^^^HOP^PI||%s^%s^^^^^L||%s|%s|||^^^^^^BDL^^%s",
		p.Traits.Local, p.Traits.Family, p.Traits.Given, strings.ReplaceAll(p.Traits.Birthdate, "-", ""), sex, p.Traits.Birthplace)
	if !strings.Contains(strings.ToUpper(field(m[0], 17)), "UTF") {
		pid = latin(pid)
	}
	changed := slices.Clone(m)
	for i, segment := range changed {
		if segment[0] == "PID" {
			changed[i] = strings.Split(pid, "|")
		}
	}
	return changed
}

// latin writes text in ISO 8859-1.
func latin(text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r)) // #nosec G115 -- French letters, all below 256
	}
	return string(b)
}

// field returns a field by its index in the line, or "". In MSH, that is one
// less than its number.
func field(segment []string, index int) string {
	if index >= len(segment) {
		return ""
	}
	return segment[index]
}

func component(field string, number int) string {
	parts := strings.Split(field, "^")
	if number > len(parts) {
		return ""
	}
	return unescape(parts[number-1])
}

var escapes = regexp.MustCompile(`\\([^\\]*)\\`)

// unescape replaces the escapes that the chosen messages use.
func unescape(text string) string {
	return escapes.ReplaceAllStringFunc(text, func(escape string) string {
		switch code := strings.Trim(escape, `\`); {
		case code == "F":
			return "|"
		case code == "S":
			return "^"
		case code == "T":
			return "&"
		case code == "R":
			return "~"
		case code == "E":
			return `\`
		case code == ".br":
			return "\n"
		case strings.HasPrefix(code, "X"):
			b, _ := hex.DecodeString(code[1:])
			return string(b)
		}
		return ""
	})
}

// result is one row that a report must show.
type result struct {
	code      string // LOINC where the sender gave it, else its own
	value     string // for scripts: as sent, or the code of what is coded
	shown     string // for people, reduced by essence
	unit      string
	reference string
	flags     string // parted by blanks
}

// essence leaves out what French typography adds to a value and changes in it.
func essence(shown string) string {
	shown = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, shown)
	return strings.NewReplacer(",", ".", ":", "/", ">=", "≥", "<=", "≤").Replace(shown)
}

var loinc = regexp.MustCompile(`^[0-9]{1,7}-[0-9]$`)

// results are the rows that m's OBX must become, one each; documents are none.
// The lines of a text that are sent one by one are one row.
func (m message) results() (rows []result, documents int) {
	var previous []string
	for _, segment := range m {
		if segment[0] != "OBX" {
			previous = nil
			continue
		}
		switch kind := field(segment, 2); {
		case component(field(segment, 3), 3) == "MetaDMPMSS": // for the systems on the way
		case kind == "ED":
			documents++
		case kind != "TX" && kind != "FT" || !continues(previous, segment):
			rows = append(rows, newResult(segment))
		default:
			last := &rows[len(rows)-1]
			last.value, last.shown = "", last.shown+essence(text(field(segment, 5)))
		}
		previous = segment
	}
	return rows, documents
}

func continues(previous, segment []string) bool {
	for _, index := range []int{2, 3, 4, 8, 11} {
		if previous == nil || field(previous, index) != field(segment, index) {
			return false
		}
	}
	return true
}

func newResult(obx []string) result {
	r := result{code: code(field(obx, 3)), reference: text(field(obx, 7))}
	switch value := field(obx, 5); field(obx, 2) {
	case "CE", "CWE":
		r.value, r.shown = code(value), first(component(value, 2), component(value, 9), component(value, 5), component(value, 1))
	case "SN":
		r.value = strings.TrimPrefix(component(value, 1)+component(value, 2)+component(value, 3)+component(value, 4), "=")
		r.shown = r.value
	default:
		r.shown = text(value)
		if !strings.Contains(r.shown, "\n") {
			r.value = r.shown // of several lines, the cell's own text is the value
		}
	}
	r.shown = essence(r.shown)
	r.unit = first(component(field(obx, 6), 1), component(field(obx, 6), 2))
	var flags []string
	for flag := range strings.SplitSeq(field(obx, 8), "~") {
		if flag = component(flag, 1); flag != "" {
			flags = append(flags, flag)
		}
	}
	r.flags = strings.Join(flags, " ")
	return r
}

// code is that of a coded element: LOINC wherever it stands.
func code(coded string) string {
	for _, place := range []int{1, 4} {
		if value := component(coded, place); component(coded, place+2) == "LN" && loinc.MatchString(value) {
			return value
		}
	}
	return first(component(coded, 1), component(coded, 4))
}

// text is a field that may repeat, each repetition a line.
func text(field string) string {
	lines := strings.Split(field, "~")
	for i := range lines {
		lines[i] = unescape(lines[i])
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func first(candidates ...string) string {
	for _, text := range candidates {
		if text != "" {
			return text
		}
	}
	return ""
}
