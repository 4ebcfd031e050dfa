// Command guichet is the counter at which a hospital hands health data to
// people outside it. See guichet --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes of every command.
const (
	good   = 0
	failed = 1
	misuse = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// commands is the command line; each field is a command, in a file of its own
// where it is more than a call.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Serve: portal, intake and ops."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the database up to this program."`
	Keys       keysCommand       `cmd:"" help:"The master key and the keys it wraps."`
	Quarantine quarantineCommand `cmd:"" help:"Messages that were refused and kept: list, show, try again."`
	Settings   settingsCommand   `cmd:"" help:"What the hospital chooses: limits of sessions, delays after failed sign-ins."`
	Networks   networksCommand   `cmd:"" help:"Networks from which nobody may sign in for a while: list, block, unblock."`
	Codes      codesCommand      `cmd:"" help:"Activation codes, which lead a person to their record: new, list, revoke."`
	Identities identitiesCommand `cmd:"" help:"People who led to no record: list, show, link, refuse."`
	Accounts   accountsCommand   `cmd:"" help:"Accounts: list, suspend, restore, block."`
	Affected   affectedCommand   `cmd:"" help:"Whom to inform of an incident, and how to reach them, as CSV. It is personal data; the access is traced (GA5)."`
	Traces     tracesCommand     `cmd:"" help:"The log of traces: verify, export, show its checkpoint, purge, choose how long it is kept. For the trace officer."`
	Sample     sampleCommand     `cmd:"" help:"Make fictitious patients and their laboratory messages (GP6)."`
	Demo       demoCommand       `cmd:"" help:"Run the whole system on this machine, with fictitious people."`
	Version    versionCommand    `cmd:"" help:"Say which version this is."`
}

// environment is what a command may use besides its flags.
type environment struct {
	ctx      context.Context
	environ  []string
	out, err io.Writer
}

// withConfig is embedded by commands that touch an installation.
type withConfig struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"Configuration (TOML)."`
}

func run(ctx context.Context, args, environ []string, out, errOut io.Writer) int {
	var c commands
	exited := -1
	parser, err := kong.New(&c, kong.Name("guichet"), kong.Description("The secure counter at which a hospital hands health data to people outside it."),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "guichet:", err)
		return failed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(errOut, "guichet:", err)
		return misuse
	}
	err = parsed.Run(&environment{ctx: ctx, environ: environ, out: out, err: errOut})
	var wrong usageError
	switch {
	case err == nil:
		return good
	case errors.As(err, &wrong):
		fmt.Fprintln(errOut, "guichet:", err)
		return misuse
	default:
		fmt.Fprintln(errOut, "guichet:", err)
		return failed
	}
}

// usageError is a misuse that only the command itself could see.
type usageError string

func (e usageError) Error() string { return string(e) }

type versionCommand struct{}

func (versionCommand) Run(e *environment) error {
	_, err := fmt.Fprintln(e.out, "guichet", version())
	return err
}

// version is what the program was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
