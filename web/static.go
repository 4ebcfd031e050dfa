package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static/style.css static/session.js static/favicon.svg static/source-sans-3-latin-wght-normal.woff2
var staticFiles embed.FS

const (
	styleFile  = "style.css"
	scriptFile = "session.js"
	iconFile   = "favicon.svg"
	fontFile   = "source-sans-3-latin-wght-normal.woff2"
)

// staticPath is where the handler of Static expects to be mounted.
const staticPath = "/static/"

// static holds every file in memory under a name made of its content, so that
// a browser may keep it for ever.
type static struct {
	files      map[string]staticFile // by path
	styleHref  string
	scriptHref string
	iconHref   string
	fontHref   string
}

type staticFile struct {
	contentType string
	plain       []byte
	gzipped     []byte // nil where compression gains nothing
}

func newStatic() (*static, error) {
	s := &static{files: make(map[string]staticFile)}
	var err error
	if s.fontHref, err = s.add(fontFile, "font/woff2", nil); err != nil {
		return nil, err
	}
	if s.iconHref, err = s.add(iconFile, "image/svg+xml", nil); err != nil {
		return nil, err
	}
	if s.scriptHref, err = s.add(scriptFile, "text/javascript; charset=utf-8", nil); err != nil {
		return nil, err
	}
	// The style sheet names the font by content too, and has the words that
	// stand before the cells of each row of a report: once, not in each row.
	edits := []string{fontFile, path.Base(s.fontHref)}
	for _, code := range []Language{French, English} {
		t, err := readTexts(code)
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		edits = append(edits, "[[interval."+string(code)+"]]", t.said.Result.Interval, "[[previous."+string(code)+"]]", t.said.Result.Previous)
	}
	s.styleHref, err = s.add(styleFile, "text/css; charset=utf-8", strings.NewReplacer(edits...))
	return s, err
}

// squeeze leaves out of a style sheet or a script what only the people who
// change it need: lines of comment, and indentation.
func squeeze(source []byte) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(string(source)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/*") && strings.HasSuffix(line, "*/") {
			continue
		}
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}

// add takes in one embedded file and returns the path it is served under.
func (s *static) add(name, contentType string, edit *strings.Replacer) (href string, err error) {
	plain, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		return "", err
	}
	if edit != nil {
		plain = []byte(edit.Replace(string(plain)))
	}
	if strings.HasPrefix(contentType, "text/") {
		plain = squeeze(plain)
	}
	f := staticFile{contentType: contentType, plain: plain}
	if !strings.HasPrefix(contentType, "font/") {
		if f.gzipped, err = compress(plain); err != nil {
			return "", fmt.Errorf("compress %s: %w", name, err)
		}
	}
	sum := sha256.Sum256(plain)
	ext := path.Ext(name)
	href = staticPath + strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:8]) + ext
	s.files[href] = f
	return href, nil
}

func compress(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Static serves GET and HEAD of /static/<name>-<hash>.<ext>.
func (w *Web) Static() http.Handler { return w.static }

func (s *static) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	f, known := s.files[r.URL.Path]
	if !known || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		notFoundPlainly(rw)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	body := f.plain
	if f.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = rw.Write(body) // fails when the client has left
	}
}

// notFoundPlainly answers what no page of ours links to, so it needs no page.
func notFoundPlainly(rw http.ResponseWriter) {
	const body = "Fichier introuvable.\n"
	h := rw.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(http.StatusNotFound)
	_, _ = rw.Write([]byte(body))
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3). The wildcard is left
// alone: without gzip by name the plain file is always right.
func acceptsGzip(values []string) bool {
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			name, weight, weighted := strings.Cut(coding, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			if !weighted {
				return true
			}
			_, q, _ := strings.Cut(weight, "=")
			quality, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return err == nil && quality > 0
		}
	}
	return false
}
