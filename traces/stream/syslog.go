package stream

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/leodido/go-syslog/v4/common"
	"github.com/leodido/go-syslog/v4/rfc5424"

	"guichet/traces"
)

// Format is what stands in a line of syslog; it is the line's MSGID.
type Format string

// The formats.
const (
	FormatFHIR  Format = "AuditEvent"
	FormatDICOM Format = "IHE+RFC-3881" // as IHE ATNA has it, though DICOM took over from RFC 3881
	FormatCEF   Format = "CEF"
)

// Formats are all there are.
var Formats = []Format{FormatFHIR, FormatDICOM, FormatCEF}

// facility is that of security messages (RFC 5424, table 1; IHE ATNA).
const facility uint8 = 10

// Line says an entry in a format, in a line of syslog.
func Line(f Format, e traces.Entry, c traces.Context, source Source) ([]byte, error) {
	var message []byte
	var err error
	switch f {
	case FormatFHIR:
		message, err = AuditEvent(e, c, source)
	case FormatDICOM:
		message, err = DICOM(e, c, source)
	case FormatCEF:
		var text string
		text, err = CEF(e, c, source)
		message = []byte(text)
	default:
		err = errors.New("say entry: not a format")
	}
	if err != nil {
		return nil, err
	}
	return Syslog(message, f, e, c, source)
}

// Syslog makes a line of RFC 5424 of an entry's message. The message is ASCII:
// whether one of UTF-8 begins with a byte order mark, RFC 5424 and IHE ATNA do
// not agree.
func Syslog(message []byte, f Format, e traces.Entry, c traces.Context, source Source) ([]byte, error) {
	line, err := check(e, c, source)
	if err != nil {
		return nil, err
	}
	if bytes.ContainsFunc(message, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errors.New("write syslog: the message is not of printable ASCII")
	}
	m := &rfc5424.SyslogMessage{}
	m.SetVersion(1).SetPriority(facility<<3 | severity(e, line.Kind).syslog).SetTimestamp(e.At.UTC().Format(instant)).
		SetHostname(source.Host).SetAppname("Guichet").SetMsgID(string(f)).SetMessage(string(message))
	if process := id(c.Process); process != "" {
		m.SetProcID(process)
	}
	if f != FormatDICOM { // ATNA uses no structured data
		setParameter(m, "software", "Guichet")
		setParameter(m, "swVersion", source.Version)
	}
	text, err := m.String()
	if err != nil {
		return nil, fmt.Errorf("write syslog: %w", err)
	}
	// The builder leaves out, without a word, what it does not take.
	if m.Hostname == nil || *m.Hostname != source.Host || m.MsgID == nil || *m.MsgID != string(f) || m.Timestamp == nil || !m.Timestamp.Equal(e.At) || !strings.HasSuffix(text, " "+string(message)) {
		return nil, errors.New("write syslog: something does not fit")
	}
	return []byte(text), nil
}

// setParameter sets one of the element origin (RFC 5424, 7.2). The builder takes
// values as they stand on the line, and drops one that is not escaped.
func setParameter(m *rfc5424.SyslogMessage, name, value string) {
	m.SetParameter("origin", name, common.EscapeBytes(value))
}
