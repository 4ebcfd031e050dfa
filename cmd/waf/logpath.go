package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// otherPath stands in the log for every path that the portal does not have.
const otherPath = "other"

// loggedPath returns what the log may hold of a path: people type names into
// the address, and attackers anything. The portal's own paths are written out;
// of those with a free part, only the beginning.
func loggedPath(path string) string {
	switch path {
	case "/", "/logout", "/session-ended", "/reports", "/access-log", "/access-log.csv", "/access-log.pdf", "/activate", "/activated", "/legal/traces.pub", "/legal/checkpoint":
		return path
	}
	for _, beginning := range []string{"/login/", "/callback/", "/static/"} {
		if strings.HasPrefix(path, beginning) {
			return beginning + "…"
		}
	}
	if report, found := strings.CutPrefix(path, "/reports/"); found && isReportID(strings.TrimSuffix(report, "/original.pdf")) {
		return path
	}
	if entry, found := strings.CutPrefix(path, "/access-log/"); found {
		number, what, _ := strings.Cut(entry, "/")
		if isEntry(number) && slices.Contains([]string{"proof", "proof.tlog-proof", "report"}, what) {
			return path
		}
	}
	return otherPath
}

// isEntry wants the number of an entry of the trace.
func isEntry(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n > 0 && strconv.FormatInt(n, 10) == text
}

// isReportID wants the one spelling of a UUID that the portal uses.
func isReportID(text string) bool {
	const length = len("00000000-0000-0000-0000-000000000000")
	return len(text) == length && uuid.Validate(text) == nil
}
