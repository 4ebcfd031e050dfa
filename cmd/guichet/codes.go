package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"guichet/configs"
	"guichet/record"
	"guichet/store"

	"github.com/google/uuid"
)

type codesCommand struct {
	New    codesNewCommand    `cmd:"" help:"Make an activation code for one patient and print the letter that hands it out. The code is shown this once."`
	List   codesListCommand   `cmd:"" help:"The codes that were made: when, and what became of them."`
	Revoke codesRevokeCommand `cmd:"" help:"End a code that was not used, as when a letter went astray."`
}

type codesNewCommand struct {
	withConfig
	withPatient
	Days int `default:"30" help:"How many days it serves: 1 to 90."`
}

func (c codesNewCommand) Run(e *environment) error {
	lifetime := time.Duration(c.Days) * 24 * time.Hour
	if lifetime <= 0 || lifetime > store.LongestCode {
		return usageError("codes new --days: from 1 to 90")
	}
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		patient, _, err := o.patient(ctx, c.withPatient)
		if err != nil {
			return err
		}
		code, number, err := o.store.MakeCode(ctx, o.request, patient, lifetime)
		if err != nil {
			return said(err, map[string]string{"already-linked": "ce dossier est déjà celui d'un compte : voir guichet accounts list et guichet identities link --replace"})
		}
		if err := writeLetter(e.out, o.config, patient.Identity, code, time.Now().Add(lifetime)); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.err, "Code n° %s : à garder pour l'annuler si la lettre se perd (guichet codes revoke).\n", number)
		return err
	})
}

// writeLetter writes what is printed and handed to the patient, or sent to the
// address that the hospital has checked.
func writeLetter(w io.Writer, config configs.Guichet, who record.Identity, code record.ActivationCode, until time.Time) error {
	address := config.Portal.PublicURL
	if address == "" {
		address = "l'adresse que l'hôpital vous a donnée"
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return fmt.Errorf("letter: %w", err)
	}
	hospital := config.Hospital
	head := hospital.Name
	if hospital.Address != "" {
		head += "\n" + hospital.Address
	}
	_, err = fmt.Fprintf(w, `%s

À remettre en main propre ou sous pli fermé à :
%s

Objet : votre code d'activation pour consulter vos résultats

Bonjour,

Ce code ouvre votre dossier sur le site de l'hôpital. Il vous est personnel.

    %s

1. Allez sur %s
2. Connectez-vous avec FranceConnect.
3. La page indique que votre identité n'a pas pu être reliée : recopiez-y ce code,
   dans les dix minutes.

Le code sert une seule fois, jusqu'au %s. Ne le donnez à personne :
ni l'hôpital ni FranceConnect ne vous le demanderont au téléphone ou par message.
Si vous ne l'avez pas demandé, ou si cette lettre était ouverte, appelez-nous.

%s
%s, %s
`, head, harmless([]byte(who.Name())), code.Groups(), address, until.In(zone).Format("02/01/2006 à 15 h 04"), hospital.Name, hospital.SupportPhone, hospital.SupportHours)
	return err
}

type codesListCommand struct {
	withConfig
}

// codeStates are the words of a list for what became of a code.
var codeStates = map[string]string{"open": "en cours", "used": "utilisé", "revoked": "annulé", "replaced": "remplacé", "expired": "expiré"}

func (c codesListCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		list, err := o.store.ListCodes(ctx, o.request)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(e.out, "Aucun code.")
			return err
		}
		lines := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(lines, "CODE\tFAIT LE (UTC)\tÉTAT")
		for _, code := range list {
			fmt.Fprintf(lines, "%s\t%s\t%s\n", code.ID, code.At.UTC().Format(time.DateTime), codeStates[code.State])
		}
		return lines.Flush()
	})
}

type codesRevokeCommand struct {
	withConfig
	Code string `arg:"" name:"code" help:"Its number, as in the list; not the code itself."`
}

func (c codesRevokeCommand) Run(e *environment) error {
	id, err := uuid.Parse(strings.TrimSpace(c.Code))
	if err != nil {
		return usageError("codes revoke: a code's number is as in the list: 01a20070-564e-749d-9ad7-cd62ca00c188")
	}
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		if err := o.store.RevokeCode(ctx, o.request, id); err != nil {
			return said(err, map[string]string{"absent": "aucun code en cours de ce numéro"})
		}
		_, err := fmt.Fprintln(e.out, "Code annulé.")
		return err
	})
}
