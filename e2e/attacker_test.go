package e2e

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// attacker holds the portal's database password and one patient's cookie, and
// knows the number of one of that patient's reports.
type attacker struct {
	demo   *demo
	client *client
	token  string // as SQL
	report string
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	c := suite.demo.signedIn(t, suite.demo.people(t, "patient")[0])
	return &attacker{demo: suite.demo, client: c, token: tokenOf(t, c), report: path.Base(c.get("/reports").reports(t)[0])}
}

// tokenOf is the session's token, as SQL.
func tokenOf(t *testing.T, c *client) string {
	t.Helper()
	for _, cookie := range c.cookies() {
		if raw, err := base64.RawURLEncoding.DecodeString(cookie.Value); err == nil && len(raw) == 32 {
			return literal(raw)
		}
	}
	t.Fatal("no session cookie")
	return ""
}

func literal(b []byte) string { return `'\x` + hex.EncodeToString(b) + `'::bytea` }

// ask is the call that asks for the attacker's own report, and receive the one
// that receives entry, an expression.
func (a *attacker) ask() string {
	return fmt.Sprintf("guichet.ask_report(%s, '{192.0.2.66}', '%s', '%s')", a.token, uuid.New(), a.report)
}

func (a *attacker) receive(entry string) string {
	return fmt.Sprintf("guichet.receive(%s, %s)", a.token, entry)
}

// flush makes durable what was committed.
const flush = "SELECT FROM guichet.flush();"

// keepFlushing writes the log to disk again and again, until stopped.
func (a *attacker) keepFlushing(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var flushing sync.WaitGroup
	flushing.Go(func() {
		for ctx.Err() == nil {
			a.run(t, slices.Repeat([]string{"SELECT FROM guichet.flush(), pg_sleep(0.01);"}, 20)...)
		}
	})
	return func() { cancel(); flushing.Wait() }
}

// psqlAs feeds psql a script, as the role of a URL of ready.json, and returns the
// lines it prints: rows, their columns parted by "|", and errors by SQLSTATE.
func psqlAs(t *testing.T, address string, script ...string) []string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	u.User = url.User(u.User.Username())
	command := exec.Command(psql(t), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "VERBOSITY=sqlstate", "--dbname", u.String()) // #nosec G204 -- the server's own program
	command.Env = append(os.Environ(), "PGPASSWORD="+password, "PGCONNECT_TIMEOUT=10", "PGOPTIONS=-c statement_timeout=20s")
	command.Stdin = strings.NewReader(strings.Join(script, "\n") + "\n")
	out, err := command.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

func (a *attacker) run(t *testing.T, script ...string) []string {
	t.Helper()
	return psqlAs(t, a.demo.Ready.Database.Portal, script...)
}

var sqlstate = regexp.MustCompile(`(?:ERROR|FATAL): +([0-9A-Z]{5})$`)

// refusals are the SQLSTATEs among lines, and what else was printed.
func refusals(lines []string) (states, printed []string) {
	for _, line := range lines {
		if found := sqlstate.FindStringSubmatch(line); found != nil {
			states = append(states, found[1])
		} else {
			printed = append(printed, line)
		}
	}
	return states, printed
}

const (
	notPermitted = "42501"
	wrongState   = "25000" // guard, and receive: of the wrong isolation or durability
	notDurable   = "GU002"
)
