package configs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxConfiguration bounds a configuration file: more is a mistake.
const maxConfiguration = 1 << 20

// Configuration is what a program of this project can be configured with.
type Configuration interface{ Guichet | WAF | IDPSim }

// configuration is what every Configuration does, on its pointer.
type configuration interface {
	prefix() string     // of its environment variables
	foreign() []string  // names and prefixes below prefix that are not its own
	mapNames() []string // the names a table of tables may hold
	setDefaults()
	Validate() error
}

// Load reads a configuration from the TOML file at path, lets the environment
// override every field, and validates it. An unknown name, a wrong type and a
// refused value are all reported at once, each with the name of its field and
// never with its value.
//
// A field's variable is its path in capitals: portal.tls.client_ca is
// GUICHET_PORTAL_TLS_CLIENT_CA, listen of the WAF is GUICHET_WAF_LISTEN. Lists
// are separated by commas, and so are pairs such as 10=physician; list members
// that are tables go by their index.
func Load[T Configuration](path string, lookup func(string) (string, bool)) (T, error) {
	return load[T](path, lookup, nil)
}

// LoadEnv is Load with the whole environment, as os.Environ gives it, so that
// a variable that starts like ours and names no field is refused too.
func LoadEnv[T Configuration](path string, environ []string) (T, error) {
	values := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, found := strings.Cut(entry, "="); found {
			values[name] = value
		}
	}
	lookup := func(name string) (string, bool) {
		value, found := values[name]
		return value, found
	}
	return load[T](path, lookup, values)
}

func load[T Configuration](path string, lookup func(string) (string, bool), environ map[string]string) (T, error) {
	var zero, c T
	target, ok := any(&c).(configuration)
	if !ok {
		return zero, fmt.Errorf("load configuration: %T has no defaults or checks", c)
	}
	target.setDefaults()

	tree, err := readTree(path)
	if err != nil {
		return zero, err
	}
	var found Problems
	assignTree(target, tree, &found)
	assignEnvironment(target, lookup, environ, &found)
	if err := target.Validate(); err != nil {
		var refused Problems
		if !errors.As(err, &refused) {
			return zero, err
		}
		found = append(found, refused.without(found)...)
	}
	if len(found) > 0 {
		return zero, fmt.Errorf("load configuration %s: %w", path, found)
	}
	return c, nil
}

// readTree parses the file. The parser's own message is kept to its position
// and kind, since an excerpt of the file could show what does not belong there.
func readTree(path string) (map[string]any, error) {
	file, err := os.Open(path) // #nosec G304 -- the operator names the file
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxConfiguration+1))
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	if len(text) > maxConfiguration {
		return nil, fmt.Errorf("load configuration %s: larger than %d bytes", path, maxConfiguration)
	}
	return parseTree(path, text)
}

func parseTree(path string, text []byte) (map[string]any, error) {
	tree := map[string]any{}
	if err := toml.Unmarshal(text, &tree); err != nil {
		var syntax *toml.DecodeError
		if errors.As(err, &syntax) {
			row, column := syntax.Position()
			return nil, fmt.Errorf("load configuration %s: line %d, column %d is not TOML", path, row, column)
		}
		return nil, fmt.Errorf("load configuration %s: not TOML", path)
	}
	return tree, nil
}
