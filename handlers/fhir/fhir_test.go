package fhir

import (
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/fault/logtest"
	"guichet/handlers"
	"guichet/intake/fhir"
	"guichet/record"
	"guichet/store"
	"guichet/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// service is the FHIR service of a hospital, over TLS with client
// certificates.
type service struct {
	*storetest.Database
	server    *httptest.Server
	handler   *Handler
	authority *storetest.Authority
	log       *logtest.Log
	superuser *sql.DB
}

// database returns the superuser's connections, which a test opens once.
func (s *service) database(t *testing.T) *sql.DB {
	t.Helper()
	if s.superuser == nil {
		s.superuser = s.Superuser(t)
	}
	return s.superuser
}

func newService(t *testing.T) *service {
	t.Helper()
	d := storetest.New(t)
	s := &service{Database: d, authority: storetest.NewAuthority(t), log: &logtest.Log{}}
	s.handler = New(Options{Store: d.Open(t, "guichet_intake"), Parse: fhir.Options{LocalAuthority: "HOP", Zone: time.UTC, MaxBytes: 1 << 20}, Base: "/fhir", URL: "https://localhost:8445/fhir",
		Version: "test", Log: slog.New(slog.NewJSONHandler(s.log, nil)), Metrics: handlers.NewMetrics()})
	s.server = httptest.NewUnstartedServer(s.handler)
	s.server.TLS = &tls.Config{Certificates: []tls.Certificate{s.authority.Issue(t, "localhost")}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.authority.Pool(), MinVersion: tls.VersionTLS12}
	s.server.StartTLS()
	t.Cleanup(func() {
		s.server.Close()
		s.handler.Close()
	})
	return s
}

// client speaks under a certificate of its own; without a name, under none.
func (s *service) client(t *testing.T, name string) *http.Client {
	t.Helper()
	config := &tls.Config{RootCAs: s.authority.Pool(), ServerName: "localhost"}
	if name != "" {
		config.Certificates = []tls.Certificate{s.authority.Issue(t, name)}
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s *service) send(t *testing.T, c *http.Client, method, path, body string, header ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/fhir+json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(read)}
}

func (s *service) scalar(t *testing.T, query string) string {
	t.Helper()
	var text string
	if err := s.database(t).QueryRow(query).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

func (s *service) counts(t *testing.T) string {
	t.Helper()
	return s.scalar(t, `SELECT format('%s %s %s %s', (SELECT count(*) FROM guichet.patient), (SELECT count(DISTINCT id) FROM guichet.report), (SELECT count(*) FROM guichet.message), (SELECT count(*) FROM guichet.quarantine))`)
}

const patient = `{"resourceType":"Patient","id":"p","identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.10","value":"261037511211691"},{"system":"urn:guichet:HOP","value":"8000001"}],` +
	`"name":[{"use":"official","family":"CANARIFAMILLE","given":["Hélène"]}],"gender":"female","birthDate":"1961-03-09"}`

// observed is a result of the patient p.
func observed(id, value string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7","display":"Hémoglobine"}]},` +
		`"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-11-17T07:42:00+01:00","valueQuantity":{"value":` + value + `,"unit":"g/dL"},"note":[{"text":"CANARINOTE"}]}`
}

func transaction(resources ...string) string {
	var entries []string
	for _, resource := range resources {
		var head struct{ ResourceType, ID string }
		if err := json.Unmarshal([]byte(resource), &head); err != nil {
			panic(err)
		}
		entries = append(entries, `{"fullUrl":"http://labo.test/`+head.ResourceType+`/`+head.ID+`","resource":`+resource+`,"request":{"method":"PUT","url":"`+head.ResourceType+`/`+head.ID+`"}}`)
	}
	return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
}

const report = `{"resourceType":"DiagnosticReport","id":"d","identifier":[{"system":"http://labo.test","value":"26-0001"}],"status":"final","code":{"text":"NFS"},"subject":{"reference":"Patient/p"},"result":[{"reference":"Observation/o"}]}`

func TestAnswers(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	good := transaction(patient, observed("o", "11.20"), report)
	for _, x := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code, counts             string
	}{
		{"a transaction", "POST", "/fhir", good, nil, 200, "", "1 1 1 0"},
		{"the same again", "POST", "/fhir", good, nil, 200, "", "1 1 1 0"},
		{"as plain JSON", "POST", "/fhir/", good, []string{"Content-Type", "application/json; charset=UTF-8"}, 200, "", "1 1 1 0"},
		{"a patient alone", "POST", "/fhir/Patient", patient, nil, 201, "", "1 1 2 0"},
		{"a patient by its id", "PUT", "/fhir/Patient/p", patient, nil, 200, "", "1 1 2 0"},
		{"another id", "PUT", "/fhir/Patient/q", patient, nil, 400, "invalid", "1 1 2 1"},
		{"a result with its patient", "POST", "/fhir/Observation", strings.Replace(strings.Replace(observed("x", "1"), "Patient/p", "#p", 1), `"status"`, `"contained":[`+patient+`],"status"`, 1), nil, 201, "", "1 2 3 1"},
		{"a result of an absent patient", "POST", "/fhir/Observation", observed("y", "1"), nil, 422, "required", "1 2 3 2"},
		{"known number, another name", "POST", "/fhir", strings.Replace(good, "CANARIFAMILLE", "CANARIAUTRE", 1), nil, 409, "conflict", "1 2 3 3"},
		{"the same refused again", "POST", "/fhir", strings.Replace(good, "CANARIFAMILLE", "CANARIAUTRE", 1), nil, 409, "conflict", "1 2 3 3"},
		{"a new patient without traits", "POST", "/fhir/Patient", `{"resourceType":"Patient","identifier":[{"system":"urn:guichet:HOP","value":"CANARI9"}]}`, nil, 422, "required", "1 2 3 4"},
		{"no JSON", "POST", "/fhir", "CANARI{", nil, 400, "invalid", "1 2 3 5"},
		{"nothing of ours", "POST", "/fhir", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Organization","name":"CANARI"},"request":{"method":"POST","url":"Organization"}}]}`, nil, 422, "not-supported", "1 2 3 6"},
		{"another method within", "POST", "/fhir", strings.Replace(good, `"PUT"`, `"DELETE"`, 1), nil, 422, "not-supported", "1 2 3 7"},
		{"XML", "POST", "/fhir", "<Patient/>", []string{"Content-Type", "application/fhir+xml"}, 415, "not-supported", "1 2 3 7"},
		{"FHIR R5", "POST", "/fhir", good, []string{"Content-Type", "application/fhir+json; fhirVersion=5.0"}, 415, "not-supported", "1 2 3 7"},
		{"compressed", "POST", "/fhir", good, []string{"Content-Encoding", "gzip"}, 415, "not-supported", "1 2 3 7"},
		{"conditional", "PUT", "/fhir/Patient/p", patient, []string{"If-Match", `W/"1"`}, 422, "not-supported", "1 2 3 7"},
		{"conditional by address", "POST", "/fhir/Patient?identifier=CANARI", patient, nil, 422, "not-supported", "1 2 3 7"},
		{"conditional behind a semicolon", "POST", "/fhir/Patient?_format=json;identifier=CANARI", patient, nil, 422, "not-supported", "1 2 3 7"},
		{"too large", "POST", "/fhir", strings.Repeat(" ", 1<<20) + good, nil, 413, "too-long", "1 2 3 7"},
		{"another type", "POST", "/fhir/Practitioner", `{}`, nil, 404, "not-found", "1 2 3 7"},
		{"outside the base", "POST", "/fhirx", good, nil, 404, "not-found", "1 2 3 7"},
		{"a read", "GET", "/fhir/Patient/p", "", nil, 405, "not-supported", "1 2 3 7"},
		{"a search", "GET", "/fhir/Patient", "", nil, 405, "not-supported", "1 2 3 7"},
		{"a deletion", "DELETE", "/fhir/Patient/p", "", nil, 405, "not-supported", "1 2 3 7"},
	} {
		got := s.send(t, c, x.method, x.path, x.body, x.header...)
		if got.status != x.status || got.header.Get("Content-Type") != "application/fhir+json; fhirVersion=4.0" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: got %d %v %s, want %d", x.name, got.status, got.header, got.body, x.status)
		}
		var outcome struct {
			ResourceType string
			Issue        []struct{ Code, Severity string }
		}
		if err := json.Unmarshal([]byte(got.body), &outcome); err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		if x.code != "" && (outcome.ResourceType != "OperationOutcome" || len(outcome.Issue) == 0 || outcome.Issue[0].Code != x.code || outcome.Issue[0].Severity != "error") {
			t.Errorf("%s: got %s, want the issue %s", x.name, got.body, x.code)
		}
		if strings.Contains(got.body, "CANARI") || strings.Contains(got.body, "800000") {
			t.Errorf("%s: the answer repeats the message", x.name)
		}
		if counts := s.counts(t); counts != x.counts {
			t.Errorf("%s: patients, reports, messages, quarantined: got %s, want %s", x.name, counts, x.counts)
		}
	}
	if log := s.log.String(); strings.Contains(log, "CANARI") || strings.Contains(log, "8000001") || strings.Contains(log, "Patient/p") {
		t.Error("the log repeats a message")
	}
}

func TestAllowIsSaid(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	for path, want := range map[string]string{"/fhir": "POST", "/fhir/Observation": "POST", "/fhir/Observation/1": "PUT", "/fhir/metadata": "GET, HEAD"} {
		if got := s.send(t, c, "PATCH", path, ""); got.status != 405 || got.header.Get("Allow") != want {
			t.Errorf("%s: got %d, %q, want %q", path, got.status, got.header.Get("Allow"), want)
		}
	}
	if got := s.send(t, c, "GET", "/fhir/metadata", ""); got.status != 200 || !strings.Contains(got.body, `"fhirVersion":"4.0.1"`) {
		t.Errorf("metadata: got %d, %s", got.status, got.body)
	}
	if got := s.send(t, c, "HEAD", "/fhir/metadata", ""); got.status != 200 || got.body != "" {
		t.Errorf("head: got %d, %s", got.status, got.body)
	}
}

// TestCertificateIsNeeded: a listener that forgot to ask gives nothing away.
func TestCertificateIsNeeded(t *testing.T) {
	s := newService(t)
	for _, path := range []string{"/fhir", "/fhir/metadata", "/"} {
		if got := s.send(t, s.client(t, ""), "POST", path, transaction(patient)); got.status != 403 {
			t.Errorf("%s: got %d", path, got.status)
		}
	}
	if got := s.counts(t); got != "0 0 0 0" {
		t.Errorf("got %s", got)
	}
}

// TestResendIsAnsweredTheSame: byte for byte, and it changes nothing.
func TestResendIsAnsweredTheSame(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	posted := strings.ReplaceAll(transaction(patient, observed("o", "11.20"), report), `"method":"PUT","url":"DiagnosticReport/d"`, `"method":"POST","url":"DiagnosticReport"`)
	for path, body := range map[string]string{"/fhir": posted, "/fhir/Patient": patient} {
		first, second := s.send(t, c, "POST", path, body), s.send(t, c, "POST", path, body)
		if first.status != second.status || first.body != second.body || first.header.Get("Location") != second.header.Get("Location") {
			t.Errorf("%s: got %v, then %v", path, first, second)
		}
		if first.status == 201 && !strings.HasPrefix(first.header.Get("Location"), "https://localhost:8445/fhir/Patient/") {
			t.Errorf("location: %s", first.header.Get("Location"))
		}
	}
	got := s.send(t, c, "POST", "/fhir", posted).body
	for _, want := range []string{`"type":"transaction-response"`, `"status":"200 OK","location":"Patient/p"`, `"status":"201 Created","location":"DiagnosticReport/`} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s in it", got, want)
		}
	}
}

// TestCorrection: a report of the same identifier is a version of the same
// report, and so is a single result of the same id.
func TestCorrection(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	s.send(t, c, "POST", "/fhir", transaction(patient, observed("o", "11.20"), report, observed("alone", "1")))
	if got := s.counts(t); got != "1 2 1 0" {
		t.Fatalf("got %s", got)
	}
	corrected := strings.Replace(report, `"final"`, `"corrected"`, 1)
	if got := s.send(t, c, "POST", "/fhir", transaction(patient, observed("o", "12.10"), corrected)); got.status != 200 {
		t.Fatalf("got %v", got)
	}
	single := strings.Replace(strings.Replace(observed("alone", "2"), "Patient/p", "#p", 1), `"status":"final"`, `"contained":[`+patient+`],"status":"corrected"`, 1)
	if got := s.send(t, c, "PUT", "/fhir/Observation/alone", single); got.status != 200 {
		t.Fatalf("got %v", got)
	}
	if got := s.counts(t); got != "1 2 3 0" {
		t.Errorf("got %s, want the same two reports", got)
	}
	if got := s.scalar(t, `SELECT string_agg(version::text, ',' ORDER BY version) FROM guichet.report`); got != "1,1,2,2" {
		t.Errorf("versions: got %s", got)
	}
}

// TestOneSessionASystem: requests of one certificate share a session, which is
// traced under its name and ends with the service (TR1.b).
func TestOneSessionASystem(t *testing.T) {
	s := newService(t)
	clients := []*http.Client{s.client(t, "labo"), s.client(t, "eai")}
	var wait sync.WaitGroup
	for i := range 24 {
		wait.Go(func() {
			first := fmt.Sprintf("2610375112%03d", i)
			ins := first + record.NIRKey(first)
			body := transaction(strings.ReplaceAll(strings.ReplaceAll(patient, "8000001", fmt.Sprint(9000000+i)), "261037511211691", ins), observed("o", fmt.Sprint(i)))
			if got := s.send(t, clients[i%2], "POST", "/fhir", body); got.status != 200 {
				t.Errorf("got %d %s", got.status, got.body)
			}
		})
	}
	wait.Wait()
	if got := s.counts(t); got != "24 24 24 0" {
		t.Errorf("got %s", got)
	}
	if got := s.scalar(t, `SELECT count(*) FROM guichet.trace WHERE type = 'feed.open'`); got != "2" {
		t.Errorf("got %s sessions, want 2", got)
	}
	s.handler.Close()
	if got := s.scalar(t, `SELECT count(*) FROM guichet.trace WHERE type = 'feed.close'`); got != "2" {
		t.Errorf("got %s ends, want 2", got)
	}
	if got := s.send(t, clients[0], "POST", "/fhir", transaction(patient)); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("after the end: got %d", got.status)
	}
}

func TestSessionOutlived(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	s.send(t, c, "POST", "/fhir", transaction(patient))
	if _, err := s.database(t).Exec(`INSERT INTO guichet.session_end SELECT id, clock_timestamp(), 'expired' FROM guichet.session`); err != nil {
		t.Fatal(err)
	}
	if got := s.send(t, c, "POST", "/fhir", transaction(patient, observed("o", "1"))); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := s.scalar(t, `SELECT count(*) FROM guichet.trace WHERE type = 'feed.open'`); got != "2" {
		t.Errorf("got %s sessions, want 2", got)
	}
}

// TestAllOrNothing: a Bundle of 200 results whose last one cannot be stored
// leaves nothing but itself in quarantine.
func TestAllOrNothing(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	resources := []string{patient}
	for i := range 200 {
		one := observed(fmt.Sprint("o", i), fmt.Sprint(i))
		resources = append(resources, strings.Replace(one, "2026-11-17", fmt.Sprintf("2026-%02d-17", 1+i%10), 1))
	}
	if _, err := s.database(t).Exec(`ALTER TABLE guichet.report ADD CONSTRAINT never CHECK (id IS NULL) NOT VALID`); err != nil {
		t.Fatal(err)
	}
	if got := s.send(t, c, "POST", "/fhir", transaction(resources...)); got.status != 500 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := s.counts(t); got != "0 0 0 1" {
		t.Errorf("half stored: %s", got)
	}
	if !strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error("the log does not say that something is wrong here")
	}
	if _, err := s.database(t).Exec(`ALTER TABLE guichet.report DROP CONSTRAINT never`); err != nil {
		t.Fatal(err)
	}
	if got := s.send(t, c, "POST", "/fhir", transaction(resources...)); got.status != 200 {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := s.counts(t); got != "1 10 1 1" {
		t.Errorf("got %s", got)
	}
	if got := s.scalar(t, `SELECT count(*) FROM guichet.observation`); got != "200" {
		t.Errorf("got %s results", got)
	}
}

// TestNoAnswerWithoutCommit: where the database does not answer, the sender is
// told to come back, and a resend is safe.
func TestNoAnswerWithoutCommit(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	body := transaction(patient, observed("o", "1"))
	if _, err := s.database(t).Exec(`CREATE OR REPLACE FUNCTION guichet.check_parts(groups bytea[], kinds text[], ids uuid[], group_places integer[], codes bytea[], lengths integer[], total integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'x' USING ERRCODE = '53100'; END $$`); err != nil {
		t.Fatal(err)
	}
	if got := s.send(t, c, "POST", "/fhir", body); got.status != 503 || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, `"transient"`) {
		t.Errorf("got %d %v %s", got.status, got.header, got.body)
	}
	if got := s.counts(t); got != "0 0 0 0" {
		t.Errorf("half stored: %s", got)
	}
	if err := store.Migrate(t.Context(), s.URL("guichet_owner"), ""); err != nil {
		t.Fatal(err)
	}
	if got := s.send(t, c, "POST", "/fhir", body); got.status != 200 {
		t.Errorf("sent again: got %d %s", got.status, got.body)
	}
}

// TestWithdrawal: what is taken back is no longer shown, or its sender hears
// that nothing was.
func TestWithdrawal(t *testing.T) {
	s := newService(t)
	c := s.client(t, "labo")
	withdrawn := func(text string) string {
		return strings.Replace(text, `"status":"final"`, `"status":"entered-in-error"`, 1)
	}
	alone := func(id string) string { return transaction(patient, withdrawn(observed(id, "1"))) }
	for _, x := range []struct {
		name, body     string
		status         int
		reason, counts string
	}{
		{"nothing is there yet", alone("o"), 422, "nothing-to-withdraw", "0 0 0 1"},
		{"a report and a result", transaction(patient, observed("o", "11.20"), report, observed("alone", "1")), 200, "", "1 2 1 1"},
		{"the result", alone("alone"), 200, "", "1 2 2 1"},
		{"a result of the report", alone("o"), 422, "part-of-report", "1 2 2 1"},
		{"its correction", transaction(patient, strings.Replace(observed("o", "12"), "final", "corrected", 1)), 422, "part-of-report", "1 2 2 2"},
		{"the report by another number", strings.Replace(transaction(patient, withdrawn(report), observed("o", "1")), "26-0001", "26-0009", 1), 200, "", "1 2 3 2"},
	} {
		got := s.send(t, c, "POST", "/fhir", x.body)
		if got.status != x.status || !strings.Contains(got.body, x.reason) {
			t.Errorf("%s: got %d %s, want %d %s", x.name, got.status, got.body, x.status, x.reason)
		}
		if counts := s.counts(t); counts != x.counts {
			t.Errorf("%s: patients, reports, messages, quarantined: got %s, want %s", x.name, counts, x.counts)
		}
	}
}
