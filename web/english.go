package web

import "time"

// english is how English pages write dates, hours and numbers: the British
// way, since 11/12 would be read as two different days.
type english struct{}

func (english) day(t time.Time) string {
	return t.In(paris).Format("2" + nbsp + "January" + nbsp + "2006")
}
func (english) dayInYear(t time.Time) string {
	return t.In(paris).Format("2" + nbsp + "January")
}
func (english) dayless(t time.Time) string { return t.In(paris).Format("January" + nbsp + "2006") }
func (english) weekday(t time.Time) string { return t.In(paris).Format("Monday") }
func (english) longDay(t time.Time) string {
	return t.In(paris).Format("Monday 2" + nbsp + "January" + nbsp + "2006")
}
func (english) shortMonth(t time.Time) string { return t.In(paris).Format("Jan") }
func (english) shortDate(t time.Time) string {
	return t.In(paris).Format("2" + nbsp + "Jan" + nbsp + "2006")
}
func (english) month(t time.Time) string     { return t.In(paris).Format("January 2006") }
func (english) hour(t time.Time) string      { return t.In(paris).Format("15:04") }
func (english) wideHour(t time.Time) string  { return t.In(paris).Format("15:04") }
func (english) exactHour(t time.Time) string { return t.In(paris).Format("15:04:05") }

func (english) singular(n int) bool { return n == 1 }

func (english) marks() (decimal byte, thousands string) { return '.', "," }

func (english) kilobytes() (kilo, mega string) { return "kB", "MB" }
