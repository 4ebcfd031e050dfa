package courier_test

import (
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/store/storetest"
	"guichet/traces/stream"

	syslog "github.com/leodido/go-syslog/v4"
	"github.com/leodido/go-syslog/v4/octetcounting"
	"github.com/leodido/go-syslog/v4/rfc5424"
)

// told is what a message says, in whatever format.
type told struct {
	ID                     int64
	At                     int64 // microseconds
	Type, Outcome, Request string
}

// siem is a receiver of syslog over TLS, which may be away for a while.
type siem struct {
	format  stream.Format
	config  *tls.Config
	address string
	some    chan struct{} // something came
	serving sync.WaitGroup

	mu       sync.Mutex // guards all below
	listener net.Listener
	got      []told
	wrong    []error
}

func newSIEM(t *testing.T, authority *storetest.Authority, f stream.Format) *siem {
	t.Helper()
	r := &siem{format: f, some: make(chan struct{}, 1), address: "127.0.0.1:0", config: &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "localhost")},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), MinVersion: tls.VersionTLS12}}
	r.come(t)
	t.Cleanup(func() {
		r.leave()
		r.serving.Wait()
	})
	return r
}

// come begins to listen, at the same address as before.
func (r *siem) come(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.listener, r.address = listener, listener.Addr().String()
	r.mu.Unlock()
	r.serving.Go(func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			r.serving.Go(func() { r.read(tls.Server(raw, r.config)) })
		}
	})
}

func (r *siem) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = r.listener.Close()
}

// read takes lines until the connection ends, by a parser that is not ours.
func (r *siem) read(conn *tls.Conn) {
	defer conn.Close()
	octetcounting.NewParser(syslog.WithMaxMessageLength(1<<20), syslog.WithListener(func(line *syslog.Result) {
		m, ok := line.Message.(*rfc5424.SyslogMessage)
		if line.Error != nil || !ok || m.Message == nil { // a connection that broke: it comes again
			return
		}
		one, err := read(r.format, *m.Message)
		r.mu.Lock()
		if err != nil {
			r.wrong = append(r.wrong, err)
		}
		r.got = append(r.got, one)
		r.mu.Unlock()
		select {
		case r.some <- struct{}{}:
		default:
		}
	})).Parse(conn)
}

// seen is what came, each entry where it came first, and how often one came again.
func (r *siem) seen(t *testing.T) (first []told, again int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, err := range r.wrong {
		t.Error(err)
	}
	known := make(map[int64]told)
	for _, one := range r.got {
		if before, ok := known[one.ID]; ok {
			if again++; before != one {
				t.Errorf("entry %d says another thing the second time", one.ID)
			}
			continue
		}
		known[one.ID] = one
		first = append(first, one)
	}
	return first, again
}

// await waits until so many lines came.
func (r *siem) await(t *testing.T, enough func([]told) bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		first, _ := r.seen(t)
		if enough(first) {
			return
		}
		select {
		case <-r.some:
		case <-deadline:
			t.Fatalf("%s: %d entries came, and no more", r.format, len(first))
		}
	}
}

func read(f stream.Format, message string) (told, error) {
	switch f {
	case stream.FormatFHIR:
		return readFHIR(message)
	case stream.FormatDICOM:
		return readDICOM(message)
	}
	return readCEF(message)
}

func readFHIR(message string) (told, error) {
	var a struct {
		ID       string
		Recorded time.Time
		Outcome  string
		Subtype  []struct{ System, Code string }
		Entity   []struct {
			What struct {
				Identifier struct{ System, Value string }
			}
		}
	}
	if err := json.Unmarshal([]byte(message), &a); err != nil {
		return told{}, err
	}
	id, err := strconv.ParseInt(a.ID, 10, 64)
	one := told{ID: id, At: a.Recorded.UnixMicro(), Outcome: a.Outcome}
	for _, s := range a.Subtype {
		if s.System == "urn:guichet:event" {
			one.Type = s.Code
		}
	}
	for _, e := range a.Entity {
		if e.What.Identifier.System == "urn:guichet:request" {
			one.Request = e.What.Identifier.Value
		}
	}
	return one, err
}

func readDICOM(message string) (told, error) {
	var a struct {
		Event struct {
			At      time.Time `xml:"EventDateTime,attr"`
			Outcome string    `xml:"EventOutcomeIndicator,attr"`
			Types   []struct {
				Code   string `xml:"csd-code,attr"`
				System string `xml:"codeSystemName,attr"`
			} `xml:"EventTypeCode"`
		} `xml:"EventIdentification"`
		Objects []struct {
			ID    string `xml:"ParticipantObjectID,attr"`
			Cycle string `xml:"ParticipantObjectDataLifeCycle,attr"`
			Name  string `xml:"ParticipantObjectName"`
		} `xml:"ParticipantObjectIdentification"`
	}
	if err := xml.Unmarshal([]byte(message), &a); err != nil {
		return told{}, err
	}
	one := told{At: a.Event.At.UnixMicro(), Outcome: a.Event.Outcome}
	for _, c := range a.Event.Types {
		if c.System == "urn:guichet:event" {
			one.Type = c.Code
		}
	}
	var err error
	for _, o := range a.Objects {
		switch {
		case o.Name == "request":
			one.Request = o.ID
		case o.Name == "entry" && o.Cycle == "1":
			one.ID, err = strconv.ParseInt(o.ID, 10, 64)
		}
	}
	return one, err
}

var cefField = regexp.MustCompile(`(?:^| )(externalId|cn1|outcome|cs3)=(\S+)`)

func readCEF(message string) (told, error) {
	parts := strings.SplitN(message, "|", 8)
	if len(parts) != 8 || parts[0] != "CEF:0" {
		return told{}, fmt.Errorf("not CEF: %s", message)
	}
	one := told{Type: parts[4]}
	for _, f := range cefField.FindAllStringSubmatch(parts[7], -1) {
		var err error
		switch f[1] {
		case "externalId":
			one.ID, err = strconv.ParseInt(f[2], 10, 64)
		case "cn1":
			one.At, err = strconv.ParseInt(f[2], 10, 64)
		case "outcome":
			one.Outcome = map[string]string{"granted": "0", "refused": "4", "failed": "8"}[f[2]]
		case "cs3":
			one.Request = f[2]
		}
		if err != nil {
			return told{}, err
		}
	}
	return one, nil
}

// upTo leaves out what came after an entry.
func upTo(all []told, last int64) []told {
	i := slices.IndexFunc(all, func(o told) bool { return o.ID > last })
	if i < 0 {
		return all
	}
	return all[:i]
}
