package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// part is one thing that is measured.
type part struct {
	name string
	run  func(*ground, context.Context, *report) error
}

var allParts = []part{
	{"rest", (*ground).measureRest},
	{"weight", (*ground).measureWeight},
	{"pages", (*ground).measurePages},
	{"firewall", (*ground).measureFirewall},
	{"memory", (*ground).measureMemory},
	{"deposits", (*ground).measureDeposits},
	{"sign-ins", (*ground).measureSignIns},
	{"log", (*ground).measureLog},
}

// namedParts are measured where they are asked for only.
var namedParts = []part{
	{"growth", (*ground).measureGrowth},
}

// narrow returns the parts named, in their order, and leaves in the plan the
// numbers of clients named with them. Nothing named is all of it.
func (p *plan) narrow(only string) ([]part, error) {
	if only == "" {
		return allParts, nil
	}
	clients := make(map[string][]int) // of each part named
	for _, name := range strings.Split(only, ",") {
		name, number, some := strings.Cut(name, ":")
		if !slices.ContainsFunc(slices.Concat(allParts, namedParts), func(p part) bool { return p.name == name }) {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		if !some {
			clients[name] = nil
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("read number of clients: %w", err)
		}
		clients[name] = append(clients[name], n)
	}
	p.levels, p.deposits = among(p.levels, clients["pages"]), among(p.deposits, clients["deposits"])
	var parts []part
	for _, part := range slices.Concat(allParts, namedParts) {
		if _, ok := clients[part.name]; ok {
			parts = append(parts, part)
		}
	}
	return parts, nil
}

// among returns the levels with so many clients; all where none is named.
func among(levels []level, clients []int) []level {
	if len(clients) == 0 {
		return levels
	}
	return slices.DeleteFunc(slices.Clone(levels), func(l level) bool { return !slices.Contains(clients, l.clients) })
}
