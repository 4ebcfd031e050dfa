package intake

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"guichet/record"
)

// seeds are small messages that reach every part of the parser.
func seeds() [][]byte {
	return [][]byte{
		nil,
		[]byte("MSH"),
		[]byte(`MSH|^~\&|`),
		lines(mshLine, pidLine, "NTE|1||c", "ORC|RE", obrLine, "NTE|1||c", "OBX|1|NM|A^B^LN||5.30|g/L|1-2|H~A|||F|||20261120", "NTE|1||c~d", "SPM|1|||^S"),
		lines(mshLine, pidLine, obrLine, `OBX|1|SN|A||<^5|||||F`, `OBX|2|TX|B|1|a\.br\b\X41\\F\||||||F`, `OBX|3|TX|B|1|c||||||F`, "OBX|4|CWE|C||A^B^L~C^D^L||||||C"),
		lines(mshLine, pidLine, obrLine, "OBX|1|ED|D||^application^pdf^Base64^JVBERi0xLjQK||||||F", "OBX|2|RP|E||x||||||F", "OBX|3|DR|F||2026^2027||||||X"),
		lines(mshLine, pidLine, obrLine, "OBX|1|CE|INVISIBLE_PATIENT^^MetaDMPMSS||Y||||||F"),
		lines(mshLine, pidLine, obrLine, "OBX|1|FT|A||one\ntwo||||||D", "\r\n", "PID|2", "MSH|"),
		lines(mshLine, "NTE|1||~5", pidLine, "ORC|RE", obrLine, "OBX|1|FT|A||un\nVIH\nfin||||||F", " OBX|2|NM|B||1", "Zab|", "ORC|RE"+"||||||||||||||||||||||||||U", "NTE|1||x\ny"),
		lines(mshLine, pidLine, "ARV|1|A|NO", obrLine, `OBX|1|SN|A||^1^^80~\XC3\\XA9\|10^9/L||hh|||F||R`, "OBX|2|DR|B||2026-11-21^20261121+0100||||||F", "OBX|3|TM|B||07:30||||||F", "ODX|4", "\u0092"),
		lines(mshLine, pidLine, obrLine, "OBX|1|CWE|A||B^C^^D^E^^^^G~Positif^2+|1^CM||^HIGH~h|||F", "OBX|2|ed|D||^text^plain^A^<?xml encoding='ISO-8859-1'?>é||||||F", "OBX|3|CE|X^MASQUE_PS||N~Y||||||F"),
		lines(mshLine, pidLine, obrLine, "OBX|1|TX|A||µ \xC9\xBB \xC3||||||F"),
		[]byte("MSH@*!%$@A@B@C@D@2026@@ORU*R01@1@P@2.3@@@@@@8859/15\nPID@1@@1***&1.2.250.1.213.1.4.8&ISO@@\xC9T\xC9*A!B*C****D\nOBR@1\nOBX@1@ST@A@@%E%\xA4@@@@@@F"),
		[]byte("\xEF\xBB\xBFMSH|^~|A|B|||2026||ORU|1|P|2.1||||||ISO IR87\rPID|\rOBR|\xFF"),
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, testRules)
		if err != nil {
			var problem *Problem
			if !errors.As(err, &problem) {
				t.Fatalf("error is %T", err)
			}
			checkAnswer(t, raw, problem)
			return
		}
		checkAnswer(t, raw, nil)
		r := m.Report
		if len(m.Orders) != len(r.Panels) || slices.Contains(m.Orders, "") {
			t.Fatalf("orders %q for %d panels", m.Orders, len(r.Panels))
		}
		count := 0
		for _, panel := range r.Panels {
			count += len(panel.Observations)
			checkText(t, panel.Title, panel.Order, panel.Specimen)
			for _, o := range panel.Observations {
				checkText(t, o.Name, o.Unit, o.Reference, o.Value.Text, o.Value.Code.Value, o.Method, o.SubID)
				if o.Value.Kind == record.NoValue && o.Value.Text != "" || o.Status == "" {
					t.Fatalf("result %+v", o)
				}
			}
		}
		if count != r.Count || r.Abnormal > r.Count || r.Status == "" {
			t.Fatalf("count %d, abnormal %d, status %q, of %d results", r.Count, r.Abnormal, r.Status, count)
		}
		checkText(t, m.Identity.Family, m.Identity.Given, m.Header.Sender, m.Header.Control)
	})
}

// checkAnswer writes the acknowledgement of raw and looks for what would break
// its frame or its segments.
func checkAnswer(t *testing.T, raw []byte, problem *Problem) {
	h, _ := ParseHeader(raw)
	code, segments := AckAccept, 2
	if problem != nil {
		code, segments = problem.Ack, 3
	}
	ack := Acknowledge(h, code, problem, testNow)
	if bytes.ContainsAny(ack, "\x0B\x1C\n") || bytes.Count(ack, []byte("\r")) != segments {
		t.Fatalf("acknowledgement %q", ack)
	}
}

func checkText(t *testing.T, list ...string) {
	for _, text := range list {
		if !utf8.ValidString(text) || plain(text) != text {
			t.Fatalf("unclean text %q", text)
		}
	}
}

// streamConn is a connection that gives what it was made with.
type streamConn struct {
	net.Conn
	bytes.Reader
}

func (c *streamConn) Read(p []byte) (int, error)      { return c.Reader.Read(p) }
func (c *streamConn) SetReadDeadline(time.Time) error { return nil }

func FuzzMLLP(f *testing.F) {
	for _, seed := range []string{"", "\x0B", frame("MSH|1"), frame("a") + "\r\n" + frame("b"), "\x0Ba\x1C", "\x0Ba\x1Cb\x1C\r", "x\x0B", "\x0B\x0B\x1C\r"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		const limit = 64
		conn := &streamConn{Reader: *bytes.NewReader(stream)}
		frames := &frameReader{conn: conn, buffer: bufio.NewReaderSize(conn, 16), max: limit}
		var rebuilt []byte
		for {
			content, err := frames.next(func() error { return nil })
			if len(content) > limit || bytes.ContainsAny(content, "\x0B\x1C") {
				t.Fatalf("frame %q", content)
			}
			if err != nil {
				break
			}
			if rebuilt = append(rebuilt, content...); len(rebuilt) > len(stream) {
				t.Fatal("more came out than went in")
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	list := []string{mshLine, pidLine, obrLine}
	for range 30 {
		list = append(list, "OBX|1|NM|2823-3^Potassium^LN^K^Kaliémie^L||5.30|mmol/L|3.5 - 5.0|H|||F|||20261120074500+0100", `NTE|1||Contrôlé \T\ validé.`)
	}
	raw := lines(list...)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, testRules); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseDocument(b *testing.B) {
	raw := lines(mshLine, pidLine, obrLine, "OBX|1|ED|A||^application^pdf^Base64^"+string(bytes.Repeat([]byte("JVBE"), 1<<20))+"||||||F")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw, testRules); err != nil {
			b.Fatal(err)
		}
	}
}
