package main

import (
	"strings"
	"testing"

	"guichet/store/storetest"
)

// TestNetworks: an operator blocks a network, looks, frees it, is refused; each
// step is traced under the name of their account (AA7.g).
func TestNetworks(t *testing.T) {
	d := storetest.New(t)
	c := &counter{Database: d, config: installation(t, d)}
	c.run(t, good, "", "keys", "init")
	c.run(t, good, "Aucun réseau bloqué.", "networks", "list")
	c.run(t, good, "203.0.113.0/24 : connexions refusées pendant 10m0s", "networks", "block", "203.0.113.0/24", "--for", "10m")
	c.run(t, good, "2001:db8:1:2::/64 : ", "networks", "block", "2001:db8:1:2::9", "--for", "2h")
	if list := c.run(t, good, "203.0.113.0/24 ", "networks", "list"); strings.Index(list, "2001:db8:1:2::/64") > strings.Index(list, "203.0.113.0/24") {
		t.Errorf("the latest is not first: %s", list)
	}
	c.run(t, good, "203.0.113.0/24 : connexions admises", "networks", "unblock", "203.0.113.0/24")
	c.run(t, failed, "n'est pas bloqué", "networks", "unblock", "203.0.113.0/24")
	c.run(t, failed, "de /16 à /32", "networks", "block", "203.0.0.0/8", "--for", "10m")
	c.run(t, misuse, "not a network", "networks", "block", "203.0.113.7/24", "--for", "10m")
	c.run(t, failed, "d'une minute à sept jours", "networks", "block", "203.0.113.0/24", "--for", "169h")
	c.run(t, misuse, "--for", "networks", "block", "203.0.113.0/24")
	c.run(t, misuse, "", "networks", "unblock")
	var steps, opened, closed int
	if err := d.Superuser(t).QueryRow(`SELECT count(*) FILTER (WHERE type LIKE 'network.%' AND role = 'operator'), count(*) FILTER (WHERE type = 'operator.open'), count(*) FILTER (WHERE type = 'operator.close')
		FROM guichet.trace`).Scan(&steps, &opened, &closed); err != nil {
		t.Fatal(err)
	}
	if steps != 8 || opened != 8 || closed != 8 {
		t.Errorf("got %d entries, %d sessions opened, %d closed", steps, opened, closed)
	}
}
