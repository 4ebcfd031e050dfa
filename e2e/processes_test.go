package e2e

import (
	"context"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// TestThreeProcesses: Guichet runs as three processes, each behind a firewall of
// its own, on one database: what one of them is told, all know at once.
func TestThreeProcesses(t *testing.T) {
	d := newDemo(t)
	doors := []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port)), d.another(t, "second"), d.another(t, "third")}
	p := d.people(t, "patient")[0]
	t.Run("two hundred sign-ins at once", func(t *testing.T) { d.signInAtOnce(t, p, doors, 200) })
	t.Run("a stolen cookie", func(t *testing.T) { d.stealCookies(t, p, doors) })
}

// another starts one more process of Guichet and of its firewall, and returns
// the address that the firewall listens on.
func (d *demo) another(t *testing.T, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first, err := freePorts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	address := func(distance int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(first+distance)) }
	d.run(t, name, "guichet", []string{"serve"}, func(config map[string]any) {
		delete(config, "intake")
		maps.Copy(config["portal"].(map[string]any), map[string]any{"listen": address(1)})
		config["ops"] = map[string]any{"listen": address(4)}
	})
	d.run(t, name, "waf", nil, func(config map[string]any) {
		config["listen"], config["upstream"] = address(0), "https://"+net.JoinHostPort("localhost", strconv.Itoa(first+1))
	})
	c := d.client(t)
	for {
		if status, _, err := fetch(c, "http://"+address(4)+"/readyz"); err == nil && status == http.StatusOK {
			if status, _, err := fetch(c.at(address(0)), "/"); err == nil && status == http.StatusOK {
				return address(0)
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("the %s process is not ready\n%s", name, d.lastWords())
		}
		pause(20 * time.Millisecond)
	}
}

// run starts a program with the demo's configuration of it, changed.
func (d *demo) run(t *testing.T, name, program string, arguments []string, change func(config map[string]any)) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(d.dir, program+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := toml.Unmarshal(content, &config); err != nil {
		t.Fatal(err)
	}
	change(config)
	if content, err = toml.Marshal(config); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.dir, program+"-"+name+".toml")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(d.dir, "log", program+"-"+name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()                                                                      // the program has it now
	command := exec.Command(filepath.Join(suite.programs, program), append(arguments, "--config", path)...) // #nosec G204 -- our own
	command.Stdout, command.Stderr = log, log
	started, err := startChild(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended already
		<-started.ended
		if started.err != nil {
			t.Errorf("%s, %s: %v", program, name, started.err)
		}
	})
}

// signInAtOnce: whoever answers first and last, one session lives, and each of
// the others is told that it was replaced (AA8.a). Who cannot be answered in
// time is told that too, and has no session.
func (d *demo) signInAtOnce(t *testing.T, p person, doors []string, signIns int) {
	before := d.traces(t, "sign-in", "granted")
	browsers, answers := make([]*client, signIns), make([]string, signIns)
	var all sync.WaitGroup
	line := make(chan struct{}, 16) // at the provider, which is not what is tried here
	for i := range browsers {
		all.Go(func() {
			line <- struct{}{}
			defer func() { <-line }()
			b := d.client(t).at(doors[i%len(doors)])
			form := b.follow(b.get("/login/" + p.Provider)).form(t)
			form.values.Set("login", p.Login)
			answers[i] = b.submit(form).header.Get("Location")
			browsers[i] = b.at(doors[(i+1)%len(doors)]) // it comes back to another process, and is connected
			browsers[i].get("/contact")
		})
	}
	all.Wait()
	var granted, refused atomic.Int32
	for i, answer := range answers {
		all.Go(func() {
			switch callback := browsers[i].get(answer); callback.status {
			case http.StatusSeeOther:
				granted.Add(1)
			case http.StatusServiceUnavailable:
				refused.Add(1)
			default:
				t.Errorf("callback %d: status %d", i, callback.status)
			}
		})
	}
	all.Wait()
	t.Logf("%d sign-ins granted, %d told to come back", granted.Load(), refused.Load())
	if n := d.traces(t, "sign-in", "granted") - before; n != int(granted.Load()) || n < signIns/2 {
		t.Errorf("%d sign-ins are traced as granted, and %d browsers were let in, of %d", n, granted.Load(), signIns)
	}
	stand := map[string]int{}
	for i, b := range browsers {
		answer := b.at(doors[(i+2)%len(doors)]).get("/reports")
		switch {
		case answer.status == http.StatusOK:
			stand["live"]++
		case answer.header.Get("Location") == "/":
			stand["none"]++
		default:
			stand[b.follow(answer).root(t).one(t, with("id", "session-ended")).attribute("data-reason")]++
		}
	}
	want := map[string]int{"live": 1, "replaced": int(granted.Load()) - 1}
	if n := int(refused.Load()); n > 0 {
		want["none"] = n
	}
	if !maps.Equal(stand, want) {
		t.Errorf("the browsers stand %v, want %v", stand, want)
	}
}

// stealCookies: a session's cookie in another browser is worth as much as the
// session, and after its end nothing, at every process at once (AA13).
func (d *demo) stealCookies(t *testing.T, p person, doors []string) {
	account := regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).FindString(d.guichet(t, "accounts", "list", "--patient", p.Traits.Local))
	for _, c := range []struct {
		name, reason string
		end          func(owner *client)
	}{
		{"signed out", "logout", func(owner *client) { owner.signOut() }},
		{"replaced", "replaced", func(*client) { d.signedIn(t, p) }},
		{"idle", "idle", func(*client) {
			d.query(t, "UPDATE guichet.session SET seen = seen - interval '15 minutes', opened = opened - interval '15 minutes' WHERE expires IS NULL")
		}},
		{"at its longest", "expired", func(*client) {
			d.query(t, "UPDATE guichet.session SET opened = opened - interval '8 hours' WHERE expires IS NULL")
		}},
		{"suspended", "admin", func(*client) { d.guichet(t, "accounts", "suspend", account, "--reason", "usurpation") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			owner := d.signedIn(t, p)
			thieves := make([]*client, len(doors))
			for i, door := range doors {
				thieves[i] = d.client(t).at(door)
				thieves[i].keep(owner.cookies()...)
				if answer := thieves[i].get("/reports"); answer.status != http.StatusOK {
					t.Fatalf("before: process %d answers %d", i, answer.status)
				}
			}
			c.end(owner)
			for i, thief := range thieves {
				for _, path := range pages {
					answer := thief.get(path)
					sentTo(t, answer, "/session-ended")
				}
				if reason := thief.follow(thief.get("/reports")).root(t).one(t, with("id", "session-ended")).attribute("data-reason"); reason != c.reason {
					t.Errorf("process %d says %q, want %q", i, reason, c.reason)
				}
			}
		})
	}
}
