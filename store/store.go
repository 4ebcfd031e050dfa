// Package store is the way to PostgreSQL. What may be read or changed is
// decided, and traced, by the functions of the schema guichet (functions/);
// this package calls them, opens what receive hands over, and seals what is
// deposited. Reading is an ask, which commits its trace, and a receive, which
// hands over what that trace names (architecture 2.1); changing is one call.
//
// It trusts PostgreSQL to run those functions and nothing else: rows are
// opened under associated data, and start-up compares the catalogue with what
// this program was built with.
package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"guichet/envelope"
	"guichet/fault"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// TokenSize is the length of a session token in bytes.
const TokenSize = 32

// Request says on whose behalf something is asked: the session's raw token,
// the client's address as the listener claims it, who its peer is, and the
// request that the trace will name.
type Request struct {
	Token   []byte // TokenSize bytes
	Address netip.Addr
	Peer    netip.Addr // at the other end of the listener's connection; may be left out where it is the client
	ID      uuid.UUID
}

// ip writes the client's address, and the peer's where it is another, as the
// array that functions take.
func (r Request) ip() string {
	if peer := r.peer(); peer != nil {
		return "{" + plain(r.Address) + "," + *peer + "}"
	}
	return "{" + plain(r.Address) + "}"
}

// peer is nil where it is the client.
func (r Request) peer() *string {
	if !r.Peer.IsValid() || plain(r.Peer) == plain(r.Address) {
		return nil
	}
	peer := plain(r.Peer)
	return &peer
}

func plain(address netip.Addr) string { return address.Unmap().WithZone("").String() }

// Options say how to reach the database as one role.
type Options struct {
	URL         string // postgres://role@…; over TCP only with sslmode=verify-full (DT7)
	Password    string // empty on a Unix socket with peer authentication
	Connections int    // at most; 0 means 24
	Keys        *envelope.Keyring

	// Verify, if set, has the last word on the certificate that the server
	// shows over TCP, after TLS has verified its chain and its name (AA3.b).
	Verify func(tls.ConnectionState) error
}

// Store serves one role.
type Store struct {
	db   *sqlx.DB
	keys *envelope.Keyring
	asks asker

	networks  *lines[netip.Prefix]
	accounts  *lines[string]
	familiar  familiar
	condemned condemned

	mu         sync.Mutex // guards statements
	statements map[string]*sqlx.Stmt
}

// patience bounds one call. Calls go on when the client has left: a trace is
// not cancelled half way.
const patience = 4 * time.Second

// defaultConnections are enough for a read that waits for the disk more than it
// works.
const defaultConnections = 24

// connectionLife is how long a server whose certificate was revoked may go on
// being spoken to.
const connectionLife = 10 * time.Minute

// Open connects. It does not look at the schema: Check does.
func Open(ctx context.Context, o Options) (*Store, error) {
	db, err := connect(o)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, keys: o.Keys, networks: newLines[netip.Prefix](), accounts: newLines[string](), statements: make(map[string]*sqlx.Stmt)}
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.db.Close() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.db.PingContext(ctx); err != nil {
		return fmt.Errorf("reach database: %w", classify(err))
	}
	return nil
}

// process is this process in every entry that it leaves: its connections bear it
// as their name.
var process = uuid.New()

// connect makes a pool that sends the settings its functions rely on, so that
// a setting left on the role changes nothing.
func connect(o Options) (*sqlx.DB, error) {
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.User == nil {
		return nil, errors.New("database URL: want postgres://role@host/database")
	}
	if _, inURL := u.User.Password(); inURL {
		return nil, errors.New("database URL: a password belongs in its own file")
	}
	q := u.Query()
	if !strings.HasPrefix(q.Get("host"), "/") && q.Get("sslmode") != "verify-full" {
		return nil, errors.New("database URL: over TCP sslmode must be verify-full")
	}
	if strings.HasPrefix(q.Get("host"), "/") {
		q.Set("sslmode", "disable") // a Unix socket; PostgreSQL has no TLS there
	}
	for name, value := range map[string]string{
		"binary_parameters": "yes", "connect_timeout": "3", "synchronous_commit": "on", "statement_timeout": "15s",
		"lock_timeout": "5s", "idle_in_transaction_session_timeout": "5s", "application_name": "guichet " + process.String(),
		// A role may set defaults for itself: these are not its to choose.
		"default_transaction_isolation": "read committed", "default_transaction_read_only": "off",
	} {
		q.Set(name, value)
	}
	if q.Get("sslmode") == "verify-full" && o.Verify != nil {
		if err := verifyFully(q, o.Verify); err != nil {
			return nil, err
		}
	}
	u.RawQuery = q.Encode()
	if o.Password != "" {
		u.User = url.UserPassword(u.User.Username(), o.Password)
	}
	connector, err := pq.NewConnector(u.String())
	if err != nil {
		return nil, errors.New("database URL: not understood") // the driver's text may quote the password
	}
	return sqlx.NewDb(newPool(connector, cmp.Or(o.Connections, defaultConnections)).db, "postgres"), nil
}

// statement prepares query once: an unprepared call costs two round trips.
func (s *Store) statement(ctx context.Context, query string) (*sqlx.Stmt, error) {
	s.mu.Lock()
	known, ok := s.statements[query]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	// Outside the lock: a database that does not answer must not make those
	// wait whose statements are known.
	prepared, err := s.db.PreparexContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", classify(err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.statements[query]; ok { // somebody was quicker
		return first, prepared.Close()
	}
	s.statements[query] = prepared
	return prepared, nil
}

// get runs a query of one row; it returns fault.NotFound when there is none.
func (s *Store) get(ctx context.Context, into any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	st, err := s.statement(ctx, query)
	if err != nil {
		return err
	}
	return classify(st.GetContext(ctx, into, args...))
}

// getter is get, or the same within a transaction.
type getter func(ctx context.Context, into any, query string, args ...any) error

// longPatience bounds a transaction of many calls.
const longPatience = 30 * time.Second

// together runs calls in one transaction: all of them count, or none.
func (s *Store) together(ctx context.Context, calls func(context.Context, getter) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longPatience)
	defer cancel()
	tx, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	defer tx.Rollback() // after a commit it does nothing
	get := func(ctx context.Context, into any, query string, args ...any) error {
		st, err := s.statement(ctx, query)
		if err != nil {
			return err
		}
		return classify(tx.StmtxContext(ctx, st).GetContext(ctx, into, args...))
	}
	if err := calls(ctx, get); err != nil {
		return err
	}
	return classify(tx.Commit())
}

// list runs a query of many rows, to the end: a failure at commit is seen.
func (s *Store) list(ctx context.Context, into any, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	st, err := s.statement(ctx, query)
	if err != nil {
		return err
	}
	return classify(st.SelectContext(ctx, into, args...))
}

// run calls a function that returns nothing.
func (s *Store) run(ctx context.Context, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	st, err := s.statement(ctx, query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	return classify(err)
}

// Codes that the functions raise.
const (
	codeSessionOver = "GU001"
	codeNotDurable  = "GU002"
	codeAltered     = "GU003"
	codeAgain       = "GU004"
	codePart        = "GU005"
	codeNewer       = "GU006"
	codeNotText     = "22P02" // PostgreSQL's own: text that is no value of a type
)

var (
	errNotDurable = errors.New("entry is not durable yet")
	errAgain      = errors.New("another connection was first")
	errHeld       = errors.New("another connection holds the row")
)

// classify says what a driver's error means. Its text is dropped: it may quote
// values.
func classify(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, errors.New("no row"))
	}
	pqErr, ok := errors.AsType[*pq.Error](err)
	if !ok { // no answer: the connection broke, or patience ran out
		return fault.New(fault.Unavailable, errors.New("database does not answer"))
	}
	switch code := string(pqErr.Code); {
	case code == codeSessionOver:
		return fault.New(fault.Ended, errors.New("session is over"))
	case code == codeNotDurable:
		return fault.New(fault.Unavailable, errNotDurable)
	case code == codeAltered:
		return fault.New(fault.Tampered, errors.New("stored data does not match its trace"))
	case code == codeNewer:
		return &Withheld{Reason: "newer-stored"}
	case code == codePart:
		return &Withheld{Reason: "part-of-report"}
	case code == codeNotText:
		return fault.New(fault.Invalid, errors.New("not a value of its type"))
	case code == codeAgain, code == "40P01", code == "40001": // a deadlock's or a conflict's loser
		return fault.New(fault.Conflict, errAgain)
	case code == "55P03":
		return fault.New(fault.Unavailable, errHeld)
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "25006"), code == "57014":
		return fault.New(fault.Unavailable, fmt.Errorf("database unavailable: SQLSTATE %s", code))
	default:
		return fmt.Errorf("database refused: SQLSTATE %s", code)
	}
}
