package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// forwardedFor is the only header that is ever read for an address, and only
// from a trusted proxy.
const forwardedFor = "X-Forwarded-For"

// trustedProxies are the networks whose word on the client's address is taken.
type trustedProxies []netip.Prefix

func parseProxies(networks []string) (trustedProxies, error) {
	proxies := make(trustedProxies, 0, len(networks))
	for _, network := range networks {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("read trusted proxies: %w", err)
		}
		proxies = append(proxies, prefix.Masked())
	}
	return proxies, nil
}

func (t trustedProxies) contains(address netip.Addr) bool {
	return slices.ContainsFunc(t, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// maxHops bounds how many hops are read: no chain of proxies is longer, and what
// is left of a longer list is the client's own.
const maxHops = 16

// client returns the address a request comes from: the peer's, or, where the
// peer is a trusted proxy, the nearest address in X-Forwarded-For that is none.
// The header is read from its end, over repeated lines too, since everything left
// of what a trusted proxy wrote may be made up; what cannot be read ends the
// search, at the last proxy that can be told (TR2.e).
func (t trustedProxies) client(r *http.Request) netip.Addr {
	address := peer(r.RemoteAddr)
	if !t.contains(address) {
		return address
	}
	list := strings.Join(r.Header.Values(forwardedFor), ",")
	for range maxHops {
		start := strings.LastIndexByte(list, ',')
		next, ok := parseHop(list[start+1:])
		if !ok {
			return address
		}
		address = next
		if start < 0 || !t.contains(address) {
			return address
		}
		list = list[:start]
	}
	return address
}

// parseHop reads one hop as proxies write it: an address, in brackets or not,
// with or without a port.
func parseHop(hop string) (netip.Addr, bool) {
	const longest = len("[0000:0000:0000:0000:0000:ffff:255.255.255.255%0123456789abcdef]:65535")
	hop = strings.Trim(hop, " \t")
	if len(hop) > longest {
		return netip.Addr{}, false
	}
	if inside, bracketed := strings.CutPrefix(hop, "["); bracketed {
		inside, port, _ := strings.Cut(inside, "]")
		if port == "" && strings.HasSuffix(hop, "]") {
			address, err := netip.ParseAddr(inside)
			return plain(address), err == nil && address.Is6()
		}
	}
	if address, err := netip.ParseAddr(hop); err == nil {
		return plain(address), true
	}
	end, err := netip.ParseAddrPort(hop)
	return plain(end.Addr()), err == nil
}

// peer is the address at the other end of the connection; the zero address,
// which nobody trusts, where there is none.
func peer(remote string) netip.Addr {
	end, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return plain(end.Addr())
}

// plain writes one address one way: no zone, and IPv4 as IPv4.
func plain(address netip.Addr) netip.Addr { return address.WithZone("").Unmap() }
