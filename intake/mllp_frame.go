package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// The block format of MLLP (HL7 v2.8.2, appendix C; Transport Specification:
// MLLP, release 1).
const (
	startBlock = 0x0B
	endBlock   = 0x1C
	endFrame   = 0x0D
)

// endFrameWait is how long the last byte of a frame may come after the one
// before it. Some senders leave it out.
const endFrameWait = 500 * time.Millisecond

// maxBetween bounds the line breaks that some senders put between frames.
const maxBetween = 16

var (
	errIdle     = errors.New("no message")
	errGarbage  = errors.New("bytes outside a frame")
	errBadFrame = errors.New("broken frame")
	errTooLarge = errors.New("message too large")
	errCut      = errors.New("connection ended inside a frame")
)

// A frameReader reads MLLP frames from a connection.
type frameReader struct {
	conn    net.Conn
	buffer  *bufio.Reader
	max     int           // bytes of a message
	idle    time.Duration // to wait for the start of a frame
	message time.Duration // for the whole of a frame once it has begun
}

func newFrameReader(conn net.Conn, limit int, idle, message time.Duration) *frameReader {
	return &frameReader{conn: conn, buffer: bufio.NewReader(conn), max: limit, idle: idle, message: message}
}

// next returns the content of the next frame. io.EOF means that the other side
// closed between frames; with errTooLarge comes the beginning of the message.
// waiting is called once the deadline of the wait is set.
func (f *frameReader) next(waiting func() error) ([]byte, error) {
	if err := f.deadline(f.idle); err != nil {
		return nil, err
	}
	if err := waiting(); err != nil {
		return nil, err
	}
	if err := f.start(); err != nil {
		return nil, err
	}
	// One deadline for the whole frame: a sender cannot hold a connection by
	// trickling bytes.
	if err := f.deadline(f.message); err != nil {
		return nil, err
	}
	if err := waiting(); err != nil {
		return nil, err
	}
	content, err := f.content()
	if errors.Is(err, io.EOF) {
		return nil, errCut
	}
	if err != nil {
		return content, err
	}
	return content, f.end()
}

func (f *frameReader) deadline(after time.Duration) error {
	if after <= 0 {
		return f.conn.SetReadDeadline(time.Time{})
	}
	return f.conn.SetReadDeadline(time.Now().Add(after))
}

// start reads up to the byte that opens a frame.
func (f *frameReader) start() error {
	for range maxBetween {
		c, err := f.buffer.ReadByte()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return errIdle
		case err != nil:
			return err
		case c == startBlock:
			return nil
		case c != '\r' && c != '\n':
			return errGarbage
		}
	}
	return errGarbage
}

// content reads up to and without the byte that closes the block. What is
// beyond the limit is read and dropped, so that the sender can be answered.
func (f *frameReader) content() ([]byte, error) {
	var content []byte
	for size := 0; ; {
		chunk, err := f.buffer.ReadSlice(endBlock)
		closed := err == nil
		if closed {
			chunk = chunk[:len(chunk)-1]
		} else if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if bytes.IndexByte(chunk, startBlock) >= 0 {
			return nil, errBadFrame
		}
		size += len(chunk)
		if room := f.max - len(content); len(chunk) > room {
			chunk = chunk[:room]
		}
		content = append(content, chunk...)
		if size > 2*f.max {
			return content, errTooLarge // far too large: no use in reading on
		}
		if closed && size > f.max {
			return content, errTooLarge
		}
		if closed {
			return content, nil
		}
	}
}

// end reads the byte after the block. A sender that leaves it out and waits
// for its answer, or has closed its side, is answered; any other byte means
// that the block did not end there, and its content must not be believed.
func (f *frameReader) end() error {
	if f.buffer.Buffered() == 0 {
		if err := f.deadline(endFrameWait); err != nil {
			return err
		}
	}
	c, err := f.buffer.ReadByte()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil:
		return err
	case c != endFrame:
		return errBadFrame
	}
	return nil
}

// writeFrame sends content as one frame, within timeout.
func writeFrame(conn net.Conn, content []byte, timeout time.Duration) error {
	if bytes.IndexByte(content, startBlock) >= 0 || bytes.IndexByte(content, endBlock) >= 0 {
		return errBadFrame
	}
	if timeout > 0 {
		if err := conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
			return fmt.Errorf("send frame: %w", err)
		}
	}
	frame := make([]byte, 0, len(content)+3)
	frame = append(frame, startBlock)
	frame = append(frame, content...)
	frame = append(frame, endBlock, endFrame)
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("send frame: %w", err)
	}
	return nil
}
