package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet/configs"
	"guichet/intake"
	"guichet/intake/sample"
)

type sampleCommand struct {
	Patients int    `default:"10" help:"How many patients."`
	Seed     uint64 `default:"1" help:"The same seed and the same day give the same bytes, on every machine."`
	Now      string `placeholder:"DATE" help:"The day on which all this is so, as 2026-11-21; today if not given."`
	Format   string `default:"both" enum:"hl7,fhir,both" help:"hl7, fhir or both. With --to, the address decides."`
	Out      string `type:"path" placeholder:"DIR" help:"Write a folder for each patient, and an index. DIR must be new or empty."`
	To       string `placeholder:"URL" help:"Send: mllp+tls://HOST:PORT, or https://HOST:PORT/fhir."`
	CA       string `type:"path" help:"With --to: certificate authority of the receiver."`
	Cert     string `type:"path" help:"With --to: our certificate."`
	Key      string `type:"path" help:"With --to: our key."`
}

// Help is printed below the summary.
func (sampleCommand) Help() string {
	return `Everybody is fictitious and every INS is under the OID for tests (GP6.b): docs/sample.md says what there is.
With --to, a receiver that refuses a message ends it with exit code 1; what was sent before stays sent, and may be sent again.`
}

func (c sampleCommand) Run(e *environment) error {
	if (c.Out == "") == (c.To == "") {
		return usageError("sample: give either --out DIR or --to URL")
	}
	if c.Patients < 1 || c.Patients > 100_000 {
		return usageError("sample: --patients from 1 to 100000")
	}
	now, err := c.day()
	if err != nil {
		return err
	}
	people := sample.Stream(c.Seed, c.Patients)
	if c.Out != "" {
		return c.write(e.out, people, now)
	}
	to, err := url.Parse(c.To)
	if err != nil || to.Host == "" {
		return usageError(addresses)
	}
	files := configs.ClientTLS{CA: c.CA, Certificate: c.Cert, Key: c.Key, ServerName: to.Hostname()}
	switch {
	case (to.Scheme == "mllp" || to.Scheme == "mllp+tls") && c.Format != "fhir":
		return sendMessages(e.ctx, to.Host, files, people, c.Seed, now)
	case to.Scheme == "https" && c.Format != "hl7":
		return sendBundles(e.ctx, to.String(), files, people, c.Seed, now)
	}
	return usageError(addresses)
}

const addresses = "sample: --to mllp+tls://HOST:PORT (or mllp://, the same) for HL7 v2, --to https://HOST:PORT/fhir for FHIR"

// day is when the youngest sample is from: the same all day, so that the same
// seed gives the same bytes.
func (c sampleCommand) day() (time.Time, error) {
	if c.Now == "" {
		return today()
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.Time{}, err
	}
	day, err := time.ParseInLocation(time.DateOnly, c.Now, zone)
	if err != nil || day.Year() < 2000 || day.Year() > 2199 {
		return time.Time{}, usageError("sample: --now is a day from 2000 to 2199, as 2026-11-21")
	}
	return morning(day), nil
}

func today() (time.Time, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.Time{}, err
	}
	return morning(time.Now().In(zone)), nil
}

func morning(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 6, 0, 0, 0, day.Location())
}

// write writes a folder for each patient, and the index. It holds one message
// at a time.
func (c sampleCommand) write(out io.Writer, people iter.Seq[sample.Person], now time.Time) (err error) {
	if err := makeEmpty(c.Out); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(c.Out, "index.md"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make index: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	index := bufio.NewWriter(file)
	fmt.Fprintf(index, "# Patients fictifs, graine %d, au %s\n\n", c.Seed, now.Format("02/01/2006"))
	fmt.Fprint(index, "Aucune de ces personnes n’existe ; les INS sont sous l’OID de test 1.2.250.1.213.1.4.10.\n\n")
	fmt.Fprint(index, "| dossier | nom de naissance | prénoms | né(e) le | INS | numéro local | comptes rendus | du | au |\n|---|---|---|---|---|---|---|---|---|\n")
	patients, messages := 0, 0
	for person := range people {
		n, first, last, err := c.writePatient(person, now)
		if err != nil {
			return err
		}
		patients, messages = patients+1, messages+n
		id := person.Identity
		fmt.Fprintf(index, "| %s | %s | %s | %s | %s | %s | %d | %s | %s |\n", person.Login, id.Family, id.Given, id.Birthdate, person.INS, person.Local, n, first, last)
	}
	if err := index.Flush(); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	_, err = fmt.Fprintf(out, "%d patients, %d reports: %s\n", patients, messages, filepath.Join(c.Out, "index.md"))
	return err
}

// makeEmpty makes dir, or takes it if nothing is in it: old files would pass
// for this seed's.
func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("look into folder: %w", err)
	}
	if len(there) > 0 {
		return fmt.Errorf("the folder %s is not empty", dir)
	}
	return nil
}

func (c sampleCommand) writePatient(person sample.Person, now time.Time) (n int, first, last string, err error) {
	dir := filepath.Join(c.Out, person.Login)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return 0, "", "", fmt.Errorf("make folder: %w", err)
	}
	write := func(name string, content []byte) error {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return fmt.Errorf("write message: %w", err)
		}
		return nil
	}
	for m := range sample.Messages(person, c.Seed, now) {
		n++
		last = m.Sampled.Format(time.DateOnly)
		if first == "" {
			first = last
		}
		if c.Format != "fhir" {
			if err := write(fmt.Sprintf("%03d.hl7", n), m.HL7()); err != nil {
				return 0, "", "", err
			}
		}
		if c.Format != "hl7" {
			if err := write(fmt.Sprintf("%03d.json", n), m.FHIR()); err != nil {
				return 0, "", "", err
			}
		}
	}
	if n == 0 && c.Format != "hl7" { // HL7 v2 results cannot say that there are none
		return 0, "", "", write("000.json", sample.Admission(person, now))
	}
	return n, first, last, nil
}

// sendSample sends people's messages as of today.
func sendSample(ctx context.Context, address string, files configs.ClientTLS, people []sample.Person, seed uint64) error {
	now, err := today()
	if err != nil {
		return err
	}
	return sendMessages(ctx, address, files, slices.Values(people), seed, now)
}

// sendMessages sends HL7 v2 over MLLP and TLS.
func sendMessages(ctx context.Context, address string, files configs.ClientTLS, people iter.Seq[sample.Person], seed uint64, now time.Time) error {
	secured, err := files.Config()
	if err != nil {
		return err
	}
	dialer := tls.Dialer{Config: secured}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("reach %s: %w", address, err)
	}
	defer conn.Close()
	for person := range people {
		for message := range sample.Messages(person, seed, now) {
			answer, err := intake.Send(ctx, conn, message.HL7())
			if err != nil {
				return fmt.Errorf("send message: %w", err)
			}
			if !strings.Contains(string(answer), "\rMSA|AA|") {
				return errors.New("a message was refused: see the answers in the receiver's log")
			}
		}
	}
	return nil
}

// answerLimit is how long a receiver may take for one Bundle.
const answerLimit = time.Minute

// sendBundles sends FHIR transaction Bundles over HTTPS.
func sendBundles(ctx context.Context, address string, files configs.ClientTLS, people iter.Seq[sample.Person], seed uint64, now time.Time) error {
	secured, err := files.Config()
	if err != nil {
		return err
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true},
		Timeout:       answerLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // records go to the address given, nowhere else
	}
	defer client.CloseIdleConnections()
	for person := range people {
		some := false
		for message := range sample.Messages(person, seed, now) {
			some = true
			if err := post(ctx, client, address, message.FHIR()); err != nil {
				return err
			}
		}
		if !some {
			if err := post(ctx, client, address, sample.Admission(person, now)); err != nil {
				return err
			}
		}
	}
	return nil
}

func post(ctx context.Context, client *http.Client, address string, content []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/fhir+json")
	request.Header.Set("Accept", "application/fhir+json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("send bundle: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("a bundle was refused with status %d: see the answers in the receiver's log", response.StatusCode)
	}
	return nil
}
