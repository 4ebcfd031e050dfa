package e2e

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const forged = "/callback/franceconnect?code=x&state=y"

// TestFailedSignInsDelayTheNext, from that address alone, whoever tries and in
// whatever browser, also when Guichet has been killed and started anew (AA7).
func TestFailedSignInsDelayTheNext(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	c := suite.demo.client(t)
	if answer := c.get(forged); answer.status != http.StatusForbidden {
		t.Fatalf("a forged answer: status %d, want 403", answer.status)
	}
	wait := c.get("/login/" + p.Provider)
	if wait.status != http.StatusTooManyRequests || wait.header.Get("Retry-After") != "2" && wait.header.Get("Retry-After") != "1" {
		t.Errorf("the next try: status %d, Retry-After %q", wait.status, wait.header.Get("Retry-After"))
	}
	if !strings.Contains(wait.root(t).text(), "Prochain essai possible") {
		t.Error("the page does not say when")
	}
	suite.demo.signedIn(t, p) // from another address

	attacker := suite.demo.client(t)
	attacker.follow(attacker.get("/")) // connected
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if answer := attacker.get(forged); answer.status != http.StatusForbidden && answer.status != http.StatusTooManyRequests {
				t.Errorf("status %d", answer.status)
			}
		})
	}
	all.Wait()
	before := attacker.wait(t)
	suite.demo.kill(t, "serve")
	suite.demo.signedOnceBack(t, p)
	if after := attacker.wait(t); after < 1 && before > 30*time.Second || after > before {
		t.Errorf("waits %s before Guichet was killed, and %s after", before, after)
	}
}

// TestAnAlertIsALineAndACount, soon after what it tells of (AA7.f).
func TestAnAlertIsALineAndACount(t *testing.T) {
	suite.demo.query(t, "INSERT INTO guichet.setting (name, value, at, entry) VALUES ('alert.address', '1', now(), 0)")
	suite.demo.client(t).get(forged)
	const line, count = `"msg":"alert: sign-in.address"`, `guichet_alerts_total{kind="sign-in.address"}`
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(20 * time.Second)
	for !bytes.Contains(suite.demo.logs(t)["serve.log"], []byte(line)) || !strings.Contains(suite.demo.client(t).get(suite.demo.Ready.URLs.Ops+"/metrics").body, count) {
		select {
		case <-deadline:
			t.Fatal("no alert")
		case <-look.C:
		}
	}
}

// wait is what the login page answers to who must wait.
func (c *client) wait(t *testing.T) time.Duration {
	t.Helper()
	answer := c.get("/login/franceconnect")
	seconds, err := strconv.Atoi(answer.header.Get("Retry-After"))
	if answer.status != http.StatusTooManyRequests || err != nil {
		t.Errorf("status %d, Retry-After %q", answer.status, answer.header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

// signedOnceBack waits until Guichet answers again.
func (d *demo) signedOnceBack(t *testing.T, p person) {
	t.Helper()
	c := d.client(t)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(30 * time.Second)
	for {
		if c.get("/login/"+p.Provider).status == http.StatusSeeOther {
			return
		}
		select {
		case <-deadline:
			t.Fatal("Guichet is not back")
		case <-look.C:
		}
	}
}
