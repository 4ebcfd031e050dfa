package fhir

import (
	"encoding/hex"
	"strings"

	"guichet/record"
)

// A report that comes again is known by its names. One name too many and
// another report is lost, one too few and a correction stands beside what it
// corrects: only what FHIR says to name a thing beyond its message is a name.

// maxNames bounds the names of one report.
const maxNames = 500

// maxHeld bounds the names of the results in it.
const maxHeld = 5000

// namesOf returns what one is known by in other messages: its identifiers, its
// address where it was put there, and its fullUrl where that is an address.
// The id of what is posted is of no meaning to anybody (FHIR R4, 3.1.0.8), and
// a urn:uuid of none beyond its Bundle.
func namesOf(one *resource, identifiers []identifier) []string {
	var names []string
	for _, id := range identifiers {
		if value := line(id.Value); value != "" && id.Use != "old" {
			names = append(names, one.kind+"?identifier="+id.System+"|"+value)
		}
	}
	if one.container != nil {
		return names
	}
	if one.request != nil && one.request.Method == "PUT" && one.id != "" {
		names = append(names, one.kind+"/"+one.id)
	}
	if isAddress(one.fullURL) {
		names = append(names, one.fullURL)
	}
	return names
}

// isAddress reports whether a URL means the same in every message.
func isAddress(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// nameByOrder names a report that has no other name by the order it answers
// and what it is: several reports may answer one order.
func nameByOrder(one *resource, order string, code record.Code) []string {
	if order == "" {
		return nil
	}
	return []string{one.kind + "?based-on=" + order + "&code=" + code.System + "|" + code.Value}
}

// claim takes for a report those of its names that no other report of the
// message has, since two reports of one message are never one. A report without
// a name is always a new one.
func (b *builder) claim(one *resource, names []string) (key string, also []string) {
	if names = b.unclaimed(names); len(names) > 0 {
		return names[0], names[1:]
	}
	return b.message.Control + "#" + hex.EncodeToString(b.message.digest[:]) + "#" + one.path, nil
}

func (b *builder) unclaimed(names []string) []string {
	var list []string
	for _, name := range names {
		if !b.keys[name] {
			b.keys[name] = true
			list = append(list, name)
		}
	}
	return list
}

// nameHeld adds to each report the names of the results in it, by which one of
// them alone is found when it comes again. What names a report itself comes
// first.
func (b *builder) nameHeld() {
	for i := range b.message.Reports {
		report := &b.message.Reports[i]
		for _, o := range b.held[i] {
			report.Holds = append(report.Holds, b.unclaimed(namesOf(o.at, o.Identifier))...)
		}
		report.Also = report.Also[:min(len(report.Also), maxNames-len(report.Orders))]
		report.Holds = report.Holds[:min(len(report.Holds), maxHeld)]
	}
}
