package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"guichet/configs"
	"guichet/fault"
	"guichet/record"
	"guichet/store"
	"guichet/traces"
	"guichet/traces/stamp"

	"golang.org/x/mod/sumdb/note"
)

type tracesCommand struct {
	Verify     tracesVerifyCommand     `cmd:"" help:"Say whether the log is intact, or the first place that is not: in the database, or in an export or a proof with the public key alone."`
	Export     tracesExportCommand     `cmd:"" help:"Write traces to a file, with what proves them. It is personal data; the access is traced."`
	Checkpoint tracesCheckpointCommand `cmd:"" help:"Show the last signed checkpoint, to be kept elsewhere."`
	Keep       tracesKeepCommand       `cmd:"" help:"How long traces are kept, by class; with a name and a value, choose."`
	Purge      tracesPurgeCommand      `cmd:"" help:"Take away the content of traces whose time is over. Their hashes stay, and the log still verifies."`
}

// officer is the trace officer at the machine itself.
type officer struct {
	operator
	verifier note.Verifier
	config   configs.Guichet
}

func asOfficer(e *environment, file string, act func(context.Context, officer) error) error {
	config, err := configs.LoadEnv[configs.Guichet](file, e.environ)
	if err != nil {
		return err
	}
	if config.Database.Officer.URL == "" {
		return errors.New("cette installation n'a pas de responsable des traces : database.officer manque dans la configuration")
	}
	verifier, err := traceVerifier(config.Traces.PublicKeyFile)
	if err != nil {
		return err
	}
	return operateAs(e, config, config.Database.Officer, (*store.Store).OpenOfficer, func(ctx context.Context, o operator) error {
		return act(ctx, officer{operator: o, verifier: verifier, config: config})
	})
}

type tracesVerifyCommand struct {
	Config     string   `type:"path" xor:"source" placeholder:"FILE" help:"Configuration (TOML): verify the database."`
	Export     string   `type:"existingfile" xor:"source" placeholder:"FILE" help:"Or an export; - reads it from standard input."`
	Proof      string   `type:"existingfile" xor:"source" placeholder:"FILE" help:"Or the proof of one trace, as the access log hands it over."`
	Key        string   `type:"existingfile" placeholder:"FILE" help:"The log's public key; with --config it is the configuration's."`
	Checkpoint []string `type:"existingfile" placeholder:"FILE" help:"An earlier checkpoint that must agree; may be given several times."`
	Timestamp  string   `type:"existingfile" xor:"source" placeholder:"FILE" help:"Or a time stamp (RFC 3161) of the one --checkpoint, with --tsa-ca."`
	TSACA      string   `name:"tsa-ca" type:"existingfile" placeholder:"FILE" help:"The certificates that a time stamp must lead to (PEM)."`
}

func (c tracesVerifyCommand) Run(e *environment) error {
	earlier, err := readFiles(c.Checkpoint)
	if err != nil {
		return err
	}
	if c.Config != "" {
		return asOfficer(e, c.Config, func(ctx context.Context, o officer) error {
			log, err := o.store.OpenLog(ctx, o.request)
			if err != nil {
				return err
			}
			report, err := traces.Verify(ctx, log, o.verifier, earlier...)
			return c.say(e.out, report, err)
		})
	}
	if c.Timestamp != "" {
		return c.verifyTimestamp(e.out, earlier)
	}
	if c.Key == "" {
		return usageError("say which log: --config FILE, or --key FILE with --export FILE or --proof FILE")
	}
	verifier, err := traceVerifier(c.Key)
	if err != nil {
		return err
	}
	switch {
	case c.Proof != "":
		return c.verifyProof(e.out, verifier)
	case c.Export != "":
		file, err := os.Open(c.Export) // #nosec G304 -- the file that the user names
		if err != nil {
			return err
		}
		defer file.Close()
		report, err := traces.VerifyExport(e.ctx, file, verifier, earlier...)
		return c.say(e.out, report, err)
	}
	return usageError("say what to verify: --config FILE, --export FILE or --proof FILE")
}

// say tells what came of it, in words that name the place.
func (c tracesVerifyCommand) say(out io.Writer, r *traces.Report, err error) error {
	if broken, ok := errors.AsType[*traces.Broken](err); ok {
		return fmt.Errorf("le journal N'EST PAS intact. %s", broken.Error())
	}
	if err != nil {
		return fmt.Errorf("la vérification n'a pas pu se faire : %w", err)
	}
	lines := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	fmt.Fprintf(lines, "Journal intact.\t\nTraces vérifiées :\t%d\nRacine :\t%s\nSignée le (UTC) :\t%s\n", r.Size, r.Root, r.At.UTC().Format(time.DateTime))
	fmt.Fprintf(lines, "Contenus purgés :\t%d\nNuméros sans trace :\t%d\nPoints de contrôle antérieurs en accord :\t%d\n", r.Purged, r.Missing, r.Checkpoints)
	return lines.Flush()
}

func (c tracesVerifyCommand) verifyProof(out io.Writer, verifier note.Verifier) error {
	file, err := os.ReadFile(c.Proof) // #nosec G304 -- the file that the user names
	if err != nil {
		return err
	}
	proof, entry, err := traces.ParseProof(file)
	if err != nil {
		return err
	}
	at, err := proof.Check(entry, verifier)
	if err != nil {
		return fmt.Errorf("la preuve NE VAUT PAS : %w", err)
	}
	said, err := traces.ParseEntry(entry)
	if err != nil {
		return fmt.Errorf("la preuve NE VAUT PAS : %w", err)
	}
	_, err = fmt.Fprintf(out, "La trace %d (%s, %s, le %s UTC) est à la place %d du journal %s, signé à %d traces le %s UTC.\n",
		said.ID, said.Type, said.Outcome, said.At.Format(time.DateTime), proof.Place, verifier.Name(), at.Size, at.At.UTC().Format(time.DateTime))
	return err
}

// verifyTimestamp says when a checkpoint was there, to an authority; with the log's
// key, also what the checkpoint says.
func (c tracesVerifyCommand) verifyTimestamp(out io.Writer, checkpoints [][]byte) error {
	if len(checkpoints) != 1 || c.TSACA == "" {
		return usageError("a time stamp is verified with one --checkpoint FILE and --tsa-ca FILE")
	}
	answer, err := os.ReadFile(c.Timestamp) // #nosec G304 -- the file that the user names
	if err != nil {
		return err
	}
	authorities, err := authoritiesIn(c.TSACA)
	if err != nil {
		return err
	}
	at, err := stamp.Check(answer, checkpoints[0], authorities)
	if err != nil {
		return fmt.Errorf("l'horodatage NE VAUT PAS : %w", err)
	}
	if c.Key == "" {
		_, err = fmt.Fprintf(out, "Horodatage valable : ces octets existaient le %s UTC. La signature du point de contrôle n'a pas été vérifiée (--key).\n", at.Format(time.DateTime))
		return err
	}
	verifier, err := traceVerifier(c.Key)
	if err != nil {
		return err
	}
	says, err := traces.OpenCheckpoint(checkpoints[0], verifier)
	if err != nil {
		return fmt.Errorf("le point de contrôle NE VAUT PAS : %w", err)
	}
	_, err = fmt.Fprintf(out, "Horodatage valable : le journal %s avait %d traces, racine %s, le %s UTC au plus tard.\n", verifier.Name(), says.Size, says.Root, at.Format(time.DateTime))
	return err
}

func readFiles(names []string) ([][]byte, error) {
	var all [][]byte
	for _, name := range names {
		content, err := os.ReadFile(name) // #nosec G304 -- the files that the user names
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
	return all, nil
}

type tracesExportCommand struct {
	withConfig
	withPatient
	Out  string    `required:"" type:"path" placeholder:"FILE" help:"Where to write; the file must not exist."`
	From time.Time `format:"2006-01-02" placeholder:"DAY" help:"From this day on (UTC); all that is left out is the whole log."`
	To   time.Time `format:"2006-01-02" placeholder:"DAY" help:"Up to, not including, this day."`
}

func (c tracesExportCommand) Run(e *environment) error {
	return asOfficer(e, c.Config, func(ctx context.Context, o officer) (err error) {
		file, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304 -- the file that the user names
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		w := bufio.NewWriter(file)
		count, err := c.write(ctx, o, w)
		if err != nil {
			return errors.Join(err, os.Remove(c.Out)) // an export that is not whole is none
		}
		if err := w.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "%d traces écrites dans %s.\n", count, c.Out)
		return err
	})
}

func (c tracesExportCommand) write(ctx context.Context, o officer, w io.Writer) (int64, error) {
	log, err := o.store.OpenLog(ctx, o.request)
	if err != nil {
		return 0, err
	}
	since, until := c.From, c.To
	if until.IsZero() {
		until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	numbers, err := c.numbers(o.config)
	if err != nil {
		return 0, err
	}
	switch {
	case len(numbers) > 0:
		return exportPatient(ctx, o, log, w, numbers, since, until)
	case !c.From.IsZero() || !c.To.IsZero():
		first, past, err := log.Places(ctx, since, until)
		if err != nil {
			return 0, err
		}
		return exportRange(ctx, o, log, w, traces.Scope{Range: true, First: first}, first, past)
	}
	scope := traces.Scope{Whole: true}
	if scope.Checkpoints, err = log.Checkpoints(ctx); err != nil {
		return 0, err
	}
	if scope.Purges, err = log.Purges(ctx); err != nil {
		return 0, err
	}
	return exportRange(ctx, o, log, w, scope, 0, log.State().Size)
}

func exportRange(ctx context.Context, o officer, log *store.LogReader, w io.Writer, scope traces.Scope, first, past int64) (int64, error) {
	x, err := traces.NewExporter(w, log.State().Checkpoint, scope)
	if err != nil {
		return 0, err
	}
	err = log.Range(ctx, first, past, func(place int64, l traces.Leaf) error {
		if scope.Whole {
			return x.Add(place, l, nil)
		}
		return prove(ctx, o, log, x, place, l)
	})
	return past - first, errors.Join(err, x.End())
}

func exportPatient(ctx context.Context, o officer, log *store.LogReader, w io.Writer, numbers []record.Identifier, since, until time.Time) (int64, error) {
	x, err := traces.NewExporter(w, log.State().Checkpoint, traces.Scope{})
	if err != nil {
		return 0, err
	}
	var count int64
	for _, number := range numbers {
		err = log.OfPatient(ctx, number, since, until, func(place int64, l traces.Leaf) error {
			count++
			return prove(ctx, o, log, x, place, l)
		})
		if declined, ok := errors.AsType[*store.Declined](err); !ok || declined.Reason != "absent" {
			break
		}
	}
	return count, said(errors.Join(err, x.End()), map[string]string{"absent": "aucun patient de ce numéro", "too-many": "plus de 20 000 traces : resserrez la période"})
}

// prove adds a leaf with the proof of its own.
func prove(ctx context.Context, o officer, log *store.LogReader, x *traces.Exporter, place int64, l traces.Leaf) error {
	at, err := traces.OpenCheckpoint(log.State().Checkpoint, o.verifier)
	if err != nil {
		return err
	}
	proof, err := traces.Prove(place, at, log.State().Checkpoint, log.TileReader(ctx))
	if err != nil {
		return err
	}
	return x.Add(place, l, proof.Hashes)
}

type tracesCheckpointCommand struct{ withConfig }

func (c tracesCheckpointCommand) Run(e *environment) error {
	return asOfficer(e, c.Config, func(ctx context.Context, o officer) error {
		state, err := o.store.LogState(ctx)
		if err != nil {
			return err
		}
		if state.Size == 0 {
			return errors.New("le journal n'a pas encore de point de contrôle")
		}
		if _, err := traces.OpenCheckpoint(state.Checkpoint, o.verifier); err != nil {
			return err
		}
		_, err = e.out.Write(state.Checkpoint)
		return err
	})
}

type tracesKeepCommand struct {
	withConfig
	Name  string `arg:"" optional:"" help:"As in the list: trace.keep.security."`
	Value string `arg:"" optional:"" help:"As the list says: '365 days'."`
}

func (c tracesKeepCommand) Run(e *environment) error {
	return asOfficer(e, c.Config, func(ctx context.Context, o officer) error {
		if c.Name != "" {
			if !strings.HasPrefix(c.Name, "trace.") || c.Value == "" {
				return usageError("say which class and for how long: trace.keep.security '365 days'")
			}
			err := o.store.ChangeSetting(ctx, o.request, c.Name, strings.TrimSpace(c.Value))
			if fault.KindOf(err) == fault.Invalid {
				return errors.New("refusé : hors des bornes que montre la liste (guichet traces keep)")
			}
			if err != nil {
				return err
			}
		}
		all, err := o.store.ListSettings(ctx)
		if err != nil {
			return err
		}
		lines := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(lines, "DURÉE\tVALEUR\tPEUT ÊTRE")
		for _, one := range all {
			if strings.HasPrefix(one.Name, "trace.") {
				fmt.Fprintf(lines, "%s\t%s\t%s\n", one.Name, one.Value, one.Allowed)
			}
		}
		return lines.Flush()
	})
}

type tracesPurgeCommand struct{ withConfig }

func (c tracesPurgeCommand) Run(e *environment) error {
	return asOfficer(e, c.Config, func(ctx context.Context, o officer) error {
		// Only a log that is intact is purged: what is wrong with it could not be
		// found any more.
		log, err := o.store.OpenLog(ctx, o.request)
		if err != nil {
			return err
		}
		if _, err := traces.Verify(ctx, log, o.verifier); err != nil {
			return fmt.Errorf("rien n'a été purgé, le journal n'est pas intact : %w", err)
		}
		purged, err := o.store.PurgeTraces(ctx, o.request, log.State().Size)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "%d traces purgées ; leurs empreintes restent.\n", purged)
		return err
	})
}

type keysTracesCommand struct{ withConfig }

func (c keysTracesCommand) Run(e *environment) error {
	config, err := configs.LoadEnv[configs.Guichet](c.Config, e.environ)
	if err != nil {
		return err
	}
	if config.Traces.SigningKeyFile == "" {
		return errors.New("traces.signing_key_file manque dans la configuration")
	}
	public, err := url.Parse(config.Portal.PublicURL)
	if err != nil || public.Host == "" {
		return errors.New("portal.public_url manque dans la configuration : le journal en tient son nom")
	}
	private, verifies, err := note.GenerateKey(rand.Reader, public.Host+"/traces")
	if err != nil {
		return fmt.Errorf("make key of traces: %w", err)
	}
	if err := writeNew(config.Traces.SigningKeyFile, 0o600, private+"\n"); err != nil {
		return err
	}
	if err := writeNew(config.Traces.PublicKeyFile, 0o644, verifies+"\n"); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "Clé de signature : %s\nClé publique : %s\nSauvegardez la première hors de cette machine ; donnez la seconde à qui veut vérifier.\n",
		config.Traces.SigningKeyFile, config.Traces.PublicKeyFile)
	return err
}

// writeNew writes a file that does not exist yet: a key that was lost cannot be
// made again.
func writeNew(name string, mode os.FileMode, content string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) // #nosec G304 -- the file that the configuration names
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// traceSigner reads the key that signs the log.
func traceSigner(c configs.Traces) (note.Signer, error) {
	secret, err := configs.ReadSecret(c.SigningKeyFile)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(secret.Reveal())
	if err != nil {
		return nil, errors.New("traces.signing_key_file: not a key (guichet keys traces)") // the error may quote it
	}
	return signer, nil
}

// tracesKey reads the key that the log is verified with, as notes have it.
func tracesKey(file string) (string, error) {
	text, err := os.ReadFile(file) // #nosec G304 -- the file that the configuration or the user names
	if err != nil {
		return "", fmt.Errorf("read public key of traces: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// traceVerifier verifies the log with the key in a file.
func traceVerifier(file string) (note.Verifier, error) {
	key, err := tracesKey(file)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("%s: not a public key of traces", file)
	}
	return verifier, nil
}
