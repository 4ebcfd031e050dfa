package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"syscall"
	"time"
)

const copyBuffer = 32 << 10

// newTransport reaches the portal, with mutual TLS. HTTP/1.1 with kept
// connections: what is written is always framed by us, whatever the client
// spoke. No proxy variable of the environment is heeded.
func newTransport(config *tls.Config) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // answers pass as they are
		Protocols:              &protocols,
	}
}

// newProxy passes exchanges on to upstream.
func newProxy(upstream *url.URL, transport http.RoundTripper, errorLog *log.Logger, unavailable func(http.ResponseWriter, *exchange)) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:  transport,
		BufferPool: &clearedBuffers{},
		ErrorLog:   errorLog,
		Rewrite: func(p *httputil.ProxyRequest) {
			x := exchangeOf(p.In.Context())
			p.Out.URL.Scheme, p.Out.URL.Host = upstream.Scheme, upstream.Host
			p.Out.URL.RawQuery = p.In.URL.RawQuery // httputil drops parameters it cannot parse; the firewall saw them
			p.Out.Host = p.In.Host                 // the portal compares it with Origin
			strip(p.Out.Header)
			vouch(p.Out.Header, x.client, p.In.Host, x.id)
			setBody(p.Out, x.body)
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			x := exchangeOf(r.Context())
			x.failure = causeOf(err)
			unavailable(w, x)
		},
	}
}

// setBody sends the body that was inspected, at its exact length: no chunks, no
// trailers. It can be read again if a kept connection turns out to be closed.
func setBody(out *http.Request, body []byte) {
	out.TransferEncoding, out.Trailer = nil, nil
	out.ContentLength = int64(len(body))
	if len(body) == 0 {
		out.Body, out.GetBody = http.NoBody, nil
		return
	}
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	out.Body = io.NopCloser(bytes.NewReader(body))
}

// causeOf says why the portal gave no answer. It never repeats the error's own
// text, which may quote an answer's first line.
func causeOf(err error) string {
	if errors.Is(err, context.Canceled) {
		return "client gone"
	}
	if timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && timeout.Timeout() {
		return "timeout"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "certificate not trusted"
	}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		return alert.Error()
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		if number, ok := errors.AsType[syscall.Errno](err); ok {
			return fmt.Sprintf("%s: %s", operation.Op, number.Error())
		}
		return operation.Op
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "connection closed"
	}
	return "no valid answer"
}

// clearedBuffers lends buffers for copying answers, and wipes them when they
// come back: they held health data (DT5).
type clearedBuffers struct{ pool sync.Pool }

func (b *clearedBuffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[copyBuffer]byte); ok {
		return buffer[:]
	}
	return make([]byte, copyBuffer)
}

func (b *clearedBuffers) Put(buffer []byte) {
	clear(buffer)
	if len(buffer) == copyBuffer {
		b.pool.Put((*[copyBuffer]byte)(buffer))
	}
}
