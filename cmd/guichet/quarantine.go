package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"guichet/configs"
	"guichet/fault"
	"guichet/handlers/feed"
	fhirfeed "guichet/handlers/fhir"
	"guichet/intake"
	"guichet/intake/fhir"
	"guichet/store"

	"github.com/google/uuid"
)

type quarantineCommand struct {
	List   quarantineListCommand   `cmd:"" help:"What lies in quarantine: when it came, and why it was refused."`
	Show   quarantineShowCommand   `cmd:"" help:"Write a message as it was received. It holds health data; the access is traced."`
	Replay quarantineReplayCommand `cmd:"" help:"Try to take a message in again, once what kept it out is mended."`
}

// operating is an operator at the intake, who reads messages as it does.
type operating struct {
	operator
	reading reading
}

func operate(e *environment, file string, act func(context.Context, *operating) error) error {
	config, err := configs.LoadEnv[configs.Guichet](file, e.environ)
	if err != nil {
		return err
	}
	if !config.Intake.Served() {
		return errors.New("cette installation ne reçoit aucun message : intake.mllp et intake.fhir manquent dans la configuration")
	}
	reading, err := newReading(config.Intake)
	if err != nil {
		return err
	}
	return operateAs(e, config, config.Database.Intake, (*store.Store).OpenOperator, func(ctx context.Context, o operator) error {
		return act(ctx, &operating{operator: o, reading: reading})
	})
}

type quarantineListCommand struct {
	withConfig
	Before string `placeholder:"ID" help:"Only what came before this message: the next page."`
}

func (c quarantineListCommand) Run(e *environment) error {
	before := uuid.Nil
	if c.Before != "" {
		var err error
		if before, err = messageID(c.Before); err != nil {
			return err
		}
	}
	return operate(e, c.Config, func(ctx context.Context, o *operating) error {
		list, err := o.store.ListQuarantine(ctx, o.request, before)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(e.out, "Rien en quarantaine.")
			return err
		}
		lines := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(lines, "MESSAGE\tREÇU LE (UTC)\tMOTIF DU REFUS")
		for _, q := range list {
			fmt.Fprintf(lines, "%s\t%s\t%s\n", q.ID, q.At.UTC().Format(time.DateTime), q.Reason)
		}
		if err := lines.Flush(); err != nil {
			return err
		}
		if len(list) == store.QuarantinePage {
			_, err = fmt.Fprintf(e.out, "Suite : guichet quarantine list --before %s\n", list[len(list)-1].ID)
		}
		return err
	})
}

type quarantineShowCommand struct {
	withConfig
	Message string `arg:"" name:"message" help:"Its number, as in the list."`
}

func (c quarantineShowCommand) Run(e *environment) error {
	id, err := messageID(c.Message)
	if err != nil {
		return err
	}
	return operate(e, c.Config, func(ctx context.Context, o *operating) error {
		q, err := o.read(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.err, "Format : %s. Reçu le %s (UTC). Motif du refus : %s.\n", q.Format, q.At.UTC().Format(time.DateTime), q.Reason)
		if file, ok := e.out.(*os.File); ok {
			if found, err := file.Stat(); err != nil || found.Mode()&os.ModeCharDevice != 0 {
				_, err = fmt.Fprint(e.out, harmless(q.Raw))
				return err
			}
		}
		_, err = e.out.Write(q.Raw)
		return err
	})
}

// harmless makes what came from outside fit for a terminal: lines end as lines
// do there, and nothing steers it.
func harmless(raw []byte) string {
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

type quarantineReplayCommand struct {
	withConfig
	Messages []string `arg:"" name:"message" help:"Their numbers, as in the list."`
}

func (c quarantineReplayCommand) Run(e *environment) error {
	var ids []uuid.UUID
	for _, text := range c.Messages {
		id, err := messageID(text)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	return operate(e, c.Config, func(ctx context.Context, o *operating) error {
		var failed error
		for _, id := range ids {
			if err := o.replay(ctx, id); err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s : %w", id, err))
				continue
			}
			fmt.Fprintf(e.out, "%s : pris en compte, sorti de la quarantaine.\n", id)
		}
		return failed
	})
}

func (o *operating) read(ctx context.Context, id uuid.UUID) (*store.Quarantined, error) {
	q, err := o.store.ReadQuarantined(ctx, o.request, id)
	if fault.KindOf(err) == fault.NotFound {
		return nil, errors.New("aucun message de ce numéro en quarantaine")
	}
	return q, err
}

// replay deposits a message, then lets it out. Should it end in between, the
// next replay is a resend, which changes nothing.
func (o *operating) replay(ctx context.Context, id uuid.UUID) error {
	q, err := o.read(ctx, id)
	if err != nil {
		return err
	}
	deposit, err := o.reading.deposit(q)
	if err != nil {
		return fmt.Errorf("toujours refusé : %w", err)
	}
	if _, err := o.store.Deposit(ctx, o.request, deposit); err != nil {
		if withheld, ok := errors.AsType[*store.Withheld](err); ok {
			return errors.New("toujours refusé : " + withheld.Reason)
		}
		return err
	}
	return o.store.Release(ctx, o.request, id)
}

// deposit reads a message in quarantine as its feed would.
func (r reading) deposit(q *store.Quarantined) (*store.Deposit, error) {
	if q.Format == store.FHIRR4 {
		kind, id := fhirfeed.KindAndID(q.Target)
		message, err := fhir.Parse(q.Raw, kind, id, r.fhir)
		if err != nil {
			return nil, err
		}
		return fhirfeed.NewDeposit(q.Sender, q.Raw, message), nil
	}
	message, err := intake.Parse(q.Raw, r.hl7)
	if err != nil {
		return nil, err
	}
	return feed.NewDeposit(q.Raw, message), nil
}

func messageID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, usageError("quarantine: a message's number is as in the list: 01a20070-564e-749d-9ad7-cd62ca00c188")
	}
	return id, nil
}
