package store

import (
	"context"
	"errors"
	"sync"
	"time"
)

// condemned are sessions in which something went wrong, and which the database
// could not be told to end (DT8): kept until it can. They are lost with the
// process; the browser has lost its cookie by then.
type condemned struct {
	mu    sync.Mutex
	known map[[TokenSize]byte]sentence
	full  bool // more came than fit: nothing at all is opened until the list has been served
}

type sentence struct {
	req Request
	at  time.Time
}

// maxCondemned bounds the list.
const maxCondemned = 1 << 16

func (c *condemned) add(req Request) {
	if len(req.Token) != TokenSize {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[[TokenSize]byte]sentence)
	}
	if len(c.known) >= maxCondemned {
		c.full = true
		return
	}
	c.known[[TokenSize]byte(req.Token)] = sentence{req: req, at: time.Now()}
}

// since says whether the session of a token may not be opened, and since when.
func (c *condemned) since(token []byte) (time.Time, bool) {
	if len(token) != TokenSize {
		return time.Time{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.known[[TokenSize]byte(token)]; ok {
		return s.at, true
	}
	return time.Now(), c.full
}

func (c *condemned) waiting() []sentence {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]sentence, 0, len(c.known))
	for _, s := range c.known {
		all = append(all, s)
	}
	return all
}

func (c *condemned) served(req Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, [TokenSize]byte(req.Token))
	c.full = c.full && len(c.known) > 0
}

// endCondemned ends what could not be ended when it should have been.
func (s *Store) endCondemned(ctx context.Context) error {
	var failed error
	for _, one := range s.condemned.waiting() {
		if err := s.endSession(ctx, one.req, "error"); err != nil {
			failed = errors.Join(failed, err)
			break // the others would fare no better
		}
		s.condemned.served(one.req)
	}
	return failed
}
