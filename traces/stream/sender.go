package stream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"guichet/fault"
)

// What a Sender does where its options say nothing.
const (
	defaultTimeout  = 30 * time.Second
	defaultAttempts = 5
	defaultPause    = 500 * time.Millisecond
	longestPause    = 10 * time.Second
)

// SenderOptions are to whom, and as whom, a Sender sends.
type SenderOptions struct {
	Address  string        // host:port
	TLS      *tls.Config   // our certificate, whom we trust, the receiver's name where it is not the host
	Timeout  time.Duration // of the connection, of each write, and of the receiver's end of it; 0: 30 s
	Attempts int           // 0: 5
	Pause    time.Duration // before the second attempt; doubled before each other, up to 10 s; 0: 500 ms
}

// Sender sends lines of syslog over TLS (RFC 5425). It keeps nothing: what it
// could not send is the caller's to send again.
//
// Syslog has no acknowledgement: what is written to a connection may lie unread
// in a buffer when the receiver dies, or, under TLS 1.3, when it has yet to refuse
// our certificate. So each call of Send has a connection of its own, and ends it:
// the receiver answers our close_notify with its own (RFC 5425, 4.4) when it has
// read all that stood before. What it does with that, no sender of syslog can know.
type Sender struct {
	options SenderOptions
	wait    func(context.Context, time.Duration) error
}

// NewSender refuses a configuration of TLS that does not verify the receiver, or
// has nothing to show it.
func NewSender(o SenderOptions) (*Sender, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("configure sender: %w", err)
	}
	if o.TLS == nil || o.TLS.InsecureSkipVerify {
		return nil, errors.New("configure sender: the receiver would not be verified")
	}
	if len(o.TLS.Certificates) == 0 && o.TLS.GetClientCertificate == nil {
		return nil, errors.New("configure sender: no certificate to show")
	}
	o.TLS = o.TLS.Clone()
	o.TLS.MinVersion = max(o.TLS.MinVersion, tls.VersionTLS12)
	o.TLS.ClientSessionCache = nil // a resumed connection is not verified anew
	if o.TLS.ServerName == "" {
		o.TLS.ServerName = host
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.Pause <= 0 {
		o.Pause = defaultPause
	}
	return &Sender{options: o, wait: pause}, nil
}

// Send sends lines in order and returns nil when the receiver has read them all.
// On an error, it may have read some: whoever sends them all again loses none, and
// the number of the entry shows which came twice. A call ends within the time that
// the options give it. Calls one after the other keep their order.
func (s *Sender) Send(ctx context.Context, lines ...[]byte) error {
	if len(lines) == 0 {
		return nil
	}
	wait := s.options.Pause
	for attempt := 1; ; attempt++ {
		err := s.try(ctx, lines)
		if err == nil {
			return nil
		}
		if attempt < s.options.Attempts && s.wait(ctx, wait) == nil {
			wait = min(2*wait, longestPause)
			continue
		}
		return fault.New(fault.Unavailable, fmt.Errorf("send traces: %w", err))
	}
}

// try sends the lines over one connection.
func (s *Sender) try(ctx context.Context, lines [][]byte) error {
	dialer := net.Dialer{Timeout: s.options.Timeout}
	raw, err := dialer.DialContext(ctx, "tcp", s.options.Address)
	if err != nil {
		return err
	}
	defer raw.Close()
	defer context.AfterFunc(ctx, func() { _ = raw.Close() })()
	watched := &watched{Conn: raw}
	conn := tls.Client(watched, s.options.TLS)
	s.extend(conn)
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	for _, line := range lines {
		s.extend(conn)
		if _, err := conn.Write(frame(line)); err != nil {
			return err
		}
	}
	s.extend(conn)
	return confirm(conn, watched)
}

func (s *Sender) extend(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(s.options.Timeout)) // a connection that has no deadline to set is closed: the next call says so
}

// watched notes that the other end is done with TCP: crypto/tls tells no more
// than io.EOF of that and of close_notify.
type watched struct {
	net.Conn
	ended bool // read and written by whoever reads
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.ended = w.ended || errors.Is(err, io.EOF)
	return n, err
}

// frame counts the line's octets before it (RFC 5425, 4.3).
func frame(line []byte) []byte {
	return append(strconv.AppendInt(nil, int64(len(line)), 10), append([]byte{' '}, line...)...)
}

// confirm says that we are done, and returns nil when the receiver said so after
// it had read everything. A receiver that was about to stop may have said so of
// itself: then what was on its way is not acknowledged, and what it has not read
// makes its system reset the connection.
func confirm(conn *tls.Conn, raw *watched) error {
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	switch n, err := conn.Read(make([]byte, 1)); {
	case n > 0:
		return errors.New("the receiver answers: it is none of syslog")
	case err != io.EOF:
		return err
	case raw.ended: // which anybody on the way can bring about
		return errors.New("the receiver closed without close_notify")
	}
	tcp, ok := raw.Conn.(*net.TCPConn)
	if !ok {
		return errors.New("not a connection of TCP")
	}
	switch left, err := unacknowledged(tcp); {
	case err != nil:
		return err
	case left > 0:
		return errors.New("the receiver closed before it had everything")
	}
	if err := tcp.CloseWrite(); err != nil {
		return err
	}
	switch n, err := tcp.Read(make([]byte, 1)); {
	case n > 0:
		return errors.New("the receiver goes on after its end")
	case err != io.EOF:
		return fmt.Errorf("the receiver closed before it had read everything: %w", err)
	}
	return nil
}

// pause waits for d, or for the end of ctx, whose error it returns.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
