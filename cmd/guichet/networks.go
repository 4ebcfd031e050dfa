package main

import (
	"context"
	"fmt"
	"net/netip"
	"text/tabwriter"
	"time"

	"guichet/store"
)

type networksCommand struct {
	List    networksListCommand    `cmd:"" help:"The networks that are blocked now, until when, and the entry that says by whom."`
	Block   networksBlockCommand   `cmd:"" help:"Refuse sign-ins from a network for a while, as during an attack. It ends by itself; sessions that are open go on; it is traced under your name (AA7.g)."`
	Unblock networksUnblockCommand `cmd:"" help:"End a block before its time."`
}

type networksListCommand struct{ withConfig }

func (c networksListCommand) Run(e *environment) error {
	return atConsole(e, c.Config, func(ctx context.Context, o *console) error {
		list, err := o.store.ListBlockedNetworks(ctx, o.request)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := fmt.Fprintln(e.out, "Aucun réseau bloqué.")
			return err
		}
		lines := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(lines, "RÉSEAU\tJUSQU’AU (UTC)\tENTRÉE")
		for _, b := range list {
			fmt.Fprintf(lines, "%s\t%s\t%d\n", b.Network, b.Until.UTC().Format(time.DateTime), b.Entry)
		}
		return lines.Flush()
	})
}

// withNetwork is embedded by the commands that change one network.
type withNetwork struct {
	withConfig
	Network string `arg:"" name:"cidr" help:"As in 203.0.113.0/24, 2001:db8::/48; or one address."`
}

func (w withNetwork) change(e *environment, act func(context.Context, *console, netip.Prefix) error, done string) error {
	network, err := store.ParseNetwork(w.Network)
	if err != nil {
		return usageError("networks: " + err.Error())
	}
	return atConsole(e, w.Config, func(ctx context.Context, o *console) error {
		if err := act(ctx, o, network); err != nil {
			return said(err, map[string]string{
				"network": "refusé : un réseau va de /16 à /32 (IPv6 : de /32 à /64)", "duration": "refusé : un blocage dure d'une minute à sept jours (168h)",
				"absent": "ce réseau-là n'est pas bloqué (guichet networks list)",
			})
		}
		_, err := fmt.Fprintf(e.out, "%s : %s\n", network, done)
		return err
	})
}

type networksBlockCommand struct {
	withNetwork
	For time.Duration `required:"" placeholder:"TIME" help:"How long: 10m, 2h; from 1m to 168h."`
}

func (c networksBlockCommand) Run(e *environment) error {
	return c.change(e, func(ctx context.Context, o *console, network netip.Prefix) error {
		return o.store.BlockNetwork(ctx, o.request, network, c.For)
	}, fmt.Sprintf("connexions refusées pendant %s ; les sessions ouvertes continuent.", c.For))
}

type networksUnblockCommand struct{ withNetwork }

func (c networksUnblockCommand) Run(e *environment) error {
	return c.change(e, func(ctx context.Context, o *console, network netip.Prefix) error {
		return o.store.UnblockNetwork(ctx, o.request, network)
	}, "connexions admises de nouveau.")
}
