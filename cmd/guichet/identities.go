package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"guichet/fault"
	"guichet/record"
	"guichet/store"
)

type identitiesCommand struct {
	List   identitiesListCommand   `cmd:"" help:"Who was identified and led to no record: reference, time and reason."`
	Show   identitiesShowCommand   `cmd:"" help:"What the provider says of one of them. It is personal data; the access is traced."`
	Link   identitiesLinkCommand   `cmd:"" help:"Let one of them into a record when they next sign in, on what evidence."`
	Refuse identitiesRefuseCommand `cmd:"" help:"Leave one of them without a record."`
}

// identityReasons say why somebody waits.
var identityReasons = map[string]string{
	"no-match":        "aucun dossier aux mêmes traits",
	"several-matches": "plusieurs dossiers aux mêmes traits",
	"given-names":     "un dossier aux mêmes traits, mais d'autres prénoms",
	"already-linked":  "le dossier est déjà celui d'un autre compte",
	"traits-changed":  "les traits ont changé depuis la dernière connexion",
	"code-traits":     "le code est celui d'une autre date de naissance ou d'un autre sexe",
}

type identitiesListCommand struct {
	withConfig
}

func (c identitiesListCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		list, err := o.store.ListWaiting(ctx, o.request)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(e.out, "Personne n'attend.")
			return err
		}
		lines := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(lines, "RÉFÉRENCE\tDEPUIS LE (UTC)\tMOTIF")
		for _, w := range list {
			fmt.Fprintf(lines, "%s\t%s\t%s\n", w.Reference, w.At.UTC().Format(time.DateTime), identityReasons[w.Reason])
		}
		if err := lines.Flush(); err != nil {
			return err
		}
		if len(list) == store.IdentityPage {
			_, err = fmt.Fprintln(e.out, "D'autres attendent depuis moins longtemps.")
		}
		return err
	})
}

// writeTraits writes who somebody is, a trait a line; marked are those that
// another has otherwise.
func writeTraits(w io.Writer, title string, who, other record.Identity) error {
	lines := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(lines, title)
	for _, trait := range []struct{ name, own, others string }{
		{"nom de naissance", who.Family, other.Family}, {"prénoms", who.Given, other.Given}, {"nom d'usage", who.Usual, other.Usual},
		{"né(e) le", who.Birthdate, other.Birthdate}, {"sexe", string(who.Sex), string(other.Sex)}, {"à (code)", who.Birthplace, other.Birthplace},
	} {
		differs := ""
		if record.Canonical(trait.own) != record.Canonical(trait.others) {
			differs = "≠"
		}
		fmt.Fprintf(lines, "  %s\t%s\t%s\n", trait.name, harmless([]byte(trait.own)), differs)
	}
	return lines.Flush()
}

func (c *console) waiting(ctx context.Context, reference string) (*store.Waiting, error) {
	w, err := c.store.ReadWaiting(ctx, c.request, reference)
	if fault.KindOf(err) == fault.NotFound {
		return nil, errors.New("personne n'attend sous cette référence")
	}
	return w, err
}

type identitiesShowCommand struct {
	withConfig
	Reference string `arg:"" name:"reference" help:"As the person says it: G7K2-41QF."`
}

func (c identitiesShowCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		w, err := o.waiting(ctx, c.Reference)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.err, "Depuis le %s (UTC), par %s. Motif : %s.\n", w.At.UTC().Format(time.DateTime), w.Provider, identityReasons[w.Reason])
		return writeTraits(e.out, "Le fournisseur d'identité dit :", w.Identity, w.Identity)
	})
}

type identitiesLinkCommand struct {
	withConfig
	withPatient
	Reference string `arg:"" name:"reference" help:"As the person says it: G7K2-41QF."`
	Evidence  string `required:"" enum:"identity-document,civil-status,ins-service,records-merged" help:"What was seen: ${enum}."`
	Replace   bool   `help:"Where the record is another account's own, that account loses it."`
	Yes       bool   `help:"Do it; without this flag both are only shown."`
}

func (c identitiesLinkCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		w, err := o.waiting(ctx, c.Reference)
		if err != nil {
			return err
		}
		patient, _, err := o.patient(ctx, c.withPatient)
		if err != nil {
			return err
		}
		if err := writeTraits(e.out, "Le fournisseur d'identité dit :", w.Identity, patient.Identity); err != nil {
			return err
		}
		if err := writeTraits(e.out, "Le dossier contient :", patient.Identity, w.Identity); err != nil {
			return err
		}
		if !c.Yes {
			_, err := fmt.Fprintln(e.out, "Rien n'est fait. Comparez, puis ajoutez --yes.")
			return err
		}
		if err := o.store.LinkIdentity(ctx, o.request, c.Reference, patient.ID, store.Justification(c.Evidence), c.Replace); err != nil {
			return said(err, map[string]string{"already-linked": "ce dossier est déjà celui d'un autre compte ; --replace le lui retire"})
		}
		_, err = fmt.Fprintln(e.out, "Fait : la personne verra ce dossier à sa prochaine connexion, dans les 90 jours qui suivent sa demande.")
		return err
	})
}

type identitiesRefuseCommand struct {
	withConfig
	Reference string `arg:"" name:"reference" help:"As the person says it: G7K2-41QF."`
	Reason    string `required:"" enum:"unknown-here,not-proved,usurpation" help:"Why: ${enum}."`
}

func (c identitiesRefuseCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		if err := o.store.RefuseIdentity(ctx, o.request, c.Reference, store.Justification(c.Reason)); err != nil {
			return said(err, map[string]string{"absent": "personne n'attend sous cette référence"})
		}
		_, err := fmt.Fprintln(e.out, "Refusé.")
		return err
	})
}
