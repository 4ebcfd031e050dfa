package e2e

import (
	"bytes"
	"compress/bzip2"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fhirCorpus is the folder of published FHIR resources.
const fhirCorpus = "../../shared/data/fhir"

// bundles are published Bundles of several senders and types.
var bundles = []string{
	"hl7-be-lab/Macsys/81533304[5-9]/*.json",
	"hl7-be-lab/MIPS/UZG_scenario2/*.json",
	"hl7-eu-laboratory/Bundle-SimpleChemistryResultReport.json",
	"synthea-smart-r4/Abdul_Koepp_*.json.bz2",
}

func TestAPublishedBundleIsOnItsPatientsPageWithinASecond(t *testing.T) {
	people := suite.demo.people(t, "patient", "guardian")
	slowest, results := time.Duration(0), 0
	for i, pattern := range bundles {
		p := people[i%len(people)]
		c := suite.demo.signedIn(t, p)
		for _, file := range publishedFiles(t, pattern) {
			t.Run(path.Base(file), func(t *testing.T) {
				c := c.in(t)
				b := readBundle(t, file)
				b.about(p)
				before := c.get("/reports").reports(t)
				if status, body := suite.demo.sendFHIR(t, http.MethodPost, "", b.bytes(t)); status != http.StatusOK && status != http.StatusCreated {
					t.Fatalf("answer %d: %s", status, body)
				}
				sent := time.Now()
				fresh := slices.DeleteFunc(c.get("/reports").reports(t), func(link string) bool { return slices.Contains(before, link) })
				if len(fresh) == 0 {
					t.Fatal("no new report on the patient's page")
				}
				first := c.get(fresh[0])
				took := time.Since(sent)
				if took > time.Second {
					t.Errorf("on the page %s after the answer, want a second at most", took)
				}
				shown := quantitiesOn(t, first)
				for _, link := range fresh[1:] {
					shown = append(shown, quantitiesOn(t, c.get(link))...)
				}
				want := b.quantities()
				slices.Sort(shown)
				slices.Sort(want)
				if missing := without(want, shown); len(missing) > 0 {
					t.Errorf("%d of %d results are not on the page as sent, such as %q", len(missing), len(want), missing[0])
				}
				slowest, results = max(slowest, took), results+len(want)
			})
		}
	}
	t.Logf("%d results compared, on the page after %s at most", results, slowest)
}

// without returns what of want is not in got, each as often as it stands there.
func without(want, got []string) (missing []string) {
	left := slices.Clone(got)
	for _, w := range want {
		if i := slices.Index(left, w); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		missing = append(missing, w)
	}
	return missing
}

func quantitiesOn(t *testing.T, p *page) (shown []string) {
	t.Helper()
	for _, r := range shownResults(t, p) {
		shown = append(shown, r.value+" "+r.unit)
	}
	return shown
}

// publishedFiles are those of a pattern below the folder of published FHIR.
func publishedFiles(t *testing.T, pattern string) []string {
	t.Helper()
	if _, err := os.Stat(fhirCorpus); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the published resources are not at %s", fhirCorpus)
		}
		t.Skip("the published resources are not here")
	}
	files, err := filepath.Glob(filepath.Join(fhirCorpus, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file is called %s", pattern)
	}
	return files
}

// resource is JSON whose numbers keep their digits.
type resource map[string]any

func readBundle(t *testing.T, file string) resource {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var from io.Reader = bytes.NewReader(content)
	if strings.HasSuffix(file, ".bz2") {
		from = bzip2.NewReader(from)
	}
	return decodeResource(t, from)
}

func decodeResource(t *testing.T, from io.Reader) resource {
	t.Helper()
	decoder := json.NewDecoder(from)
	decoder.UseNumber()
	var b resource
	if err := decoder.Decode(&b); err != nil {
		t.Fatal(err)
	}
	return b
}

func (r resource) bytes(t *testing.T) []byte {
	t.Helper()
	content, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// resources are those of a Bundle.
func (r resource) resources(kind string) (found []resource) {
	entries, _ := r["entry"].([]any)
	for _, entry := range entries {
		e, _ := entry.(map[string]any)
		if inner, _ := e["resource"].(map[string]any); inner["resourceType"] == kind {
			found = append(found, inner)
		}
	}
	return found
}

// about replaces the patient of a Bundle by p.
func (r resource) about(p person) {
	for _, patient := range r.resources("Patient") {
		patient["identifier"] = []any{
			map[string]any{"system": "urn:guichet:HOP", "value": p.Traits.Local},
			map[string]any{"system": "urn:oid:1.2.250.1.213.1.4.10", "value": p.Traits.INS},
		}
		patient["name"] = []any{map[string]any{"use": "official", "family": p.Traits.Family, "given": []any{p.Traits.Given}}}
		patient["birthDate"], patient["gender"] = p.Traits.Birthdate, p.Traits.Gender
		delete(patient, "extension")
	}
}

// quantities are the numeric results of a Bundle, as it writes them.
func (r resource) quantities() (all []string) {
	for _, o := range r.resources("Observation") {
		parts := []any{map[string]any(o)}
		if components, ok := o["component"].([]any); ok {
			parts = append(parts, components...)
		}
		for _, part := range parts {
			of, _ := part.(map[string]any)
			q, ok := of["valueQuantity"].(map[string]any)
			if !ok || q["value"] == nil {
				continue
			}
			comparator, _ := q["comparator"].(string)
			unit, ok := q["unit"].(string)
			if !ok {
				unit, _ = q["code"].(string)
			}
			all = append(all, fmt.Sprintf("%s%v %s", comparator, q["value"], unit))
		}
	}
	return all
}

// sendFHIR sends a request to the demo's FHIR intake, as its feed.
func (d *demo) sendFHIR(t *testing.T, method, below string, body []byte) (status int, answer string) {
	t.Helper()
	status, answer, err := d.feedClient(t).send(t.Context(), method, d.Ready.URLs.FHIR+below, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

// feedClient shows the feed's certificate.
type feedClient struct{ http *http.Client }

func (d *demo) feedClient(t *testing.T) feedClient {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(d.Ready.Feed.Cert, d.Ready.Feed.Key)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: d.authority(t), Certificates: []tls.Certificate{certificate}}, DisableKeepAlives: true}
	return feedClient{&http.Client{Transport: transport, Timeout: time.Minute}}
}

func (c feedClient) send(ctx context.Context, method, address string, body []byte) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", "application/fhir+json")
	response, err := c.http.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// bundleSize is how many results the Bundle has that a kill meets.
const bundleSize = 200

// TestKilledDuringABundle kills Guichet and PostgreSQL while a Bundle of 200
// results in 10 reports is taken in: all of it is there or nothing, and sent
// again it is there once.
func TestKilledDuringABundle(t *testing.T) {
	kills := 4
	if os.Getenv("GUICHET_FULL") != "" {
		kills = 20
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0)) // #nosec G404 -- repeatable
	t.Logf("%d kills, seed %d", kills, seed)
	d := newDemo(t)
	p := d.people(t, "patient")[0]
	c := d.signedIn(t, p)
	link := c.get("/reports").reports(t)[0]
	feed := d.feedClient(t)

	// How long one takes tells when to kill.
	began := time.Now()
	if status, answer := d.sendFHIR(t, http.MethodPost, "", bundleOf(t, p, 0)); status != http.StatusOK {
		t.Fatalf("answer %d: %s", status, answer)
	}
	usual := time.Since(began)
	whole, none := 0, 0
	for i := 1; i <= kills; i++ {
		body := bundleOf(t, p, i)
		before := d.stored(t)
		answered := make(chan bool, 1)
		go func() {
			status, _, err := feed.send(context.WithoutCancel(t.Context()), http.MethodPost, d.Ready.URLs.FHIR, body)
			answered <- err == nil && status == http.StatusOK
		}()
		pause(time.Duration(random.Int64N(int64(usual))))
		service := []string{"serve", "postgres"}[i%2]
		killed := d.pid(t, service)
		d.kill(t, service)
		accepted := <-answered
		d.awaitBack(t, service, killed, c, link)

		after := d.stored(t)
		all := stored{before.messages + 1, before.deposits + 10, before.reports + 10}
		switch {
		case after == all:
			whole++
		case after == before && !accepted:
			none++
		default:
			t.Fatalf("kill %d of %s: stored %+v, before %+v; accepted: %v", i, service, after, before, accepted)
		}
		if status, answer := d.sendFHIR(t, http.MethodPost, "", body); status != http.StatusOK {
			t.Fatalf("sent again: answer %d: %s", status, answer)
		}
		if again := d.stored(t); again != all {
			t.Fatalf("sent again: stored %+v, want %+v", again, all)
		}
	}
	d.checkDeposits(t)
	t.Logf("%d Bundles were stored before the kill, %d were not; one takes %s", whole, none, usual.Round(time.Millisecond))
}

// bundleOf is a transaction of 200 results in 10 reports about p.
func bundleOf(t *testing.T, p person, n int) []byte {
	t.Helper()
	entry := func(id string, r resource) any {
		return map[string]any{"fullUrl": "urn:uuid:" + id, "resource": r, "request": map[string]any{"method": "POST", "url": r["resourceType"]}}
	}
	uuid := func(kind, i int) string { return fmt.Sprintf("00000000-%04x-4000-8000-%012x", n, kind<<16|i) }
	patient := uuid(0, 0)
	b := resource{"resourceType": "Bundle", "type": "transaction"}
	entries := []any{entry(patient, resource{"resourceType": "Patient"})}
	subject := map[string]any{"reference": "urn:uuid:" + patient}
	for r := range 10 {
		var results []any
		for i := range bundleSize / 10 {
			id := uuid(1, r*100+i)
			results = append(results, map[string]any{"reference": "urn:uuid:" + id})
			entries = append(entries, entry(id, resource{"resourceType": "Observation", "status": "final", "subject": subject,
				"code":              map[string]any{"coding": []any{map[string]any{"system": "urn:essai", "code": fmt.Sprint("K", i), "display": fmt.Sprint("Analyse ", i)}}},
				"effectiveDateTime": "2026-11-20T08:15:00+01:00", "valueQuantity": map[string]any{"value": json.Number(fmt.Sprintf("%d.%d0", n, i)), "unit": "g/L"}}))
		}
		entries = append(entries, entry(uuid(2, r), resource{"resourceType": "DiagnosticReport", "status": "final", "subject": subject, "result": results,
			"identifier": []any{map[string]any{"system": "urn:essai", "value": fmt.Sprintf("KILL-%d-%d", n, r)}},
			"code":       map[string]any{"text": "Essai"}, "effectiveDateTime": "2026-11-20T08:15:00+01:00"}))
	}
	b["entry"] = entries
	b = decodeResource(t, bytes.NewReader(b.bytes(t)))
	b.about(p)
	return b.bytes(t)
}
