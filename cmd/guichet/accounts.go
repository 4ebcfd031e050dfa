package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"guichet/fault"
	"guichet/store"

	"github.com/google/uuid"
)

type accountsCommand struct {
	List    accountsListCommand    `cmd:"" help:"The accounts that are not open, or those that may read one patient's record; without names."`
	Reviews accountsReviewsCommand `cmd:"" help:"The open accounts whose yearly review is due, the oldest first; without names (GA4.e)."`
	Keep    accountsKeepCommand    `cmd:"" help:"Review an open account, and keep it (GA4.e)."`
	Suspend accountsSuspendCommand `cmd:"" help:"Suspend an account for a while: its sessions end at once (GA4.c)."`
	Restore accountsRestoreCommand `cmd:"" help:"Open a suspended or blocked account again."`
	Block   accountsBlockCommand   `cmd:"" help:"Block an account: departure, death, or because its holder wants it (GA4.d)."`
}

type accountsListCommand struct {
	withConfig
	withPatient
}

// accountStates are the words of a list for a state.
var accountStates = map[store.AccountState]string{store.Active: "ouvert", store.Suspended: "suspendu", store.Blocked: "bloqué", store.Closed: "fermé"}

func (c accountsListCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		list, err := o.accounts(ctx, c.withPatient)
		if err != nil {
			return err
		}
		return printAccounts(e.out, list)
	})
}

func printAccounts(out io.Writer, list []store.AccountHead) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "Aucun compte.")
		return err
	}
	lines := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(lines, "COMPTE\tRÔLE\tÉTAT\tMOTIF\tDERNIÈRE CONNEXION (UTC)\tREVU IL Y A (JOURS)")
	for _, a := range list {
		last := "–"
		if a.Last != nil {
			last = a.Last.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(lines, "%s\t%s\t%s\t%s\t%s\t%d\n", a.ID, a.Role, accountStates[a.State], a.Reason, last, a.Review)
	}
	return lines.Flush()
}

type accountsReviewsCommand struct{ withConfig }

func (c accountsReviewsCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		list, err := o.store.ListReviews(ctx, o.request)
		if err != nil {
			return err
		}
		return printAccounts(e.out, list)
	})
}

type accountsKeepCommand struct{ withAccount }

func (c accountsKeepCommand) Run(e *environment) error {
	return c.set(e, store.Active, "kept", "Compte revu, et maintenu.", whyNotKept)
}

func (c *console) accounts(ctx context.Context, w withPatient) ([]store.AccountHead, error) {
	numbers, err := w.numbers(c.config)
	if err != nil {
		return nil, err
	}
	if len(numbers) == 0 {
		return c.store.ListAccounts(ctx, c.request, nil)
	}
	for _, number := range numbers {
		list, err := c.store.ListAccounts(ctx, c.request, &number)
		if fault.KindOf(err) != fault.NotFound {
			return list, err
		}
	}
	return nil, errors.New("aucun patient de ce numéro")
}

// withAccount is embedded by the commands that change one account.
type withAccount struct {
	withConfig
	Account string `arg:"" name:"account" help:"Its number, as in the list."`
}

// whyNot are the words of a change that does not fit the account's state.
var whyNot = map[string]string{
	"absent": "aucun compte d'une personne n'a ce numéro", "account-active": "ce compte est déjà ouvert", "account-suspended": "ce compte est déjà suspendu",
	"account-blocked": "ce compte est déjà bloqué", "account-closed": "ce compte a été fermé, pour de bon",
}

// whyNotKept are those of a review that does not.
var whyNotKept = map[string]string{
	"absent": whyNot["absent"], "account-closed": whyNot["account-closed"],
	"account-suspended": "ce compte n'est pas ouvert : il est suspendu", "account-blocked": "ce compte n'est pas ouvert : il est bloqué",
}

func (w withAccount) set(e *environment, state store.AccountState, reason, done string, whyNot map[string]string) error {
	id, err := uuid.Parse(w.Account)
	if err != nil {
		return usageError("accounts: an account's number is as in the list: 01a20070-564e-749d-9ad7-cd62ca00c188")
	}
	return atConsole(e, w.Config, func(ctx context.Context, o *console) error {
		if err := o.store.SetAccountState(ctx, o.request, id, state, reason); err != nil {
			return said(err, whyNot)
		}
		_, err := fmt.Fprintln(e.out, done)
		return err
	})
}

type accountsSuspendCommand struct {
	withAccount
	Reason string `required:"" enum:"usurpation,unused,review" help:"Why: ${enum}."`
}

func (c accountsSuspendCommand) Run(e *environment) error {
	return c.set(e, store.Suspended, c.Reason, "Compte suspendu : ses sessions sont terminées.", whyNot)
}

type accountsRestoreCommand struct {
	withAccount
	Reason string `required:"" enum:"identity-proved,review,mistake" help:"Why: ${enum}."`
}

func (c accountsRestoreCommand) Run(e *environment) error {
	return c.set(e, store.Active, c.Reason, "Compte ouvert de nouveau.", whyNot)
}

type accountsBlockCommand struct {
	withAccount
	Reason string `required:"" enum:"departure,death,holder,usurpation" help:"Why: ${enum}."`
}

func (c accountsBlockCommand) Run(e *environment) error {
	return c.set(e, store.Blocked, c.Reason, "Compte bloqué : ses sessions sont terminées.", whyNot)
}
