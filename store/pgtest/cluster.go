// Package pgtest runs a private PostgreSQL cluster from the server programs of
// the distribution, for the demo and for tests.
//
// It trusts the programs in Options.Bin and the parents of the folders it is
// given. It promises that the cluster is reached by nobody but its starter, that
// it ends with the process that started it, that what was committed survives
// any kill, and that no statement or value is written to its log.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	defaultPort = 5432 // names the socket only, unless TLS is asked for

	startLimit = 2 * time.Minute  // recovery after a crash included
	stopLimit  = 30 * time.Second // fast shutdown writes a checkpoint
	quitLimit  = 10 * time.Second // the server kills what hangs after 5 s
	poll       = 20 * time.Millisecond

	// sun_path holds 108 bytes, the closing zero and "/.s.PGSQL.65535" included.
	longestSockets = 107 - len("/.s.PGSQL.65535")
)

// Options say what cluster to run. The zero value is a throw-away cluster.
type Options struct {
	Bin      string            // server programs; default: the newest /usr/lib/postgresql/*/bin
	Data     string            // cluster folder, made by initdb where absent; default: temporary
	Sockets  string            // folder of the socket, at most 92 bytes; default: temporary
	TLS      *TLSFiles         // listen on 127.0.0.1 too, with client certificates
	Port     int               // default: 5432, or a free one with TLS
	Settings map[string]string // of postgresql.conf, over our own
	Primary  *Cluster          // to follow, as a hot standby that names itself "standby"
	Log      io.Writer         // what the server says; default: nowhere
}

// TLSFiles are PEM files: the server's certificate and key, and the authority
// of the client certificates, whose common name must be the role.
type TLSFiles struct {
	CA, Certificate, Key string
}

// Cluster is one PostgreSQL server and its data.
type Cluster struct {
	bin, data, sockets string
	port               int
	tls                *TLSFiles
	settings           map[string]string
	primary            *Cluster
	log                io.Writer
	account            account
	temporary          *temporary // nil when the caller named both folders

	mu     sync.Mutex // guards server
	server *Process
}

// Start makes the cluster where it does not exist, starts it and waits until
// it accepts connections.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c, err := newCluster(o)
	if err != nil {
		return nil, err
	}
	if err := c.create(ctx); err != nil {
		return nil, errors.Join(err, c.temporary.remove())
	}
	if err := c.Restart(ctx); err != nil {
		return nil, errors.Join(err, c.temporary.remove())
	}
	return c, nil
}

// newCluster resolves what o leaves open.
func newCluster(o Options) (*Cluster, error) {
	if len(o.Sockets) > longestSockets {
		return nil, fmt.Errorf("the socket folder %s is too long for a Unix socket (at most %d bytes)", o.Sockets, longestSockets)
	}
	if !filepath.IsAbs(o.Data) && o.Data != "" {
		return nil, fmt.Errorf("the data folder %s is not an absolute path", o.Data)
	}
	bin, err := programs(o.Bin)
	if err != nil {
		return nil, err
	}
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		bin: bin, data: o.Data, sockets: o.Sockets, port: o.Port,
		tls: o.TLS, settings: o.Settings, primary: o.Primary, log: o.Log, account: owner,
	}
	if c.log == nil {
		c.log = io.Discard
	}
	if c.port == 0 {
		if c.port, err = choosePort(o.TLS != nil); err != nil {
			return nil, err
		}
	}
	if c.data == "" || c.sockets == "" {
		if c.temporary, err = makeTemporary(); err != nil {
			return nil, err
		}
		if c.data == "" {
			c.data = filepath.Join(c.temporary.path, "data")
		}
		if c.sockets == "" {
			c.sockets = filepath.Join(c.temporary.path, "s")
		}
	}
	return c, nil
}

func choosePort(tcp bool) (int, error) {
	if !tcp {
		return defaultPort, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("release free port: %w", err)
	}
	return port, nil
}

// URL says how role reaches database over the Unix socket. The superuser
// "postgres" and "guichet_owner" need no password there (peer); others do, and
// it is not part of the URL.
func (c *Cluster) URL(role, database string) string {
	host := strings.ReplaceAll(url.QueryEscape(c.sockets), "%2F", "/")
	u := url.URL{
		Scheme: "postgres", User: url.User(role), Path: "/" + database,
		RawQuery: "host=" + host + "&port=" + strconv.Itoa(c.port),
	}
	return u.String()
}

// TLSURL says how role reaches database over TLS; the caller adds its
// certificate and the authority. It is empty where TLS was not asked for.
func (c *Cluster) TLSURL(role, database string) string {
	if c.tls == nil {
		return ""
	}
	u := url.URL{
		Scheme: "postgres", User: url.User(role), Path: "/" + database,
		Host:     net.JoinHostPort("localhost", strconv.Itoa(c.port)),
		RawQuery: "sslmode=verify-full",
	}
	return u.String()
}

// Data is the cluster's folder.
func (c *Cluster) Data() string { return c.data }

// Bin is the folder of the server's programs, psql and pg_dump among them.
func (c *Cluster) Bin() string { return c.bin }

// PID is the process number of the server.
func (c *Cluster) PID() int { return c.current().PID() }

// Done is closed when the server that runs now has ended, for whatever reason.
func (c *Cluster) Done() <-chan struct{} { return c.current().Done() }

func (c *Cluster) current() *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server
}

// Restart starts the server again after Kill, Stop of a lasting cluster, or its
// own death, and waits until it accepts connections. What a killed
// predecessor left behind is waited for or cleared away.
func (c *Cluster) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, errors.New("PostgreSQL did not accept connections in time"))
	defer cancel()
	if err := c.configure(ctx); err != nil {
		return err
	}
	for {
		err := c.launch(ctx)
		if err == nil || !errors.Is(err, errInUse) {
			return err
		}
		if err := clearPredecessor(c.data); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start postgres: %w: %w", context.Cause(ctx), err)
		case <-time.After(5 * poll):
		}
	}
}

// Stop ends the server in order: open connections are cut, everything is
// written. Temporary folders are removed.
func (c *Cluster) Stop() error {
	server := c.current()
	err := server.End(syscall.SIGINT, stopLimit)
	if err != nil {
		err = errors.Join(err, server.End(syscall.SIGQUIT, quitLimit))
	}
	if !server.ended() {
		err = errors.Join(err, c.Kill())
	}
	return errors.Join(err, c.temporary.remove())
}

// Kill is a crash: every process of the server gets SIGKILL, and is gone when
// Kill returns. The folders stay, for Restart.
func (c *Cluster) Kill() error {
	server := c.current()
	// A stopped postmaster forks no new backend behind our back.
	if err := server.signal(syscall.SIGSTOP); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop postmaster: %w", err)
	}
	deadline := time.After(quitLimit)
	for {
		members := processesIn(c.data)
		if len(members) == 0 && server.ended() {
			return nil
		}
		for _, pid := range members {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill postgres process: %w", err)
			}
		}
		select {
		case <-deadline:
			return errors.New("kill postgres: its processes are still there")
		case <-time.After(poll):
		}
	}
}
