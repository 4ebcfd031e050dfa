#!/bin/bash
# Runs the benchmarks and keeps their table, with what they ran on, in
# bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${COUNT:-5}
results=bench/RESULTS.md

log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -run '^$' -bench . -benchmem -count "$count" -timeout 2h ./... | tee "$log"
grep -q '^Benchmark' "$log" || {
	echo "make bench: there is no benchmark" >&2
	exit 1
}

mkdir -p bench
{
	echo "# Benchmarks"
	echo
	echo "Written by \`make bench\` on $(date -u +%Y-%m-%d), $count runs each; median, and the range beside it."
	echo
	echo "Machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo). $(go version | cut -d' ' -f3,4)."
	echo
	echo "| package | benchmark | measure | median | least | most |"
	echo "|---|---|---|---|---|---|"
	# One row a measure: the lines are NAME N VALUE UNIT VALUE UNIT …
	awk '
		/^pkg: / { package = $2 }
		/^Benchmark/ {
			for (i = 3; i < NF; i += 2) {
				key = package SUBSEP $1 SUBSEP $(i + 1)
				if (!(key in count)) order[++keys] = key
				value[key, ++count[key]] = $i
			}
		}
		END {
			for (k = 1; k <= keys; k++) {
				key = order[k]; n = count[key]
				for (i = 1; i <= n; i++) sorted[i] = value[key, i] + 0
				for (i = 2; i <= n; i++)
					for (j = i; j > 1 && sorted[j] < sorted[j - 1]; j--) {
						swap = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = swap
					}
				split(key, part, SUBSEP)
				printf "| %s | %s | %s | %.6g | %.6g | %.6g |\n", part[1], part[2], part[3], sorted[int((n + 1) / 2)], sorted[1], sorted[n]
			}
		}' "$log"
} >$results
echo
cat $results
