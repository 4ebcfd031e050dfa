package intake

import (
	"testing"
	"time"

	"guichet/record"
)

func TestMoment(t *testing.T) {
	zone := time.FixedZone("", 3600)
	at := func(year, month, day, hour, minute, second, nano int, zone *time.Location) time.Time {
		return time.Date(year, time.Month(month), day, hour, minute, second, nano, zone)
	}
	east := time.FixedZone("", 2*3600)
	west := time.FixedZone("", -(5*3600 + 30*60))
	tests := []struct {
		text      string
		want      time.Time
		precision record.Precision
	}{
		{"2026", at(2026, 1, 1, 0, 0, 0, 0, zone), record.ToYear},
		{"202611", at(2026, 11, 1, 0, 0, 0, 0, zone), record.ToMonth},
		{"20261121", at(2026, 11, 21, 0, 0, 0, 0, zone), record.ToDay},
		{"2026112107", at(2026, 11, 21, 7, 0, 0, 0, zone), record.ToDay},
		{"202611210745", at(2026, 11, 21, 7, 45, 0, 0, zone), record.ToMinute},
		{"20261121074501", at(2026, 11, 21, 7, 45, 1, 0, zone), record.ToSecond},
		{"20261121074501.25", at(2026, 11, 21, 7, 45, 1, 250_000_000, zone), record.ToSecond},
		{"202606210745+0200", at(2026, 6, 21, 7, 45, 0, 0, east), record.ToMinute},
		{"20261121074501.0001-0530", at(2026, 11, 21, 7, 45, 1, 100_000, west), record.ToSecond},
		{"20240229", at(2024, 2, 29, 0, 0, 0, 0, zone), record.ToDay},
	}
	for _, test := range tests {
		got, ok := moment(test.text, zone)
		if !ok || !got.At.Equal(test.want) || got.Precision != test.precision {
			t.Errorf("moment(%q) = %v, %v, %t, want %v, %v", test.text, got.At, got.Precision, ok, test.want, test.precision)
		}
	}
	for _, text := range []string{
		"", "abcd", "20", "202", "20261", "2026112", "20261301", "20260230", "20230229", "2026112124", "202611211260",
		"20261121074560", "2014121914001", "2026-11-21", "20261121T0745", "20261121+02", "20261121+2500", "20261121.5",
		"20261121074501.", "20261121074501.0123456789", "0000", "２０２６",
	} {
		if got, ok := moment(text, zone); ok {
			t.Errorf("moment(%q) = %v, want none", text, got)
		}
	}
}

func TestPrintTime(t *testing.T) {
	tests := []struct{ text, want string }{
		{"20180705", "2018-07-05"},
		{"2018", "2018"},
		{"201807", "2018-07"},
		{"201807051430", "2018-07-05 14:30"},
		{"20180705143000", "2018-07-05 14:30:00"},
		{"20180705143000.12+0200", "2018-07-05 14:30:00.12 +0200"},
		{"le 5 juillet", "le 5 juillet"},
		{"20181305", "20181305"},
		{"2026-11-21", "2026-11-21"},
		{"2026-0500", "2026-0500"},
		{"20261121-hier", "20261121-hier"},
		{"20261121+0100", "2026-11-21 +0100"},
		{"20261121.5", "20261121.5"},
		{"2026112114h30", "2026112114h30"},
		{"", ""},
	}
	for _, test := range tests {
		if got := printTime(test.text); got != test.want {
			t.Errorf("printTime(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestPrintClock(t *testing.T) {
	tests := []struct{ text, want string }{
		{"14", "14"},
		{"1430", "14:30"},
		{"223100", "22:31:00"},
		{"223100.0000", "22:31:00.0000"},
		{"0730+0200", "07:30 +0200"},
		{"223100.5-0500", "22:31:00.5 -0500"},
		{"07:30", "07:30"},
		{"14h30", "14h30"},
		{"730", "730"},
		{"2430", "2430"},
		{"0799", "0799"},
		{"1430.5", "1430.5"},
		{"1430-tard", "1430-tard"},
		{"", ""},
	}
	for _, test := range tests {
		if got := printClock(test.text); got != test.want {
			t.Errorf("printClock(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}
