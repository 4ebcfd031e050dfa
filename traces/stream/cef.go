package stream

import (
	"net/netip"
	"strconv"
	"strings"

	"guichet/traces"
)

// maxCustom is the length of a custom string that receivers keep.
const maxCustom = 4000

// CEF says an entry in ArcSight's Common Event Format, in one line. What CEF has
// no field for stands in fields of our own, which begin with guichet; so does
// what a list has beyond the length of a field.
func CEF(e traces.Entry, c traces.Context, source Source) (string, error) {
	line, err := check(e, c, source)
	if err != nil {
		return "", err
	}
	w := &cefWriter{}
	w.header("CEF:0", "Guichet", "Guichet", source.Version, string(e.Type), line.Meaning, strconv.Itoa(severity(e, line.Kind).cef))
	w.field("externalId", strconv.FormatInt(e.ID, 10))
	w.field("rt", strconv.FormatInt(e.At.UnixMilli(), 10))
	w.field("dvchost", source.Host)
	w.field("cat", line.Kind.Category)
	w.field("act", line.Kind.Action)
	w.field("outcome", e.Outcome)
	w.field("reason", e.Reason)
	w.address(c.IP)
	w.field("suser", id(e.Account))
	w.field("spriv", e.Role)
	w.custom("cn1", "microseconds", strconv.FormatInt(e.At.UnixMicro(), 10)) // rt has none
	w.custom("cn2", "count", strconv.Itoa(len(e.Records)))
	w.custom("cs1", "patient", id(e.Patient))
	w.custom("cs2", "session", id(c.Session))
	w.custom("cs3", "request", id(c.Request))
	w.custom("cs4", "grant", id(e.Grant))
	var entries, records []string
	for _, n := range e.Entries {
		entries = append(entries, strconv.FormatInt(n, 10))
	}
	for _, r := range e.Records {
		records = append(records, r.Kind+"/"+r.ID.String()+"/"+strconv.Itoa(r.Version))
	}
	w.list("cs5", "entries", entries)
	w.list("cs6", "records", records)
	for _, d := range details(e, c) {
		if d.name != "grant" && d.name != "role" { // they have their fields
			w.field("guichet"+strings.ToUpper(d.name[:1])+d.name[1:], d.value)
		}
	}
	return w.text.String(), nil
}

// level is how grave an entry is, to CEF (10 is worst) and to syslog (0 is).
type level struct {
	cef    int
	syslog uint8
}

// severity keeps to what IHE ATNA asks for, notice, where nothing went wrong.
func severity(e traces.Entry, k traces.Kind) level {
	switch {
	case e.Type == traces.Integrity:
		return level{10, 2}
	case e.Outcome == "failed":
		return level{8, 3}
	case e.Outcome == "refused":
		return level{6, 4}
	case k.Category == "security":
		return level{5, 5}
	}
	return level{2, 5}
}

type cefWriter struct {
	text  strings.Builder
	begun bool // the first field is there
}

var (
	headerEscapes = strings.NewReplacer(`\`, `\\`, `|`, `\|`, "\r", " ", "\n", " ")
	fieldEscapes  = strings.NewReplacer(`\`, `\\`, `=`, `\=`, "\r", `\r`, "\n", `\n`)
)

func (w *cefWriter) header(values ...string) {
	for _, value := range values {
		w.text.WriteString(headerEscapes.Replace(value))
		w.text.WriteByte('|')
	}
}

func (w *cefWriter) field(name, value string) {
	if value == "" {
		return
	}
	if w.begun {
		w.text.WriteByte(' ')
	}
	w.begun = true
	w.text.WriteString(name)
	w.text.WriteByte('=')
	w.text.WriteString(fieldEscapes.Replace(value))
}

func (w *cefWriter) custom(name, label, value string) {
	if value != "" {
		w.field(name+"Label", label)
		w.field(name, value)
	}
}

// address is in src where it is of IPv4, as CEF:0 has it; one of IPv6, and a
// network, have fields of their own.
func (w *cefWriter) address(text string) {
	address, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		w.field("guichetNetwork", text)
	case address.Is4():
		w.field("src", text)
	default:
		w.custom("c6a2", "Source IPv6 Address", text)
	}
}

// list writes values in as many fields as they need: first in the custom string,
// then in guichetRecords2, guichetRecords3…
func (w *cefWriter) list(name, label string, values []string) {
	for n := 1; len(values) > 0; n++ {
		length, count := len(values[0]), 1
		for count < len(values) && length+1+len(values[count]) <= maxCustom {
			length += 1 + len(values[count])
			count++
		}
		part := strings.Join(values[:count], " ")
		if n == 1 {
			w.custom(name, label, part)
		} else {
			w.field("guichet"+strings.ToUpper(label[:1])+label[1:]+strconv.Itoa(n), part)
		}
		values = values[count:]
	}
}
