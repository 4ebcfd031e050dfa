package main

import (
	"fmt"

	"guichet/configs"
	"guichet/envelope"
	"guichet/store"
)

type migrateCommand struct{ withConfig }

func (c migrateCommand) Run(e *environment) error {
	config, err := configs.LoadEnv[configs.Guichet](c.Config, e.environ)
	if err != nil {
		return err
	}
	var password string
	if file := config.Database.Owner.PasswordFile; file != "" {
		secret, err := configs.ReadSecret(file)
		if err != nil {
			return err
		}
		password = secret.Reveal()
	}
	verify, err := databaseCheck(e, config)
	if err != nil {
		return err
	}
	return store.MigrateWith(e.ctx, store.Options{URL: config.Database.Owner.URL, Password: password, Verify: verify})
}

type keysCommand struct {
	Init   keysInitCommand   `cmd:"" help:"Make the master key and the keys it wraps, once."`
	Status keysStatusCommand `cmd:"" help:"Say whether the master key opens the keyring."`

	Traces keysTracesCommand `cmd:"" help:"Make the key that signs the log of traces, once, where the configuration says."`

	Provider keysProviderCommand `cmd:"" help:"Make a key that an identity provider encrypts for, or that we sign with."`
}

type keysInitCommand struct{ withConfig }

func (c keysInitCommand) Run(e *environment) error {
	config, err := configs.LoadEnv[configs.Guichet](c.Config, e.environ)
	if err != nil {
		return err
	}
	if err := envelope.Init(config.Keys.MasterFile, config.Keys.KeyringFile); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "Clé maîtresse : %s\nTrousseau : %s\nSauvegardez la clé maîtresse hors de cette machine : sans elle, aucune donnée ne se lit plus.\n",
		config.Keys.MasterFile, config.Keys.KeyringFile)
	return err
}

type keysStatusCommand struct{ withConfig }

func (c keysStatusCommand) Run(e *environment) error {
	config, err := configs.LoadEnv[configs.Guichet](c.Config, e.environ)
	if err != nil {
		return err
	}
	if _, err := envelope.OpenFiles(config.Keys.MasterFile, config.Keys.KeyringFile); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.out, "La clé maîtresse ouvre le trousseau.")
	return err
}
