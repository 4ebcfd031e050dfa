package stream

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"guichet/traces"
)

var here = Source{Host: "guichet.example", Site: "hospital", Version: "1.2"}

// drawn makes an entry of a type out of whatever an entry may hold, and where it
// came from.
func drawn(t *rapid.T, of traces.Type) (traces.Entry, traces.Context) {
	some := rapid.Custom(func(t *rapid.T) (u uuid.UUID) {
		binary.BigEndian.PutUint64(u[:], rapid.Uint64Min(1).Draw(t, "high"))
		binary.BigEndian.PutUint64(u[8:], rapid.Uint64().Draw(t, "low"))
		return u
	})
	id := rapid.OneOf(rapid.Just(uuid.Nil), some)
	word := rapid.OneOf(rapid.Just(""), rapid.StringOfN(rapid.RuneFrom([]rune(`abcxyz09-=|\"<>&']`)), 1, 12, -1))
	kind := rapid.OneOf(rapid.SampledFrom([]string{"report", "observation", "document", "account", "patient", "entry", "session"}), rapid.StringMatching(`[a-z]{1,8}(-[a-z]{1,4})?`))
	length := rapid.SampledFrom([]int{0, 1, 2, 3, 5, 1, 2, 0, 30}).Draw(t, "length")
	e := traces.Entry{
		Salt: hash(t), ID: rapid.Int64Range(1, 1<<62).Draw(t, "id"), At: time.UnixMicro(rapid.Int64Range(0, 4102444800000000).Draw(t, "at")).UTC(), Type: of,
		Outcome: rapid.SampledFrom([]string{"granted", "refused", "failed"}).Draw(t, "outcome"), Reason: word.Draw(t, "reason"), Account: id.Draw(t, "account"), Role: word.Draw(t, "role"),
		Provider: word.Draw(t, "provider"), Behalf: id.Draw(t, "behalf"), Patient: id.Draw(t, "patient"), Grant: id.Draw(t, "grant"),
		Ground: rapid.OneOf(rapid.SampledFrom([]string{"self", "mandate", "care", "emergency", "share"}), word).Draw(t, "ground"), Purpose: word.Draw(t, "purpose"), Context: hash(t),
	}
	if rapid.Bool().Draw(t, "change") {
		e.Before, e.After = hash(t), hash(t)
	}
	for range length {
		e.Records = append(e.Records, traces.Named{Kind: kind.Draw(t, "kind"), ID: some.Draw(t, "record"), Version: rapid.IntRange(0, 1<<31-1).Draw(t, "version")})
		if length != 3 {
			e.Entries = append(e.Entries, rapid.Int64Range(1, 1<<62).Draw(t, "entry"))
		}
	}
	address := rapid.SampledFrom([]string{"", "192.0.2.7", "2001:db8::7", "192.0.2.0/24", "2001:db8::/56"})
	c := traces.Context{Salt: hash(t), IP: address.Draw(t, "ip"), Peer: address.Draw(t, "peer"), Origin: address.Draw(t, "origin"), Login: word.Draw(t, "login"),
		Session: id.Draw(t, "session"), Request: id.Draw(t, "request"), Process: id.Draw(t, "process"), XID: rapid.Uint64Range(0, 1<<63).Draw(t, "xid")}
	return e, c
}

func hash(t *rapid.T) (sum [32]byte) {
	for i := 0; i < len(sum); i += 8 {
		binary.BigEndian.PutUint64(sum[i:], rapid.Uint64Min(1).Draw(t, "hash"))
	}
	return sum
}

// TestFormatsSayTheSame: an entry of any event is one line in each format, and
// their readers find in each all that the entry says.
func TestFormatsSayTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		for _, event := range rapid.Permutation(traces.Events).Draw(rt, "events")[:8] { // in a hundred runs, each of them
			e, c := drawn(rt, event.Type)
			want := sayings(e, c, here)
			lines := 0
			for _, format := range Formats {
				line, err := Line(format, e, c, here)
				if err != nil {
					t.Fatalf("%s, %s: %v", event.Type, format, err)
				}
				lines += bytes.Count(append(line, '\n'), []byte("\n"))
				message := readSyslog(t, line)
				var got said
				switch Format(*message.MsgID) {
				case FormatFHIR:
					got, _ = readAuditEvent(t, []byte(*message.Message))
				case FormatDICOM:
					got, _ = readDICOM(t, []byte(*message.Message))
				case FormatCEF:
					got = readCEF(t, *message.Message)
				}
				if format != FormatCEF { // they have kinds of their own, and the version is in the line's head
					got.Category, got.Version = want.Category, want.Version
				}
				if diff := cmp.Diff(want, got); diff != "" || Format(*message.MsgID) != format {
					rt.Fatalf("%s, %s (-want +got):\n%s", event.Type, format, diff)
				}
				if !message.Timestamp.Equal(e.At) || *message.Hostname != here.Host || *message.Appname != "Guichet" || *message.Facility != 10 || (message.StructuredData == nil) != (format == FormatDICOM) {
					rt.Errorf("%s: the head of the line: %v", event.Type, message)
				}
				for _, secret := range [][32]byte{e.Salt, c.Salt, e.Context} {
					if bytes.Contains(line, []byte(hex.EncodeToString(secret[:]))) || bytes.Contains(line, secret[:]) {
						rt.Errorf("%s, %s: what is secret leaves", event.Type, format)
					}
				}
			}
			if lines != len(Formats) {
				rt.Errorf("%s: %d lines of %d formats", event.Type, lines, len(Formats))
			}
		}
	})
}

// TestDocumented keeps the lines of docs/siem.md what they are.
func TestDocumented(t *testing.T) {
	document, err := os.ReadFile("../../docs/siem.md")
	if err != nil {
		t.Fatal(err)
	}
	id := func(n byte) uuid.UUID { return uuid.UUID{0x01, 0x99, 0xa1, 0xb2, 0xc3, 0xd4, 0x70, 0, 0x80, 15: n} }
	e := traces.Entry{ID: 4711, At: time.UnixMicro(1790000000123456).UTC(), Type: traces.DocumentRead, Outcome: "granted", Reason: "grant", Account: id(1), Role: "patient", Provider: "franceconnect",
		Patient: id(2), Grant: id(3), Ground: "self", Purpose: "own-record", Records: []traces.Named{{Kind: "document", ID: id(4), Version: 1}}}
	c := traces.Context{IP: "192.0.2.7", Login: "guichet_portal", Session: id(5), Request: id(6), Process: id(7), XID: 815}
	for _, format := range Formats {
		line, err := Line(format, e, c, here)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(document, slices.Concat([]byte("```\n"), line, []byte("\n```"))) {
			t.Errorf("docs/siem.md does not have %s", line)
		}
	}
}

// TestSeverity: an outcome that is worse is never less grave, and the gravest
// stands out.
func TestSeverity(t *testing.T) {
	severities := func(of traces.Type, outcome string) (pri uint8, cef int64) {
		e := traces.Entry{ID: 1, Type: of, Outcome: outcome, At: time.UnixMicro(0).UTC()}
		line, err := Line(FormatCEF, e, traces.Context{}, here)
		if err != nil {
			t.Fatal(err)
		}
		message := readSyslog(t, line)
		header, _, err := parseCEF(*message.Message)
		if err != nil {
			t.Fatal(err)
		}
		return *message.Priority, number(t, header[6])
	}
	for _, c := range []struct {
		of      traces.Type
		outcome string
		pri     uint8
		cef     int64
	}{
		{traces.ReportRead, "granted", 85, 2},
		{traces.SettingChange, "granted", 85, 5},
		{traces.ReportRead, "refused", 84, 6},
		{traces.ReportRead, "failed", 83, 8},
		{traces.Integrity, "failed", 82, 10},
		{traces.Integrity, "refused", 82, 10},
	} {
		if pri, cef := severities(c.of, c.outcome); pri != c.pri || cef != c.cef {
			t.Errorf("%s, %s: got <%d> and %d, want <%d> and %d", c.of, c.outcome, pri, cef, c.pri, c.cef)
		}
	}
}

// TestNothingButWordsLeaves: free text, wherever it comes from, is refused in
// every format, and no error repeats it.
func TestNothingButWordsLeaves(t *testing.T) {
	type place func(*traces.Entry, *traces.Context, *Source, string)
	places := map[string]place{
		"type":     func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Type = traces.Type(s) },
		"outcome":  func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Outcome = s },
		"reason":   func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Reason = s },
		"role":     func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Role = s },
		"provider": func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Provider = s },
		"ground":   func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Ground = s },
		"purpose":  func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Purpose = s },
		"kind":     func(e *traces.Entry, _ *traces.Context, _ *Source, s string) { e.Records = []traces.Named{{Kind: s}} },
		"ip":       func(_ *traces.Entry, c *traces.Context, _ *Source, s string) { c.IP = s },
		"peer":     func(_ *traces.Entry, c *traces.Context, _ *Source, s string) { c.Peer = s },
		"origin":   func(_ *traces.Entry, c *traces.Context, _ *Source, s string) { c.Origin = s },
		"login":    func(_ *traces.Entry, c *traces.Context, _ *Source, s string) { c.Login = s },
		"host":     func(_ *traces.Entry, _ *traces.Context, s *Source, text string) { s.Host = text },
		"site":     func(_ *traces.Entry, _ *traces.Context, s *Source, text string) { s.Site = text },
		"version":  func(_ *traces.Entry, _ *traces.Context, s *Source, text string) { s.Version = text },
	}
	for name, put := range places {
		for _, free := range []string{"Jeanne Dupont", "Hélène", "two\nlines", "\x00", "fe80::1%Jeanne Dupont", "\xff"} {
			for _, format := range Formats {
				e, c, s := traces.Entry{ID: 1, Type: traces.ReportRead, Outcome: "granted", At: time.UnixMicro(0).UTC()}, traces.Context{}, here
				put(&e, &c, &s, free)
				line, err := Line(format, e, c, s)
				if err == nil {
					t.Errorf("%s %q left as %s: %s", name, free, format, line)
				} else if strings.Contains(err.Error(), free) {
					t.Errorf("%s: the error repeats it: %v", name, err)
				}
			}
		}
	}
	e := traces.Entry{ID: 1, Type: traces.ReportRead, Outcome: "granted", At: time.UnixMicro(0).UTC()}
	if _, err := Line("XML", e, traces.Context{}, here); err == nil {
		t.Error("a format that is none was taken")
	}
	for name, s := range map[string]Source{"no host": {Version: "1"}, "no version": {Host: "here"}, "a long host": {Host: strings.Repeat("h", 256), Version: "1"}} {
		if _, err := Line(FormatCEF, e, traces.Context{}, s); err == nil {
			t.Errorf("a source with %s was taken", name)
		}
	}
	for _, message := range []string{"", "naïve", "two\nlines"} {
		if _, err := Syslog([]byte(message), FormatCEF, e, traces.Context{}, here); err == nil {
			t.Errorf("%q was taken for a message", message)
		}
	}
}

// TestDICOMKeepsToTheSchema of PS3.15 A.5.1, written down here: what elements
// an element has, in what order, and what attributes.
func TestDICOMKeepsToTheSchema(t *testing.T) {
	const coded = "csd-code! codeSystemName! originalText! displayName"
	schema := map[string]struct {
		children   string // as in a regular expression: none, ?, * or +
		attributes string // those with ! must stand there
	}{
		"AuditMessage":                 {"EventIdentification ActiveParticipant+ AuditSourceIdentification ParticipantObjectIdentification*", ""},
		"EventIdentification":          {"EventID EventTypeCode* EventOutcomeDescription?", "EventActionCode EventDateTime! EventOutcomeIndicator!"},
		"EventID":                      {"", coded},
		"EventTypeCode":                {"", coded},
		"EventOutcomeDescription":      {"", ""},
		"ActiveParticipant":            {"RoleIDCode* MediaIdentifier?", "UserID! AlternativeUserID UserName UserIsRequestor! NetworkAccessPointID NetworkAccessPointTypeCode"},
		"RoleIDCode":                   {"", coded},
		"AuditSourceIdentification":    {"AuditSourceTypeCode*", "AuditEnterpriseSiteID AuditSourceID!"},
		"AuditSourceTypeCode":          {"", "csd-code! codeSystemName originalText displayName"},
		"ParticipantObjectIDTypeCode":  {"", coded},
		"ParticipantObjectName":        {"", ""},
		"ParticipantObjectQuery":       {"", ""},
		"ParticipantObjectDetail":      {"", "type! value!"},
		"ParticipantObjectDescription": {"", ""},
		"ParticipantObjectIdentification": {"ParticipantObjectIDTypeCode ParticipantObjectName? ParticipantObjectQuery? ParticipantObjectDetail* ParticipantObjectDescription*",
			"ParticipantObjectID! ParticipantObjectTypeCode ParticipantObjectTypeCodeRole ParticipantObjectDataLifeCycle ParticipantObjectSensitivity"},
	}
	values := map[string][]string{
		"EventActionCode": {"C", "R", "U", "D", "E"}, "EventOutcomeIndicator": {"0", "4", "8", "12"}, "UserIsRequestor": {"true", "false"},
		"NetworkAccessPointTypeCode": {"1", "2", "3", "4", "5"}, "ParticipantObjectTypeCode": {"1", "2", "3", "4"},
		"ParticipantObjectTypeCodeRole": {"1", "3", "4", "13", "24"}, "ParticipantObjectDataLifeCycle": {"1", "6"},
	}
	var keeps func(rt *rapid.T, e *element)
	keeps = func(rt *rapid.T, e *element) {
		rule, known := schema[e.name]
		if !known {
			rt.Fatalf("no element of the schema: %s", e.name)
		}
		rest := e.children
		for _, want := range strings.Fields(rule.children) {
			name, count := strings.TrimRight(want, "?*+"), 0
			for len(rest) > 0 && rest[0].name == name {
				rest, count = rest[1:], count+1
			}
			if count == 0 && !strings.HasSuffix(want, "?") && !strings.HasSuffix(want, "*") || count > 1 && !strings.HasSuffix(want, "*") && !strings.HasSuffix(want, "+") {
				rt.Errorf("%d times %s in %s", count, name, e.name)
			}
		}
		if len(rest) > 0 {
			rt.Errorf("%s has no place in %s", rest[0].name, e.name)
		}
		for _, a := range strings.Fields(rule.attributes) {
			if name, required := strings.CutSuffix(a, "!"); required && e.attributes[name] == "" {
				rt.Errorf("%s has no %s", e.name, name)
			}
		}
		for name, value := range e.attributes {
			if !slices.Contains(strings.Fields(strings.ReplaceAll(rule.attributes, "!", "")), name) {
				rt.Errorf("%s has %s", e.name, name)
			}
			if allowed, ok := values[name]; ok && !slices.Contains(allowed, value) {
				rt.Errorf("%s is %q", name, value)
			}
		}
		if e.name == "ParticipantObjectIdentification" && len(e.all("ParticipantObjectName"))+len(e.all("ParticipantObjectQuery")) != 1 {
			rt.Error("an object has a name or a query")
		}
		for _, child := range e.children {
			keeps(rt, child)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		e, c := drawn(rt, rapid.SampledFrom(traces.Events).Draw(rt, "event").Type)
		text, err := DICOM(e, c, here)
		if err != nil {
			rt.Fatal(err)
		}
		_, root := readDICOM(t, text)
		if root.name != "AuditMessage" {
			rt.Error(root.name)
		}
		keeps(rt, root)
	})
}

func TestLongLists(t *testing.T) {
	e := traces.Entry{ID: 1, Type: traces.ReportRead, Outcome: "granted", At: time.UnixMicro(0).UTC()}
	for range 1000 {
		e.Records = append(e.Records, traces.Named{Kind: "observation", ID: uuid.New(), Version: 1})
	}
	text, err := CEF(e, traces.Context{}, here)
	if err != nil {
		t.Fatal(err)
	}
	if got := readCEF(t, text); !slices.Equal(got.Records, e.Records) {
		t.Errorf("%d of %d records", len(got.Records), len(e.Records))
	}
	_, fields, _ := parseCEF(text)
	for name, value := range fields {
		if len(value) > 4000 {
			t.Errorf("%s has %d characters", name, len(value))
		}
	}
	if fields["guichetRecords2"] == "" {
		t.Error("all in one field")
	}
}

// FuzzCEF: whatever stands in a field, its reader finds it there.
func FuzzCEF(f *testing.F) {
	for _, seed := range []string{"", "plain", `\`, `\\`, `a=b`, ` x=y`, "a\nb", "a\r\nb", `|`, `\|`, `\=`, `a\`, "é", "\x00", "\xff", " "} {
		f.Add(seed, "second")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		w := &cefWriter{}
		w.header("CEF:0", first, second, "1", "t", first, "1")
		w.field("one", first)
		w.field("two", second)
		header, fields, err := parseCEF(w.text.String())
		if err != nil {
			t.Fatalf("%v: %s", err, w.text.String())
		}
		inHeader := strings.NewReplacer("\r", " ", "\n", " ")
		if want := []string{"CEF:0", inHeader.Replace(first), inHeader.Replace(second), "1", "t", inHeader.Replace(first), "1"}; !slices.Equal(header, want) {
			t.Errorf("header %q, want %q", header, want)
		}
		want := map[string]string{"one": first, "two": second}
		for name, value := range want {
			if value == "" {
				delete(want, name)
			}
		}
		if diff := cmp.Diff(want, fields); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", w.text.String(), diff)
		}
	})
}

// FuzzSyslog: a source's version stands in the line as it is, or the line is
// refused; so does the message.
func FuzzSyslog(f *testing.F) {
	for _, seed := range []string{"1.2", `"`, `]`, `\`, `"]\`, `\"`, `a"b]c\d`, "é", "\n", "", "[x y=\"z\"]"} {
		f.Add(seed, "message")
		f.Add("1", seed)
	}
	f.Fuzz(func(t *testing.T, version, message string) {
		e := traces.Entry{ID: 1, Type: traces.ReportRead, Outcome: "granted", At: time.UnixMicro(123456).UTC()}
		line, err := Syslog([]byte(message), FormatCEF, e, traces.Context{}, Source{Host: "here", Version: version})
		plain := func(s string, from byte) bool {
			return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < rune(from) || r > '~' })
		}
		if fits := plain(version, '!') && plain(message, ' '); fits != (err == nil) {
			t.Fatalf("version %q, message %q: %v", version, message, err)
		}
		if err != nil {
			return
		}
		read := readSyslog(t, line)
		if got := (*read.StructuredData)["origin"]; got["swVersion"] != version || got["software"] != "Guichet" {
			t.Errorf("origin is %q", got)
		}
		if *read.Message != message || fmt.Sprint(*read.Priority) != "85" {
			t.Errorf("<%d> %q", *read.Priority, *read.Message)
		}
	})
}
