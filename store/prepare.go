package store

import (
	"context"
	"embed"
	"fmt"
	"net/url"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

//go:embed prepare/*.sql
var prepareFiles embed.FS

// Roles are the login roles of an installation.
var Roles = []string{"guichet_owner", "guichet_portal", "guichet_console", "guichet_intake", "guichet_officer", "guichet_sequencer"}

// Prepare makes roles and database as a superuser, once for a cluster, and
// sets the passwords given by role. It is harmless when run again.
func Prepare(ctx context.Context, superuserURL, database string, passwords map[string]string) error {
	admin, err := connect(Options{URL: superuserURL})
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer admin.Close()
	if err := runFile(ctx, admin, "prepare/1_roles.sql"); err != nil {
		return err
	}
	for role, password := range passwords {
		// PostgreSQL takes no parameter here. password_encryption makes it a
		// SCRAM verifier before it is stored.
		if _, err := admin.ExecContext(ctx, "ALTER ROLE "+pq.QuoteIdentifier(role)+" PASSWORD "+pq.QuoteLiteral(password)); err != nil {
			return fmt.Errorf("prepare: set password of a role: %w", classify(err))
		}
	}
	var there bool
	if err := admin.GetContext(ctx, &there, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, database); err != nil {
		return fmt.Errorf("prepare: look for database: %w", classify(err))
	}
	if !there {
		if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(database)+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
			return fmt.Errorf("prepare: create database: %w", classify(err))
		}
	}
	return prepareDatabase(ctx, superuserURL, database, "prepare/2_database.sql", "prepare/3_access.sql")
}

// GrantAccess sets who may connect to a database, which a copy of it made
// with CREATE DATABASE … TEMPLATE does not inherit.
func GrantAccess(ctx context.Context, superuserURL, database string) error {
	return prepareDatabase(ctx, superuserURL, database, "prepare/3_access.sql")
}

func prepareDatabase(ctx context.Context, superuserURL, database string, files ...string) error {
	u, err := url.Parse(superuserURL)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	u.Path = "/" + database
	db, err := connect(Options{URL: u.String()})
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer db.Close()
	for _, name := range files {
		if err := runFile(ctx, db, name); err != nil {
			return err
		}
	}
	return nil
}

func runFile(ctx context.Context, db *sqlx.DB, name string) error {
	text, err := prepareFiles.ReadFile(name)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if _, err := db.ExecContext(ctx, string(text)); err != nil {
		return fmt.Errorf("prepare: %s: %w", name, err)
	}
	return nil
}
