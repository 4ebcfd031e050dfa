package configs

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// checker gathers what is wrong with a configuration.
type checker struct{ found Problems }

func (c *checker) refuse(field, text string) { c.found.add(field, text) }

// text wants a value that can stand in a page or a log line.
func (c *checker) text(field, value string) {
	switch {
	case strings.TrimSpace(value) == "":
		c.refuse(field, "is missing")
	case len(value) > 200 || strings.ContainsFunc(value, unicode.IsControl):
		c.refuse(field, "must be one short line")
	}
}

func (c *checker) phone(field, value string) {
	digits := 0
	for _, r := range value {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+ .()-\u00a0", r):
			c.refuse(field, "must be a telephone number")
			return
		}
	}
	if digits < 2 || len(value) > 40 {
		c.refuse(field, "must be a telephone number")
	}
}

func (c *checker) mail(field, value string) {
	if address, err := mail.ParseAddress(value); err != nil || address.Address != value {
		c.refuse(field, "must be an e-mail address")
	}
}

// file wants an absolute path: what a relative one means depends on where the
// program was started.
func (c *checker) file(field, value string) {
	switch {
	case value == "":
		c.refuse(field, "is missing")
	case !filepath.IsAbs(value):
		c.refuse(field, "must be an absolute path")
	}
}

func (c *checker) optionalFile(field, value string) {
	if value != "" {
		c.file(field, value)
	}
}

// listen wants host:port; an empty host is every address of the machine.
func (c *checker) listen(field, value string) (host string, ok bool) {
	if value == "" {
		c.refuse(field, "is missing")
		return "", false
	}
	host, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		c.refuse(field, "must be host:port")
		return "", false
	}
	return host, true
}

// privateListen wants a listener that the Internet cannot reach: what it
// serves has neither TLS nor a sign-in.
func (c *checker) privateListen(field, value string) {
	host, ok := c.listen(field, value)
	if !ok || host == "localhost" {
		return
	}
	address, err := netip.ParseAddr(host)
	if err != nil || !address.IsLoopback() && !address.IsPrivate() {
		c.refuse(field, "must name a loopback or private address")
	}
}

// origin wants https://host[:port] and nothing more (DT6.a).
func (c *checker) origin(field, value string) {
	u, ok := c.https(field, value)
	if ok && (u.Path != "" && u.Path != "/" || u.RawQuery != "") {
		c.refuse(field, "must be https://host or https://host:port, without a path")
	}
}

// base wants https://host/path, without a query or a slash at its end.
func (c *checker) base(field, value string) {
	u, ok := c.https(field, value)
	if ok && (u.RawQuery != "" || u.Path == "" || strings.HasSuffix(u.Path, "/") || u.EscapedPath() != u.Path) {
		c.refuse(field, "must be https://host/path, without a slash at its end")
	}
}

// https wants an absolute https URL without user, password or fragment.
func (c *checker) https(field, value string) (*url.URL, bool) {
	if value == "" {
		c.refuse(field, "is missing")
		return nil, false
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		c.refuse(field, "must be an https URL")
		return nil, false
	}
	return u, true
}

func (c *checker) between(field string, value, low, high int) {
	if value < low || value > high {
		c.refuse(field, fmt.Sprintf("must lie between %d and %d", low, high))
	}
}

func (c *checker) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.refuse(field, "must be one of "+strings.Join(allowed, ", "))
	}
}

// certificate wants both files of a side of TLS.
func (c *checker) certificate(field, certificate, key string) {
	c.file(join(field, "certificate"), certificate)
	c.file(join(field, "key"), key)
}

// mutual wants a listener that knows its clients by their certificates (DT7).
func (c *checker) mutual(field string, side ServerTLS) {
	c.certificate(field, side.Certificate, side.Key)
	c.file(join(field, "client_ca"), side.ClientCA)
}

// open wants a listener that asks for no client certificate.
func (c *checker) open(field string, side ServerTLS) {
	c.certificate(field, side.Certificate, side.Key)
	if side.ClientCA != "" || side.ClientName != "" {
		c.refuse(join(field, "client_ca"), "must be empty: this listener asks browsers for no certificate")
	}
}

// placeholders refuses every text that still is an example's.
func (c *checker) placeholders(config configuration) {
	visit(reflect.ValueOf(config).Elem(), "", config.mapNames(), func(path string, v reflect.Value) bool {
		if v.Kind() == reflect.String && isPlaceholder(v.String()) {
			c.refuse(path, "is a placeholder")
		}
		return false
	})
}
