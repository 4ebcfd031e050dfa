package main

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// Kinds of bodies that could not be read.
var (
	errTooLarge   = errors.New("body too large")
	errOverloaded = errors.New("too many bodies at once")
)

const readStep = 32 << 10

// bodyReader reads bodies into memory, never more than max bytes of one and
// never more than budget bytes of all: what is only announced costs nothing.
type bodyReader struct {
	max    int64
	budget int64
	held   atomic.Int64
}

// read returns the body of r. release gives its bytes back to the budget, and
// is never nil.
func (b *bodyReader) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	var content []byte // the result is nil on an error; what was held is not
	release = func() { b.held.Add(-int64(cap(content))) }
	if r.Body == nil || r.Body == http.NoBody {
		return nil, release, nil
	}
	limited := http.MaxBytesReader(w, r.Body, b.max) // closes the connection behind a body left unread
	for {
		if len(content) == cap(content) {
			grown := 2*cap(content) + readStep
			if b.held.Add(int64(grown-cap(content))) > b.budget {
				b.held.Add(-int64(grown - cap(content)))
				return nil, release, errOverloaded
			}
			content = append(make([]byte, 0, grown), content...)
		}
		n, err := limited.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		if errors.Is(err, io.EOF) {
			return content, release, nil
		}
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, release, errTooLarge
		}
		if err != nil {
			return nil, release, err
		}
	}
}
