package main

import (
	_ "embed"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	coreruleset "github.com/corazawaf/coraza-coreruleset/v4"
	"github.com/corazawaf/coraza/v3"
	"github.com/corazawaf/coraza/v3/types"
)

//go:embed guichet.conf
var settings string

// requestRules leaves the rules on answers out: they would need the answers.
const requestRules = "Include @owasp_crs/REQUEST-*.conf\n"

// Rules below are the set's initialisation and ours above it; rules above sum
// up scores. Neither tells what was found.
const (
	firstDetection, lastDetection = 911000, 948999
	firstOfOurs, lastOfOurs       = 10001, 10999
)

// firewall judges requests by the OWASP Core Rule Set. Making one compiles some
// hundreds of expressions: one serves the whole process.
type firewall struct{ waf coraza.WAF }

// inMemory exceeds every body the gate lets in. Coraza refuses a body that
// reaches its limit and writes to disk what exceeds its limit in memory: they
// are the same, so nothing is written (DT5.d).
const inMemory = 1 << 30

// newFirewall compiles the rules.
func newFirewall() (*firewall, error) {
	waf, err := coraza.NewWAF(coraza.NewWAFConfig().
		WithRootFS(coreruleset.FS).
		WithDirectives(settings).
		WithDirectives(requestRules).
		WithRequestBodyLimit(inMemory).
		WithRequestBodyInMemoryLimit(inMemory))
	if err != nil {
		return nil, fmt.Errorf("compile firewall rules: %w", err)
	}
	return &firewall{waf: waf}, nil
}

// verdict is what the firewall thinks of a request: refused or not, and by
// which rules. It holds nothing of what they matched.
type verdict struct {
	refused bool
	rules   []int
}

// inspect judges r. The body is asked for only once the headers have passed,
// and an error leaves the request refused.
func (f *firewall) inspect(r *http.Request, client netip.Addr, body func() ([]byte, error)) (verdict, error) {
	tx := f.waf.NewTransaction()
	defer func() { _ = tx.Close() }() // fails on temporary files only, and there are none
	tx.ProcessConnection(client.String(), 0, "", 0)
	tx.ProcessURI(r.RequestURI, r.Method, r.Proto) // as sent: it is passed on as sent
	addHeaders(tx, r)
	addPath(tx, r.URL.Path)
	if tx.ProcessRequestHeaders() != nil {
		return verdict{refused: true, rules: matched(tx)}, nil
	}
	content, err := body()
	if err != nil {
		return verdict{refused: true, rules: matched(tx)}, err
	}
	if len(content) > 0 {
		interruption, _, err := tx.WriteRequestBody(content)
		if err != nil {
			return verdict{refused: true, rules: matched(tx)}, fmt.Errorf("inspect body: %w", err)
		}
		if interruption != nil {
			return verdict{refused: true, rules: matched(tx)}, nil
		}
	}
	interruption, err := tx.ProcessRequestBody()
	if err != nil {
		return verdict{refused: true, rules: matched(tx)}, fmt.Errorf("inspect body: %w", err)
	}
	return verdict{refused: interruption != nil, rules: matched(tx)}, nil
}

// addHeaders shows the headers as sent, with the two that net/http takes out.
func addHeaders(tx types.Transaction, r *http.Request) {
	for name, values := range r.Header {
		for _, value := range values {
			tx.AddRequestHeader(name, value)
		}
	}
	tx.AddRequestHeader("Host", r.Host)
	tx.SetServerName(r.Host)
	for _, encoding := range r.TransferEncoding {
		tx.AddRequestHeader("Transfer-Encoding", encoding)
	}
}

// addPath has the variable parts of a path judged as arguments: the portal's
// paths hold identifiers, and the rule set reads few of its rules on a path. A
// segment of nothing but letters, digits and .-_~ matches no rule and is left
// out.
func addPath(tx types.Transaction, path string) {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.ContainsFunc(segment, isUnusual) {
			tx.AddPathRequestArgument("segment", segment)
		}
	}
}

func isUnusual(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_~", r))
}

// matched lists the rules that found something, without what they found.
func matched(tx types.Transaction) []int {
	var rules []int
	for _, match := range tx.MatchedRules() {
		id := match.Rule().ID()
		logged, known := match.(interface{ Log() bool })
		if known && !logged.Log() {
			continue
		}
		if id >= firstDetection && id <= lastDetection || id >= firstOfOurs && id <= lastOfOurs {
			rules = append(rules, id)
		}
	}
	return rules
}
