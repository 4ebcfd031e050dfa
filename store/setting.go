package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"guichet/fault"
)

// Setting is one thing that the hospital chooses.
type Setting struct {
	Name    string     `db:"name"`
	Value   string     `db:"value"`
	Since   *time.Time `db:"since"`   // nil: the default
	Allowed string     `db:"allowed"` // what it may be, for people
}

// ListSettings returns every setting as it is now.
func (s *Store) ListSettings(ctx context.Context) ([]Setting, error) {
	var all []Setting
	if err := s.list(ctx, &all, `SELECT name, value, since, allowed FROM guichet.show_settings() ORDER BY name`); err != nil {
		return nil, fmt.Errorf("list settings: %w", err)
	}
	return all, nil
}

// ChangeSetting chooses a value, in force at once on every process. It returns
// fault.Invalid, having left a refusal, where there is no such setting or it
// may not have that value.
func (s *Store) ChangeSetting(ctx context.Context, req Request, name, value string) error {
	var entry int64
	err := s.get(ctx, &entry, `SELECT guichet.change_setting($1, $2, $3, $4, $5)`, req.Token, req.ip(), req.ID, name, value)
	if err != nil && fault.KindOf(err) != fault.Invalid {
		return fmt.Errorf("change setting: %w", err)
	}
	if err != nil || entry == 0 {
		return fault.New(fault.Invalid, errors.New("change setting: not a value that it may have"))
	}
	return nil
}
