// Command waf is the web application firewall in front of the portal: the only
// way in from the Internet. It ends the browser's TLS, judges every request by
// the OWASP Core Rule Set, removes what a client may not say of itself, and
// passes the rest on over mutual TLS. It keeps nothing of what passes: no body
// on disk, no answer, no query or cookie in its log.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"guichet/configs"
)

// Exit codes, as everywhere in the project.
const (
	exitGood   = 0
	exitFailed = 1
	exitMisuse = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

type command struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration, in TOML (configs/waf.toml is a commented sample)."`
}

func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var asked command
	helped := false
	parser, err := kong.New(&asked, kong.Name("waf"), kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.Description("The web application firewall in front of Guichet's portal."))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "waf:", err)
		return exitFailed
	}
	_, err = parser.Parse(args)
	if helped {
		return exitGood
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "waf:", err)
		return exitMisuse
	}
	if err := serve(ctx, asked.Config, environ, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "waf:", err)
		return exitFailed
	}
	return exitGood
}

func serve(ctx context.Context, file string, environ []string, logs io.Writer) error {
	config, err := configs.LoadEnv[configs.WAF](file, environ)
	if err != nil {
		return err
	}
	judge, err := newFirewall()
	if err != nil {
		return err
	}
	waf, err := newService(config, judge, defaultLimits(), slog.New(slog.NewJSONHandler(logs, nil)))
	if err != nil {
		return err
	}
	return waf.run(ctx)
}
