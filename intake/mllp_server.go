package intake

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Limits of a Server that states none.
const (
	defaultMaxMessage     = 20 << 20
	defaultIdleTimeout    = 10 * time.Minute
	defaultMessageTimeout = 30 * time.Second
	defaultMaxConnections = 512

	defaultHandshakeTimeout = 5 * time.Second
	defaultRecheckEvery     = time.Minute
)

// Peer is the system at the other end of a connection.
type Peer struct {
	Address     netip.AddrPort
	Certificate *x509.Certificate // verified in the handshake
}

// A Server takes HL7 messages over MLLP. Set its fields before Serve.
type Server struct {
	// Handle returns the answer to one message. A nil answer closes the
	// connection: the sender does not know what became of its message, and
	// sends it again.
	Handle func(ctx context.Context, peer Peer, raw []byte) (ack []byte)

	MaxMessage     int           // bytes; 0 means 20 MiB
	IdleTimeout    time.Duration // between messages; 0 means 10 minutes
	MessageTimeout time.Duration // from the first byte of a message to its last, and for the answer; 0 means 30 seconds
	MaxConnections int           // at once, of peers that have shown their certificate; 0 means 512

	HandshakeTimeout time.Duration // for a peer to show its certificate; 0 means 5 seconds

	// Recheck, if set, looks at a peer's certificate again while its connection
	// lasts, and ends the connection by its error (AA3.b).
	Recheck      func(tls.ConnectionState) error
	RecheckEvery time.Duration // 0 means a minute

	Logger *slog.Logger // nil logs nothing; content is never logged

	// Opened, if set, is called when a peer has shown its certificate. It may
	// refuse the connection, or return the context for its messages.
	Opened func(context.Context, Peer) (context.Context, error)
	// Closed, if set, is called at the end of each connection that Opened let in.
	Closed func(context.Context, Peer)
}

// Serve answers on l, a TLS listener that requires client certificates (DT7.b),
// until ctx ends. Then it takes nothing new, lets the messages being handled be
// answered, and returns nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	room := &waitingRoom{all: maxWaiting, each: maxWaitingEach}
	places := make(chan struct{}, orDefault(s.MaxConnections, defaultMaxConnections))
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept connection: %w", err)
		case err != nil: // out of file descriptors, most often: it passes
			s.log("accept failed", nil, err)
			pause(ctx, 100*time.Millisecond)
			continue
		}
		waiting, leave := room.enter(ctx, addressOf(conn).Addr().Unmap())
		connections.Go(func() {
			defer func() { _ = conn.Close() }()
			peer, err := s.meet(waiting, conn)
			leave()
			if err != nil {
				s.log("connection refused", conn, err)
				return
			}
			select {
			case places <- struct{}{}:
			default:
				s.log("connection refused", conn, errors.New("too many connections"))
				return
			}
			defer func() { <-places }()
			s.serve(ctx, conn, peer)
		})
	}
}

// addressOf returns the address of the other side, which is invalid for a
// connection that is not of a network.
func addressOf(conn net.Conn) netip.AddrPort {
	address, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.AddrPort{}
	}
	return address
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// serve is the life of a connection once its peer is known. It ends with ctx,
// or when the peer's certificate no longer holds, except that a message being
// handled is answered first.
func (s *Server) serve(ctx context.Context, conn net.Conn, peer Peer) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go s.recheck(ctx, conn, end)
	wake := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer wake()
	handling := context.WithoutCancel(ctx)
	if s.Opened != nil {
		var err error
		if handling, err = s.Opened(handling, peer); err != nil {
			s.log("connection refused", conn, err)
			return
		}
	}
	if s.Closed != nil {
		defer s.Closed(handling, peer)
	}
	err := s.converse(ctx, handling, conn, peer)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errNoLongerAccepted):
		s.log("connection closed", conn, cause)
	case err != nil && cause == nil:
		s.log("connection closed", conn, err)
	}
}

var errNoLongerAccepted = errors.New("certificate no longer accepted")

// recheck ends a connection whose peer's certificate has run out or was
// revoked since it was shown.
func (s *Server) recheck(ctx context.Context, conn net.Conn, end context.CancelCauseFunc) {
	secure, ok := conn.(*tls.Conn)
	if !ok || s.Recheck == nil {
		return
	}
	ticker := time.NewTicker(orDefault(s.RecheckEvery, defaultRecheckEvery))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.Recheck(secure.ConnectionState()); err != nil {
				end(fmt.Errorf("%w: %w", errNoLongerAccepted, err))
				return
			}
		}
	}
}

// meet completes the handshake and returns who is there.
func (s *Server) meet(ctx context.Context, conn net.Conn) (Peer, error) {
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return Peer{}, errors.New("not a TLS connection")
	}
	limited, cancel := context.WithTimeout(ctx, orDefault(s.HandshakeTimeout, defaultHandshakeTimeout))
	defer cancel()
	if err := secure.HandshakeContext(limited); err != nil {
		if errors.Is(err, context.Canceled) {
			err = context.Cause(limited)
		}
		return Peer{}, fmt.Errorf("shake hands: %w", err)
	}
	chains := secure.ConnectionState().VerifiedChains
	if len(chains) == 0 || len(chains[0]) == 0 {
		return Peer{}, errors.New("no verified client certificate")
	}
	address := addressOf(conn)
	if !address.IsValid() {
		return Peer{}, errors.New("no peer address")
	}
	return Peer{Address: address, Certificate: chains[0][0]}, nil
}

// converse reads messages and answers them, one after the other, until the
// connection or ctx ends.
func (s *Server) converse(ctx, handling context.Context, conn net.Conn, peer Peer) error {
	timeout := orDefault(s.MessageTimeout, defaultMessageTimeout)
	frames := newFrameReader(conn, orDefault(s.MaxMessage, defaultMaxMessage), orDefault(s.IdleTimeout, defaultIdleTimeout), timeout)
	for {
		raw, err := frames.next(ctx.Err)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, errIdle):
			return nil
		case errors.Is(err, errTooLarge):
			return errors.Join(err, writeFrame(conn, tooLarge(raw), timeout))
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errors.New("too slow")
		case err != nil:
			return err
		}
		answer := s.Handle(handling, peer, raw)
		if answer == nil {
			return errors.New("message not answered")
		}
		if err := writeFrame(conn, answer, timeout); err != nil {
			return err
		}
	}
}

// tooLarge answers a message of which raw is the beginning.
func tooLarge(raw []byte) []byte {
	h, _, _ := parseHeader(raw)
	problem := NewProblem(ReasonTooLarge, Place{})
	return Acknowledge(h, problem.Ack, problem, time.Now())
}

func (s *Server) log(event string, conn net.Conn, err error) {
	if s.Logger == nil {
		return
	}
	var address string
	if conn != nil {
		address = conn.RemoteAddr().String()
	}
	s.Logger.Warn("mllp: "+event, "address", address, "reason", err.Error())
}

func orDefault[T int | time.Duration](stated, otherwise T) T {
	if stated <= 0 {
		return otherwise
	}
	return stated
}
