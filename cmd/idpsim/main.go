package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"guichet/configs"
)

// Exit statuses.
const (
	exitGood   = 0
	exitFailed = 1
	exitMisuse = 2
)

// shutdownTime is how long requests under way may take once the end is near.
const shutdownTime = 5 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program but for the process around it.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var flags struct {
		Config string `required:"" placeholder:"FILE" help:"Configuration (TOML)."`
	}
	helped := false
	parser, err := kong.New(&flags,
		kong.Name("idpsim"),
		kong.Description("Fictitious FranceConnect and Pro Santé Connect, for the demonstration and the tests only."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }))
	if err != nil {
		fmt.Fprintln(stderr, "idpsim:", err)
		return exitFailed
	}
	_, err = parser.Parse(args)
	if helped {
		return exitGood
	}
	if err != nil {
		fmt.Fprintln(stderr, "idpsim:", err)
		return exitMisuse
	}
	if err := serve(ctx, flags.Config, environ, stderr); err != nil {
		fmt.Fprintln(stderr, "idpsim:", err)
		return exitFailed
	}
	return exitGood
}

// serve runs the providers until ctx ends.
func serve(ctx context.Context, file string, environ []string, stderr io.Writer) error {
	config, err := configs.LoadEnv[configs.IDPSim](file, environ)
	if err != nil {
		return err
	}
	secrets, err := readSecrets(config.Clients)
	if err != nil {
		return err
	}
	tlsConfig, err := config.TLS.Config()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	handler, err := newHandler(config, secrets, log, time.Now)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", config.Listen, err)
	}
	server := &http.Server{
		Handler: handler, TLSConfig: tlsConfig,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 32 << 10, // an ID token comes back in the address at sign-out
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(listener, "", "") }()
	log.Info("fictitious identity providers are open", "listen", listener.Addr().String())

	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(closing); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	log.Info("fictitious identity providers are closed")
	return nil
}

// readSecrets reads the clients' secrets, in their order.
func readSecrets(clients []configs.IDPClient) ([]configs.Secret, error) {
	secrets := make([]configs.Secret, len(clients))
	for i, c := range clients {
		if c.ClientAuth == privateKeyJWT {
			continue
		}
		secret, err := configs.ReadSecret(c.ClientSecretFile)
		if err != nil {
			return nil, err
		}
		secrets[i] = secret
	}
	return secrets, nil
}
