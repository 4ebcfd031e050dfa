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

// client returns the address a request comes from: the peer's, or, where the
// peer is a trusted proxy, the nearest address in X-Forwarded-For that is none.
// The header is read from its end, since everything left of what a trusted
// proxy wrote may be made up; what cannot be read ends the search.
func (t trustedProxies) client(r *http.Request) netip.Addr {
	address := peer(r.RemoteAddr)
	if !t.contains(address) {
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values(forwardedFor), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return address
		}
		address = plain(next)
		if !t.contains(address) {
			return address
		}
	}
	return address
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
