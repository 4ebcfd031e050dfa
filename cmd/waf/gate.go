package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
)

// gate is the one way in: it refuses what is not for the portal, has the rest
// judged by the firewall, and passes on what was not refused. What fails on the
// way is refused too.
type gate struct {
	host     string // of the public URL, as browsers send it
	proxies  trustedProxies
	bodies   *bodyReader
	firewall *firewall
	portal   http.Handler
	log      *slog.Logger
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{id: uuid.NewString(), client: g.proxies.client(r), started: time.Now()}
	answer := &recorder{ResponseWriter: w}
	defer func() {
		cause := recover()
		aborted := cause == http.ErrAbortHandler //nolint:errorlint // a sentinel, compared as net/http does
		if cause != nil && !aborted {
			// The value may quote the request; its place in the code does not.
			g.log.Error("panic", "request_id", x.id, "stack", string(debug.Stack()))
			x.failure = "panic"
			if answer.status == 0 {
				pageUnavailable.write(answer, reference(x.id))
			}
		}
		if aborted {
			x.failure = "answer cut short"
		}
		g.record(r, x, answer)
		if cause != nil {
			panic(http.ErrAbortHandler) // closes the connection, without a second log line
		}
	}()
	g.serve(answer, r, x)
}

func (g *gate) serve(w http.ResponseWriter, r *http.Request, x *exchange) {
	if !strings.EqualFold(strings.TrimSuffix(r.Host, defaultPort), g.host) {
		g.answer(w, x, pageMisdirected)
		return
	}
	if !wellFormed(r) {
		g.answer(w, x, pageMisunderstood)
		return
	}
	if !framedByLength(r) {
		w.Header().Set("Connection", "close")
	}
	if r.ContentLength > g.bodies.max {
		w.Header().Set("Connection", "close")
		g.answer(w, x, pageTooLarge)
		return
	}
	release := func() {}
	defer func() { release() }()
	judged, err := g.firewall.inspect(r, x.client, func() (content []byte, err error) {
		content, release, err = g.bodies.read(w, r)
		x.body = content
		return content, err
	})
	x.verdict = judged
	switch {
	case err != nil:
		g.answer(w, x, pageFor(err, x))
	case judged.refused:
		g.answer(w, x, pageRefused)
	default:
		g.portal.ServeHTTP(w, r.WithContext(x.in(r.Context())))
	}
}

func (g *gate) answer(w http.ResponseWriter, x *exchange, p page) { p.write(w, reference(x.id)) }

// pageFor tells a body that cannot be read from a firewall that cannot judge.
func pageFor(err error, x *exchange) page {
	if errors.Is(err, errTooLarge) {
		return pageTooLarge
	}
	if errors.Is(err, errOverloaded) {
		x.failure = err.Error()
		return pageUnavailable
	}
	if isTimeout(err) || errors.Is(err, context.Canceled) {
		x.failure = "body not received"
		return pageTimedOut
	}
	x.failure = "not inspected"
	return pageMisunderstood
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

// wellFormed wants a target that means the same here and behind us: an
// absolute path that net/http will write as it was read, and a query it can
// parse. A browser sends no other.
func wellFormed(r *http.Request) bool {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") || path != r.URL.EscapedPath() || strings.HasPrefix(path, "//") {
		return false
	}
	_, err := url.ParseQuery(query)
	return err == nil
}

// framedByLength reports whether where r ends is beyond doubt. Every browser
// says the length of what it sends by HTTP/1; where it is missing, or chunks
// stand for it, another proxy may see the end elsewhere than we do, and what
// follows must not be read as a request.
func framedByLength(r *http.Request) bool {
	if r.ProtoMajor != 1 {
		return true
	}
	bare := r.Method == http.MethodGet || r.Method == http.MethodHead
	return len(r.TransferEncoding) == 0 && (bare || r.Header.Get("Content-Length") != "")
}

const maxLoggedMethod = 10

// record writes the one line a request leaves: no query, no header, no body,
// no path but the portal's own, and of the firewall's findings only the numbers of the rules.
func (g *gate) record(r *http.Request, x *exchange, answer *recorder) {
	level := slog.LevelInfo
	if x.verdict.refused || x.failure != "" {
		level = slog.LevelWarn
	}
	attributes := []slog.Attr{
		slog.String("request_id", x.id),
		slog.String("reference", reference(x.id)),
		slog.String("client", x.client.String()),
		slog.String("method", shortened(r.Method, maxLoggedMethod)),
		slog.String("path", loggedPath(r.URL.Path)),
		slog.Int("status", answer.status),
		slog.Int64("bytes", answer.bytes),
		slog.Float64("duration_ms", float64(time.Since(x.started).Microseconds())/1000),
		slog.Bool("refused", x.verdict.refused),
	}
	if len(x.verdict.rules) > 0 {
		attributes = append(attributes, slog.Any("rules", x.verdict.rules))
	}
	if x.failure != "" {
		attributes = append(attributes, slog.String("failure", x.failure))
	}
	g.log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attributes...)
}

func shortened(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return strings.ToValidUTF8(text[:length], "") + "…"
}
