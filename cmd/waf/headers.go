package main

import (
	"net/http"
	"net/netip"
	"strings"
)

// claims are the request headers by which a client could pass for somebody
// else, name another resource than its URL, or lend a request an identity of
// another system. The portal would believe some of them because they come from
// here; none passes.
var claims = []string{
	"Forwarded", "Via", "X-Real-Ip", "True-Client-Ip", "Client-Ip", "X-Client-Ip", "X-Cluster-Client-Ip",
	"Cf-Connecting-Ip", "Cf-Connecting-Ipv6", "Fastly-Client-Ip", "X-Azure-Clientip", "X-Originating-Ip",
	"X-Remote-Ip", "X-Remote-Addr", "X-Remote-User", "Remote-User", "X-Host", "X-Original-Host", "X-Original-Url",
	"X-Rewrite-Url", "X-Http-Method", "X-Http-Method-Override", "X-Method-Override",
	"X-Request-Id", "X-Correlation-Id", "Traceparent", "Tracestate", "Baggage",
}

// claimPrefixes cover the families of such headers.
var claimPrefixes = []string{"X-Forwarded-", "X-Original-", "X-Ssl-", "X-Client-", "Proxy-", "Cf-", "X-Envoy-", "X-Amzn-"}

// hopByHop are meant for this connection only; httputil removes the others, and
// those that Connection names.
var hopByHop = []string{"Connection", "Upgrade", "Te", "Trailer", "Expect", "Proxy"}

// strip removes from header what only we may say, and what we do not pass on.
func strip(header http.Header) {
	for _, name := range claims {
		header.Del(name)
	}
	for _, name := range hopByHop {
		header.Del(name)
	}
	for name := range header {
		if isClaim(name) {
			delete(header, name)
		}
	}
}

func isClaim(name string) bool {
	// Some software reads X_Forwarded_For as X-Forwarded-For; no browser sends
	// a name with an underscore.
	if strings.Contains(name, "_") {
		return true
	}
	for _, prefix := range claimPrefixes {
		// Names from HTTP/2 are canonical already; an odd letter keeps HTTP/1
		// from making them so.
		if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// vouch adds what the portal may believe because it comes from here.
func vouch(header http.Header, client netip.Addr, host, requestID string) {
	header.Set(forwardedFor, client.String())
	header.Set("X-Forwarded-Proto", "https")
	header.Set("X-Forwarded-Host", host)
	header.Set("X-Request-Id", requestID)
}
