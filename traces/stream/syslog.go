package stream

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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
	return built(m, string(f), string(message), e.At, source)
}

// Checkpoint makes a line of RFC 5424 of a signed checkpoint: a JSON object that has
// it as it is, for whoever verifies the log with it.
func Checkpoint(signed []byte, at time.Time, source Source) ([]byte, error) {
	if source.Host == "" || strings.ContainsFunc(source.Host+source.Version, func(r rune) bool { return r < '!' || r > '~' }) {
		return nil, errors.New("write syslog: the source has no name, or it is none")
	}
	if bytes.ContainsFunc(signed, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == utf8.RuneError || r > 0xffff }) {
		return nil, errors.New("write syslog: not a checkpoint")
	}
	message := `{"checkpoint":` + strconv.QuoteToASCII(string(signed)) + `}` // of such runes, as JSON has it
	m := &rfc5424.SyslogMessage{}
	m.SetVersion(1).SetPriority(facility<<3 | notice).SetTimestamp(at.UTC().Format(instant)).SetHostname(source.Host).SetAppname("Guichet").SetMsgID(checkpointID).SetMessage(message)
	setParameter(m, "software", "Guichet")
	setParameter(m, "swVersion", source.Version)
	return built(m, checkpointID, message, at, source)
}

// checkpointID is the MSGID of a checkpoint, notice its severity.
const (
	checkpointID = "checkpoint"
	notice       = 5
)

// built is the line: the builder leaves out, without a word, what it does not take.
func built(m *rfc5424.SyslogMessage, messageID, message string, at time.Time, source Source) ([]byte, error) {
	text, err := m.String()
	if err != nil {
		return nil, fmt.Errorf("write syslog: %w", err)
	}
	if m.Hostname == nil || *m.Hostname != source.Host || m.MsgID == nil || *m.MsgID != messageID || m.Timestamp == nil || !m.Timestamp.Equal(at.Truncate(time.Microsecond)) || !strings.HasSuffix(text, " "+message) {
		return nil, errors.New("write syslog: something does not fit")
	}
	return []byte(text), nil
}

// setParameter sets one of the element origin (RFC 5424, 7.2). The builder takes
// values as they stand on the line, and drops one that is not escaped.
func setParameter(m *rfc5424.SyslogMessage, name, value string) {
	m.SetParameter("origin", name, common.EscapeBytes(value))
}
