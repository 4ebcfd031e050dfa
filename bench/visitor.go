package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// visitor is a browser with one kept connection. It does as little as it can,
// since it takes its time from the server it measures.
type visitor struct {
	conn *tls.Conn
	in   *bufio.Reader
}

func visit(address string, config *tls.Config) (*visitor, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: startLimit}, "tcp", address, config)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return &visitor{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// get sends a request and reads the answer, which must be 200. It returns its
// size with its header; the body is kept where into is not nil.
func (v *visitor) get(request []byte, into *bytes.Buffer) (size int, err error) {
	if _, err := v.conn.Write(request); err != nil {
		return 0, fmt.Errorf("send request: %w", err)
	}
	length := -1
	for first := true; ; first = false {
		line, err := v.in.ReadSlice('\n')
		if err != nil {
			return 0, fmt.Errorf("read answer: %w", err)
		}
		size += len(line)
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
			return 0, fmt.Errorf("answer: %s", bytes.TrimSpace(line))
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, fmt.Errorf("read answer: %w", err)
			}
		}
		if len(line) == 2 {
			break
		}
	}
	if length < 0 {
		return 0, errors.New("read answer: no length")
	}
	if into == nil {
		_, err = v.in.Discard(length)
	} else {
		_, err = io.CopyN(into, v.in, int64(length))
	}
	if err != nil {
		return 0, fmt.Errorf("read answer: %w", err)
	}
	return size + length, nil
}

func (v *visitor) leave() error { return v.conn.Close() }

// crowd is some visitors to one listener, each reading one page again and
// again.
type crowd struct {
	visitors []*visitor
	requests [][]byte
}

// gather connects n visitors.
func (g *ground) gather(listener string, n int) (*crowd, error) {
	config, err := g.clientTLS("waf").Config()
	if err != nil {
		return nil, err
	}
	c := &crowd{}
	for i := range n {
		v, err := visit(g.ports[listener], config)
		if err != nil {
			return nil, errors.Join(err, c.disperse())
		}
		c.visitors = append(c.visitors, v)
		r := &g.readers[i%len(g.readers)]
		c.requests = append(c.requests, g.request("/reports/"+r.report.String(), r.cookie))
	}
	return c, nil
}

func (c *crowd) disperse() error {
	var err error
	for _, v := range c.visitors {
		err = errors.Join(err, v.leave())
	}
	return err
}

// request is what a browser sends.
func (g *ground) request(path, cookie string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: " + g.publicHost() + "\r\nCookie: " + cookie +
		"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" +
		"\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: fr,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br" +
		"\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n\r\n")
}

// yield is what a crowd got in a while.
type yield struct {
	pages int
	took  time.Duration
	waits []time.Duration // of each page
}

func (y yield) rate() float64 { return float64(y.pages) / y.took.Seconds() }

// read lets the crowd read for a while. A page that is not answered with 200
// ends it.
func (c *crowd) read(ctx context.Context, window time.Duration) (yield, error) {
	began := time.Now()
	until := began.Add(window)
	waits := make([][]time.Duration, len(c.visitors))
	group, ctx := errgroup.WithContext(ctx)
	for i, v := range c.visitors {
		group.Go(func() error {
			for from := time.Now(); from.Before(until) && ctx.Err() == nil; {
				if _, err := v.get(c.requests[i], nil); err != nil {
					return err
				}
				now := time.Now()
				waits[i] = append(waits[i], now.Sub(from))
				from = now
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return yield{}, err
	}
	y := yield{took: time.Since(began)}
	for _, w := range waits {
		y.pages += len(w)
		y.waits = append(y.waits, w...)
	}
	return y, nil
}
