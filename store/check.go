package store

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// catalogue lists what a migrated database holds, line by line. A test keeps
// it equal to what the migrations make.
//
//go:embed catalogue.txt
var catalogue string

//go:embed catalogue.sql
var catalogueQuery string

// unsafeQuery lists what makes a cluster unfit for Guichet: a trace would not
// be durable, or could be hidden (monitor, section 7).
const unsafeQuery = `
SELECT name || ' is ' || setting AS problem FROM pg_settings
 WHERE (name IN ('fsync', 'full_page_writes') AND setting <> 'on') OR (name = 'max_prepared_transactions' AND setting <> '0')
UNION ALL SELECT 'a setting stands on a role or database' FROM pg_db_role_setting
UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL SELECT 'PUBLIC may do something in the database' FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE d.datname = current_database() AND a.grantee = 0
UNION ALL SELECT 'PUBLIC may do something in schema ' || n.nspname FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a WHERE n.nspname IN ('public', 'guichet') AND a.grantee = 0`

// Check refuses a database that is behind this program, ahead of it, altered,
// or in a cluster whose settings would let a trace be lost.
func (s *Store) Check(ctx context.Context) error {
	var prepared bool
	if err := s.db.GetContext(ctx, &prepared, `SELECT to_regclass('guichet.migration') IS NOT NULL`); err != nil {
		return fmt.Errorf("check database: %w", classify(err))
	}
	if !prepared {
		return errors.New("check database: nothing was made in it yet: run guichet migrate")
	}
	pending, err := pendingMigrations(ctx, s.db)
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if len(pending) > 0 {
		return fmt.Errorf("check database: it is behind this program: run guichet migrate (%s is missing)", pending[0].Name)
	}
	lines, err := s.readCatalogue(ctx)
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	if err := compareCatalogue(lines); err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	var problems []string
	if err := s.db.SelectContext(ctx, &problems, unsafeQuery); err != nil {
		return fmt.Errorf("check database: %w", classify(err))
	}
	if len(problems) > 0 {
		return fmt.Errorf("check database: unsafe settings: %s", strings.Join(problems, "; "))
	}
	return nil
}

func (s *Store) readCatalogue(ctx context.Context) ([]string, error) {
	var lines []string
	if err := s.db.SelectContext(ctx, &lines, catalogueQuery); err != nil {
		return nil, fmt.Errorf("read catalogue: %w", classify(err))
	}
	return lines, nil
}

// compareCatalogue names the first difference.
func compareCatalogue(lines []string) error {
	want := strings.Split(strings.TrimSuffix(catalogue, "\n"), "\n")
	for i := range max(len(want), len(lines)) {
		switch {
		case i >= len(lines):
			return fmt.Errorf("it was altered: it lacks %s", want[i])
		case i >= len(want):
			return fmt.Errorf("it was altered: it also has %s", lines[i])
		case lines[i] != want[i]:
			return errors.New("it was altered: it has " + lines[i] + ", this program " + want[i])
		}
	}
	return nil
}
