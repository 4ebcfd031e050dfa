package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"guichet/fault"
)

type settingsCommand struct {
	List settingsListCommand `cmd:"" help:"Every setting as it is now."`
	Set  settingsSetCommand  `cmd:"" help:"Choose a value. It is in force at once, on sessions that are open too; the change is traced under your name (AA13.c)."`
}

type settingsListCommand struct{ withConfig }

func (c settingsListCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		all, err := o.store.ListSettings(ctx)
		if err != nil {
			return err
		}
		lines := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(lines, "RÉGLAGE\tVALEUR\tCHOISI LE (UTC)\tPEUT ÊTRE")
		for _, one := range all {
			since := "par défaut"
			if one.Since != nil {
				since = one.Since.UTC().Format(time.DateTime)
			}
			fmt.Fprintf(lines, "%s\t%s\t%s\t%s\n", one.Name, one.Value, since, one.Allowed)
		}
		return lines.Flush()
	})
}

type settingsSetCommand struct {
	withConfig
	Name  string `arg:"" help:"As in the list: session.idle."`
	Value string `arg:"" help:"As the list says: '20 minutes'."`
}

func (c settingsSetCommand) Run(e *environment) error {
	value := strings.TrimSpace(c.Value)
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		err := o.store.ChangeSetting(ctx, o.request, c.Name, value)
		if fault.KindOf(err) == fault.Invalid {
			return errors.New("refusé : voyez `guichet settings list` pour les réglages et ce que chacun peut être ; la durée sans action ne dépasse pas la durée maximale")
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "%s : %s, en vigueur.\n", c.Name, value)
		return err
	})
}
