package intake

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// silent opens connections from an address of this machine that never shake
// hands.
func (ts *testServer) silent(from string, connections int) []net.Conn {
	ts.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	var list []net.Conn
	for range connections {
		conn, err := dialer.Dial("tcp", ts.address)
		if err != nil {
			ts.t.Fatal(err)
		}
		ts.t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			ts.t.Fatal(err)
		}
		list = append(list, conn)
	}
	return list
}

func TestSilentConnectionsDoNotKeepASenderOut(t *testing.T) {
	for _, test := range []struct {
		name string
		from []string
	}{
		{"from elsewhere", []string{"127.0.0.2"}},
		{"from the sender's own address", []string{"127.0.0.1"}},
		{"from several addresses", []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7", "127.0.0.8", "127.0.0.9"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// They would wait for an hour: only the waiting room's bounds help.
			ts := serve(t, &Server{MaxConnections: 2, HandshakeTimeout: time.Hour})
			for _, from := range test.from {
				ts.silent(from, 540/len(test.from))
			}
			for range 3 {
				conn := ts.dial()
				if answer, err := Send(t.Context(), conn, []byte("a")); err != nil || string(answer) != "ACK a" {
					t.Fatalf("answered %q, %v", answer, err)
				}
				if err := conn.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				_ = everything(t, conn) // its place is free again
			}
		})
	}
}

func TestBeyondTheWaitingRoomConnectionsAreClosedAtOnce(t *testing.T) {
	ts := serve(t, &Server{HandshakeTimeout: time.Hour})
	for _, conn := range ts.silent("127.0.0.2", maxWaitingEach+3)[:3] {
		if got := everything(t, conn); got != "" {
			t.Errorf("got %q", got)
		}
	}
}

func TestAStrangerTakesNoPlace(t *testing.T) {
	ts := serve(t, &Server{MaxConnections: 1})
	for range 3 {
		conn, err := tls.Dial("tcp", ts.address, &tls.Config{RootCAs: ts.ca.pool, ServerName: "localhost"})
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	if answer, err := Send(t.Context(), ts.dial(), []byte("a")); err != nil || string(answer) != "ACK a" {
		t.Errorf("answered %q, %v", answer, err)
	}
}

func TestWaitingRoom(t *testing.T) {
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	tests := []struct {
		name      string
		arrivals  []netip.Addr
		leave     []int // of the arrivals, before the last
		dismissed []int
	}{
		{"room for all", []netip.Addr{one, one, two}, nil, nil},
		{"too many from one address", []netip.Addr{two, one, one, one}, nil, []int{1}},
		{"again and again", []netip.Addr{one, one, one, one}, nil, []int{0, 1}},
		{"too many in all", []netip.Addr{one, one, two, netip.MustParseAddr("192.0.2.3")}, nil, []int{0}},
		{"who has left is not counted", []netip.Addr{one, one, one}, []int{1}, nil},
		{"no address", []netip.Addr{{}, {}, {}}, nil, []int{0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			room := &waitingRoom{all: 3, each: 2}
			var waiting []context.Context
			var leave []func()
			for i, from := range test.arrivals {
				if i == len(test.arrivals)-1 {
					for _, n := range test.leave {
						leave[n]()
					}
				}
				ctx, leaves := room.enter(t.Context(), from)
				waiting, leave = append(waiting, ctx), append(leave, leaves)
			}
			var dismissed []int
			for i, ctx := range waiting {
				if errors.Is(context.Cause(ctx), errCrowded) {
					dismissed = append(dismissed, i)
				}
			}
			if len(dismissed) != len(test.dismissed) {
				t.Fatalf("dismissed %v, want %v", dismissed, test.dismissed)
			}
			for i, n := range test.dismissed {
				if dismissed[i] != n {
					t.Errorf("dismissed %v, want %v", dismissed, test.dismissed)
				}
			}
			for _, leaves := range leave {
				leaves()
			}
			if len(room.guests) != 0 {
				t.Errorf("%d left behind", len(room.guests))
			}
		})
	}
}
