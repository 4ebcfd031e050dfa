package e2e

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// The bytes around a message (MLLP).
const (
	startBlock = 0x0b
	endBlock   = 0x1c
	endFrame   = 0x0d
)

// ack is the answer to a message.
type ack struct {
	code    string // MSA-1: AA, AE or AR
	control string // MSA-2
	raw     string
}

// sendHL7 sends a message over a connection of its own, as the demo's feed.
func (d *demo) sendHL7(t *testing.T, raw []byte) ack {
	t.Helper()
	a, err := d.exchange(t, raw)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// exchange is sendHL7 for those who expect that it may fail.
func (d *demo) exchange(t *testing.T, raw []byte) (ack, error) {
	t.Helper()
	certificate, err := tls.LoadX509KeyPair(d.Ready.Feed.Cert, d.Ready.Feed.Key)
	if err != nil {
		t.Fatal(err)
	}
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: d.authority(t), Certificates: []tls.Certificate{certificate}}}
	conn, err := dialer.DialContext(t.Context(), "tcp", d.Ready.MLLP)
	if err != nil {
		return ack{}, fmt.Errorf("reach intake: %w", err)
	}
	defer func() { _ = conn.Close() }()
	return transmit(conn, raw)
}

// transmit sends one message over conn and waits for its answer.
func transmit(conn net.Conn, raw []byte) (ack, error) {
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return ack{}, fmt.Errorf("set deadline: %w", err)
	}
	frame := append([]byte{startBlock}, raw...)
	if _, err := conn.Write(append(frame, endBlock, endFrame)); err != nil {
		return ack{}, fmt.Errorf("send message: %w", err)
	}
	answer, err := bufio.NewReader(conn).ReadString(endBlock)
	if err != nil {
		return ack{}, fmt.Errorf("read answer: %w", err)
	}
	a := ack{raw: strings.Trim(answer, string([]byte{startBlock, endBlock}))}
	for line := range strings.SplitSeq(a.raw, "\r") {
		if fields := strings.Split(line, "|"); fields[0] == "MSA" && len(fields) > 2 {
			a.code, a.control = fields[1], fields[2]
		}
	}
	return a, nil
}
