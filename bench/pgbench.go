package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// pgbenchSeconds is how long pgbench runs; its first second, in which each new
// connection makes its plans, does not count.
const pgbenchSeconds = 3

var progressLine = regexp.MustCompile(`(?m)^progress: ([0-9.]+) s, ([0-9.]+) tps, .* ([0-9]+) failed`)

// spareConnections is what the role has left beside the two programs.
const spareConnections = 64 - 2*24

// pgbench runs scripts in turns and returns how many a second went through.
func (g *ground) pgbench(ctx context.Context, database, role string, clients int, scripts func() (files, variables []string, err error)) (float64, error) {
	files, variables, err := scripts()
	if err != nil {
		return 0, err
	}
	args := []string{"--no-vacuum", "--protocol=prepared", "--jobs=2", "--progress=1", "--max-tries=100",
		"--client=" + strconv.Itoa(clients), "--time=" + strconv.Itoa(pgbenchSeconds)}
	for _, file := range files {
		args = append(args, "--file="+file)
	}
	for _, variable := range variables {
		args = append(args, "--define="+variable)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(g.cluster.Bin(), "pgbench"), append(args, g.cluster.URL(role, database))...) // #nosec G204 -- of the same package as the server
	cmd.Env = []string{"PGPASSWORD=" + password, "PATH=/usr/bin:/bin"}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, said.String())
	}
	var sum float64
	var seconds int
	for _, found := range progressLine.FindAllStringSubmatch(said.String(), -1) {
		at, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			return 0, fmt.Errorf("pgbench: %w", err)
		}
		rate, err := strconv.ParseFloat(found[2], 64)
		if err != nil {
			return 0, fmt.Errorf("pgbench: %w", err)
		}
		if found[3] != "0" {
			return 0, fmt.Errorf("pgbench: %s statements failed", found[3])
		}
		if at > 1.5 {
			sum += rate
			seconds++
		}
	}
	if seconds == 0 {
		return 0, errors.New("pgbench: it told no progress")
	}
	return sum / float64(seconds), nil
}

// readScripts asks for and receives the reports of some readers, as the portal
// does. The literals stand in the script: pgbench prepares each once.
func (g *ground) readScripts() (files, variables []string, err error) {
	for i := range min(8, len(g.readers)) {
		r := &g.readers[i]
		token := `'\x` + hex.EncodeToString(r.token) + `'::bytea`
		script := fmt.Sprintf("SELECT guichet.ask_report(%s, '{127.0.0.1}', gen_random_uuid(), '%s') AS entry \\gset\n"+
			"SELECT kind, id, version, patient, report, order_of, place, at, keyset, sealed, entry, event, outcome, role, ground, provider, own, number FROM guichet.receive(%[1]s, :entry);\n",
			token, r.report)
		file := g.path("read-" + strconv.Itoa(i) + ".sql")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			return nil, nil, err
		}
		files = append(files, file)
	}
	return files, nil, nil
}

// letRetry has await_durable fail with the one error after which pgbench tries
// again, as the product does; in pgbench's own database.
func (g *ground) letRetry(ctx context.Context) error {
	text, err := os.ReadFile(filepath.Join(g.root, "store", "functions", "await_durable.sql"))
	if err != nil {
		return err
	}
	harden, err := os.ReadFile(filepath.Join(g.root, "store", "functions", "_harden.sql"))
	if err != nil {
		return err
	}
	replaced := strings.NewReplacer("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", "GU002", "40001").Replace(string(text))
	return g.exec(ctx, direct, replaced+string(harden))
}
