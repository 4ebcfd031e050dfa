package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"guichet/certificate"
	"guichet/store"

	"github.com/google/uuid"
)

// Whoever has a certificate of a known authority can be refused as often as
// they like; some such entries say all that there is to say.
const (
	refusalEvery = time.Minute
	refusalBurst = 10
)

// tracingRefusals returns config, whose handshakes leave an entry where they
// refuse a feed that the authority vouches for: it is not the registered system
// (GA2.a), or its certificate does not hold (AA3.b). Who shows none of the
// authority gets no further than crypto/tls.
func (s *server) tracingRefusals(ctx context.Context, config *tls.Config, db *store.Store) *tls.Config {
	some := rate.NewLimiter(rate.Every(refusalEvery), refusalBurst)
	traced := config.Clone()
	traced.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		chosen, err := config.GetConfigForClient(hello)
		if err != nil {
			return nil, err
		}
		chosen = chosen.Clone()
		verify, peer := chosen.VerifyConnection, hello.Conn.RemoteAddr().String()
		chosen.VerifyConnection = func(state tls.ConnectionState) error {
			err := verify(state)
			if err != nil && some.Allow() {
				s.traceRefusal(ctx, db, peer, err)
			}
			return err
		}
		return chosen, nil
	}
	return traced
}

func (s *server) traceRefusal(ctx context.Context, db *store.Store, peer string, cause error) {
	reason := "unregistered"
	if _, ok := errors.AsType[*certificate.Refused](cause); ok {
		reason = "certificate"
	}
	at, err := netip.ParseAddrPort(peer)
	if err == nil {
		err = db.RefuseFeed(ctx, store.Request{Address: at.Addr(), ID: uuid.New()}, reason)
	}
	if err != nil {
		s.log.Warn("tracing a refused feed", "error", err.Error())
	}
}
