// Package guichet_test keeps the map of the house: who may import whom, and
// which room alone may use a library.
package guichet_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// may lists the rooms that each room may import (architecture, section 3). A
// room below another, as handlers/portal, has what its parent has unless it
// stands here itself.
var may = map[string][]string{
	"record":           {},
	"fault":            {},
	"configs":          {},
	"certificate":      {"configs"},
	"store/pgtest":     {},
	"envelope":         {"fault"},
	"intake":           {"record", "fault"},
	"intake/sample":    {"record", "fault"},
	"intake/fhir":      {"record", "fault"},
	"traces":           {"record", "fault"},
	"traces/stream":    {"record", "fault", "traces"},
	"traces/stamp":     {},
	"auth":             {"record", "fault"},
	"auth/mischief":    {}, // what a fictitious provider does wrong: for authtest and cmd/idpsim
	"auth/authtest":    {"auth", "auth/mischief"},
	"session":          {"record", "fault"},
	"store":            {"record", "fault", "envelope", "traces"},
	"store/storetest":  {"store", "store/pgtest", "envelope"},
	"web":              {"record", "fault", "web/chart"},
	"web/chart":        {},
	"handlers":         {"record", "fault", "envelope", "intake", "intake/fhir", "traces", "traces/stream", "traces/stamp", "auth", "session", "store", "web"},
	"cmd/waf":          {"fault", "configs", "certificate"},
	"cmd/idpsim":       {"fault", "configs", "auth/mischief"},
	"cmd/guichet":      nil, // all: wiring
	"cmd/guichet/demo": {"configs", "store/pgtest"},
	"bench":            nil, // all: it measures them
	"e2e":              {"record", "intake", "intake/sample", "configs"},
}

// alone lists the libraries that one room, or a few, use.
var alone = map[string][]string{
	"github.com/jmoiron/sqlx":             {"store"},
	"github.com/lib/pq":                   {"store", "store/storetest"},
	"github.com/coreos/go-oidc":           {"auth"},
	"github.com/alexedwards/scs":          {"session"},
	"github.com/gorilla/securecookie":     {"auth", "session"},
	"github.com/gorilla/mux":              {"handlers"},
	"html/template":                       {"web", "cmd/idpsim", "cmd/waf"}, // the two programs of their own have their own pages
	"github.com/tink-crypto":              {"envelope"},
	"github.com/corazawaf":                {"cmd/waf"},
	"github.com/prometheus/client_golang": {"handlers"},
	"github.com/wneessen/go-mail":         {"handlers/announcer"},
	"github.com/fxamacker/cbor":           {"store"},
	"codeberg.org/go-pdf/fpdf":            {"web"},
	"golang.org/x/image":                  {"web"},
	"golang.org/x/crypto/ocsp":            {"certificate"},
	"github.com/leodido/go-syslog":        {"traces/stream"},
	"github.com/digitorus":                {"traces/stamp"},
	"golang.org/x/sys":                    {"traces/stream"},
	"crypto/aes":                          {}, // GC2: no primitive called by hand
	"crypto/cipher":                       {},
	"crypto/hmac":                         {"auth/mischief"}, // forges what auth must refuse
	"crypto/md5":                          {},
	"crypto/sha1":                         {},
	"crypto/des":                          {},
	"crypto/rc4":                          {},
	"math/rand":                           {"cmd/guichet/demo", "intake/sample"},
	"unsafe":                              {},
	"testing":                             {"store/storetest", "auth/authtest", "traces/stamp/stamptest"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

const module = "guichet/"

func TestMapOfTheHouse(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal("go list:", err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	edges := 0
	for {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "guichet" {
			continue
		}
		room := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := rules(room)
		if !known {
			t.Errorf("%s is a room that the map does not have", room)
			continue
		}
		for _, imported := range p.Imports {
			edges++
			if inner, ours := strings.CutPrefix(imported, module); ours {
				if allowed != nil && !reaches(allowed, room, inner) {
					t.Errorf("%s imports %s", room, inner)
				}
				continue
			}
			for library, rooms := range alone {
				if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.ContainsFunc(rooms, func(r string) bool { return within(room, r) }) {
					t.Errorf("%s uses %s, which is for %v alone", room, imported, rooms)
				}
			}
		}
	}
	if edges < 100 {
		t.Errorf("only %d imports seen: the list cannot be right", edges)
	}
	t.Logf("%d imports", edges)
}

// rules returns what a room may import: its own line, else its parent's.
func rules(room string) (allowed []string, known bool) {
	for r := room; ; {
		if allowed, known = may[r]; known {
			return allowed, true
		}
		i := strings.LastIndexByte(r, '/')
		if i < 0 {
			return nil, false
		}
		r = r[:i]
	}
}

// reaches reports whether a room may import another: one on its list, or its
// own parent, or a part of itself.
func reaches(allowed []string, room, imported string) bool {
	return slices.Contains(allowed, imported) || strings.HasPrefix(room, imported+"/") || strings.HasPrefix(imported, room+"/")
}

func within(room, r string) bool { return room == r || strings.HasPrefix(room, r+"/") }
