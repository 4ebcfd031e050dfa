package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"guichet/fault"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// question is what is asked for: the function guichet.ask_KIND, and what some
// of them take beside the request.
type question struct {
	kind   string
	id     uuid.UUID // of report and original
	number int64     // of access_log and proof
	code   []byte    // of trend, patient and accounts: a blind index
	text   string    // of identity
	log    *logPage  // of access_log, where it is not the usual page
}

// alone is the call for one question.
func (q question) alone(req Request) (query string, args []any) {
	query, args = `SELECT guichet.ask_`+q.kind+`($1, $2, $3`, []any{req.Token, req.ip(), req.ID}
	switch q.kind {
	case "report", "original", "quarantine", "quarantined":
		return query + `, $4)`, append(args, q.id)
	case "access_log":
		page := logPage{most: AccessLogPage}
		if q.log != nil {
			page = *q.log
		}
		var since *time.Time
		if !page.Since.IsZero() {
			since = &page.Since
		}
		return query + `, $4, $5, $6, $7, $8, $9)`, append(args, q.number, page.most, page.Others, page.Act, since, page.Months)
	case "proof":
		return query + `, $4)`, append(args, q.number)
	case "identity":
		return query + `, $4)`, append(args, q.text)
	case "trend", "patient", "accounts":
		return query + `, $4)`, append(args, q.code)
	}
	return query + `)`, args
}

// asker lets questions that wait go together: while one call is in flight the
// others queue, and go as one when it has come back. A page that is read alone
// does not wait for anybody.
type asker struct {
	mu      sync.Mutex
	flights int // calls in flight
	queue   []*asked
}

// asked is a question on its way.
type asked struct {
	question
	req   Request
	entry int64
	err   error
	done  chan struct{} // closed when entry or err is there
}

const (
	maxFlights = 1  // calls in flight
	maxAsked   = 32 // questions in a call; ask_many takes 100
)

// ask returns the entry that the question has left.
func (s *Store) ask(req Request, q question) (int64, error) {
	a := &asked{question: q, req: req, done: make(chan struct{})}
	if q.log != nil { // ask_many has no place for it
		s.askAlone(a)
		return a.entry, a.err
	}
	s.asks.mu.Lock()
	s.asks.queue = append(s.asks.queue, a)
	if s.asks.flights < maxFlights {
		s.asks.flights++
		go s.flyAsks()
	}
	s.asks.mu.Unlock()
	<-a.done
	return a.entry, a.err
}

// flyAsks asks until nobody waits.
func (s *Store) flyAsks() {
	for {
		s.asks.mu.Lock()
		n := min(len(s.asks.queue), maxAsked)
		batch := s.asks.queue[:n:n]
		s.asks.queue = s.asks.queue[n:]
		if n == 0 {
			s.asks.flights--
			s.asks.queue = nil
			s.asks.mu.Unlock()
			return
		}
		s.asks.mu.Unlock()
		s.fly(batch)
	}
}

// fly asks a batch in one call. Should that fail, each question is asked alone,
// so that none suffers for another; an entry that was left twice says no less.
func (s *Store) fly(batch []*asked) {
	if len(batch) == 1 {
		s.askAlone(batch[0])
		return
	}
	entries, err := s.askTogether(batch)
	if err != nil {
		for _, a := range batch {
			go s.askAlone(a)
		}
		return
	}
	for i, a := range batch {
		if a.entry = entries[i]; a.entry == 0 {
			a.err = fault.New(fault.Invalid, errors.New("ask: not a question"))
		}
		close(a.done)
	}
}

// askAlone and askTogether go on when a client has left: a trace is not
// cancelled half way.
func (s *Store) askAlone(a *asked) {
	query, args := a.alone(a.req)
	a.err = s.get(context.Background(), &a.entry, query, args...)
	close(a.done)
}

func (s *Store) askTogether(batch []*asked) ([]int64, error) {
	var kinds, ips, requests, ids pq.StringArray
	var peers []*string
	var tokens, codes pq.ByteaArray
	var numbers pq.Int64Array
	for _, a := range batch {
		kinds, tokens, ips, requests = append(kinds, a.kind), append(tokens, a.req.Token), append(ips, plain(a.req.Address)), append(requests, a.req.ID.String())
		peers = append(peers, a.req.peer())
		ids, numbers, codes = append(ids, a.id.String()), append(numbers, a.number), append(codes, orEmpty(a.code))
	}
	var entries pq.Int64Array
	if err := s.get(context.Background(), &entries, `SELECT guichet.ask_many($1, $2, $3, $4, $5, $6, $7, $8)`, kinds, tokens, ips, pq.Array(peers), requests, ids, numbers, codes); err != nil {
		return nil, err
	}
	if len(entries) != len(batch) {
		return nil, fmt.Errorf("ask: %d entries for %d questions", len(entries), len(batch))
	}
	return entries, nil
}
