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
			return o.explain(ctx, c.Name)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "%s : %s, en vigueur.\n", c.Name, value)
		return err
	})
}

// explain says why a value was refused: the setting is none, or what it may be.
func (c *console) explain(ctx context.Context, name string) error {
	all, err := c.store.ListSettings(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.Name != name {
			continue
		}
		why := fmt.Sprintf("refusé : %s peut être : %s", name, one.Allowed)
		if name == "session.idle" || name == "session.lifetime" {
			why += " ; session.idle ne dépasse pas session.lifetime"
		}
		return errors.New(why)
	}
	return errors.New("refusé : aucun réglage ne porte ce nom (guichet settings list)")
}
