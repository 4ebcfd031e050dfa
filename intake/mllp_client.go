package intake

import (
	"context"
	"fmt"
	"net"
	"time"
)

// maxAnswer bounds an acknowledgement.
const maxAnswer = 1 << 20

// Send sends the message raw over conn and returns the answer. The context
// ends the wait; the connection cannot be used after an error.
func Send(ctx context.Context, conn net.Conn, raw []byte) (ack []byte, err error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := writeFrame(conn, raw, 0); err != nil {
		return nil, sendError(ctx, err)
	}
	frames := newFrameReader(conn, maxAnswer, 0, 0)
	ack, err = frames.next(ctx.Err)
	if err != nil {
		return nil, sendError(ctx, err)
	}
	return ack, nil
}

func sendError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("send message: %w", err)
}
