package web

import (
	"testing"
	"time"

	"guichet/record"
)

func TestFrenchDatesAndHours(t *testing.T) {
	l := newWeb(t).french
	at := time.Date(2026, time.November, 1, 6, 5, 9, 0, time.UTC) // 07:05:09 in Paris
	now := at.Add(time.Hour)
	for got, want := range map[string]string{
		l.day(at):                      "01/11/2026",
		shortHour(at):                  "07:05",
		l.hour(at):                     "7 h 05",
		l.wideHour(at):                 "07 h 05",
		l.exactHour(at):                "7 h 05 min 09 s",
		l.longDay(at):                  "dimanche 1er novembre 2026",
		l.month(at):                    "novembre 2026",
		l.dayAndHour(at, now):          "aujourd’hui, dimanche 1er novembre 2026, à 7 h 05",
		l.dayAndHour(at, time.Time{}):  "dimanche 1er novembre 2026 à 7 h 05",
		l.longDay(at.AddDate(0, 0, 1)): "lundi 2 novembre 2026",
		shortHour(at.AddDate(0, 8, 0)): "08:05", // summer time
	} {
		if plain(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	late := time.Date(2026, time.June, 30, 22, 30, 0, 0, time.UTC) // 0:30 of the next day in Paris
	if l.day(late) != "01/07/2026" || plain(l.longDay(late)) != "mercredi 1er juillet 2026" || sameDay(late, late.Add(-time.Hour)) {
		t.Error("the day is not that of Paris")
	}
}

func TestMomentsAreAsPreciseAsSent(t *testing.T) {
	l := newWeb(t).french
	at := instant(t, "2026-11-17 07:42")
	for _, c := range []struct {
		precision    record.Precision
		want, inFull string
	}{
		{record.Unstated, "", ""},
		{record.ToYear, "2026", "2026"},
		{record.ToMonth, "11/2026", "11/2026"},
		{record.ToDay, "17/11/2026", "mardi 17/11/2026"},
		{record.ToMinute, "17/11/2026 à 07:42", "mardi 17/11/2026 à 07:42"},
		{record.ToSecond, "17/11/2026 à 07:42", "mardi 17/11/2026 à 07:42"},
	} {
		m := record.Moment{At: at, Precision: c.precision}
		if got := plain(l.moment(m)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if got := plain(l.weekdayMoment(m)); got != c.inFull {
			t.Errorf("got %q, want %q", got, c.inFull)
		}
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]string{
		"5.30": "5,30", "0.94": "0,94", "139": "139", "4000": "4 000", "180000": "180 000", "1234567.125": "1 234 567,125",
		"-2.5": "-2,5", "+1": "+1", "0012": "0012", "12.": "12.", ".5": ".5", "1e3": "1e3", "1,5": "1,5", "": "", "-": "-", "12345678901234567890": "12345678901234567890",
	} {
		if got := plain(newWeb(t).french.number(in)); got != want {
			t.Errorf("number(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDecimalsLeaveCodesAlone(t *testing.T) {
	for in, want := range map[string]string{
		"négatif si < 0.5 UI/mL": "négatif si < 0,5 UI/mL", "1.5-2.5": "1,5-2,5", "le 17.11.2026": "le 17.11.2026",
		"1.2.3": "1.2.3", "fin.": "fin.", "x.5": "x.5", "5.": "5.", "": "", "à 1.73 m²": "à 1,73 m²",
	} {
		if got := newWeb(t).french.decimals(in); got != want {
			t.Errorf("decimals(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStructuredValues(t *testing.T) {
	for in, want := range map[string]string{
		"<0.5": "< 0,5", "< 0.5": "< 0,5", ">=60": "≥ 60", "<=1": "≤ 1", ">32": "> 32", "1:80": "1/80", "10-15": "10-15", "1/80": "1/80", "2+": "2+", "a:b": "a:b",
	} {
		if got := plain(newWeb(t).french.structured(in)); got != want {
			t.Errorf("structured(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSizesDurationsAndTelephones(t *testing.T) {
	l := newWeb(t).french
	for got, want := range map[string]string{
		l.fileSize(1): "1 octet", l.fileSize(900): "900 octets", l.fileSize(184_400): "184 ko", l.fileSize(1_240_000): "1,2 Mo",
		l.minutes(15 * time.Minute): "15 minutes", l.minutes(8 * time.Hour): "8 heures", l.minutes(90 * time.Minute): "90 minutes", l.minutes(time.Minute): "1 minute",
		dialled("01 99 00 55 00"): "+33199005500", dialled("+33 1 99 00 55 00"): "+33199005500", dialled("15"): "15",
		l.timeLeft(31500 * time.Millisecond): "32 secondes", l.timeLeft(-time.Second): "0 seconde", l.timeLeft(2 * time.Minute): "120 secondes",
		l.timeLeft(2*time.Minute + time.Millisecond): "3 minutes", l.timeLeft(2 * time.Hour): "120 minutes", l.timeLeft(19*time.Hour + time.Second): "20 heures",
	} {
		if plain(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
