package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"github.com/lib/pq"
)

// codeTooMany is PostgreSQL's answer where the role, the database or the server
// has no connection left, as when several processes share them.
const codeTooMany = "53300"

const (
	// fewerFor is how long a pool makes do with the connections it could get.
	fewerFor = 10 * time.Second
	idleLife = 2 * time.Minute
)

// pool is a connector whose calls wait for a connection that others use where
// the server has no more to give, instead of failing.
type pool struct {
	driver.Connector
	most int
	db   *sql.DB

	mu      sync.Mutex
	allowed int // connections
	opening int
}

// newPool returns a pool of at most so many connections.
func newPool(c driver.Connector, most int) *pool {
	p := &pool{Connector: c, most: most, allowed: most}
	p.db = sql.OpenDB(p)
	p.db.SetMaxOpenConns(most)
	p.db.SetMaxIdleConns(most)
	p.db.SetConnMaxLifetime(connectionLife)
	p.db.SetConnMaxIdleTime(idleLife) // others may need it more
	return p
}

// Connect implements [driver.Connector].
func (p *pool) Connect(ctx context.Context) (driver.Conn, error) {
	p.mu.Lock()
	p.opening++
	p.mu.Unlock()
	c, err := p.Connector.Connect(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if refusal, ok := errors.AsType[*pq.Error](err); ok && refusal.Code == codeTooMany && p.shrink() {
		err = driver.ErrBadConn // database/sql tries again, and waits in line
	}
	p.opening--
	return c, err
}

// shrink allows no more connections than there are. It reports whether there
// are any to wait for.
func (p *pool) shrink() bool {
	open := p.db.Stats().OpenConnections - p.opening
	if open < 1 && p.opening < 2 {
		return false
	}
	if p.allowed == p.most {
		time.AfterFunc(fewerFor, p.grow)
	}
	p.allowed = max(1, min(p.allowed, open))
	p.db.SetMaxOpenConns(p.allowed)
	return true
}

// grow allows as many as at first: others may have left theirs.
func (p *pool) grow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = p.most
	p.db.SetMaxOpenConns(p.most)
	p.db.SetMaxIdleConns(p.most) // shrinking took these along
}
