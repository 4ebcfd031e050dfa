package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os/user"
	"time"

	"guichet/configs"
	"guichet/envelope"
	"guichet/fault"
	"guichet/record"
	"guichet/store"

	"github.com/google/uuid"
)

// operator is the session of whoever runs a command on the machine itself, by
// one of the roles of the database. Each step of theirs is traced under their
// name.
type operator struct {
	store   *store.Store
	request store.Request
}

// operatorLifetime bounds the session of a command.
const operatorLifetime = 15 * time.Minute

// opening is how the store opens the session of a role.
type opening func(*store.Store, context.Context, store.Request, string, store.Limits) error

func operateAs(e *environment, config configs.Guichet, role configs.Role, open opening, act func(context.Context, operator) error) (err error) {
	keys, err := envelope.OpenFiles(config.Keys.MasterFile, config.Keys.KeyringFile)
	if err != nil {
		return err
	}
	verify, err := databaseCheck(e, config)
	if err != nil {
		return err
	}
	o := operator{}
	if o.store, err = openRole(e.ctx, role, keys, verify); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.store.Close()) }()
	if err := o.store.Check(e.ctx); err != nil {
		return err
	}
	who, err := user.Current()
	if err != nil {
		return fmt.Errorf("say who runs this command: %w", err)
	}
	token := make([]byte, store.TokenSize)
	_, _ = rand.Read(token) // never fails
	o.request = store.Request{Token: token, Address: netip.IPv6Loopback(), ID: uuid.New()}
	if err := open(o.store, e.ctx, o.request, who.Username, store.Limits{Lifetime: operatorLifetime}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.store.EndSession(e.ctx, o.request, "closed")) }()
	return act(e.ctx, o)
}

// console is an operator who decides about people, at the console's role.
type console struct {
	operator
	config configs.Guichet
}

func atConsole(e *environment, file string, act func(context.Context, *console) error) error {
	config, err := configs.LoadEnv[configs.Guichet](file, e.environ)
	if err != nil {
		return err
	}
	if config.Database.Console.URL == "" {
		return errors.New("cette installation n'a pas de console : database.console manque dans la configuration")
	}
	return operateAs(e, config, config.Database.Console, (*store.Store).OpenOperator, func(ctx context.Context, o operator) error {
		return act(ctx, &console{operator: o, config: config})
	})
}

// withPatient is embedded by commands that are about one patient.
type withPatient struct {
	Patient string `placeholder:"NUMBER" xor:"patient" help:"The patient's number at the hospital."`
	INS     string `name:"ins" placeholder:"NUMBER" xor:"patient" help:"Or their INS."`
}

// numbers are the identifiers that the flags may mean; none where neither was
// given.
func (w withPatient) numbers(config configs.Guichet) ([]record.Identifier, error) {
	switch {
	case w.INS != "":
		var list []record.Identifier
		for _, authority := range []string{record.OIDNIR, record.OIDNIA, record.OIDNIRTest, record.OIDNIRDemo} {
			list = append(list, record.Identifier{Authority: authority, Value: w.INS})
		}
		if list[0].CheckINS(record.Identity{}) != "" {
			return nil, usageError("--ins: not an INS: fifteen characters, the last two of which check the others")
		}
		return list, nil
	case w.Patient != "":
		if config.Intake.LocalAuthority == "" {
			return nil, errors.New("intake.local_authority manque dans la configuration : il dit de qui sont les numéros de l'hôpital")
		}
		return []record.Identifier{{Authority: config.Intake.LocalAuthority, Value: w.Patient}}, nil
	}
	return nil, nil
}

// patient finds the patient whom the flags name, and by which number.
func (c *console) patient(ctx context.Context, w withPatient) (*record.Patient, record.Identifier, error) {
	numbers, err := w.numbers(c.config)
	if err != nil {
		return nil, record.Identifier{}, err
	}
	if len(numbers) == 0 {
		return nil, record.Identifier{}, usageError("say which patient: --patient NUMBER or --ins NUMBER")
	}
	for _, number := range numbers {
		patient, err := c.store.FindPatient(ctx, c.request, number)
		if fault.KindOf(err) != fault.NotFound {
			return patient, number, err
		}
	}
	return nil, record.Identifier{}, errors.New("aucun patient de ce numéro")
}

// said turns a refusal of the database into a sentence.
func said(err error, sentences map[string]string) error {
	if refused, ok := errors.AsType[*store.Declined](err); ok {
		if sentence, ok := sentences[refused.Reason]; ok {
			return errors.New(sentence)
		}
	}
	return err
}
