package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"guichet/configs"
	"guichet/intake"
	"guichet/intake/sample"
)

type sampleCommand struct {
	Patients int    `default:"10" help:"How many patients."`
	Seed     uint64 `default:"1" help:"The same seed gives the same people; on the same day, the same bytes."`
	Out      string `type:"path" placeholder:"DIR" help:"Write a file for each message."`
	To       string `placeholder:"URL" help:"Send the messages: mllp://HOST:PORT."`
	CA       string `type:"path" help:"With --to: certificate authority of the receiver."`
	Cert     string `type:"path" help:"With --to: our certificate."`
	Key      string `type:"path" help:"With --to: our key."`
}

func (c sampleCommand) Run(e *environment) error {
	if (c.Out == "") == (c.To == "") {
		return usageError("sample: give either --out DIR or --to URL")
	}
	if c.Patients < 1 || c.Patients > 100_000 {
		return usageError("sample: --patients from 1 to 100000")
	}
	people := sample.Patients(c.Seed, c.Patients)
	if c.Out != "" {
		return writeSample(c.Out, people, c.Seed)
	}
	to, err := url.Parse(c.To)
	if err != nil || to.Scheme != "mllp" || to.Host == "" {
		return usageError("sample: --to mllp://HOST:PORT")
	}
	return sendSample(e.ctx, to.Host, configs.ClientTLS{CA: c.CA, Certificate: c.Cert, Key: c.Key, ServerName: to.Hostname()}, people, c.Seed)
}

// today is when the youngest sample is from: the same all day, so that the
// same seed gives the same bytes.
func today() (time.Time, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.Time{}, err
	}
	y, m, d := time.Now().In(zone).Date()
	return time.Date(y, m, d, 6, 0, 0, 0, zone), nil
}

func writeSample(dir string, people []sample.Person, seed uint64) error {
	now, err := today()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for _, person := range people {
		for i, message := range sample.Reports(person, seed, now) {
			name := filepath.Join(dir, fmt.Sprintf("%s-%03d.hl7", person.Login, i+1))
			if err := os.WriteFile(name, message, 0o600); err != nil {
				return fmt.Errorf("write message: %w", err)
			}
		}
	}
	return nil
}

func sendSample(ctx context.Context, address string, files configs.ClientTLS, people []sample.Person, seed uint64) error {
	now, err := today()
	if err != nil {
		return err
	}
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
	for _, person := range people {
		for _, message := range sample.Reports(person, seed, now) {
			answer, err := intake.Send(ctx, conn, message)
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
