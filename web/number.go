package web

import (
	"strconv"
	"strings"
)

// How numbers are written: the digits are the laboratory's, only their marks
// are the page's.

// count writes a number with its noun.
func (l *language) count(n int, of noun) string {
	if l.singular(n) {
		return strconv.Itoa(n) + nbsp + of.one()
	}
	return strconv.Itoa(n) + nbsp + of.many()
}

// fileSize writes 184 ko or 1,2 Mo.
func (l *language) fileSize(n int) string {
	kilo, mega := l.kilobytes()
	switch {
	case n < 1000:
		return l.count(n, l.say.Report.Bytes)
	case n < 1_000_000:
		return strconv.Itoa((n+500)/1000) + nbsp + kilo
	}
	return l.number(strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64)) + nbsp + mega
}

// number writes the digits of a decimal as the laboratory gave them, 5.30 as
// 5,30 and 180000 as 180 000. What is not a plain decimal stays as it is.
func (l *language) number(digits string) string {
	if !isDecimal(digits) {
		return digits
	}
	decimal, thousands := l.marks()
	start := 0
	if digits[0] == '+' || digits[0] == '-' {
		start = 1
	}
	point := strings.IndexByte(digits, '.')
	if point < 0 {
		point = len(digits)
	}
	grouped := point-start >= 4 && digits[start] != '0'
	if !grouped && (point == len(digits) || decimal == '.') {
		return digits
	}
	var b strings.Builder
	b.Grow(len(digits) + 3*len(thousands))
	for i := range len(digits) {
		if grouped && i > start && i < point && (point-i)%3 == 0 {
			b.WriteString(thousands)
		}
		if i == point {
			b.WriteByte(decimal)
			continue
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// isDecimal accepts an optional sign, digits and at most one decimal point
// between digits, as HL7 writes a number; nothing longer than a laboratory
// prints.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	return isDigits(whole) && (!hasFraction || isDigits(fraction)) && len(s) <= 18
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// decimals gives the decimal numbers within a text the mark of the page;
// dotted codes and dates, as 1.2.3 or 17.11.2026, are left alone.
func (l *language) decimals(s string) string {
	decimal, _ := l.marks()
	if decimal == '.' || !strings.Contains(s, ".") {
		return s
	}
	b := []byte(s)
	for i := 0; i < len(b); {
		end := i
		for end < len(b) && (b[end] == '.' || b[end] >= '0' && b[end] <= '9') {
			end++
		}
		if dot := strings.IndexByte(s[i:end], '.'); isDecimal(s[i:end]) && dot > 0 {
			b[i+dot] = decimal
		}
		i = end + 1
	}
	return string(b)
}

// dialled is a telephone number as a device dials it: 01 99 00 55 00 is
// +33199005500.
func dialled(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, phone)
	if len(digits) == 10 && digits[0] == '0' {
		return "+33" + digits[1:]
	}
	return digits
}
