package configs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
)

const (
	hidden    = "[secret]"
	maxSecret = 64 << 10 // a keyset with many keys stays far below
)

// Secret holds a value that must not be seen: it prints as [secret] under
// every verb, as text, in JSON and in logs. The value sits in a closure, out of
// reach of the reflection that formatting and encoding packages use, and two
// secrets cannot be compared with ==, which would not take constant time.
type Secret struct{ reveal func() string }

// NewSecret hides value.
func NewSecret(value string) Secret {
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the value, for the one call that needs it.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Format prints [secret] under every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

func (s Secret) String() string { return hidden }

// GoString stands for the value under %#v where Format is not asked.
func (s Secret) GoString() string { return hidden }

// MarshalText stands for the value in TOML, XML and map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON stands for the value in JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }

// LogValue stands for the value in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// ReadSecret reads a secret from a file that nobody but its owner can read and
// that belongs to this process's user or to root. One newline at the end is
// not part of the secret. An empty file, a large one, and one that still holds
// an example's placeholder are refused.
func ReadSecret(file string) (Secret, error) {
	content, err := readPrivate(file)
	if err != nil {
		return Secret{}, err
	}
	value := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	clear(content)
	switch {
	case value == "":
		return Secret{}, fmt.Errorf("read secret %s: the file is empty", file)
	case isPlaceholder(value):
		return Secret{}, fmt.Errorf("read secret %s: it is a placeholder; generate one", file)
	}
	return NewSecret(value), nil
}

// readPrivate reads a file after checking, on the opened file itself, that it
// is private.
func readPrivate(file string) ([]byte, error) {
	// O_NONBLOCK: a pipe in the file's place must not hold up start-up.
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // #nosec G304 -- configuration names the file
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if err := checkPrivate(info, os.Geteuid()); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", file, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(content) > maxSecret {
		return nil, fmt.Errorf("read secret %s: larger than %d bytes", file, maxSecret)
	}
	return content, nil
}

func checkPrivate(info os.FileInfo, user int) error {
	if !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	if mode := info.Mode().Perm(); mode&^0o600 != 0 {
		return fmt.Errorf("mode is %#o, must be 0600 or stricter", mode)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int64(stat.Uid) != int64(user) {
		return errors.New("belongs to another user")
	}
	return nil
}

// placeholders are what examples and installation guides put where a value is
// to be chosen; letters and digits only, lower case.
var placeholders = []string{
	"changeme", "changethis", "replaceme", "placeholder", "secret", "mysecret", "clientsecret",
	"password", "motdepasse", "default", "example", "todo", "tobedefined", "xxx", "adefinir", "achanger",
}

// isPlaceholder reports whether value is an example's, or one character again
// and again.
func isPlaceholder(value string) bool {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, value)
	if slices.Contains(placeholders, plain) {
		return true
	}
	return len(value) > 2 && strings.Count(value, value[:1]) == len(value)
}
