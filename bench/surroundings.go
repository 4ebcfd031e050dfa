package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Resident memory of guichet serve, in MB: at rest, and after 20,000 pages.
const (
	targetRest    = 60
	targetWorking = 150
)

// measureRest looks at memory before anybody came.
func (g *ground) measureRest(_ context.Context, r *report) error {
	for _, p := range []row{
		{what: traced, clients: "0", target: "≤ " + number(targetRest, 0), most: targetRest},
		{what: "waf", clients: "0"},
		{what: "idpsim", clients: "0"},
	} {
		now, _, err := resident(g.programs[p.what].process.PID())
		if err != nil {
			return err
		}
		p.what = "resident memory of " + shown(p.what) + " at rest, MB"
		p.of, p.digits = series{now}, 1
		r.add(p)
	}
	return nil
}

// measureMemory serves more pages until there have been enough, and looks at
// memory again.
func (g *ground) measureMemory(ctx context.Context, r *report) error {
	c, err := g.gather("portal", targetClients)
	if err != nil {
		return err
	}
	pages, err := g.count(ctx, traced, readEntries)
	for err == nil && pages < g.plan.memoryPages {
		var y yield
		y, err = c.read(ctx, g.plan.window)
		pages += y.pages
	}
	if err = errors.Join(err, c.disperse()); err != nil {
		return err
	}
	now, most, err := resident(g.programs[traced].process.PID())
	if err != nil {
		return err
	}
	after := fmt.Sprintf(" after %d pages, ", pages)
	r.add(row{what: "resident memory of guichet serve" + after + "MB", clients: strconv.Itoa(targetClients), of: series{now}, digits: 1})
	r.add(row{what: "resident memory of guichet serve" + after + "at most so far, MB", clients: strconv.Itoa(targetClients), of: series{most}, digits: 1, target: "≤ " + number(targetWorking, 0), most: targetWorking})
	if now, _, err = resident(g.programs["waf"].process.PID()); err != nil {
		return err
	}
	r.add(row{what: "resident memory of waf after pages, MB", clients: strconv.Itoa(g.plan.firewall.clients), of: series{now}, digits: 1})
	return nil
}

func shown(program string) string {
	if program == traced {
		return "guichet serve"
	}
	return program
}

// measureFirewall reads the same pages through the firewall and past it.
func (g *ground) measureFirewall(ctx context.Context, r *report) error {
	l := g.plan.firewall
	through, straight := &arm{listener: "waf"}, &arm{listener: "portal"}
	arms := []*arm{through, straight}
	for _, a := range arms {
		var err error
		if a.crowd, err = g.gather(a.listener, l.clients); err != nil {
			return err
		}
		if _, err := a.crowd.read(ctx, g.plan.window/2); err != nil {
			return err
		}
	}
	for round := range l.rounds {
		for turn := range arms {
			a := arms[(turn+round)%len(arms)]
			y, err := a.crowd.read(ctx, g.plan.window)
			if err != nil {
				return err
			}
			a.rates.add(y.rate())
		}
	}
	clients := strconv.Itoa(l.clients)
	r.add(row{what: "page, through the WAF ÷ straight to the portal", clients: clients, of: through.rates.over(straight.rates), digits: 2})
	r.add(row{what: "page through the WAF, pages/s", clients: clients, of: through.rates})
	return errors.Join(through.crowd.disperse(), straight.crowd.disperse())
}

const targetWeight = 80 // kB

var (
	linked   = regexp.MustCompile(`<(?:link rel="(?:stylesheet|icon)" href|script src)="([^"]+)"`)
	embedded = regexp.MustCompile(`<(?:script>|(?:img|iframe|source|object)[ >])`)
)

// measureWeight gets a report and all it needs, as a browser does that has
// nothing yet, through the firewall.
func (g *ground) measureWeight(_ context.Context, r *report) error {
	config, err := g.clientTLS("waf").Config()
	if err != nil {
		return err
	}
	v, err := visit(g.ports["waf"], config)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	total, err := v.get(g.request("/reports/"+g.readers[0].report.String(), g.readers[0].cookie), &page)
	if err != nil {
		return err
	}
	if n := strings.Count(page.String(), "data-code="); n != results {
		return fmt.Errorf("the page shows %d results, not %d", n, results)
	}
	if embedded.Match(page.Bytes()) {
		return errors.New("the page needs more than its style, its script and its icon")
	}
	r.add(row{what: "report page with 20 results, HTML alone, kB", clients: "1", of: series{float64(total) / 1000}, digits: 1})
	requests := 1
	for _, link := range linked.FindAllSubmatch(page.Bytes(), -1) {
		size, err := v.get(g.request(string(link[1]), g.readers[0].cookie), nil)
		if err != nil {
			return err
		}
		total += size
		requests++
	}
	r.add(row{what: "report page with 20 results, all but its font, kB", clients: "1", target: "≤ " + number(targetWeight, 0), most: targetWeight,
		of: series{float64(total) / 1000}, digits: 1})
	r.add(row{what: "report page, requests, the font not counted", clients: "1", of: series{float64(requests)}})
	r.add(row{what: "results that show earlier ones, of 20", clients: "1", of: series{float64(strings.Count(page.String(), `<ol class="ant">`))}})
	return v.leave()
}
