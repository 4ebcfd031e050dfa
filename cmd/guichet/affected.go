package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"guichet/store"

	"github.com/google/uuid"
)

type affectedCommand struct {
	withConfig
	withPatient
	From    time.Time   `required:"" placeholder:"TIME" help:"First moment of the incident: 2026-11-21T08:00:00Z."`
	To      time.Time   `required:"" placeholder:"TIME" help:"Its end, which is not part of it; 31 days later at most."`
	Address []string    `placeholder:"ADDRESS" help:"Only what came from this address, or network: 192.0.2.0/24; several: from any of them."`
	Account []uuid.UUID `placeholder:"ID" help:"Only what this account did; or any of several."`
	Session []uuid.UUID `placeholder:"ID" help:"Only what was done in this session, as entries name it; or in any of several."`
	Report  *uuid.UUID  `placeholder:"ID" help:"Only what names this report."`
}

func (c affectedCommand) Run(e *environment) error {
	of := store.Incident{From: c.From, To: c.To, Accounts: c.Account, Sessions: c.Session, Report: c.Report}
	if !c.To.After(c.From) || c.To.Sub(c.From) > store.LongestIncident {
		return usageError("affected: --to comes after --from, 31 days later at most")
	}
	for _, address := range c.Address {
		one, err := network(address)
		if err != nil {
			return usageError("affected --address: an address, or a network: 192.0.2.0/24")
		}
		of.Networks = append(of.Networks, one)
	}
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		list, err := o.affected(ctx, c.withPatient, of)
		if err != nil {
			return said(err, map[string]string{
				"absent":   "aucun patient de ce numéro",
				"too-many": "plus de 5 000 personnes ou de 20 000 entrées : réduisez la période, ou indiquez une adresse, un compte ou une session",
			})
		}
		fmt.Fprintf(e.err, "%d lignes. Données personnelles : l'accès est tracé ; à effacer dès que les personnes sont informées.\n", len(list))
		return writeAffected(e.out, list)
	})
}

// network reads an address as the network of that address alone.
func network(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return address.Unmap().WithZone("").Prefix(address.Unmap().BitLen())
}

// affected asks under each number that the flags may mean.
func (c *console) affected(ctx context.Context, w withPatient, of store.Incident) ([]store.Affected, error) {
	numbers, err := w.numbers(c.config)
	if err != nil {
		return nil, err
	}
	if len(numbers) == 0 {
		return c.store.ListAffected(ctx, c.request, of)
	}
	var list []store.Affected
	for _, number := range numbers {
		of.Patient = &number
		list, err = c.store.ListAffected(ctx, c.request, of)
		if refused, ok := errors.AsType[*store.Declined](err); !ok || refused.Reason != "absent" {
			return list, err
		}
	}
	return nil, err
}

func writeAffected(w io.Writer, list []store.Affected) error {
	table := csv.NewWriter(w)
	lines := [][]string{{"kind", "name", "birthdate", "mail", "phone", "address", "first", "last", "entries"}}
	for _, a := range list {
		lines = append(lines, []string{a.Kind, cell(a.Name), cell(a.Birthdate), cell(a.Contact.Mail), a.Contact.Phone, cell(a.Contact.Address),
			a.First.UTC().Format(time.RFC3339), a.Last.UTC().Format(time.RFC3339), strconv.Itoa(a.Entries)})
	}
	return table.WriteAll(lines)
}

// cell makes what came from outside fit for a spreadsheet: no text is taken for
// a formula.
func cell(text string) string {
	text = harmless([]byte(text))
	if text != "" && strings.ContainsRune("=+-@\t\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
