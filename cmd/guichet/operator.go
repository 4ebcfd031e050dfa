package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os/user"
	"time"

	"guichet/configs"
	"guichet/envelope"
	"guichet/store"

	"github.com/google/uuid"
)

// operatorLifetime bounds the session of a command.
const operatorLifetime = 15 * time.Minute

// openOperator opens the database as a role, and a session for whoever runs
// this command on the machine itself; leave closes both. Each step of theirs is
// traced under their name.
func openOperator(e *environment, config configs.Guichet, role configs.Role) (db *store.Store, req store.Request, leave func() error, err error) {
	ctx := e.ctx
	keys, err := envelope.OpenFiles(config.Keys.MasterFile, config.Keys.KeyringFile)
	if err != nil {
		return nil, req, nil, err
	}
	verify, err := databaseCheck(e, config)
	if err != nil {
		return nil, req, nil, err
	}
	if db, err = openRole(ctx, role, keys, verify); err != nil {
		return nil, req, nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err = db.Check(ctx); err != nil {
		return nil, req, nil, err
	}
	operator, err := user.Current()
	if err != nil {
		return nil, req, nil, fmt.Errorf("say who runs this command: %w", err)
	}
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	req = store.Request{Token: token, Address: netip.IPv6Loopback(), ID: uuid.New()}
	if err = db.OpenOperator(ctx, req, operator.Username, store.Limits{Lifetime: operatorLifetime}); err != nil {
		return nil, req, nil, err
	}
	return db, req, func() error { return errors.Join(db.EndSession(ctx, req, "closed"), db.Close()) }, nil
}
