package configs

import "net/netip"

const minBody, maxBody = 1 << 10, 64 << 20

func (*WAF) prefix() string     { return "GUICHET_WAF_" }
func (*WAF) foreign() []string  { return nil }
func (*WAF) mapNames() []string { return nil }

func (w *WAF) setDefaults() {
	w.MaxBody = 1 << 20
	w.Revocation.setDefaults()
}

// Validate reports everything that is missing or refused.
func (w *WAF) Validate() error {
	c := &checker{}
	c.placeholders(w)
	c.listen("listen", w.Listen)
	c.open("tls", w.TLS)
	c.origin("public_url", w.PublicURL)
	c.origin("upstream", w.Upstream)
	c.file("upstream_tls.ca", w.UpstreamTLS.CA) // DT7.b: a CA of ours, not the public ones
	c.certificate("upstream_tls", w.UpstreamTLS.Certificate, w.UpstreamTLS.Key)
	w.Revocation.validate(c, "revocation")
	c.between("max_body", w.MaxBody, minBody, maxBody)
	for _, proxy := range w.TrustedProxies {
		if prefix, err := netip.ParsePrefix(proxy); err != nil {
			c.refuse("trusted_proxies", "must hold networks such as 192.0.2.0/28")
		} else if prefix.Bits() == 0 {
			c.refuse("trusted_proxies", "must not trust the whole Internet")
		}
	}
	return c.found.asError()
}
