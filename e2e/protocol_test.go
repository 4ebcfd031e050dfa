package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// trick is a request that a browser would not send. In it, {own} and {other}
// are paths of reports, {cookie} is the attacker's, {host} the public one.
type trick struct {
	name, request string
	want          []int
}

// ordinary is the rest of a request without tricks.
const ordinary = "Host: {host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nConnection: close\r\nCookie: {cookie}\r\n"

func tricks() []trick {
	get := func(target string) string { return "GET " + target + " HTTP/1.1\r\n" + ordinary + "\r\n" }
	head := func(lines string) string { return "GET {own} HTTP/1.1\r\n" + lines + "\r\n" }
	post := func(target, lines, body string) string {
		return "POST " + target + " HTTP/1.1\r\n" + ordinary + lines + "\r\n" + body
	}
	all := []trick{
		{"two slashes", get("/{other}"), []int{400}},
		{"dot segments", get("/x/..{other}"), []int{403}},
		{"escaped dot segments", get("/x/%2e%2e{other}"), []int{403}},
		{"static and back", get("/static/..%2f..{other}"), []int{403}},
		{"escaped slash", get("/reports%2f{other}"), []int{404}},
		{"twice escaped", get("/%2572eports/x"), []int{404}},
		{"escaped letter", get("/%72eports"), []int{404}},
		{"parameters of a segment", get("/reports;x=y"), []int{404}},
		{"mixed case", get("/Reports"), []int{404}},
		{"absolute form", get("https://{host}{other}"), []int{400}},
		{"absolute form of another host", get("http://evil.example{other}"), []int{421}},
		{"asterisk", get("*"), []int{400}},
		{"fragment", get("{own}#x"), []int{400}},
		{"broken escape in the query", get("{own}?%"), []int{400}},
		{"zero byte", get("{own}\x00"), []int{400}},
		{"host of another", head(strings.ReplaceAll(ordinary, "{host}", "evil.example")), []int{421}},
		{"host with a user", head(strings.ReplaceAll(ordinary, "{host}", "x@{host}")), []int{400}},
		{"two hosts", head("Host: evil.example\r\n" + ordinary), []int{400}},
		{"no host", head(strings.ReplaceAll(ordinary, "Host: {host}\r\n", "")), []int{400}},
		{"blank before a colon", head(strings.ReplaceAll(ordinary, "Cookie:", "Cookie :")), []int{400}},
		{"cookie named in Connection", head(strings.ReplaceAll(ordinary, "Connection: close", "Connection: close, Cookie")), []int{303}},
		{"cookie of another case", head(strings.ReplaceAll(ordinary, "Cookie: __Host", "Cookie: __host")), []int{303, 200}},
		{"large header", head(ordinary + "X-Large: " + strings.Repeat("a", 64<<10) + "\r\n"), []int{431}},
		{"method by header", post("{own}", "X-Http-Method-Override: GET\r\nContent-Length: 0\r\n", ""), []int{403}},
		{"two lengths", post("/logout", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), []int{400}},
		{"unknown transfer coding", post("/logout", "Transfer-Encoding: xchunked\r\n", "abc"), []int{501}},
		{"announced body too large", post("/logout", "Content-Length: 99999999\r\n", "abc"), []int{413}},
		{"body of a GET", head(ordinary + "Content-Length: 3\r\n\r\nabc"), []int{403}},
		{"sign-out from another site", post("/logout", "Content-Length: 0\r\nOrigin: https://evil.example\r\n", ""), []int{403}},
		{"sign-out from nowhere", post("/logout", "Content-Length: 0\r\nOrigin: null\r\n", ""), []int{403}},
		{"sign-out from a neighbour", post("/logout", "Content-Length: 0\r\nSec-Fetch-Site: same-site\r\n", ""), []int{403}},
	}
	for _, method := range []string{"OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"} {
		all = append(all, trick{"method " + method, method + " {own} HTTP/1.1\r\n" + ordinary + "Content-Length: 0\r\n\r\n", []int{403}})
	}
	return all
}

// TestAttackRequests sends what no browser sends, through the firewall: nothing
// of anybody else's comes out, and what is refused says nothing.
func TestAttackRequests(t *testing.T) {
	victim := suite.demo.people(t, "patient")[1]
	other := suite.demo.signedIn(t, victim).get("/reports").reports(t)[0]
	a := newAttacker(t)
	fill := strings.NewReplacer("{own}", "/reports/"+a.report, "{other}", other, "{host}", a.client.portal().Host,
		"{cookie}", a.client.cookies()[0].Name+"="+a.client.cookies()[0].Value)
	read := func() int {
		return a.demo.count(t, "SELECT count(*) FROM guichet.trace WHERE type = 'report.read' AND outcome = 'granted' AND '"+path.Base(other)+"' = ANY (records)")
	}
	before := read()
	for _, trick := range tricks() {
		t.Run(trick.name, func(t *testing.T) {
			answer := a.demo.raw(t, fill.Replace(trick.request))
			if got := statusOf(answer); !slices.Contains(trick.want, got) {
				t.Errorf("status %d, want one of %v", got, trick.want)
			}
			for _, leaked := range []string{upper(victim.Traits.Family), "goroutine", ".go:", "SQLSTATE", "gorilla", "coraza", "Server:"} {
				if strings.Contains(answer, leaked) {
					t.Errorf("the answer holds %q", leaked)
				}
			}
		})
	}
	if read() != before {
		t.Error("a trick read another's report")
	}
	if answer := a.client.get("/reports"); answer.status != http.StatusOK {
		t.Errorf("status %d after all that, want the session still there", answer.status)
	}
}

// TestAttackSmuggledRequest hides a request in the body of another: what
// follows a body in doubt is not read as a request.
func TestAttackSmuggledRequest(t *testing.T) {
	a := newAttacker(t)
	host := a.client.portal().Host
	hidden := "GET /reports HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
	for name, framing := range map[string]string{
		"length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks":            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no length":         "\r\n",
		"length of a GET":   "Content-Length: 0\r\nTransfer-Encoding: identity\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			answer := a.demo.raw(t, "POST /logout HTTP/1.1\r\nHost: "+host+"\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html\r\nContent-Type: application/x-www-form-urlencoded\r\n"+framing+hidden)
			if n := strings.Count(answer, "HTTP/1.1 "); n != 1 {
				t.Errorf("%d answers, want one", n)
			}
		})
	}
}

// raw writes bytes to the firewall and returns all that comes back.
func (d *demo) raw(t *testing.T, request string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", net.JoinHostPort("localhost", strconv.Itoa(d.port)), &tls.Config{RootCAs: d.authority(t), MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	// The answer may come, and the connection go, before all is written.
	_, _ = io.WriteString(conn, request)
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func statusOf(answer string) int {
	fields := strings.Fields(answer)
	if len(fields) < 2 {
		return 0
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return status
}

// TestAttackFeedWithoutItsCertificate: only the feed's certificate is served.
func TestAttackFeedWithoutItsCertificate(t *testing.T) {
	message := singleResult(suite.demo.people(t, "patient")[0], "NOCERT"+digits(6), "4300000001").bytes()
	certificates := map[string][]tls.Certificate{"none": nil, "of one's own making": {selfSigned(t)}}
	for _, name := range []string{"waf-client", "waf", "portal", "mllp", "providers"} {
		pair, err := tls.LoadX509KeyPair(filepath.Join(suite.demo.dir, "tls", name+".pem"), filepath.Join(suite.demo.dir, "tls", name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		certificates[name] = []tls.Certificate{pair}
	}
	before := suite.demo.stored(t)
	for name, held := range certificates {
		conn, err := tls.Dial("tcp", suite.demo.Ready.MLLP, &tls.Config{RootCAs: suite.demo.authority(t), MinVersion: tls.VersionTLS12,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(held) == 0 {
					return &tls.Certificate{}, nil
				}
				return &held[0], nil
			}})
		if err != nil {
			continue // refused in the handshake
		}
		if answer, err := transmit(conn, message); err == nil {
			t.Errorf("certificate %s: answer %s", name, answer.code)
		}
		_ = conn.Close()
	}
	plain, err := net.Dial("tcp", suite.demo.Ready.MLLP)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if answer, err := transmit(plain, message); err == nil {
		t.Errorf("without TLS: answer %s", answer.code)
	}
	if after := suite.demo.stored(t); after != before {
		t.Errorf("stored %+v, want %+v as before", after, before)
	}
}

// selfSigned is a certificate that says it is the feed's.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "feed"}, DNSNames: []string{"feed"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// TestAttackHostileMessages: each gets its answer on a connection that goes on
// to serve, and none is accepted.
func TestAttackHostileMessages(t *testing.T) {
	p := suite.demo.people(t, "patient")[0]
	header := func(control, version string) string {
		return "MSH|^~\\&|A|B|C|D|20261120||ORU^R01|" + control + "|P|" + version + "\r"
	}
	good := string(singleResult(p, "HOSTILE"+digits(8), "4300000002").bytes())
	messages := map[string]string{
		"empty": "", "no more than MSH": "MSH", "no segment": header("1", "2.5"), "zero byte as control": header("\x00", "2.5"),
		"long control": header(strings.Repeat("c", 5000), "2.5"), "answer in the control": header(`X\X0D\MSA|AA|Y`, "2.5"), "another version": header("2", "9.9"),
		"another type":     strings.Replace(header("3", "2.5"), "ORU^R01", "ADT^A08", 1) + "PID|1\r",
		"separators alike": "MSH|^^^^|A|B|C|D|20261120||ORU^R01|4|P|2.5\r", "half a letter": header("5", "2.5||||||UNICODE UTF-8") + "PID|1|\xc3\r",
		"subcomponents":    header("6", "2.5") + "PID|" + strings.Repeat("&", 200_000) + "\r",
		"repetitions":      header("7", "2.5") + "PID|1||" + strings.Repeat("~", 200_000) + "\r",
		"long escape":      header("8", "2.5") + `PID|1||8000001^^^HOP^PI||\X` + strings.Repeat("41", 100_000) + `\^A^^^^^L||19610309|F` + "\r",
		"many segments":    header("9", "2.5") + strings.Repeat("OBX|1|NM|1-1^A^LN||1\r", 30_000),
		"time that is not": strings.ReplaceAll(good, "20261120081500+0100", "20260230081500+9999"),
	}
	certificate, err := tls.LoadX509KeyPair(suite.demo.Ready.Feed.Cert, suite.demo.Ready.Feed.Key)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", suite.demo.Ready.MLLP, &tls.Config{RootCAs: suite.demo.authority(t), Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for name, message := range messages {
		answer, err := transmit(conn, []byte(message))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if answer.code != "AE" && answer.code != "AR" {
			t.Errorf("%s: answer %q, want AE or AR", name, answer.code)
		}
		if n := strings.Count("\r"+answer.raw, "\rMSA"); n != 1 {
			t.Errorf("%s: %d MSA segments in the answer", name, n)
		}
		if !strings.Contains(answer.raw, "\rERR|") {
			t.Errorf("%s: the answer does not say why", name)
		}
	}
	if answer, err := transmit(conn, []byte(good)); err != nil || answer.code != "AA" {
		t.Errorf("a good message after %d hostile ones: %s, %v", len(messages), answer.code, err)
	}
}

// TestAttackProbes: what is for the hospital's own network names nobody, and is
// not on the public one.
func TestAttackProbes(t *testing.T) {
	a := newAttacker(t)
	a.client.get("/reports/" + a.report)
	for _, name := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/"} {
		if answer := a.client.get(name); answer.status != http.StatusNotFound {
			t.Errorf("%s through the firewall: status %d, want 404", name, answer.status)
		}
	}
	resp, err := http.Get(a.demo.Ready.URLs.Ops + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	metrics, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Contains(metrics, []byte("guichet_http_request_duration_seconds")) {
		t.Fatalf("metrics: status %d, %v", resp.StatusCode, err)
	}
	for _, p := range a.demo.Ready.People {
		for _, text := range []string{p.Traits.Family, p.Traits.Local, p.Login} {
			if text != "" && bytes.Contains(metrics, []byte(fmt.Sprintf("%q", text))) {
				t.Errorf("metrics name %s", p.Login)
			}
		}
	}
	if bytes.Contains(metrics, []byte(a.report)) {
		t.Error("metrics name a report")
	}
}
