package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// AccessTable writes the accesses of a page as a table that other programs read
// (RFC 4180), with a mark by which they see that it is UTF-8.
func (w *Web) AccessTable(page AccessLogPage) ([]byte, error) {
	l := w.in(page.Language)
	var b bytes.Buffer
	b.WriteString("\ufeff")
	table := csv.NewWriter(&b)
	table.UseCRLF = true
	rows := append([][]string{l.say.Access.Columns}, l.accessRows(page)...)
	if page.More {
		rows = append(rows, []string{"", "", "", "", l.say.Access.Cut, "", "", ""})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = inert(row[i])
		}
	}
	if err := table.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write table: %w", err)
	}
	return b.Bytes(), nil
}

// accessRows are the columns of the table, line by line.
func (l *language) accessRows(page AccessLogPage) [][]string {
	rows := make([][]string, 0, len(page.Accesses))
	for i := range page.Accesses {
		line := l.newAccessLine(&page.Accesses[i])
		about, outcome := "", l.say.Access.Granted
		if line.About != nil {
			about = strings.TrimSpace(line.About.Title.String() + " " + line.About.Day)
		}
		switch page.Accesses[i].Outcome {
		case "refused":
			outcome = l.say.Access.RefusedTag
		case "failed":
			outcome = l.say.Access.FailedTag
		}
		rows = append(rows, []string{strconv.FormatInt(line.Trace, 10), page.Accesses[i].At.In(paris).Format("2006-01-02 15:04:05"), line.Who, line.As, line.Did, about, outcome, line.Why})
	}
	return rows
}

// inert keeps a spreadsheet from taking a name for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
