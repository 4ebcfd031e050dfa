package feed

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"guichet/fault/logtest"
	"guichet/handlers"
	"guichet/intake"
	"guichet/store"
	"guichet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// line of a laboratory: an MLLP server over mutual TLS, and a way to it.
type laboratory struct {
	*storetest.Database
	address   string
	authority *storetest.Authority
	log       *logtest.Log
}

func newLaboratory(t *testing.T) *laboratory {
	t.Helper()
	d := storetest.New(t)
	l := &laboratory{Database: d, authority: storetest.NewAuthority(t), log: &logtest.Log{}}
	server := New(Options{Store: d.Open(t, "guichet_intake"), Parse: intake.Options{LocalAuthority: "HOP", Zone: time.UTC}, Log: slog.New(slog.NewJSONHandler(l.log, nil)), Metrics: handlers.NewMetrics()})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	secured := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{l.authority.Issue(t, "localhost")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: l.authority.Pool(), MinVersion: tls.VersionTLS12})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, secured) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error("serve:", err)
		}
	})
	l.address = listener.Addr().String()
	return l
}

func (l *laboratory) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", l.address, &tls.Config{RootCAs: l.authority.Pool(), ServerName: "localhost", Certificates: []tls.Certificate{l.authority.Issue(t, "labo")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

const message = "MSH|^~\\&|LABO|CHB|GUICHET|HOP|20261117081500+0100||ORU^R01^ORU_R01|%ID%|P|2.5|||||FRA|UNICODE UTF-8\r" +
	"PID|1||8000001^^^HOP^PI~261037511211691^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS||CANARIFAMILLE^Hélène^^^^^L||19610309|F|||^^^^^^BDL^^75112\r" +
	"OBR|1||26-0001^LABO|58410-2^NFS^LN|||20261117074200+0100|||||||||||||||20261117112600+0100|||F\r" +
	"OBX|1|NM|718-7^Hémoglobine^LN||11.20|g/dL|12.0-16.0|L|||F\r"

func (l *laboratory) send(t *testing.T, conn net.Conn, raw string) string {
	t.Helper()
	answer, err := intake.Send(t.Context(), conn, []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func (l *laboratory) scalar(t *testing.T, query string) string {
	t.Helper()
	var s string
	if err := l.Superuser(t).QueryRow(query).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnswers(t *testing.T) {
	l := newLaboratory(t)
	conn := l.dial(t)
	good := strings.Replace(message, "%ID%", "1", 1)
	for _, c := range []struct{ name, raw, msa, counts string }{
		{"a message", good, "MSA|AA|1", "1 1 0"},
		{"the same again", good, "MSA|AA|1", "1 1 0"},
		{"known number, another name", strings.NewReplacer("%ID%", "2", "CANARIFAMILLE", "CANARIAUTRE").Replace(message), "MSA|AE|2", "1 1 1"},
		{"the same refused again", strings.NewReplacer("%ID%", "2", "CANARIFAMILLE", "CANARIAUTRE").Replace(message), "MSA|AE|2", "1 1 1"},
		{"a new patient without a birth date", strings.NewReplacer("%ID%", "3", "19610309", "", "8000001", "8000009", "261037511211691", "261037511211692").Replace(message), "MSA|AE|3", "1 1 2"},
		{"another event", strings.NewReplacer("%ID%", "4", "ORU^R01^ORU_R01", "ADT^A01^ADT_A01").Replace(message), "MSA|AR|4", "1 1 3"},
		{"not HL7", "bonjour", "", "1 1 4"},
	} {
		answer := l.send(t, conn, c.raw)
		if c.msa != "" && !strings.Contains(answer, "\r"+c.msa) {
			t.Errorf("%s: got %q, want %s", c.name, answer, c.msa)
		}
		if !strings.Contains(answer, "MSA|AA") && !strings.Contains(answer, "\rERR|") {
			t.Errorf("%s: no ERR in %q", c.name, answer)
		}
		if strings.Contains(answer, "CANARI") || strings.Contains(answer, "8000001") {
			t.Errorf("%s: the answer repeats the message", c.name)
		}
		if got := l.scalar(t, `SELECT format('%s %s %s', (SELECT count(*) FROM guichet.patient), (SELECT count(*) FROM guichet.report), (SELECT count(*) FROM guichet.quarantine))`); got != c.counts {
			t.Errorf("%s: patients, reports, quarantined: got %s, want %s", c.name, got, c.counts)
		}
	}
	if strings.Contains(l.log.String(), "CANARI") || strings.Contains(l.log.String(), "8000001") {
		t.Error("the log repeats a message")
	}
}

// TestConnectionIsTraced: a feed's session opens and closes with its
// connection, under the name of its certificate (TR1.b, GP2.b).
func TestConnectionIsTraced(t *testing.T) {
	l := newLaboratory(t)
	conn := l.dial(t)
	l.send(t, conn, strings.Replace(message, "%ID%", "1", 1))
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for l.scalar(t, `SELECT count(*) FROM guichet.trace WHERE type = 'feed.close'`) != "1" {
		if time.Now().After(deadline) {
			t.Fatal("the end of the connection is not traced")
		}
	}
	if got := l.scalar(t, `SELECT string_agg(type || ' ' || outcome, ', ' ORDER BY id) FROM guichet.trace`); got != "feed.open granted, patient.find granted, report.deposit granted, feed.close granted" {
		t.Errorf("got %s", got)
	}
}

// TestSessionOutlived: a connection goes on when its session has ended.
func TestSessionOutlived(t *testing.T) {
	l := newLaboratory(t)
	conn := l.dial(t)
	l.send(t, conn, strings.Replace(message, "%ID%", "1", 1))
	if _, err := l.Superuser(t).Exec(`INSERT INTO guichet.session_end SELECT id, clock_timestamp(), 'expired' FROM guichet.session`); err != nil {
		t.Fatal(err)
	}
	if answer := l.send(t, conn, strings.Replace(message, "%ID%", "2", 1)); !strings.Contains(answer, "MSA|AA|2") {
		t.Errorf("got %q", answer)
	}
	if got := l.scalar(t, `SELECT count(*) FROM guichet.trace WHERE type = 'feed.open'`); got != "2" {
		t.Errorf("got %s sessions, want 2", got)
	}
}

// TestOneMessageHoldsUpNoOther: what the database will never take goes to
// quarantine, and the line goes on.
func TestOneMessageHoldsUpNoOther(t *testing.T) {
	l := newLaboratory(t)
	conn := l.dial(t)
	if _, err := l.Superuser(t).Exec(`ALTER TABLE guichet.observation ADD CONSTRAINT never CHECK (position <> 2) NOT VALID`); err != nil {
		t.Fatal(err)
	}
	if answer := l.send(t, conn, strings.Replace(message, "%ID%", "1", 1)); !strings.Contains(answer, "MSA|AE|1") || !strings.Contains(answer, "\rERR|") {
		t.Errorf("got %q, want AE", answer)
	}
	if got := l.scalar(t, `SELECT format('%s %s %s', (SELECT count(*) FROM guichet.patient), (SELECT count(*) FROM guichet.message), (SELECT string_agg(reason, ',') FROM guichet.quarantine))`); got != "0 0 internal" {
		t.Errorf("got %s", got)
	}
	if !strings.Contains(l.log.String(), `"level":"ERROR"`) {
		t.Error("the log does not say that something is wrong here")
	}
	if _, err := l.Superuser(t).Exec(`ALTER TABLE guichet.observation DROP CONSTRAINT never`); err != nil {
		t.Fatal(err)
	}
	if answer := l.send(t, conn, strings.Replace(message, "%ID%", "2", 1)); !strings.Contains(answer, "MSA|AA|2") {
		t.Errorf("the next message: got %q", answer)
	}
}

// TestNoAnswerWithoutCommit: where the database does not answer, the sender is
// told nothing and keeps its message.
func TestNoAnswerWithoutCommit(t *testing.T) {
	l := newLaboratory(t)
	conn := l.dial(t)
	if _, err := l.Superuser(t).Exec(`CREATE OR REPLACE FUNCTION guichet.check_parts(groups bytea[], kinds text[], ids uuid[], group_places integer[], codes bytea[], lengths integer[], total integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'x' USING ERRCODE = '53100'; END $$`); err != nil {
		t.Fatal(err)
	}
	if answer, err := intake.Send(t.Context(), conn, []byte(strings.Replace(message, "%ID%", "1", 1))); err == nil {
		t.Errorf("got %q, want no answer", answer)
	}
	if got := l.scalar(t, `SELECT format('%s %s %s', (SELECT count(*) FROM guichet.patient), (SELECT count(*) FROM guichet.message), (SELECT count(*) FROM guichet.trace WHERE type = 'report.deposit'))`); got != "0 0 0" {
		t.Errorf("half stored: %s", got)
	}
	if err := store.Migrate(t.Context(), l.URL("guichet_owner"), ""); err != nil {
		t.Fatal(err)
	}
	if answer := l.send(t, l.dial(t), strings.Replace(message, "%ID%", "1", 1)); !strings.Contains(answer, "MSA|AA|1") {
		t.Errorf("sent again: got %q", answer)
	}
}
