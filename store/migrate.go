package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jmoiron/sqlx"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

//go:embed functions/*.sql
var functionFiles embed.FS

// migrationLock is the advisory lock that one migration at a time holds.
const migrationLock = 0x6775696368657401

// migration is one file of migrations/, never edited once landed.
type migration struct {
	Name     string `db:"name"`
	Checksum string `db:"checksum"`
	text     string
}

func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted: 0001, 0002, …
	if err != nil {
		return nil, err
	}
	all := make([]migration, len(names))
	for i, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		all[i] = migration{Name: strings.TrimPrefix(name, "migrations/"), Checksum: hex.EncodeToString(sum[:]), text: string(text)}
	}
	return all, nil
}

// Migrate brings the schema up to this program, as guichet_owner: migrations
// that are not there yet, then all functions anew. It happens wholly or not at
// all, one program at a time.
func Migrate(ctx context.Context, ownerURL, password string) error {
	return MigrateWith(ctx, Options{URL: ownerURL, Password: password})
}

// MigrateWith is Migrate by all that Options say of the way to the database.
func MigrateWith(ctx context.Context, o Options) error {
	db, err := connect(o)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer db.Close()
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("migrate: %w", classify(err))
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := migrate(ctx, tx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("migrate: %w", classify(err))
	}
	return nil
}

func migrate(ctx context.Context, tx *sqlx.Tx) error {
	exec := func(what, query string, args ...any) error {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("%s: %w", what, err) // statements of ours alone: their text may be shown
		}
		return nil
	}
	if err := exec("wait for other migrations", `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
		return err
	}
	if err := exec("become owner of tables", `SET LOCAL ROLE guichet_data`); err != nil {
		return err
	}
	if err := exec("make list of migrations", `CREATE TABLE IF NOT EXISTS guichet.migration (
		name text CONSTRAINT migration_pkey PRIMARY KEY, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
		GRANT SELECT ON guichet.migration TO guichet_portal, guichet_intake, guichet_console, guichet_officer, guichet_sequencer`); err != nil {
		return err
	}
	pending, err := pendingMigrations(ctx, tx)
	if err != nil {
		return err
	}
	for _, m := range pending {
		if err := exec(m.Name, m.text); err != nil {
			return err
		}
		if err := exec(m.Name, `INSERT INTO guichet.migration (name, checksum) VALUES ($1, $2)`, m.Name, m.Checksum); err != nil {
			return err
		}
	}
	if err := exec("let functions be made", `GRANT CREATE ON SCHEMA guichet TO guichet_monitor`); err != nil {
		return err
	}
	if err := exec("become owner of functions", `SET LOCAL ROLE guichet_monitor`); err != nil {
		return err
	}
	if err := replaceFunctions(exec); err != nil {
		return err
	}
	if err := exec("become owner of tables", `SET LOCAL ROLE guichet_data`); err != nil {
		return err
	}
	return exec("let no function be made", `REVOKE CREATE ON SCHEMA guichet FROM guichet_monitor`)
}

// replaceFunctions drops every function of the schema, so that none of an
// older signature stays callable (B4), and makes those of this program.
func replaceFunctions(exec func(what, query string, args ...any) error) error {
	if err := exec("drop functions", `DO $$ DECLARE f regprocedure; BEGIN
		FOR f IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'guichet'::regnamespace LOOP
			EXECUTE format('DROP FUNCTION %s', f);
		END LOOP; END $$`); err != nil {
		return err
	}
	names, err := fs.Glob(functionFiles, "functions/[a-z]*.sql")
	if err != nil {
		return err
	}
	for _, name := range append(names, "functions/_grants.sql", "functions/_harden.sql") {
		text, err := functionFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if err := exec(name, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// pendingMigrations compares what was applied with what this program has; it
// refuses a database that is ahead, or a migration edited after it landed.
func pendingMigrations(ctx context.Context, q sqlx.QueryerContext) ([]migration, error) {
	all, err := migrations()
	if err != nil {
		return nil, err
	}
	var applied []migration
	if err := sqlx.SelectContext(ctx, q, &applied, `SELECT name, checksum FROM guichet.migration ORDER BY name`); err != nil {
		return nil, fmt.Errorf("read list of migrations: %w", classify(err))
	}
	for i, a := range applied {
		if i >= len(all) || a.Name > all[i].Name {
			return nil, fmt.Errorf("the database is ahead of this program: it has %s", a.Name)
		}
		if a.Name != all[i].Name || a.Checksum != all[i].Checksum {
			return nil, fmt.Errorf("migration %s is not the one this program has", a.Name)
		}
	}
	return all[len(applied):], nil
}
