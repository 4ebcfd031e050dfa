package certificate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

const (
	fetchTime   = 20 * time.Second // a large list over a slow line
	maxList     = 16 << 20
	maxResponse = 64 << 10
	maxSources  = 4 // of one kind that a certificate may name
)

// fetcher reaches lists and responders. Only certificates of trusted
// authorities say where, and nothing of what comes is ever shown; still it
// follows no redirect and reaches no link-local address, where clouds keep
// their metadata.
var fetcher = &http.Client{
	Timeout: fetchTime,
	Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second, Control: refuseLinkLocal}).DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 16 << 10,
		IdleConnTimeout:        10 * time.Second,
		MaxIdleConns:           4,
		DisableCompression:     true, // the bound is of what is sent
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirected") },
}

func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Addr().Unmap().IsLinkLocalUnicast() || at.Addr().Unmap().IsMulticast() || at.Addr().Unmap().IsUnspecified() {
		return errors.New("address not allowed")
	}
	return nil
}

// fetch gets a list, or the answer to body. Its errors name the host and
// nothing that came.
func fetch(ctx context.Context, address string, body []byte, limit int64) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, errors.New("address is not of http or https")
	}
	method, reader := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		method, reader = http.MethodPost, bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), reader)
	if err != nil {
		return nil, errors.New("address is not of http or https")
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/ocsp-request")
	}
	request.Header.Set("User-Agent", "guichet")
	response, err := fetcher.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer", u.Host)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %d", u.Host, response.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s breaks off", u.Host)
	case int64(len(content)) > limit:
		return nil, fmt.Errorf("%s sends more than %d bytes", u.Host, limit)
	}
	return content, nil
}
