package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// programs finds the folder of the server's programs: the one named, or the
// newest that Debian's packages installed.
func programs(named string) (string, error) {
	folders := []string{named}
	if named == "" {
		var err error
		if folders, err = filepath.Glob("/usr/lib/postgresql/*/bin"); err != nil {
			return "", fmt.Errorf("look for PostgreSQL: %w", err)
		}
		slices.SortFunc(folders, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
	}
	for _, folder := range folders {
		if hasServer(folder) {
			return filepath.Abs(folder)
		}
	}
	if named != "" {
		return "", fmt.Errorf("the PostgreSQL server programs (initdb, postgres) are not in %s", named)
	}
	return "", errors.New("the PostgreSQL server programs are missing: install the Debian package postgresql (apt-get install postgresql) or name their folder")
}

func hasServer(folder string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if found, err := os.Stat(filepath.Join(folder, name)); err != nil || found.IsDir() {
			return false
		}
	}
	return true
}

// majorVersion reads 15 from /usr/lib/postgresql/15/bin.
func majorVersion(folder string) int {
	major, _, _ := strings.Cut(filepath.Base(filepath.Dir(folder)), ".")
	version, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return version
}
