package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza-coreruleset/v4/tests"
	"github.com/goccy/go-yaml"
)

// The rule set's own regression tests, sent through the WAF as it is shipped.

type crsFile struct {
	RuleID int       `yaml:"rule_id"`
	Tests  []crsTest `yaml:"tests"`
}

type crsTest struct {
	ID     int        `yaml:"test_id"`
	Stages []crsStage `yaml:"stages"`
}

type crsStage struct {
	Input struct {
		Method       string            `yaml:"method"`
		URI          string            `yaml:"uri"`
		Version      string            `yaml:"version"`
		Headers      map[string]string `yaml:"headers"`
		Data         string            `yaml:"data"`
		Encoded      string            `yaml:"encoded_request"`
		Autocomplete *bool             `yaml:"autocomplete_headers"`
	} `yaml:"input"`
	Output struct {
		Status int `yaml:"status"`
		Log    struct {
			Expect   []int `yaml:"expect_ids"`
			Unwanted []int `yaml:"no_expect_ids"`
		} `yaml:"log"`
	} `yaml:"output"`
}

// crsCase is one test of a rule that can match in requests.
type crsCase struct {
	name, family string
	stage        crsStage
}

var paranoia = regexp.MustCompile(`(?s)"id:(\d{6}),.*?paranoia-level/(\d)`)

// levelOne lists the rules that are active at the paranoia level we ship.
func levelOne(t *testing.T) map[int]bool {
	t.Helper()
	files, err := fs.Glob(coreruleset.FS, "@owasp_crs/REQUEST-*.conf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	active := map[int]bool{}
	for _, file := range files {
		text, err := fs.ReadFile(coreruleset.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "\nSecRule") {
			if found := paranoia.FindStringSubmatch(block); found != nil && found[2] == "1" {
				id, _ := strconv.Atoi(found[1])
				active[id] = true
			}
		}
	}
	return active
}

// crsCases reads the tests of one stage: longer ones are about responses or
// about cookies kept between requests.
func crsCases(t *testing.T) []crsCase {
	t.Helper()
	files, err := fs.Glob(tests.FS, "REQUEST-9*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var cases []crsCase
	for _, name := range files {
		text, err := fs.ReadFile(tests.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		var file crsFile
		if err := yaml.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, test := range file.Tests {
			if len(test.Stages) == 1 {
				cases = append(cases, crsCase{fmt.Sprintf("%s-%d", strings.TrimSuffix(path.Base(name), ".yaml"), test.ID), name[8:11], test.Stages[0]})
			}
		}
	}
	return cases
}

// text writes a stage as its own runner does.
func (s crsStage) text(t *testing.T) string {
	t.Helper()
	in := s.Input
	if in.Encoded != "" {
		raw, err := base64.StdEncoding.DecodeString(in.Encoded)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	version := in.Version
	if version == "" {
		version = "HTTP/1.1"
	}
	header := map[string]string{}
	maps.Copy(header, in.Headers)
	if in.Autocomplete == nil || *in.Autocomplete {
		names := http.Header{}
		for name := range header {
			names.Set(name, "x")
		}
		if in.Data != "" && names.Get("Content-Type") == "" {
			header["Content-Type"] = "application/x-www-form-urlencoded"
		}
		if in.Data != "" && names.Get("Content-Length") == "" && names.Get("Transfer-Encoding") == "" {
			header["Content-Length"] = strconv.Itoa(len(in.Data))
		}
		if names.Get("Connection") == "" {
			header["Connection"] = "close"
		}
	}
	method := in.Method
	if method == "" {
		method = http.MethodGet
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s %s\r\n", method, in.URI, version)
	for _, name := range slices.Sorted(maps.Keys(header)) {
		fmt.Fprintf(&text, "%s: %s\r\n", name, header[name])
	}
	return text.String() + "\r\n" + in.Data
}

// outcome of a test, compared with what the rule set's authors expect.
type outcome int

const (
	conform   outcome = iota // the very rules
	stricter                 // refused before those rules: by HTTP, by the gate, or by our own rules
	divergent                // anything else
	inactive                 // the rule belongs to a higher paranoia level
)

// divergences are the tests whose outcome differs by our choice.
var divergences = map[string]string{
	"911100-2": "OPTIONS is refused: the portal has no use for it",
	"920370-1": "a field may be longer here than in the tests' set-up",
	"920430-5": "HTTP/1.0 and 1.1 are told apart by net/http, which takes this line",
}

type crsTally struct{ results [4]int }

func (h *house) replay(t *testing.T, c crsCase, active map[int]bool) (outcome, string) {
	t.Helper()
	want := c.stage.Output
	if slices.ContainsFunc(want.Log.Expect, func(id int) bool { return !active[id] }) {
		return inactive, ""
	}
	before := len(h.log.String())
	status := h.exchange(c.stage.text(t))
	var line struct {
		Rules   []int
		Refused bool
	}
	if logged := strings.TrimSpace(h.log.String()[before:]); logged != "" {
		_ = json.Unmarshal([]byte(lastLine(logged)), &line)
	}
	described := fmt.Sprintf("%s: status %d, rules %v", c.name, status, line.Rules)
	early := len(line.Rules) == 0 && (status == 0 || status >= 400 && status < 600 && status != 404)
	ours := slices.ContainsFunc(line.Rules, func(id int) bool { return id >= firstOfOurs && id <= lastOfOurs })
	for _, id := range want.Log.Unwanted {
		if slices.Contains(line.Rules, id) {
			return divergent, described + fmt.Sprintf(", unwanted %d", id)
		}
	}
	for _, id := range want.Log.Expect {
		if !slices.Contains(line.Rules, id) {
			if early || ours {
				return stricter, described
			}
			return divergent, described + fmt.Sprintf(", expected %d", id)
		}
	}
	if want.Status != 0 && want.Status != status && len(want.Log.Expect) == 0 && len(want.Log.Unwanted) == 0 {
		if status == 0 || status >= 400 {
			return stricter, described
		}
		return divergent, described + fmt.Sprintf(", expected status %d", want.Status)
	}
	return conform, ""
}

// exchange returns the status of a raw request, 0 for a closed connection.
func (h *house) exchange(text string) int {
	conn := h.dial()
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		return 0
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

func TestCoreRuleSetRegression(t *testing.T) {
	all := crsCases(t)
	cases, step := all, 12
	if os.Getenv("GUICHET_FULL") != "" {
		step = 1
	}
	cases = nil
	for i := 0; i < len(all); i += step {
		cases = append(cases, all[i])
	}
	h := open(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") },
		func(s settingsOf) {
			s.config.PublicURL = "https://localhost"
			s.bounds.read = 3 * time.Second // some tests announce more than they send
		})
	active := levelOne(t)
	total, families := crsTally{}, map[string]*crsTally{}
	for _, c := range cases {
		result, described := h.replay(t, c, active)
		if families[c.family] == nil {
			families[c.family] = &crsTally{}
		}
		families[c.family].results[result]++
		total.results[result]++
		if result == divergent && divergences[c.name] == "" {
			t.Error(described)
		}
	}
	for _, family := range slices.Sorted(maps.Keys(families)) {
		t.Logf("%s: %v", family, families[family].results)
	}
	if total.results[conform] < len(cases)/2 || len(cases) < 300 {
		t.Errorf("only %d of %d tests found the very rules they name", total.results[conform], len(cases))
	}
	t.Logf("%d of %d tests: conform, stricter, divergent, inactive: %v", len(cases), len(all), total.results)
}
