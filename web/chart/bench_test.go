package chart_test

import (
	"slices"
	"strconv"
	"testing"

	"guichet/web/chart"
)

func BenchmarkNew(b *testing.B) {
	many := courses(b)["many"]
	labels := french(b)
	for _, count := range []int{20, 200} {
		points := slices.Clone(many[:count])
		b.Run(strconv.Itoa(count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				chart.New(points, chart.Wide, labels)
				chart.New(points, chart.Slim, labels)
			}
		})
	}
}
