package store_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"guichet/record"
	"guichet/store"
)

// BenchmarkReadReport reads a report of twenty results, each with earlier
// ones, as a session known to the process does: ask and receive.
func BenchmarkReadReport(b *testing.B) {
	w := newWorld(b)
	var last *store.Receipt
	for visit := range 6 {
		d := bloodCount(camille, "100", fmt.Sprint("C", visit), fmt.Sprint("O", visit), "11.2", sampled.AddDate(0, visit, 0))
		panel := &d.Reports[0].Report.Panels[0]
		for i := len(panel.Observations); i < 20; i++ {
			o := panel.Observations[0]
			o.Code = record.Code{System: record.LOINC, Value: fmt.Sprint(1000 + i)}
			panel.Observations = append(panel.Observations, o)
		}
		last = w.deposit(b, d)
	}
	req := w.signIn(b, camille, "sub")
	before := w.cpu(b)
	defer func() { b.ReportMetric(float64(w.cpu(b)-before)*1e4/float64(b.N), "PostgreSQL-µs/op") }()
	for b.Loop() {
		if _, err := w.portal.ReadReport(b.Context(), req, last.Reports[0].ID); err != nil {
			b.Fatal(err)
		}
	}
}

// cpu returns the hundredths of a second that the server has spent on the
// portal's connections.
func (w *world) cpu(b *testing.B) int {
	b.Helper()
	total := 0
	for _, pid := range column(b, w.Superuser(b), `SELECT pid FROM pg_stat_activity WHERE usename = 'guichet_portal' AND datname = current_database()`) {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			b.Fatal(err)
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')'):]))
		for _, field := range fields[12:14] { // utime and stime
			n, err := strconv.Atoi(field)
			if err != nil {
				b.Fatal(err)
			}
			total += n
		}
	}
	return total
}
