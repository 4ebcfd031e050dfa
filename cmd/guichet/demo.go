package main

import (
	"context"
	"io"

	"guichet/cmd/guichet/demo"
	"guichet/configs"
	"guichet/intake/sample"
	"guichet/store"
)

// demoSeed draws the demo's messages.
const demoSeed = 2026

type demoCommand struct {
	Dir         string `default:"var/demo" type:"path" help:"Where everything lies."`
	Port        int    `default:"8443" help:"The WAF's port; the others follow from it."`
	Fresh       bool   `help:"Start anew: what lies in --dir is removed."`
	PostgresBin string `type:"path" placeholder:"DIR" help:"PostgreSQL's programs; found by themselves on Debian."`
}

func (c demoCommand) Run(e *environment) error {
	steps := demo.Steps{
		Prepare: func(ctx context.Context, superuserURL string, passwords map[string]string) error {
			return store.Prepare(ctx, superuserURL, "guichet", passwords)
		},
		Migrate: func(ctx context.Context, config string) error {
			return migrateCommand{withConfig{config}}.Run(&environment{ctx: ctx, out: io.Discard, err: e.err})
		},
		InitKeys: func(config string) error {
			return keysInitCommand{withConfig{config}}.Run(&environment{ctx: e.ctx, out: io.Discard, err: e.err})
		},
		TraceKey: func(config string) error {
			return keysTracesCommand{withConfig{config}}.Run(&environment{ctx: e.ctx, out: io.Discard, err: e.err})
		},
		ProviderKey: makeProviderKey,
		Feed: func(ctx context.Context, address string, files configs.ClientTLS) error {
			return sendSample(ctx, address, files, sample.People(), demoSeed)
		},
		People: demoPeople,
	}
	return demo.Run(e.ctx, demo.Options{Dir: c.Dir, Port: c.Port, Fresh: c.Fresh, PostgresBin: c.PostgresBin, Out: e.out, Steps: steps})
}

// demoPeople are those of the sample who sign in: all but children.
func demoPeople() []demo.Person {
	var people []demo.Person
	for _, p := range sample.People() {
		if p.Role == "child" {
			continue
		}
		people = append(people, demo.Person{Provider: "franceconnect", Login: p.Login, Name: p.Identity.Name(), Role: p.Role, Note: p.Note, Usual: p.Identity.Usual,
			Traits: demo.Traits{Family: p.Identity.Family, Given: p.Identity.First(), Birthdate: p.Identity.Birthdate, Gender: string(p.Identity.Sex),
				Birthplace: p.Identity.Birthplace, Local: p.Local, INS: p.INS}})
	}
	return people
}
